// `npm run fuzz`: sets up, then tries changed inputs on what reads strangers' bytes. See test/fuzz/run.ts.
import { becomeChild, engineNodePath, ensureDependencies } from './setup.mjs';

try {
  await ensureDependencies();
  becomeChild(engineNodePath(), ['test/fuzz/run.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
