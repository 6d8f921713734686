import type { Explanation } from '../contract/objects.ts';
import { type Command, flagOption, textOption, textsOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import type { Terminal } from './terminal.ts';
import { printJson, problemLines, statusWord } from './words.ts';

export const explain: Command = {
  help: `gatehouse explain URL [--method M] [--from IP] [--header 'N: V']… [--json]
gatehouse explain --ref ID [--header 'N: V']… [--json]

Tells why a request goes where it goes, without sending it. With --ref: a request that came, by the reference that a
visitor's error page and the log show, as things are now. Its header fields were not kept.

  --method M         GET unless said otherwise
  --from IP          the visitor's address (default 127.0.0.1)
  --header 'N: V'    a header of the request; may be given more than once
  --json             the explanation object
Exit code 1 where no server would get it.`,
  options: {
    ref: { type: 'string' },
    method: { type: 'string', short: 'X' },
    from: { type: 'string' },
    header: { type: 'string', multiple: true, short: 'H' },
    json: { type: 'boolean' },
  },
  positionals: [0, 1],
  async run(input) {
    const ref = textOption(input, 'ref');
    const [url] = input.positionals;
    if ((ref === undefined) === (url === undefined)) {
      throw new UsageError('Give either an address or --ref with the reference of a request.');
    }
    const method = textOption(input, 'method');
    const from = textOption(input, 'from');
    const headers = textsOption(input, 'header').map(headerOf);
    const explanation = await withEngine(input, (client) =>
      client.explain({
        ...(ref === undefined ? { url: url ?? '' } : { ref }),
        ...(method === undefined ? {} : { method }),
        ...(from === undefined ? {} : { from }),
        ...(headers.length === 0 ? {} : { headers }),
      }),
    );
    if (flagOption(input, 'json')) printJson(input.terminal, explanation);
    else for (const line of explanationLines(input.terminal, explanation)) input.terminal.out(line);
    return ['no-router', 'no-entry-point', 'no-server', 'refused'].includes(explanation.outcome) ? 1 : 0;
  },
};

function headerOf(text: string): [string, string] {
  const colon = text.indexOf(':');
  if (colon <= 0) throw new UsageError(`--header "${text}" must be written as 'Name: value'.`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

export function explanationLines(terminal: Terminal, explanation: Explanation): string[] {
  const { recorded } = explanation;
  const { request, entryPoint, routers, skippedByHost, middlewares, servers, disabled, service } = explanation;
  const query = request.query === '' ? '' : `?${request.query}`;
  const lines = [
    terminal.paint('bold', explanation.sentence),
    '',
    `${request.method} ${request.scheme}://${request.host}${request.path}${query} from ${request.clientIp}`,
  ];
  if (recorded !== undefined) {
    const how = [recorded.router ?? 'no router', String(recorded.status), recorded.error?.detail ?? '']
      .filter((text) => text !== '')
      .join(', ');
    lines.push(`It came      ${new Date(recorded.at).toISOString()}: ${how}`);
  }
  if (entryPoint !== null) lines.push(`Entry point  ${entryPoint}`);
  for (const { router, rule, priority, matched, reason } of routers) {
    lines.push(
      `Router       ${terminal.paint(matched ? 'good' : 'dim', matched ? 'matches' : 'passes by')}  ${router}  (${priority})`,
    );
    lines.push(`             ${rule}`);
    lines.push(`             ${terminal.paint('dim', reason)}`);
  }
  if (skippedByHost > 0) {
    lines.push(`             ${skippedByHost} more ${skippedByHost === 1 ? 'is' : 'are'} for other hosts`);
  }
  for (const { name, type, verdict, detail } of middlewares) {
    lines.push(`Middleware   ${verdict}  ${name} (${type}): ${detail}`);
  }
  if (service !== null) {
    lines.push(`Service      ${service}`);
    for (const { url, health, reason } of servers) {
      lines.push(`             ${url}  ${statusWord(terminal, health)}${reason === null ? '' : `: ${reason}`}`);
    }
  }
  for (const { router, problems } of disabled) {
    const isPaused = problems.some(({ code }) => code === 'ROUTER_PAUSED');
    lines.push(...problemLines(terminal, `${router} is ${isPaused ? 'paused' : 'disabled'}`, problems));
  }
  return lines;
}
