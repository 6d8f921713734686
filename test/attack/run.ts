// `npm run attack [-- NAME… --page FILE --seconds N --only TEXT]`: attacks the built program, beside the proxies that are
// installed, and prints what came of it. Names are differential, floods, swaps, workers and deaths; without any, all of them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { certificateFor } from '../bench/proxies/ground.ts';
import { areBackInTime, deathsText, workersThatDie } from './deaths.ts';
import { differential, differentialTable } from './differential.ts';
import { floods, floodsTable, isHeld } from './floods.ts';
import { swapsText, swapUnderLoad } from './swaps.ts';
import { compareWorkers, workersText } from './workers.ts';

const { values, positionals } = parseArgs({
  options: {
    page: { type: 'string' },
    seconds: { type: 'string', default: '8' },
    only: { type: 'string', multiple: true },
  },
  allowPositionals: true,
});
const secondsEach = Number(values.seconds);
interface Part {
  readonly title: string;
  readonly run: (dir: string) => Promise<{ readonly text: string; readonly isGood: boolean }>;
}

const parts: Readonly<Record<string, Part>> = {
  differential: {
    title: 'What is forwarded',
    async run(dir) {
      const outcome = await differential({ dir, ...certificateFor(dir), routers: 1, hasMiddlewares: false });
      const own = outcome.outcomes.get('gatehouse') ?? [];
      const isWrong = outcome.fallen.includes('gatehouse') || own.some(({ verdict }) => verdict === 'ambiguous');
      return { text: differentialTable(outcome), isGood: own.length > 0 && !isWrong };
    },
  },
  floods: {
    title: 'Under fire',
    async run(dir) {
      const outcomes = await floods({ dir, ...certificateFor(dir) }, secondsEach, values.only ?? []);
      return { text: floodsTable(outcomes, secondsEach), isGood: outcomes.every(isHeld) };
    },
  },
  swaps: {
    title: 'Snapshots swapped under load',
    async run() {
      const outcome = await swapUnderLoad(1000);
      return { text: swapsText(outcome), isGood: outcome.faults.length === 0 };
    },
  },
  workers: {
    title: 'Two workers beside one',
    async run(dir) {
      return { text: workersText(await compareWorkers({ dir, ...certificateFor(dir) })), isGood: true };
    },
  },
  deaths: {
    title: 'Workers that die',
    async run() {
      const outcomes = await workersThatDie();
      return { text: deathsText(outcomes), isGood: areBackInTime(outcomes) };
    },
  },
};

const unknown = positionals.find((name) => !(name in parts));
if (unknown !== undefined || !(secondsEach > 0)) {
  const what = unknown === undefined ? `--seconds ${values.seconds} is no time` : `There is no attack "${unknown}"`;
  console.error(`${what}. There are: ${Object.keys(parts).join(', ')}; --seconds N, above 0.`);
  process.exit(2);
}

const dir = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-attack-'));
const machine = `${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown'}, Linux ${os.release()}, Node ${process.versions.node}`;
const sections: string[] = [];
try {
  for (const [name, { title, run }] of Object.entries(parts)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const { text, isGood } = await run(dir);
    const section = `## ${title}\n\n${text}`;
    console.log(`${section}\n`);
    sections.push(section);
    if (!isGood) process.exitCode = 1;
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
if (values.page !== undefined) {
  const head = `# Security tests\n\n<!-- Written by \`npm run attack -- --page ${values.page}\`. -->\n\nWhat attacks on the built program came to, on ${machine}, with a load average of ${os.loadavg()[0]?.toFixed(1)} at the end.`;
  writeFileSync(values.page, `${[head, ...sections].join('\n\n')}\n`);
}
