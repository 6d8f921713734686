// Builds out/: the engine, Electron's main process, its preload script and the dashboard. What has not changed since
// its last build is left alone. `node scripts/build.mjs [--force] [engine|main|preload|renderer …]`
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rootDir } from './setup.mjs';

const outDir = path.join(rootDir, 'out');
const stampName = '.stamp';

/** `sources`: everything whose change asks for a new build; tests and texts aside. `result`: the file that must be there. */
const targets = {
  engine: { sources: ['app', 'proxy'], result: 'gatehouse.js', config: engineConfig },
  main: { sources: ['main', 'app', 'proxy/model'], result: 'index.js', config: mainConfig },
  preload: { sources: ['main/preload.ts'], result: 'preload.cjs', config: preloadConfig },
  renderer: { sources: ['renderer', 'app/contract', 'proxy/model'], result: 'index.html', config: rendererConfig },
};

/** Those of the named targets (all without names) that must be built anew. */
export function staleTargets(names = Object.keys(targets)) {
  return names.filter((name) => isStale(name));
}

/** Builds what is stale of the named targets (all without names). Returns the names of those built. */
export async function build(names = Object.keys(targets), { force = false } = {}) {
  const stale = force ? names : staleTargets(names);
  if (stale.length === 0) return [];
  process.env.NODE_ENV = 'production';
  const vite = await import('vite');
  for (const name of stale) {
    const startedAt = performance.now();
    // Read before the build: a file saved while it runs leaves the target stale.
    const stamp = stampOf(name);
    const workDir = path.join(outDir, `.building-${name}-${process.pid}`);
    try {
      await vite.build(targets[name].config(workDir));
      if (!existsSync(path.join(workDir, targets[name].result))) throw new Error(`the build of ${name} made no result`);
      writeFileSync(path.join(workDir, stampName), stamp);
      replaceDir(workDir, path.join(outDir, name));
    } finally {
      rmSync(workDir, { recursive: true, force: true });
    }
    console.log(`built out/${name} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  }
  return stale;
}

function isStale(name) {
  const dir = path.join(outDir, name);
  const stampPath = path.join(dir, stampName);
  if (!existsSync(stampPath) || !existsSync(path.join(dir, targets[name].result))) return true;
  return readFileSync(stampPath, 'utf8') !== stampOf(name);
}

function stampOf(name) {
  const hash = createHash('sha256');
  for (const source of ['package-lock.json', 'package.json', 'scripts/build.mjs', ...targets[name].sources]) {
    for (const file of filesUnder(source)) {
      hash
        .update(file)
        .update('\0')
        .update(readFileSync(path.join(rootDir, file)))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

function filesUnder(source) {
  const entries = readdirOrFile(path.join(rootDir, source));
  if (entries === null) return [source];
  return entries.flatMap((entry) => {
    const file = `${source}/${entry.name}`;
    if (entry.isDirectory()) return filesUnder(file);
    return /\.test\.tsx?$|\.md$/.test(entry.name) ? [] : [file];
  });
}

/** Sorted entries of a folder; null for a file. */
function readdirOrFile(file) {
  try {
    return readdirSync(file, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error.code === 'ENOTDIR') return null;
    throw error;
  }
}

/** A running program may hold the old folder open: it is moved aside whole, then deleted. */
function replaceDir(fromDir, toDir) {
  const asideDir = `${toDir}.old-${process.pid}`;
  if (existsSync(toDir)) renameSync(toDir, asideDir);
  renameSync(fromDir, toDir);
  rmSync(asideDir, { recursive: true, force: true });
}

function nodeBundle(workDir, { input, external, format, entryFileNames, target }) {
  return {
    configFile: false,
    root: rootDir,
    logLevel: 'warn',
    publicDir: false,
    // Packages stay outside, as native ones cannot be bundled, but for zod: whole, it takes 16 MB of memory in every
    // thread, most of it messages in fifty languages. @orpc goes with it, so that there is one zod.
    ssr: { noExternal: external === 'none' ? true : [/^zod(?:\/|$)/, /^@orpc\//, /^rou3$/], target: 'node' },
    build: {
      ssr: true,
      target,
      outDir: workDir,
      emptyOutDir: true,
      minify: false,
      reportCompressedSize: false,
      rollupOptions: {
        input,
        external: external === 'none' ? ['electron'] : undefined,
        // Chunks lie beside the entries: the engine finds worker.js by its own place.
        output: { format, entryFileNames, chunkFileNames: '[name]-[hash].js' },
      },
    },
  };
}

function engineConfig(workDir) {
  const input = {
    gatehouse: 'app/cli/gatehouse.ts',
    worker: 'proxy/worker.ts',
    'password-thread': 'proxy/middleware/password-thread.ts',
    'acme-thread': 'app/certificates/acme/ca-thread.ts',
  };
  return nodeBundle(workDir, { input, format: 'es', entryFileNames: '[name].js', target: 'node24' });
}

function mainConfig(workDir) {
  const input = { index: 'main/index.ts' };
  return nodeBundle(workDir, { input, format: 'es', entryFileNames: '[name].js', target: 'node20' });
}

/** A sandboxed preload script is CommonJS and can load nothing but Electron. */
function preloadConfig(workDir) {
  return nodeBundle(workDir, {
    input: { preload: 'main/preload.ts' },
    external: 'none',
    format: 'cjs',
    entryFileNames: '[name].cjs',
    target: 'node20',
  });
}

function rendererConfig(workDir) {
  return {
    configFile: path.join(rootDir, 'renderer/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: workDir, emptyOutDir: true, reportCompressedSize: false },
  };
}

if (process.argv[1] === import.meta.filename) {
  const names = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
  const unknown = names.filter((name) => !(name in targets));
  if (unknown.length > 0)
    throw new Error(`unknown target ${unknown.join(', ')}; there are ${Object.keys(targets).join(', ')}`);
  mkdirSync(outDir, { recursive: true });
  const built = await build(names.length > 0 ? names : undefined, { force: process.argv.includes('--force') });
  if (built.length === 0) console.log('nothing has changed since the last build');
}
