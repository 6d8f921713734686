// `npm run bench`: sets up, builds, then measures the built program. See test/bench/run.ts for the names it takes.
import { build } from './build.mjs';
import { becomeChild, engineNodePath, ensureDependencies } from './setup.mjs';

try {
  await ensureDependencies();
  await build();
  becomeChild(engineNodePath(), ['test/bench/run.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
