import type { EngineStatus } from '../contract/objects.ts';
import { sentenceOf, sentenceText } from '../contract/sentence.ts';
import { type Command, flagOption } from './command.ts';
import { withEngine } from './engine-client.ts';
import { tableLines } from './table.ts';
import type { Terminal } from './terminal.ts';
import { ago, printJson, problemLines, statusWord } from './words.ts';

export const status: Command = {
  help: `gatehouse status [--json]

Tells whether Gatehouse runs, where it listens, what it watches, and what needs attention.

  --json  the engine's status object
Exit code 1 where no engine runs.`,
  options: { json: { type: 'boolean' } },
  positionals: [0, 0],
  async run(input) {
    const current = await withEngine(input, (client) => client.status());
    if (flagOption(input, 'json')) printJson(input.terminal, current);
    else for (const line of statusLines(input.terminal, current, Date.now())) input.terminal.out(line);
    return 0;
  },
};

export function statusLines(terminal: Terminal, current: EngineStatus, now: number): string[] {
  return [
    sentenceText(sentenceOf(current, 'en')),
    '',
    ...entryPointLines(terminal, current),
    '',
    ...tableLines(
      ['PROVIDER', 'STATE', 'WHERE', 'SINCE'],
      current.providers
        .filter(({ name }) => name !== 'internal')
        .map(({ name, state, where, version, since }) => [
          name,
          statusWord(terminal, state),
          [where, version].filter((part) => part !== '').join(' · '),
          ago(since, now),
        ]),
    ),
    '',
    `Dashboard    ${dashboardUrls(terminal, current).join(' and ')}`,
    `Data folder  ${current.dataDir}`,
    `Engine       ${current.version}, ${current.workers} ${current.workers === 1 ? 'worker' : 'workers'}, started ${ago(current.startedAt, now)}`,
    ...withBlankLine(partProblems(terminal, current)),
  ];
}

function dashboardUrls(terminal: Terminal, { dashboard: { url, lanUrl } }: EngineStatus): string[] {
  const urls = [url, lanUrl ?? ''].filter((each) => each !== '');
  return urls.length === 0 ? [terminal.paint('bad', 'off')] : urls;
}

export function entryPointLines(terminal: Terminal, { entryPoints }: EngineStatus): string[] {
  return tableLines(
    ['ENTRY POINT', 'ADDRESS', 'LISTENING', 'PROTOCOL'],
    entryPoints.map(({ name, address, listening, protocol, redirectTo }) => [
      name,
      address,
      listening ?? terminal.paint('bad', 'off'),
      redirectTo === null ? protocol : `${protocol}, sends on to ${redirectTo}`,
    ]),
  );
}

/** Problems of the engine and its parts; those of routers and containers are with their own lists. */
export function partProblems(terminal: Terminal, current: EngineStatus): string[] {
  const parts = [
    ...current.entryPoints.map(({ name, problems }) => ({ name, problems })),
    ...current.providers.map(({ name, problems }) => ({ name, problems })),
    { name: '', problems: current.problems },
  ];
  const seen = new Set<string>();
  return parts.flatMap(({ name, problems }) => {
    const fresh = problems.filter(({ message }) => !seen.has(message));
    for (const { message } of fresh) seen.add(message);
    return problemLines(terminal, name, fresh);
  });
}

function withBlankLine(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}
