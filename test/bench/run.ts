// `npm run bench [-- NAME… --json FILE --page FILE]`: measures the built program, beside the peers that are installed, and prints a table and JSON.
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { missingForDocker, startDocker, type TestDocker } from '../support/docker.ts';
import { measureCertificates } from './certificates.ts';
import { measureDashboard } from './dashboard.ts';
import { measureDockerStart } from './docker-start.ts';
import { measureLimits } from './limits.ts';
import { measureMemory } from './memory.ts';
import { compareProxies, comparisonNames, comparisonTable } from './proxies/compare.ts';
import { measurePublish } from './publish.ts';
import { type Row, table } from './report.ts';

const withoutDocker: Record<string, () => Promise<Row[]>> = {
  certificates: measureCertificates,
  limits: measureLimits,
  memory: measureMemory,
  publish: measurePublish,
};
const withDocker: Record<string, (docker: TestDocker) => Promise<Row[]>> = {
  start: measureDockerStart,
  dashboard: measureDashboard,
};

const { values, positionals } = parseArgs({
  options: { json: { type: 'string' }, page: { type: 'string' } },
  allowPositionals: true,
});
/** All that is compared with other proxies; a scenario's own name takes that one alone. */
const compared = 'proxies';
const known = [...Object.keys(withoutDocker), ...Object.keys(withDocker), compared, ...comparisonNames];
const unknown = positionals.find((name) => !known.includes(name));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}". There are: ${known.join(', ')}.`);
  process.exit(2);
}
const wanted = (name: string) => positionals.length === 0 || positionals.includes(name);

const rows: Row[] = [];
for (const [name, measure] of Object.entries(withoutDocker)) {
  if (!wanted(name)) continue;
  const measured = await measure();
  if (measured.length === 0) console.error(`${name}: left out, it needs wrk and nginx (apt-get install wrk nginx)`);
  rows.push(...measured);
}
const dockerWanted = Object.entries(withDocker).filter(([name]) => wanted(name));
const missing = missingForDocker();
if (missing !== null) {
  for (const [name] of dockerWanted) console.error(`${name}: left out, ${missing}`);
} else if (dockerWanted.length > 0) {
  const docker = await startDocker();
  try {
    for (const [, measure] of dockerWanted) rows.push(...(await measure(docker)));
  } finally {
    await docker.stop();
  }
}

const isCompared = (name: string) => wanted(compared) || positionals.includes(name);
const comparison = comparisonNames.some(isCompared) ? await compareProxies(isCompared) : null;

const machine = `${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown'}, Linux ${os.release()}, Node ${process.versions.node}`;
const parts = [
  machine,
  ...(rows.length > 0 ? [table(rows)] : []),
  ...(comparison ? [comparisonTable(comparison)] : []),
];
console.log(parts.join('\n\n'));
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ machine, rows, comparison }, null, 2)}\n`);
}
if (values.page !== undefined && comparison !== null) {
  const introduction = [
    '# Performance',
    `<!-- Written by \`npm run bench -- --page ${values.page}\`. -->`,
    `What a request costs, beside other proxies in the same run: one core each, the same server behind them, forwarding fields and an access log in a file on. Processor time is that of the proxy and its children, from \`/proc\`; each figure is the median of three rounds, taken in turn. Measured on ${machine}, with a load average of ${os.loadavg()[0]?.toFixed(1)} at the end.`,
  ];
  const others = rows.length > 0 ? ['## Gatehouse alone', `\`\`\`\n${table(rows)}\n\`\`\``] : [];
  writeFileSync(
    values.page,
    `${[...introduction, '## Beside others', comparisonTable(comparison), ...others].join('\n\n')}\n`,
  );
}
