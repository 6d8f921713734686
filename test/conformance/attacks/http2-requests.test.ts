import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endHeaders, endStream, field, frame, frameTypes, indexedField } from '../../attack/floods/http2-frames.ts';
import type { RawHttp2Client, StreamAnswer } from '../../support/http2-client.ts';
import { type Http2Proxy, startHttp2Proxy } from '../../support/http2-proxy.ts';
import { okAnswer } from '../../support/proxy-harness.ts';

/*
 * Requests of HTTP/2 whose fields would be another request, or another end of it, once they are written down for a server
 * of HTTP/1.1 (RFC 9113 §8.1.1, §8.2, §8.3, §10.3). Each is sent as frames, and shown is what reached the server.
 */

type Fields = readonly (readonly [name: string, value: string])[];

/** What has come on each connection since its last answer. */
const heard = new WeakMap<Socket, string>();

/** Answers requests for `/whole` when their body is in, all others when their head is. */
function answer(socket: Socket, text: string): void {
  const all = (heard.get(socket) ?? '') + text;
  heard.set(socket, all);
  if (!all.includes('\r\n\r\n') || (all.includes(' /whole ') && !/(?:hello world|\r\n0\r\n[^]*\r\n\r\n)$/.test(all)))
    return;
  heard.delete(socket);
  socket.write(okAnswer);
}

let rig: Http2Proxy;
beforeAll(async () => {
  // Each case here may end in an error.
  rig = await startHttp2Proxy({ limits: { http2FailureBurst: 10_000 }, onData: answer });
});
afterAll(async () => {
  await rig?.close();
});

const get: Fields = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'a.test'],
  [':path', '/'],
];
const post: Fields = [[':method', 'POST'], ...get.slice(1)];

/** A good request with one field in place of another, or without it. */
const instead = (name: string, ...others: Fields): Fields =>
  get.flatMap((each) => (each[0] === name ? others : [each]));

function block(fields: Fields): Buffer {
  return Buffer.concat(fields.map(([name, value]) => field(name, value)));
}

const head = (stream: number, fields: Fields, ends = true): Buffer =>
  frame(frameTypes.headers, endHeaders | (ends ? endStream : 0), stream, block(fields));
const body = (stream: number, text: string, ends = true): Buffer =>
  frame(frameTypes.data, ends ? endStream : 0, stream, Buffer.from(text));

const isRefused = ({ reset, status }: StreamAnswer, client: RawHttp2Client): boolean =>
  (reset !== null && reset !== 0) || (status >= 400 && status < 500) || status === 501 || client.isClosed;

/** Sends frames on stream 1, then a good request; gives what reached the server of the first. */
async function attack(...frames: readonly Buffer[]): Promise<{ reached: string; wasRefused: boolean }> {
  const before = rig.server.received().length;
  const client = await rig.connect();
  try {
    client.send(...frames);
    const came = await client.answered(1);
    const wasRefused = isRefused(came, client);
    // Others go on being served: on this connection, where it was not its error.
    let after = client;
    if (client.isClosed || client.errorOf(0) !== null) after = await rig.connect();
    after.send(head(3, instead(':path', [':path', '/after'])));
    const next = await after.answered(3);
    after.socket.destroy();
    if (after !== client || !client.isClosed) expect(next).toMatchObject({ status: 200, body: 'ok' });
    const [reached = '', ...others] = rig.server.received().slice(before).split('GET /after HTTP/1.1\r\n');
    expect(others.length).toBeLessThanOrEqual(1);
    return { reached, wasRefused };
  } finally {
    client.socket.destroy();
  }
}

const lineBreaks = ['\r\n', '\n', '\r', '\0'].map((text) => [JSON.stringify(text), text] as const);
const splitting = 'GET /smuggled HTTP/1.1';

