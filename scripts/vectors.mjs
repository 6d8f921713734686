// `npm run vectors -- FILE...`: judges the product by files of test vectors. See test/vectors/run.ts.
import { becomeChild, engineNodePath, ensureDependencies } from './setup.mjs';

try {
  await ensureDependencies();
  becomeChild(engineNodePath(), ['test/vectors/run.ts', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
