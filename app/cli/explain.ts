import type { Explanation } from '../contract/explanation.ts';
import { type Command, flagOption, textOption, textsOption, UsageError } from './command.ts';
import { withEngine } from './engine-client.ts';
import type { Terminal } from './terminal.ts';
import { printJson, problemLines, statusWord } from './words.ts';

export const explain: Command = {
  help: `gatehouse explain URL [--method M] [--client-ip IP] [--header 'N: V']… [--json]
gatehouse explain tcp://HOST:PORT | tls://HOST:PORT | udp://:PORT [--client-ip IP] [--alpn A,B] [--json]
gatehouse explain --ref ID [--header 'N: V']… [--json]

Tells why a request or connection goes where it goes, without sending it. With --ref: one that came, by the reference that
a visitor's error page and the log show, as things are now. Its header fields were not kept.

Of a connection, HOST is the name in its TLS hello. tcp:// takes it to begin with one where something at the entry point
looks for that; tls:// always does, and plain:// never.

  --method M         GET unless said otherwise
  --client-ip IP     the visitor's address (default 127.0.0.1); --from is the same
  --header 'N: V'    a header of the request; may be given more than once
  --alpn A,B         protocols that the TLS hello offers, such as h2,http/1.1
  --json             the explanation object
Exit code 1 where no server would get it.`,
  options: {
    ref: { type: 'string' },
    method: { type: 'string', short: 'X' },
    from: { type: 'string' },
    'client-ip': { type: 'string' },
    alpn: { type: 'string' },
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
    const from = textOption(input, 'client-ip') ?? textOption(input, 'from');
    const alpn = textOption(input, 'alpn')
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const headers = textsOption(input, 'header').map(headerOf);
    const explanation = await withEngine(input, (client) =>
      client.explain({
        ...(ref === undefined ? { url: url ?? '' } : { ref }),
        ...(method === undefined ? {} : { method }),
        ...(from === undefined ? {} : { from }),
        ...(alpn === undefined ? {} : { alpn }),
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
    explanation.protocol === undefined
      ? `${request.method} ${request.scheme}://${request.host}${request.path}${query} from ${request.clientIp}`
      : `${connectionWords(request)} from ${request.clientIp}`,
  ];
  if (recorded !== undefined) {
    const status = recorded.status === 0 ? '' : String(recorded.status);
    const how = [recorded.router ?? 'no router', status, recorded.error?.detail ?? '']
      .filter((text) => text !== '')
      .join(', ');
    lines.push(`It came      ${new Date(recorded.at).toISOString()}: ${how}`);
  }
  if (entryPoint !== null) lines.push(`Entry point  ${entryPoint}`);
  for (const { router, rule, priority, matched, reason } of routers) {
    const word = terminal.paint(matched ? 'good' : 'dim', matched ? 'matches' : 'passes by');
    lines.push(`Router       ${word}  ${router}${rule === '' ? '' : `  (${priority})`}`);
    if (rule !== '') lines.push(`             ${rule}`);
    lines.push(`             ${terminal.paint('dim', reason)}`);
  }
  if (skippedByHost > 0) {
    lines.push(`             ${skippedByHost} more ${skippedByHost === 1 ? 'is' : 'are'} for other hosts`);
  }
  if (explanation.tls !== undefined) lines.push(`TLS          ${tlsWords[explanation.tls]}`);
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

const tlsWords: Readonly<Record<NonNullable<Explanation['tls']>, string>> = {
  none: 'none',
  terminate: 'ends here; the server gets what is inside',
  passthrough: 'is passed on to the server as it is',
};

function connectionWords({ scheme, host }: Explanation['request']): string {
  if (scheme === 'udp') return 'Datagrams';
  if (scheme !== 'tls') return 'A connection without TLS';
  return host === '' ? 'A TLS connection that names no host' : `A TLS connection for ${host}`;
}