describe('nothing reaches a server of a request with', () => {
  test.each<[string, Fields]>([
    ...lineBreaks.flatMap(([shown, text]): [string, Fields][] => [
      [`${shown} in a value`, [...get, ['x-a', `b${text}${splitting}`]]],
      [`${shown} at the end of a value`, [...get, ['x-a', `b${text}`]]],
      [`${shown} in a name`, [...get, [`x-a${text}x-b`, 'c']]],
      [`${shown} in :path`, instead(':path', [':path', `/a${text}${splitting}`])],
      [`${shown} in :method`, instead(':method', [':method', `GET${text}${splitting}`])],
      [`${shown} in :authority`, instead(':authority', [':authority', `a.test${text}X-A: b`])],
      [`${shown} in :scheme`, instead(':scheme', [':scheme', `https${text}X-A: b`])],
      [`${shown} in a cookie`, [...get, ['cookie', 'a=b'], ['cookie', `c=d${text}X-A: b`]]],
    ]),
    ['a colon in a name', [...get, ['x-a: b', 'c']]],
    ['a space in a name', [...get, ['x a', 'c']]],
    ['a capital in a name', [...get, ['X-A', 'c']]],
    ['a name of nothing', [...get, ['', 'c']]],
    ['a byte beyond ASCII in a name', [...get, ['x-\xe9', 'c']]],
    ['Transfer-Encoding', [...get, ['transfer-encoding', 'chunked']]],
    ['transfer_encoding', [...get, ['transfer_encoding', 'chunked']]],
    ['Connection', [...get, ['connection', 'close, x-a']]],
    ['Upgrade', [...get, ['upgrade', 'h2c']]],
    ['Keep-Alive', [...get, ['keep-alive', 'timeout=5']]],
    ['Proxy-Connection', [...get, ['proxy-connection', 'keep-alive']]],
    ['TE other than trailers', [...get, ['te', 'gzip, chunked']]],
    ['two :authority', instead(':authority', [':authority', 'a.test'], [':authority', 'b.test'])],
    ['a Host that is not :authority', [...get, ['host', 'b.test']]],
    ['two Host fields', [...get, ['host', 'a.test'], ['host', 'b.test']]],
    ['two Host fields and no :authority', [...instead(':authority'), ['host', 'a.test'], ['host', 'b.test']]],
    ['neither Host nor :authority', instead(':authority')],
    ['a path in :authority', instead(':authority', [':authority', 'a.test/b'])],
    ['a user in :authority', instead(':authority', [':authority', 'b.test@a.test'])],
    ['two hosts in :authority', instead(':authority', [':authority', 'a.test, b.test'])],
    ['no :path', instead(':path')],
    ['an empty :path', instead(':path', [':path', ''])],
    ['a :path without a slash', instead(':path', [':path', 'a'])],
    ['a :path of a whole URL', instead(':path', [':path', 'https://b.test/'])],
    ['a :path that is a URL without its root', instead(':path', [':path', 'http:http://b.test/admin'])],
    ['a :path with a space', instead(':path', [':path', '/a HTTP/1.1'])],
    ['a :path with a tab', instead(':path', [':path', '/a\tb'])],
    ['a :path with "#"', instead(':path', [':path', '/#/../admin'])],
    ['a :path with a backslash', instead(':path', [':path', '/a\\..\\admin'])],
    ['a :path of * with GET', instead(':path', [':path', '*'])],
    ['two :path', [...get, [':path', '/b']]],
    ['no :method', instead(':method')],
    ['an empty :method', instead(':method', [':method', ''])],
    ['two :method', [[':method', 'HEAD'], ...get]],
    ['a :method with a space', instead(':method', [':method', 'GET /admin HTTP/1.1'])],
    [
      'CONNECT',
      [
        [':method', 'CONNECT'],
        [':authority', 'a.test:80'],
      ],
    ],
    ['CONNECT with :path', instead(':method', [':method', 'CONNECT'])],
    ['TRACE', instead(':method', [':method', 'TRACE'])],
    ['no :scheme', instead(':scheme')],
    ['two :scheme', [[':scheme', 'http'], ...get]],
    ['a :scheme that is not its own', instead(':scheme', [':scheme', 'http'])],
    ['a :scheme of another kind', instead(':scheme', [':scheme', 'file'])],
    ['a pseudo-field behind others', [...instead(':path'), ['x-a', 'b'], [':path', '/']]],
    ['a pseudo-field that nobody knows', [...get, [':x', 'b']]],
    ['a pseudo-field of answers', [[':status', '200'], ...get]],
    ['a :protocol without CONNECT', [...get, [':protocol', 'websocket']]],
    ['a Content-Length without a body', [...get, ['content-length', '5']]],
    ['two Content-Length', [...get, ['content-length', '0'], ['content-length', '5']]],
    ...['+0', '-1', '0x0', '0, 5', '5 ', ' 5', '1e1', '', '9'.repeat(30)].map((length): [string, Fields] => [
      `a Content-Length of ${JSON.stringify(length)}`,
      [...get, ['content-length', length]],
    ]),
    ['content_length', [...post, ['content_length', '5']]],
    ['a space before a value', [...get, ['x-a', ' b']]],
    ['a tab behind a value', [...get, ['x-a', 'b\t']]],
    ['DEL in a value', [...get, ['x-a', 'b\x7f']]],
    ['a control character in a value', [...get, ['x-a', 'b\x01c']]],
  ])('%s', async (_what, fields) => {
    const { reached, wasRefused } = await attack(head(1, fields));
    expect(reached).toBe('');
    expect(wasRefused).toBe(true);
  });

  test.each(lineBreaks)('%s in a value that comes from the table', async (_shown, text) => {
    const kept = Buffer.concat([block(get), field('x-a', `b${text}${splitting}`, true)]);
    const again = Buffer.concat([block(get), indexedField(62)]);
    for (const second of [again, Buffer.concat([block(get), Buffer.of(0x7e), Buffer.from('\x03a\r\n', 'latin1')])]) {
      const before = rig.server.received().length;
      const client = await rig.connect();
      client.send(frame(frameTypes.headers, endHeaders | endStream, 1, kept));
      client.send(frame(frameTypes.headers, endHeaders | endStream, 3, second));
      for (const stream of [1, 3]) expect(isRefused(await client.answered(stream), client)).toBe(true);
      expect(rig.server.received().slice(before)).toBe('');
      client.socket.destroy();
    }
  });
});

