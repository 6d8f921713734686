import { ChunkedDecoder } from '../../proxy/http1/chunked.ts';
import { HeadReader } from '../../proxy/http1/inbound-head.ts';
import { compileRule } from '../../proxy/rule/compile.ts';
import { explainRule } from '../../proxy/rule/explain.ts';
import { parseRule, RuleError } from '../../proxy/rule/parse.ts';
import { arrivedPath, canonicalPath, otherReadings, routingPath } from '../../proxy/rule/path.ts';
import { parseTcpRule } from '../../proxy/rule/tcp.ts';
import { readProxyHeader } from '../../proxy/stream/proxy-protocol.ts';
import { HelloReader } from '../../proxy/tls/client-hello.ts';
import { corpus } from '../attack/corpus.ts';
import { read } from '../attack/readers.ts';
import { makeRequest } from '../support/exchange.ts';
import { helloBytes } from './hello.ts';
import type { Random } from './mutate.ts';

/** Something that takes bytes from strangers. */
export interface Target {
  readonly name: string;
  readonly seeds: readonly Buffer[];
  /** Words of its format, for changes that mean something. */
  readonly words: readonly string[];
  /**
   * Tries one input. Throws where what must always hold does not. Gives in a word what came of it: an input with which
   * something new comes is kept and changed further.
   */
  readonly attempt: (input: Buffer, random: Random) => string | Promise<string>;
}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`What must hold does not: ${what}`);
}

const text = (words: readonly string[]): Buffer[] => words.map((word) => Buffer.from(word, 'latin1'));

const ruleWords = [
  ...['Host(`', 'HostRegexp(`', 'Path(`', 'PathPrefix(`', 'PathRegexp(`', 'Header(`', 'HeaderRegexp(`', 'Query(`'],
  ...['Method(`', 'ClientIP(`', 'HostSNI(`', 'HostSNIRegexp(`', 'ALPN(`', 'Headers(`', 'HostHeader(`'],
  ...[
    '`)',
    '`, `',
    ' && ',
    ' || ',
    '!',
    '(',
    ')',
    '"',
    "'",
    '\\',
    '*',
    '{name:',
    '}',
    '[a-z]+',
    '(?:',
    '(?i)',
    '{1,9}',
  ],
];

const rule: Target = {
  name: 'rule',
  seeds: text([
    'Host(`a.example`) && (PathPrefix(`/api`) || !Header(`X-A`, `b`))',
    'HostRegexp(`^.+\\.example\\.org$`) && Method(`GET`, `POST`)',
    'Query(`q`, `1`) || QueryRegexp(`q`, `^[0-9]+$`) || ClientIP(`10.0.0.0/8`, `::1`)',
    'Host(`a`, `b`) && HostRegexp(`{sub:[a-z]+}.example`)',
    'HostSNI(`*`) && ClientIP(`192.0.2.1`) && !ALPN(`h2`)',
    '((((Path(`/`)))))',
  ]),
  words: ruleWords,
  attempt(input) {
    const arrived = input.toString('utf8').slice(0, 4000);
    const from = performance.now();
    const outcomes: string[] = [];
    for (const syntax of ['v2', 'v3'] as const) {
      outcomes.push(
        guarded(() => {
          const node = parseRule(arrived, syntax);
          const matches = compileRule(node);
          for (const request of visits) {
            must(explainRule(node, request).matched === matches(request), 'explaining a rule agrees with matching it');
          }
        }),
        guarded(() => void parseTcpRule(arrived, syntax)),
      );
    }
    // No time of a test, but the difference between a rule that is read and one that hangs the engine.
    must(performance.now() - from < 5000, 'a rule is read in no time');
    return outcomes.join(' ');
  },
};

const visits = ['a.example', 'x.example.org'].map((host) =>
  makeRequest({ host, path: '/api/v1', query: 'q=1&r', fields: { 'X-A': 'b' } }),
);

