// `npm run attack`: sets up, builds, then attacks the built program. See test/attack/run.ts.
import { build } from './build.mjs';
import { becomeChild, engineNodePath, ensureDependencies } from './setup.mjs';

try {
  await ensureDependencies();
  await build();
  becomeChild(engineNodePath(), ['test/attack/run.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