describe('of a body that is not as long as its head says', () => {
  test.each([
    [
      'longer, in one frame',
      [head(1, [...post, ['content-length', '5']], false), body(1, `hello${splitting}\r\n\r\n`)],
    ],
    [
      'longer, in two frames',
      [head(1, [...post, ['content-length', '5']], false), body(1, 'hello', false), body(1, `${splitting}\r\n\r\n`)],
    ],
    ['shorter', [head(1, [...post, ['content-length', '50']], false), body(1, 'hello')]],
    ['nothing', [head(1, [...post, ['content-length', '5']], false), body(1, '')]],
    ['more than nothing', [head(1, [...post, ['content-length', '0']], false), body(1, `${splitting}\r\n\r\n`)]],
  ])('%s: no more than what the head says, and the stream ends in an error', async (_what, frames) => {
    const { reached, wasRefused } = await attack(...frames);
    expect(reached).not.toContain('smuggled');
    const [sentHead = '', sentBody = ''] = reached.split('\r\n\r\n');
    expect(sentHead.split('\r\n').filter((line) => line.endsWith(' HTTP/1.1')).length).toBeLessThanOrEqual(1);
    expect(sentBody.length).toBeLessThanOrEqual(5);
    expect(sentHead).not.toMatch(/^transfer-encoding/im);
    // The server answers as soon as it has the head, which may be before it shows.
    if (reached === '') expect(wasRefused).toBe(true);
  });
});

describe('trailers', () => {
  const open = head(1, post, false);
  test.each<[string, readonly Buffer[]]>([
    ['with a pseudo-field', [head(1, [[':path', '/smuggled']])]],
    ['with :status', [head(1, [[':status', '200']])]],
    ['with a line break', [head(1, [['x-a', `b\r\n\r\n${splitting}\r\n\r\n`]])]],
    ['with a line break in a name', [head(1, [[`x-a: b\r\n\r\n${splitting}\r\n\r\n`, 'c']])]],
    ['with Content-Length', [head(1, [['content-length', '500']])]],
    ['with Transfer-Encoding', [head(1, [['transfer-encoding', 'chunked']])]],
    ['with Connection', [head(1, [['connection', 'close']])]],
    ['that do not end the stream', [head(1, [['x-a', 'b']], false), body(1, 'more')]],
  ])('%s: the body does not end, and none of them arrives', async (_what, frames) => {
    const { reached } = await attack(open, body(1, 'hello', false), ...frames);
    expect(reached).not.toContain('smuggled');
    expect(reached).not.toMatch(/x-a|content-length|connection: close/i);
    expect(reached.match(/ HTTP\/1\.1\r\n/g)?.length ?? 0).toBeLessThanOrEqual(1);
    // The end of a chunked body would make a whole request of it.
    expect(reached).not.toContain('\r\n0\r\n');
  });
});

describe('what is allowed arrives', () => {
  async function sent(fields: Fields, ...more: readonly Buffer[]): Promise<string> {
    const { reached, wasRefused } = await attack(head(1, fields, more.length === 0), ...more);
    expect(wasRefused).toBe(false);
    return reached;
  }

  const whole: Fields = post.map((each) => (each[0] === ':path' ? [':path', '/whole'] : each));

  test('fields in their order, once each, and none that were not sent', async () => {
    const reached = await sent([
      ...get,
      ['x-b', '1'],
      ['x-a', '2 \xe9\t3'],
      ['x-b', ''],
      ['te', 'trailers'],
      ['cookie', 'a'],
      ['cookie', 'b'],
    ]);
    const lines = reached.split('\r\n');
    expect(lines[0]).toBe('GET / HTTP/1.1');
    expect(lines.filter((line) => /^x-[ab]:/i.test(line))).toEqual(['x-b: 1', 'x-a: 2 \xe9\t3', 'x-b: ']);
    expect(lines.filter((line) => /^cookie:/i.test(line))).toEqual(['Cookie: a; b']);
    expect(reached).not.toMatch(/^(?:transfer-encoding|content-length):/im);
  });

  test('a Host that is :authority, or stands alone', async () => {
    expect((await sent([...get, ['host', 'a.test']])).match(/^host: .*$/gim)).toEqual(['Host: a.test']);
    expect((await sent([...instead(':authority'), ['host', 'b.test']])).match(/^host: .*$/gim)).toEqual([
      'Host: b.test',
    ]);
  });

  test('bodies in frames of any size, empty and padded ones among them', async () => {
    const padded = frame(frameTypes.data, 8, 1, Buffer.concat([Buffer.of(4), Buffer.from('lo w'), Buffer.alloc(4)]));
    const reached = await sent(
      [...whole, ['content-length', '11']],
      ...[body(1, '', false), body(1, 'hel', false), padded, body(1, '', false), body(1, 'orld')],
    );
    expect(reached).toMatch(/^content-length: 11\r$/im);
    expect(reached.endsWith('\r\n\r\nhello world')).toBe(true);
  });

  test('trailers behind the body', async () => {
    const reached = await sent(whole, body(1, 'hello', false), head(1, [['x-sum', '42']]));
    expect(reached).toMatch(/\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 42\r\n\r\n$/i);
  });
});