function guarded(attempt: () => void): string {
  try {
    attempt();
    return 'read';
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return error.message.replaceAll(/`[^`]*`|"[^"]*"|\d+/g, '').slice(0, 60);
  }
}

const path: Target = {
  name: 'path',
  seeds: text([
    '/a/b',
    '/a/../b',
    '/a/%2e%2e/b',
    '/a%2fb',
    '/%5c..%5cb',
    '/a;b/..;/c',
    '//a//b',
    '/a/./b/',
    '/é',
    '/%c3%a9',
    '/%',
    '/..',
  ]),
  words: [
    '/',
    '..',
    '.',
    '%2e',
    '%2E',
    '%2f',
    '%5c',
    '%25',
    '%00',
    '%3b',
    '%23',
    '%3f',
    '\\',
    ';',
    '//',
    '%252e',
    '#',
    '?',
  ],
  attempt(input) {
    const arrived = input.toString('latin1').slice(0, 2000);
    const outcomes: string[] = [];
    for (const canonicalise of [canonicalPath, arrivedPath]) {
      const canonical = canonicalise(arrived);
      outcomes.push(canonical === null ? 'refused' : canonical === arrived ? 'same' : 'changed');
      if (canonical === null) continue;
      must(canonical.startsWith('/'), 'a path begins with a slash');
      must(/^[!-"$->@-[\]-~]*$/.test(canonical), 'a path holds nothing that ends it');
      must(canonicalise(canonical) === canonical, 'the canonical form is final');
      const segments = canonical.split('/').map((segment) => segment.replaceAll(/%2e/gi, '.'));
      must(!segments.includes('..') && !segments.includes('.'), 'no dot segments are left');
      for (const reading of [routingPath(canonical), ...otherReadings(canonical)]) {
        must(reading.startsWith('/'), 'every reading of a path is a path');
      }
    }
    return outcomes.join(' ');
  },
};

/** The corpus of odd requests. */
export const requests = corpus().map(({ bytes }) => bytes.subarray(0, 4000));
const framingWords = [
  ...[
    '\r\n',
    '\n',
    '\r',
    ' ',
    '\t',
    ':',
    ';',
    ',',
    '\0',
    '\x0b',
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    ' HTTP/1.1',
    ' HTTP/1.0',
    'GET ',
    'POST ',
  ],
  ...[
    'Host: app.localhost\r\n',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Connection: close\r\n',
    'Expect: 100-continue\r\n',
  ],
];

/** The same bytes in pieces, cut where chance has it. */
function pieces(input: Buffer, random: Random): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < input.length; ) {
    const next = Math.min(input.length, at + 1 + Math.floor(random() ** 2 * 40));
    cut.push(input.subarray(at, next));
    at = next;
  }
  return cut;
}

interface HeadOutcome {
  readonly end: number;
  readonly head: HeadReader['head'];
}

function readHead(parts: readonly Buffer[]): HeadOutcome | null {
  const reader = new HeadReader(8192);
  let before = 0;
  for (const part of parts) {
    const next = reader.read(part, 0, part.length);
    if (next >= 0) return { end: before + next, head: reader.head };
    before += part.length;
  }
  return null;
}

const head: Target = {
  name: 'head',
  seeds: requests,
  words: framingWords,
  attempt(input, random) {
    const whole = readHead([input]);
    const inPieces = readHead(pieces(input, random));
    // One that is refused may be refused before its end is seen.
    must((whole === null) === (inPieces === null), 'a head is found however it is cut');
    if (whole === null || inPieces === null) return 'more';
    must((whole.head.fault === null) === (inPieces.head.fault === null), 'a head is refused however it is cut');
    const { fault, method, target, raw } = whole.head;
    if (fault !== null) return fault.detail.replaceAll(/\d+/g, '');
    must(JSON.stringify(whole) === JSON.stringify(inPieces), 'a head is read the same however it is cut');
    // Another reader, without the lengths, which are judged later.
    const lines = raw.flatMap((name, n) =>
      n % 2 === 0 && !/^(?:content-length|transfer-encoding)$/i.test(name) ? [`${name}: ${raw[n + 1]}\r\n`] : [],
    );
    const again = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
    must(read(again).requests[0] === `${method} ${target} 0`, 'another reader sees the same request');
    const start = input.subarray(0, 2).equals(Buffer.from('\r\n')) ? 2 : 0;
    const sent = input.subarray(start, whole.end).toString('latin1');
    must(sent.split('\r\n').length - 3 === raw.length / 2, 'each line is one field');
    return `fields ${Math.min(9, raw.length / 2)}`;
  },
};

interface ChunkedOutcome {
  readonly end: number;
  readonly content: string;
  readonly fault: boolean;
  readonly done: boolean;
  readonly trailers: string;
}

function readChunked(parts: readonly Buffer[]): ChunkedOutcome {
  const decoder = new ChunkedDecoder();
  let content = '';
  let end = 0;
  for (const part of parts) {
    const next = decoder.decode(part, 0, part.length, { content: (slice) => (content += slice.toString('latin1')) });
    end += next;
    if (decoder.isDone || decoder.fault !== null) break;
  }
  return { end, content, fault: decoder.fault !== null, done: decoder.isDone, trailers: decoder.trailerLines };
}

const chunked: Target = {
  name: 'chunked',
  seeds: text([
    '5\r\nhello\r\n0\r\n\r\n',
    '5;a=b\r\nhello\r\n1\r\nx\r\n0\r\nX-T: a\r\nX-U: b\r\n\r\n',
    'A\r\n0123456789\r\n00\r\n\r\nGET ',
  ]),
  words: [...framingWords, '0', '00000000', 'a', 'F', ';a', ';a="b"', '0x', '+', 'ffffffffffffffff'],
  attempt(input, random) {
    const whole = readChunked([input]);
    const inPieces = readChunked(pieces(input, random));
    must(whole.fault === inPieces.fault && whole.done === inPieces.done, 'a body ends the same however it is cut');
    if (whole.fault) return 'fault';
    must(JSON.stringify(whole) === JSON.stringify(inPieces), 'a body is read the same however it is cut');
    if (!whole.done) return 'more';
    const start = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const sent = Buffer.concat([Buffer.from(start), input.subarray(0, whole.end)]);
    const other = read(sent);
    if (whole.trailers === '') {
      must(
        other.requests[0] === `POST / ${whole.content.length}` && other.end === 'clean',
        'another reader sees the same body',
      );
    }
    return `done ${Math.min(9, whole.content.length)} ${whole.trailers === '' ? '' : 'trailers'}`;
  },
};

const hello: Target = {
  name: 'sni',
  seeds: [
    helloBytes('app.localhost', ['h2', 'http/1.1']),
    helloBytes('APP.Localhost', []),
    helloBytes('', ['acme-tls/1']),
  ],
  words: [
    '\x16\x03\x01',
    '\x16\x03\x03',
    '\x01\x00',
    '\x00\x00',
    '\x00\x10',
    'app.localhost',
    '\x02h2',
    '\xff\xff',
    '\x00\x00\x00\x05',
  ],
  attempt(input, random) {
    const readAll = (parts: readonly Buffer[]) => {
      const reader = new HelloReader();
      for (const part of parts) {
        const reading = reader.push(part);
        if (reading !== 'more') return reading;
      }
      return 'more';
    };
    const whole = readAll([input]);
    must(
      JSON.stringify(whole) === JSON.stringify(readAll(pieces(input, random))),
      'a hello is read the same however it is cut',
    );
    if (typeof whole === 'string') return whole;
    must(whole.serverName === whole.serverName.toLowerCase(), 'a server name is in lower case');
    return `name ${whole.serverName.length > 0} alpn ${whole.alpn.length}`;
  },
};

const proxyHeader: Target = {
  name: 'proxy-protocol',
  seeds: [
    ...text([
      'PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n',
      'PROXY TCP6 2001:db8::1 ::1 1 2\r\nGET',
      'PROXY UNKNOWN\r\n',
    ]),
    Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201c000020204d201bb', 'hex'),
  ],
  words: ['PROXY ', 'TCP4 ', 'TCP6 ', 'UNKNOWN', '\r\n', ' ', '\r\n\r\n\0\r\nQUIT\n', '\x21', '\x11', '\x20', '999999'],
  attempt: (input) =>
    JSON.stringify(readProxyHeader(input))
      .replaceAll(/"[^"]*[.:][^"]*"|\d+/g, '')
      .slice(0, 60),
};

/** Those that need no socket; see `wire-targets.ts` for the forwarder. */
export const targets: readonly Target[] = [rule, path, head, chunked, hello, proxyHeader];
