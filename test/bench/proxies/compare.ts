import { cpuMicroseconds, residentMegabytes } from '../process.ts';
import { median } from '../report.ts';
import { openBench } from './ground.ts';
import { missingForLoad, openIdle, type Seen } from './load.ts';
import { idleScenario, type Peer } from './peer.ts';
import { peerKinds } from './programs.ts';
import { type Goal, type Scenario, scenarios } from './scenarios.ts';

/** What one proxy showed in one scenario: medians of the rounds. */
export interface Result {
  readonly scenario: string;
  readonly program: string;
  /** Processor time of the proxy and its children, microseconds; of one request, or of one megabyte of body. */
  readonly cpuMicroseconds: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** At the end of the load. */
  readonly residentMegabytes: number;
  /** Kilobytes that one idle connection takes; null but in that scenario. */
  readonly kilobytesPerConnection: number | null;
}

export interface Comparison {
  readonly versions: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
  readonly goals: readonly { readonly text: string; readonly isMet: boolean }[];
  readonly leftOut: readonly string[];
}

const rounds = 3;
const secondsPerRound = 2;
/** Until then a process that has just started compiles what it runs, and Gatehouse keeps its heap small (`app/runtime/heap.ts`). */
const secondsOfWarmUp = 3;
const idleConnections = 10_000;
export const comparisonNames = [...scenarios.map(({ name }) => name), idleScenario];

/** All proxies that are here, in all scenarios whose names are wanted; in turn, so that a noisy time meets all of them. */
export async function compareProxies(isWanted: (name: string) => boolean): Promise<Comparison> {
  const missing = missingForLoad();
  if (missing !== null) return { versions: {}, results: [], goals: [], leftOut: [`all proxies: ${missing}`] };
  const kinds = peerKinds.filter((kind) => kind.missing() === null);
  const leftOut = peerKinds.flatMap((kind) => {
    const why = kind.missing();
    return why === null ? [] : [`${kind.program}: ${why}`];
  });
  const bench = await openBench();
  const versions: Record<string, string> = {};
  const results: Result[] = [];
  try {
    for (const scenario of scenarios.filter(({ name }) => isWanted(name))) {
      process.stderr.write(`${scenario.name}…\n`);
      const peers: Peer[] = [];
      for (const kind of kinds) {
        if (!kind.leavesOut.includes(scenario.name)) peers.push(await bench.proxy(kind, scenario));
      }
      results.push(...(await measure(scenario, peers, bench)));
      for (const peer of peers) {
        versions[peer.program] = peer.version;
        await peer.running.stop();
      }
    }
    if (isWanted(idleScenario)) {
      process.stderr.write(`${idleScenario}…\n`);
      for (const kind of kinds.filter(({ leavesOut: without }) => !without.includes(idleScenario))) {
        const peer = await bench.proxy(kind, { origin: 'files', routers: 1, hasMiddlewares: false });
        results.push(await measureIdle(peer));
        await peer.running.stop();
      }
    }
  } finally {
    await bench.stop();
  }
  return { versions, results, goals: judge(results), leftOut };
}

async function measure(
  scenario: Scenario,
  peers: readonly Peer[],
  bench: { readonly dir: string; readonly uploadFile: string },
): Promise<Result[]> {
  const seen = new Map<Peer, { readonly seen: Seen; readonly used: number; readonly memory: number }[]>();
  for (const peer of peers) {
    await scenario.run(peer, { ...bench, seconds: secondsOfWarmUp });
    seen.set(peer, []);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const peer of peers) {
      const before = cpuMicroseconds(peer.running.pid);
      const one = await scenario.run(peer, { ...bench, seconds: secondsPerRound });
      const used = cpuMicroseconds(peer.running.pid) - before;
      seen.get(peer)?.push({ seen: one, used, memory: residentMegabytes(peer.running.pid) });
    }
  }
  const parts = scenario.bodyBytes === null ? 1 : scenario.bodyBytes / 1_000_000;
  return [...seen].map(([{ program }, runs]) => ({
    scenario: scenario.name,
    program,
    cpuMicroseconds: median(runs.map((run) => run.used / (run.seen.requests * parts))),
    requestsPerSecond: median(runs.map((run) => run.seen.requests / run.seen.seconds)),
    p50Ms: medianOf(runs.map((run) => run.seen.p50Ms)),
    p99Ms: medianOf(runs.map((run) => run.seen.p99Ms)),
    residentMegabytes: median(runs.map((run) => run.memory)),
    kilobytesPerConnection: null,
  }));
}

