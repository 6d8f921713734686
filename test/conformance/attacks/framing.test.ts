import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Harness,
  loadBalancer,
  okAnswer,
  type RawServer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
} from '../../support/proxy-harness.ts';

let server: RawServer;
let harness: Harness;

beforeEach(async () => {
  server = await startRawServer((socket, text) => {
    if (/\r\n\r\n/.test(text) && !/transfer-encoding: chunked/i.test(text)) socket.write(okAnswer);
    else if (text.endsWith('0\r\n\r\n')) socket.write(okAnswer);
  });
  harness = await startProxy({ services: { 'app@test': loadBalancer([server.url]) } });
});

afterEach(async () => {
  await harness.close();
  await server.close();
});

const smuggled = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n';

describe('requests whose end two readers could see in different places never reach a server', () => {
  test.each<[string, string]>([
    [
      'Content-Length with Transfer-Encoding',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'Transfer-Encoding with Content-Length',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n',
    ],
    ['two different Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 32\r\n\r\n'],
    ['two equal Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n'],
    ['a list of Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n'],
    ['a signed Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +0\r\n\r\n'],
    ['a negative Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'],
    ['a hexadecimal Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x10\r\n\r\n'],
    ['an empty Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n'],
    [
      'a Content-Length beyond all measure',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n',
    ],
    ['an unknown transfer coding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['chunked that is not last', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    [
      'another coding before chunked',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    ],
    ['chunked twice', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n'],
    [
      'two Transfer-Encoding fields',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'Transfer-Encoding after a vertical tab',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n',
    ],
    ['Transfer-Encoding in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n'],
    ['a tab before the colon', 'GET / HTTP/1.1\r\nHost: a\r\nX-A\t: b\r\n\r\n'],
    ['a folded field', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n'],
    ['a folded first field', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
    ['a bare LF after the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
    ['a bare LF after a field', 'GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n'],
    ['bare LFs at the end of the head', 'GET / HTTP/1.1\r\nHost: a\n\n'],
    ['a bare CR in a field', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rX-B: c\r\n\r\n'],
    ['a NUL in a field', 'GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n'],
    ['a field without a name', 'GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n'],
    ['a line without a colon', 'GET / HTTP/1.1\r\nHost: a\r\nX-A\r\n\r\n'],
    ['a head that ends with \\r\\n\\rX (CVE-2025-23167)', `GET / HTTP/1.1\r\nHost: a\r\n\rX${smuggled}`],
    ['several spaces in the request line', 'GET   / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a tab in the request line', 'GET /\tHTTP/1.1\r\nHost: a\r\n\r\n'],
    ['empty lines before a request', '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['an unknown version', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n'],
    ['HTTP/2 in an HTTP/1 request line', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
  ])('%s', async (_name, bytes) => {
    const answer = await sendRaw(harness.port(), bytes);
    expect(statuses(answer)[0]).toBeGreaterThanOrEqual(400);
    expect(server.received()).toBe('');
    const record = await harness.record();
    expect(record.error?.code).toMatch(/^REQUEST_/);
    expect(record.clientIp).toBe('127.0.0.1');
  });
});

describe('bodies that are malformed break the request off, and what follows them is not read as a request', () => {
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  test.each<[string, string]>([
    ['a chunk size line ended by a bare LF (CVE-2025-22871)', `${head}5\nhello\r\n0\r\n\r\n`],
    ['a chunk ended by a bare LF', `${head}5\r\nhello\n0\r\n\r\n`],
    ['a last chunk ended by a bare LF', `${head}0\n\r\n`],
    ['a chunk longer than its size', `${head}5\r\nhello!!\r\n0\r\n\r\n`],
    ['a chunk size with a sign', `${head}+5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size with 0x', `${head}0x5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size with a space before it', `${head} 5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size that overflows', `${head}fffffffffffffffff\r\nhello\r\n0\r\n\r\n`],
    ['an empty chunk size', `${head}\r\nhello\r\n0\r\n\r\n`],
    ['a chunk extension with a bare LF', `${head}5;a\nb\r\nhello\r\n0\r\n\r\n`],
    ['a chunk extension with a bare CR', `${head}5;a\rb\r\nhello\r\n0\r\n\r\n`],
    ['a Content-Length among the trailers', `${head}5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n`],
    ['endless chunk extensions (CVE-2024-22019)', `${head}5;${'a'.repeat(40_000)}\r\nhello\r\n0\r\n\r\n`],
  ])('%s', async (_name, bytes) => {
    const answer = await sendRaw(harness.port(), bytes + smuggled);
    expect(statuses(answer).every((status) => status >= 400)).toBe(true);
    expect(server.received()).not.toContain('/admin');
    expect(server.received()).not.toContain('0\r\n\r\n');
    expect((await harness.record()).error).not.toBeNull();
  });
});

test('what the parser forgives arrives in one clear form', async () => {
  const answer = await sendRaw(harness.port(), '\r\nGET /x HTTP/1.1\r\nHost:\t a \t\r\nX-A:   b  \r\n\r\n', (text) =>
    text.endsWith('ok'),
  );
  expect(statuses(answer)).toEqual([200]);
  expect(server.received()).toMatch(/^GET \/x HTTP\/1\.1\r\nHost: a\r\n/);
  expect(server.received()).toContain('X-A: b\r\n');
});

test('a body that ends early is not completed by the next request', async () => {
  const answer = await sendRaw(
    harness.port(),
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /admin HTTP/1.1\r\nHost: b\r\n\r\n',
    (text) => statuses(text).length === 2,
  );
  expect(statuses(answer)).toEqual([200, 200]);
  expect(server.received()).toMatch(/POST \/ HTTP\/1\.1[^]*hello[^]*GET \/admin HTTP\/1\.1/);
});

test('chunked bodies are framed anew: neither extensions nor trailers of the client arrive (CVE-2026-88004)', async () => {
  const answer = await sendRaw(
    harness.port(),
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Forwarded-For\r\n\r\n5;ext=1\r\nhello\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nX-Real-Ip: 6.6.6.6\r\n\r\n',
    (text) => text.endsWith('ok'),
  );
  expect(statuses(answer)).toEqual([200]);
  const received = server.received();
  expect(received).toContain('5\r\nhello\r\n0\r\n\r\n');
  expect(received).not.toContain('ext=1');
  expect(received).not.toContain('6.6.6.6');
  expect(received).not.toMatch(/^trailer:/im);
});

test.each(['h2c', 'h2c, websocket', 'websocket, h2c', 'TLS/1.0', 'connect-udp'])(
  'Upgrade: %s is not passed on and switches nothing (CVE-2026-88008)',
  async (upgrade) => {
    const answer = await sendRaw(
      harness.port(),
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${upgrade}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
      (text) => text.endsWith('ok'),
    );
    expect(statuses(answer)).toEqual([200]);
    expect(server.received()).not.toMatch(/^(?:upgrade|http2-settings):/im);
  },
);

test('a WebSocket upgrade with a body is refused', async () => {
  const answer = await sendRaw(
    harness.port(),
    `POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    (text) => statuses(text).length > 0,
  );
  expect(statuses(answer)).toEqual([200]);
  expect(server.received()).not.toMatch(/^upgrade:/im);
  const withGet = await sendRaw(
    harness.port(),
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  );
  expect(statuses(withGet)).toEqual([400]);
});

test('CONNECT is refused and what follows it is not read', async () => {
  const answer = await sendRaw(harness.port(), `CONNECT internal:22 HTTP/1.1\r\nHost: internal:22\r\n\r\n${smuggled}`);
  expect(statuses(answer)).toEqual([405]);
  expect(server.received()).toBe('');
});

test('TRACE is refused', async () => {
  const answer = await sendRaw(harness.port(), 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(statuses(answer)).toEqual([405]);
  expect(server.received()).toBe('');
});

test('other expectations than 100-continue are refused', async () => {
  const answer = await sendRaw(
    harness.port(),
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\nhi',
  );
  expect(statuses(answer)).toEqual([417]);
  expect(server.received()).toBe('');
});

test('a head that is too large is refused with 431', async () => {
  const answer = await sendRaw(harness.port(), `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`);
  expect(statuses(answer)).toEqual([431]);
  const many = await sendRaw(harness.port(), `GET / HTTP/1.1\r\nHost: a\r\n${'a: b\r\n'.repeat(1500)}\r\n`);
  expect(statuses(many)).toEqual([431]);
  expect(server.received()).toBe('');
});
