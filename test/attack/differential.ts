import { until } from '../bench/process.ts';
import type { Setting } from '../bench/proxies/peer.ts';
import { peerKinds } from '../bench/proxies/programs.ts';
import { type Case, corpus } from './corpus.ts';
import { type Outcome, tryCase } from './judge.ts';
import { startRecordingServer } from './recorder.ts';

export interface Differential {
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
  /** By program, in the order of the cases. */
  readonly outcomes: ReadonlyMap<string, readonly Outcome[]>;
  /** Programs that were not alive at the end, or stopped answering in between. */
  readonly fallen: readonly string[];
  readonly leftOut: readonly string[];
}

/** Sends the whole corpus through every proxy that is installed, each with a server of its own behind it. */
export async function differential(setting: Omit<Setting, 'originPort'>): Promise<Differential> {
  const cases = corpus();
  const kinds = peerKinds.filter((kind) => kind.missing() === null);
  const outcomes = new Map<string, readonly Outcome[]>();
  const versions: Record<string, string> = {};
  const fallen: string[] = [];
  await Promise.all(
    kinds.map(async (kind) => {
      const server = await startRecordingServer();
      const peer = await kind.start({ ...setting, originPort: server.port });
      try {
        await until(
          `${kind.program} to answer`,
          async () => (await isAlive(peer.httpPort, server)) || undefined,
          60_000,
        );
        const own: Outcome[] = [];
        for (const each of cases) own.push(await tryCase(each, peer.httpPort, server, false));
        outcomes.set(kind.program, own);
        versions[kind.program] = peer.version;
        if (!(await isAlive(peer.httpPort, server))) fallen.push(kind.program);
      } finally {
        await peer.running.stop();
        await server.close();
      }
    }),
  );
  const leftOut = peerKinds.flatMap((kind) => {
    const why = kind.missing();
    return why === null ? [] : [`${kind.program}: ${why}`];
  });
  return { versions, cases, outcomes, fallen, leftOut };
}

const greeting: Case = {
  name: 'greeting',
  group: '',
  bytes: Buffer.from('GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n'),
};

async function isAlive(port: number, server: Parameters<typeof tryCase>[2]): Promise<boolean> {
  const { verdict, statuses } = await tryCase(greeting, port, server, false);
  return verdict === 'forwarded' && statuses[0] === 200;
}

/** As Markdown. */
export function differentialTable({ versions, cases, outcomes, fallen, leftOut }: Differential): string {
  const programs = peerKinds.map(({ program }) => program).filter((program) => outcomes.has(program));
  const groups = [...new Set(cases.map(({ group }) => group))];
  const count = (program: string, group: string | null, verdict: Outcome['verdict']): number =>
    outcomes
      .get(program)
      ?.filter((outcome, n) => outcome.verdict === verdict && (group === null || cases[n]?.group === group)).length ??
    0;
  const cell = (program: string, group: string | null): string =>
    `${count(program, group, 'refused')} / ${count(program, group, 'forwarded')} / ${count(program, group, 'ambiguous')}`;
  const row = (name: string, group: string | null): string => {
    const size = cases.filter((each) => group === null || each.group === group).length;
    return `| ${name} | ${size} | ${programs.map((program) => cell(program, group)).join(' | ')} |`;
  };
  const ambiguous = programs.map((program) => {
    const names = (outcomes.get(program) ?? []).flatMap((outcome, n) =>
      outcome.verdict === 'ambiguous' ? [`  - ${cases[n]?.group}, ${cases[n]?.name}: ${outcome.why}`] : [],
    );
    return names.length === 0 ? `- ${program}: none` : `- ${program}:\n${names.join('\n')}`;
  });
  return [
    programs.map((program) => `${program} ${versions[program]}`).join(', '),
    'Refused / forwarded and read in one way / forwarded and read in several ways:',
    [
      `| group | cases | ${programs.join(' | ')} |`,
      `|---|--:|${programs.map(() => '--:|').join('')}`,
      ...groups.map((group) => row(group, group)),
      row('**all**', null),
    ].join('\n'),
    `Requests that servers could read in several ways:\n\n${ambiguous.join('\n')}`,
    fallen.length === 0
      ? 'All of them still answered at the end.'
      : `No longer answered at the end: ${fallen.join(', ')}.`,
    ...(leftOut.length > 0 ? [`Left out: ${leftOut.join('; ')}`] : []),
  ].join('\n\n');
}
