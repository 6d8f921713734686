// `npm run docs`: writes the pages that follow from the source. `npm run docs -- --check` only compares.
import { becomeChild, engineNodePath, ensureDependencies } from './setup.mjs';

try {
  await ensureDependencies();
  becomeChild(engineNodePath(), ['scripts/compatibility.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
