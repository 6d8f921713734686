// `npm start`: sets up what is missing, then opens the tray app where a window can be shown, else runs the engine.
// Flags of `gatehouse serve` pass through: `npm start -- --http :8080`.
import path from 'node:path';
import { staleTargets } from './build.mjs';
import { commandFor, findElectron, hasDisplay, shippedElectronMajor } from './electron-runtime.mjs';
import { becomeChild, engineNodePath, ensureDependencies, rootDir, runToEnd } from './setup.mjs';

const flags = process.argv.slice(2);

async function start() {
  await ensureDependencies();
  const nodePath = engineNodePath();
  const runtime = hasDisplay() ? await findElectron(nodePath) : { reason: null };
  if (runtime.programPath) {
    await buildApart();
    openWindow(runtime, nodePath);
    return;
  }
  if (runtime.reason) console.log(`${runtime.reason}: starting without a window; the dashboard opens in a browser.`);
  await buildApart(['engine', 'renderer']);
  // In a checkout there is no `gatehouse` on the PATH.
  const env = { ...process.env, GATEHOUSE_COMMAND: 'npx gatehouse' };
  becomeChild(nodePath, [path.join(rootDir, 'out/engine/gatehouse.js'), 'serve', ...flags], { env });
}

/** Builds in a process of its own: this one lives as long as the app and would hold half a gigabyte of the builder's. */
async function buildApart(names) {
  const stale = staleTargets(names);
  if (stale.length === 0) return;
  const code = await runToEnd(process.execPath, [path.join(rootDir, 'scripts/build.mjs'), ...stale]);
  if (code !== 0) throw new Error('The build failed; its last message is above.');
}

function openWindow(runtime, nodePath) {
  const { program, args } = commandFor(runtime);
  if (process.getuid?.() === 0) {
    console.log("Started as root: Chromium's own sandbox is off. Start as a normal user to have it.");
    args.unshift('--no-sandbox');
  }
  // Behind `--` Chromium leaves the flags alone.
  if (flags.length > 0) args.push('--', ...flags);
  const env = { ...process.env };
  delete env.ELECTRON_RUN_AS_NODE;
  // An older runtime embeds an older Node, in which the engine's native parts do not load.
  const older = runtime.version !== null && Number(runtime.version.split('.')[0]) < shippedElectronMajor();
  if (older) env.GATEHOUSE_ENGINE_NODE ??= nodePath;
  becomeChild(program, args, { env });
}

try {
  await start();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
