import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Harness,
  loadBalancer,
  type RawServer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
} from '../../support/proxy-harness.ts';

let server: RawServer;
let harness: Harness;
/** Heads as they arrived, each up to its empty line. */
const heads: string[] = [];

beforeAll(async () => {
  let rest = '';
  server = await startRawServer((socket, text) => {
    rest += text;
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    heads.push(rest.slice(0, end));
    rest = '';
    // One request for each connection: what follows a head is its body.
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
  });
  harness = await startProxy({
    entryPoints: [{ timeouts: { readMs: 1000, writeMs: 0, idleMs: 1000 } }],
    services: { 'app@test': loadBalancer([server.url]) },
  });
});

afterAll(async () => {
  await harness.close();
  await server.close();
});

const piece = fc.oneof(
  fc.constantFrom(
    '\r\n',
    '\n',
    '\r',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '\0',
    '\x0b',
    '0',
    '5',
    'a',
    'GET',
    'POST',
    '/',
    '..',
    '%2e',
    '%2f',
    'HTTP/1.1',
    'HTTP/1.0',
    'Host: a',
    'Content-Length: 0',
    'Content-Length: 3',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding',
    'Connection: close',
    'Connection: x',
    'Upgrade: websocket',
    'Expect: 100-continue',
    'http://a/',
  ),
  fc.string({ minLength: 1, maxLength: 4, unit: 'binary' }).map((text) => Buffer.from(text, 'utf8').toString('latin1')),
);

test('whatever is sent, a server receives well-formed heads only, and the proxy serves on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.boolean(), async (pieces, isHead) => {
      const noise = pieces.join('');
      const bytes = isHead
        ? `GET /${noise} HTTP/1.1\r\nHost: a\r\n\r\n`
        : `POST / HTTP/1.1\r\nHost: a\r\n${noise}\r\n\r\nabc`;
      await sendRaw(harness.port(), bytes, (answer) => statuses(answer).length > 0);
      for (const head of heads.splice(0)) {
        expect(head).toMatch(
          /^[A-Z-]+ \/[\x21-\x22\x24-\x5b\x5d-\x7e]* HTTP\/1\.1(?:\r\n[!#$%&'*+.^_`|~\w-]+: [\t\x20-\x7e\x80-\xff]*)+$/,
        );
        expect(head.match(/\r\nhost:/gi)).toHaveLength(1);
        expect((head.match(/\r\n(?:content-length|transfer-encoding):/gi) ?? []).length).toBeLessThanOrEqual(1);
        expect(head).not.toMatch(/\/\.\.?(?:[/?]| HTTP)/);
      }
    }),
    { numRuns: 200 },
  );
  const answer = await sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(statuses(answer)).toEqual([200]);
}, 120_000);
