import type { RequestRecord } from '../../proxy/model/request-record.ts';
import type { GatehouseClient } from '../operations/client.ts';
import { type Command, type CommandInput, flagOption, numberOption, textOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import { logFilterOf, matchesFilter } from './log-filter.ts';
import type { Terminal } from './terminal.ts';

const defaultLines = 50;

export const logs: Command = {
  help: `gatehouse logs [TEXT] [--follow] [--lines N] [--status 4xx|404] [--router NAME] [--service NAME]
               [--host HOST] [--from IP] [--entry-point NAME] [--json]

Requests, oldest first. TEXT is looked for in host, path, address, router and service.

  --follow, -f  go on as they come
  --lines N     how many of the past (default ${defaultLines}, at most 1000)
  --json        one request object a line`,
  options: {
    follow: { type: 'boolean', short: 'f' },
    lines: { type: 'string', short: 'n' },
    status: { type: 'string' },
    router: { type: 'string' },
    service: { type: 'string' },
    host: { type: 'string' },
    from: { type: 'string' },
    'entry-point': { type: 'string' },
    json: { type: 'boolean' },
  },
  positionals: [0, 1],
  run: (input) => withEngine(input, (client) => show(input, client)),
};

async function show(input: CommandInput, client: GatehouseClient): Promise<number> {
  const { terminal } = input;
  const json = flagOption(input, 'json');
  const follow = flagOption(input, 'follow');
  const limit = numberOption(input, 'lines', { min: 0, max: 1000 }) ?? defaultLines;
  const status = textOption(input, 'status');
  if (status !== undefined && !/^[1-5](?:xx|\d\d)$/.test(status)) {
    throw new UsageError(`--status is a status such as 404, or a hundred such as 5xx; not "${status}".`);
  }
  const filter = logFilterOf({
    text: input.positionals[0],
    status,
    router: textOption(input, 'router'),
    service: textOption(input, 'service'),
    host: textOption(input, 'host'),
    clientIp: textOption(input, 'from'),
    entryPoint: textOption(input, 'entry-point'),
  });
  const print = (record: RequestRecord): void => {
    terminal.out(json ? JSON.stringify(record) : logLine(terminal, record));
  };

  // Listening begins before the past is read, so that nothing falls between the two.
  const stopped = follow ? terminal.stopped() : null;
  const events = stopped ? await client.events({ topics: ['requests'] }, { signal: stopped }) : null;
  const shown = new Set<string>();
  if (limit > 0) {
    const { records } = await client.requests.query({ filter, limit });
    for (const record of records.toReversed()) {
      shown.add(record.id);
      print(record);
    }
  }
  if (!events) return 0;
  try {
    for await (const event of events) {
      if (event.topic !== 'requests') continue;
      for (const record of event.records) if (!shown.has(record.id) && matchesFilter(record, filter)) print(record);
      if (event.skipped > 0 && !json) terminal.out(terminal.paint('dim', `… ${event.skipped} more, not shown`));
    }
  } catch (error) {
    if (stopped?.aborted !== true) throw error;
  }
  return 0;
}

function logLine(terminal: Terminal, record: RequestRecord): string {
  const failed = record.status >= 500 || (record.status === 0 && record.error !== null);
  const tone = failed ? 'bad' : record.status >= 400 ? 'warn' : 'good';
  const error = record.error === null ? '' : `  ${record.error.code}: ${record.error.detail}`;
  return [
    terminal.paint('dim', new Date(record.at).toISOString()),
    terminal.paint(tone, record.status === 0 ? record.protocol : String(record.status)),
    record.method.padEnd(4),
    // Whoever sends the request chooses these; a terminal must not act on them.
    `${record.scheme}://${printable(record.host || (record.status === 0 ? record.entryPoint : ''))}${printable(record.target)}`,
    terminal.paint('dim', `${record.clientIp} → ${record.router ?? 'no router'} · ${Math.round(record.durationMs)} ms`),
  ]
    .join('  ')
    .concat(printable(error));
}

function printable(text: string): string {
  return text.replaceAll(
    /\p{Control}|\p{Format}/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
