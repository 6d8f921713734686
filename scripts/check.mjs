// `npm run check`: every check that reads the source, two at a time. `npm run check -- types layers` runs only those.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { engineNodePath, ensureDependencies, rootDir } from './setup.mjs';

await ensureDependencies();
const nodePath = engineNodePath();

const tsc = 'node_modules/typescript/bin/tsc';
const types = (name, project) => ({ group: 'types', name, args: [tsc, '-p', project] });
const checks = [
  {
    group: 'unused',
    name: 'unused files, exports, packages',
    args: ['node_modules/knip/bin/knip.js', '--no-progress'],
  },
  { group: 'lint', name: 'lint', args: ['node_modules/oxlint/bin/oxlint', '--type-aware', '--deny-warnings'] },
  { group: 'format', name: 'format', args: ['node_modules/@biomejs/biome/bin/biome', 'ci', '--max-diagnostics=30'] },
  types('types of engine, tests, scripts', 'tsconfig.json'),
  types('types of the window’s process', 'main/tsconfig.json'),
  types('types of the preload script', 'main/tsconfig.preload.json'),
  types('types of the dashboard', 'tsconfig.renderer.json'),
  types('types of the browser tests', 'test/e2e/tsconfig.json'),
  { group: 'docs', name: 'pages written from the source', args: ['scripts/compatibility.ts', '--check'] },
  { group: 'layers', name: 'direction of imports', args: ['scripts/check-layers.mjs'] },
];

async function run({ name, args }) {
  const startedAt = performance.now();
  const child = spawn(nodePath, args, { cwd: rootDir, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (code !== 0) console.log(`${output.trimEnd().replaceAll(/^/gm, '    ')}\n`);
  return code === 0;
}

const asked = process.argv.slice(2);
const waiting = checks.filter((check) => asked.length === 0 || asked.includes(check.group));
const total = waiting.length;
let failed = 0;

async function worker() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (!(await run(next))) failed += 1;
  }
}

await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
console.log(failed === 0 ? `All ${total} checks passed.` : `${failed} of ${total} checks failed.`);
process.exitCode = total > 0 && failed === 0 ? 0 : 1;
