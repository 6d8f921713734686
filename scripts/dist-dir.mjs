// `npm run dist:dir`: builds and packs the app, unpacked, into dist/. Where Electron cannot be downloaded, it is packed
// with the runtime that ELECTRON_TEST_DIST or ELECTRON_OVERRIDE_DIST_PATH names; such a package is only for tests.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { findTestElectron } from './electron-runtime.mjs';
import { engineNodePath, ensureDependencies, rootDir, runToEnd } from './setup.mjs';

await ensureDependencies();
const nodePath = engineNodePath();
await build();
const runtime = await findTestElectron(nodePath);
const args = ['node_modules/electron-builder/cli.js', '--dir', '--publish=never'];
if (runtime.programPath !== null) {
  args.push(`-c.electronDist=${path.dirname(runtime.programPath)}`, `-c.electronVersion=${runtime.version}`);
}
rmSync(path.join(rootDir, 'dist'), { recursive: true, force: true });
process.exitCode = await runToEnd(nodePath, args);