async function measureIdle(peer: Peer): Promise<Result> {
  const closeFew = await openIdle(peer.httpPort, 100);
  const before = residentMegabytes(peer.running.pid);
  const usedBefore = cpuMicroseconds(peer.running.pid);
  const from = performance.now();
  const close = await openIdle(peer.httpPort, idleConnections);
  const seconds = (performance.now() - from) / 1000;
  const after = residentMegabytes(peer.running.pid);
  const used = cpuMicroseconds(peer.running.pid) - usedBefore;
  await close();
  await closeFew();
  return {
    scenario: idleScenario,
    program: peer.program,
    cpuMicroseconds: used / idleConnections,
    requestsPerSecond: idleConnections / seconds,
    p50Ms: null,
    p99Ms: null,
    residentMegabytes: after,
    kilobytesPerConnection: ((after - before) * 1000) / idleConnections,
  };
}

function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : median(known);
}

function judge(results: readonly Result[]): Comparison['goals'] {
  const find = (scenario: string, program: string): Result | undefined =>
    results.find((result) => result.scenario === scenario && result.program === program);
  const goals = scenarios.flatMap(({ name, goals: wanted }) =>
    wanted.flatMap((goal) => {
      const [own, other] = [find(name, 'gatehouse'), find(name, goal.than)];
      return own && other ? [judgeOne(name, goal, own, other)] : [];
    }),
  );
  const idle = find(idleScenario, 'gatehouse')?.kilobytesPerConnection;
  if (idle !== undefined && idle !== null) {
    goals.push({ text: `${idleScenario}: ${idle.toFixed(1)} kB each, goal ≤ 20 kB`, isMet: idle <= 20 });
  }
  const [few, many] = [find('10 routers', 'gatehouse'), find('10,000 routers', 'gatehouse')];
  if (few && many) {
    const ratio = many.cpuMicroseconds / few.cpuMicroseconds;
    goals.push({ text: `10,000 routers: ${ratio.toFixed(2)} × 10 routers, goal ≤ 1.05`, isMet: ratio <= 1.05 });
  }
  return goals;
}

function judgeOne(name: string, { figure, than, factor }: Goal, own: Result, other: Result) {
  const times = (ratio: number): string => `${ratio.toFixed(2)} × ${than}`;
  switch (figure) {
    case 'cpu': {
      const ratio = own.cpuMicroseconds / other.cpuMicroseconds;
      return { text: `${name}: processor time ${times(ratio)}, goal ≤ ${factor}`, isMet: ratio <= factor };
    }
    case 'bytes': {
      const ratio = other.cpuMicroseconds / own.cpuMicroseconds;
      return { text: `${name}: bytes per processor second ${times(ratio)}, goal ≥ ${factor}`, isMet: ratio >= factor };
    }
    case 'p99': {
      const ratio = (own.p99Ms ?? Number.NaN) / (other.p99Ms ?? Number.NaN);
      const values = `${own.p99Ms?.toFixed(2)} ms to ${other.p99Ms?.toFixed(2)} ms`;
      return { text: `${name}: 99th percentile ${values}, goal ≤ ${factor} × ${than}`, isMet: ratio <= factor };
    }
  }
}

/** As Markdown, which reads as a table in a terminal too. */
export function comparisonTable({ results, goals, leftOut, versions }: Comparison): string {
  const names = [...new Set(results.map(({ scenario }) => scenario))];
  const parts = names.map((name) => {
    const rows = results.filter(({ scenario }) => scenario === name);
    const isIdle = name === idleScenario;
    const per = scenarios.find((scenario) => scenario.name === name)?.bodyBytes == null ? 'request' : 'MB';
    const to = (row: Result, program: string): string => {
      const other = rows.find((each) => each.program === program);
      return other === undefined || row.program === program
        ? ''
        : (row.cpuMicroseconds / other.cpuMicroseconds).toFixed(2);
    };
    const head = ['program', `CPU µs/${per}`, 'requests/s', 'p50 ms', 'p99 ms', 'RSS MB', '× nginx', '× traefik'];
    const cells = rows.map((row) => [
      row.program,
      row.cpuMicroseconds.toFixed(1),
      row.requestsPerSecond.toFixed(row.requestsPerSecond < 100 ? 1 : 0),
      row.p50Ms?.toFixed(2) ?? '',
      row.p99Ms?.toFixed(2) ?? '',
      row.residentMegabytes.toFixed(0),
      to(row, 'nginx'),
      to(row, 'traefik'),
      ...(isIdle ? [row.kilobytesPerConnection?.toFixed(1) ?? ''] : []),
    ]);
    return `### ${name}\n\n${markdownTable([...head, ...(isIdle ? ['kB each'] : [])], cells)}`;
  });
  const judged = goals.map(({ text, isMet }) => `- ${isMet ? 'met' : 'MISSED'}: ${text}`);
  return [
    Object.entries(versions)
      .map(([program, version]) => `${program} ${version}`)
      .join(', '),
    ...parts,
    ...(judged.length > 0 ? [`### Goals\n\n${judged.join('\n')}`] : []),
    ...(leftOut.length > 0 ? [`Left out: ${leftOut.join('; ')}`] : []),
  ].join('\n\n');
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, n) => (n === 0 ? `-${'-'.repeat(width)}-` : `-${'-'.repeat(width)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
