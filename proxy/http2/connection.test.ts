import { describe, expect, test } from 'vitest';
import {
  endHeaders,
  endStream,
  frame,
  frameTypes,
  greeting,
  preface,
  settingsAck,
  settingsFrame,
  windowUpdate,
  word,
} from '../../test/attack/floods/http2-frames.ts';
import { connections, data, get, hello, ping, post } from '../../test/support/http2-connections.ts';
import type { SeenRequest } from '../../test/support/http2-rig.ts';

const noError = 0;
const protocolError = 1;
const cancel = 8;

const { greeted, open } = connections();

describe('the begin', () => {
  test('the server’s settings come first, the client’s are acknowledged, pings are answered in their order', async () => {
    const { client } = await open();
    client.send(preface, settingsFrame({ 4: 100 }), ping('12345678'), settingsFrame(), settingsAck, ping('87654321'));
    await client.until(() => client.of(0, frameTypes.ping).length === 2);
    const kinds = client.frames.map(({ type, flags }) => `${type}/${flags}`);
    expect(kinds).toEqual(['4/0', '8/0', '4/1', '6/1', '4/1', '6/1']);
    expect(client.of(0, frameTypes.ping).map(({ payload }) => payload.toString())).toEqual(['12345678', '87654321']);
  });

  test('bytes may be cut anywhere', async () => {
    const { client, requests } = await open();
    const bytes = Buffer.concat([greeting({ 3: 5 }), post(1), data(1, 'body', endStream)]);
    for (const byte of bytes) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until(() => requests.length === 1);
    requests[0]!.read();
    await client.until(() => requests[0]!.hasEnded);
    expect(requests[0]!.body).toBe('body');
    hello(requests[0]!);
    await client.until(() => client.isEnded(1));
    expect(client.body(1).toString()).toBe('hello');
  });

  test.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['a preface and no settings', Buffer.concat([preface, ping('12345678')])],
    ['an acknowledgement instead of settings', Buffer.concat([preface, settingsAck])],
  ])('%s ends the connection', async (_name, bytes) => {
    const { client, notes } = await open();
    client.send(bytes);
    await client.until(() => client.isClosed);
    expect(client.errorOf(0)).toBe(protocolError);
    expect(notes).toEqual(['http2-protocol']);
  });
});

describe('an answer', () => {
  test('leaves with all others of its turn in one write, and ends with its last frame', async () => {
    const { client } = await greeted({ onRequest: hello });
    await client.until(() => client.of(0, frameTypes.settings).length === 2);
    const before = client.reads;
    client.send(...Array.from({ length: 20 }, (_, n) => get(2 * n + 1)));
    await client.until(() => client.isEnded(39));
    expect(client.of(1, frameTypes.data)).toHaveLength(1);
    expect(client.of(1, frameTypes.data)[0]!.flags).toBe(endStream);
    // The requests may have been cut in two on their way, and so may the answers.
    expect(client.reads - before).toBeLessThan(8);
    expect(client.answer(1).blocks).toEqual([[':status', '200', 'content-type', 'text/plain']]);
  });

  test('without a body ends with its head, and trailers end one with a body', async () => {
    const { client } = await greeted({
      onRequest({ stream, head }) {
        if (head.path === '/whole') {
          stream.respondWhole(204, []);
          return;
        }
        stream.respond(100, []);
        stream.respond(200, []);
        if (head.path === '/trailers') stream.write(Buffer.from('body'));
        stream.finish(head.path === '/trailers' ? ['X-Sum', '1'] : []);
      },
    });
    client.send(get(1, '/whole'), get(3, '/empty'), get(5, '/trailers'));
    await client.until(() => client.isEnded(5));
    expect(client.of(1, frameTypes.headers).map(({ flags }) => flags)).toEqual([endHeaders | endStream]);
    expect(client.of(1, frameTypes.data)).toEqual([]);
    expect(client.of(3, frameTypes.headers).map(({ flags }) => flags)).toEqual([endHeaders, endHeaders | endStream]);
    expect(client.of(5, frameTypes.headers).map(({ flags }) => flags)).toEqual([
      endHeaders,
      endHeaders,
      endHeaders | endStream,
    ]);
    expect(client.body(5).toString()).toBe('body');
  });

  test('whose fields are long goes out as HEADERS and CONTINUATION', async () => {
    const value = 'v'.repeat(50_000);
    const { client } = await greeted({
      onRequest({ stream }) {
        stream.respond(200, ['x-long', value]);
        stream.finish([]);
      },
    });
    client.send(get(1), ping('12345678'));
    await client.until(() => client.isEnded(1) && client.of(0, frameTypes.ping).length > 0);
    const blocks = client.frames.filter(({ type }) => type === frameTypes.headers || type === frameTypes.continuation);
    expect(blocks.map(({ flags }) => flags)).toEqual([0, 0, 0, endHeaders]);
    expect(client.answer(1).blocks).toEqual([[':status', '200', 'x-long', value]]);
  });

  test('to a request whose body has not come ends the stream, then resets it without an error', async () => {
    const { client, requests, notes } = await greeted({ onRequest: hello });
    client.send(post(1));
    await client.until(() => client.errorOf(1) !== null);
    expect(client.errorOf(1)).toBe(noError);
    expect(client.body(1).toString()).toBe('hello');
    expect(client.isEnded(1)).toBe(true);
    expect(requests[0]!.isAnswered).toBe(true);
    expect(requests[0]!.brokenBy).not.toBeNull();
    // What was on its way is passed over.
    client.send(data(1, 'late', endStream), get(3));
    await client.until(() => client.isEnded(3));
    expect(notes).toEqual([]);
  });

  test('that is broken off resets its stream, and its client’s reset is told', async () => {
    const { client, requests } = await greeted();
    client.send(get(1), get(3));
    await client.until(() => requests.length === 2);
    requests[0]!.stream.respond(200, []);
    requests[0]!.stream.reset(2);
    client.send(frame(frameTypes.resetStream, 0, 3, word(cancel)));
    await client.until(() => requests[1]!.isAnswered === false && client.errorOf(1) === 2);
    expect(requests[0]!.isAnswered).toBe(false);
    // Nothing of it is sent any more.
    expect(requests[1]!.stream.write(Buffer.from('late'))).toBe(true);
  });
});

describe('windows of the client', () => {
  const big = Buffer.alloc(200_000, 'abcdefghij');
  const answers = ({ stream }: SeenRequest): void => {
    stream.respond(200, []);
    stream.write(big);
    stream.finish([]);
  };

  test('hold back what is not opened, of a stream and of the connection', async () => {
    const { client, requests } = await greeted({ onRequest: answers });
    client.send(get(1));
    await client.until(() => client.body(1).length === 65_535);
    client.send(windowUpdate(1, 100_000), ping('12345678'));
    await client.until(() => client.of(0, frameTypes.ping).length === 1);
    // The connection's own is still shut.
    expect(client.body(1)).toHaveLength(65_535);
    client.send(windowUpdate(0, 50_000));
    await client.until(() => client.body(1).length === 115_535);
    client.send(windowUpdate(0, 1_000_000), windowUpdate(1, 1_000_000));
    await client.until(() => client.isEnded(1));
    expect(client.body(1).equals(big)).toBe(true);
    expect(requests[0]!.isAnswered).toBe(true);
  });

  test('may change while answers wait, below nothing and back', async () => {
    const { client } = await greeted({ onRequest: answers }, { 4: 10_000 });
    client.send(windowUpdate(0, 10_000_000), get(1));
    await client.until(() => client.body(1).length === 10_000);
    // 4,000 less than was sent already: the next 4,000 that are opened open nothing.
    client.send(settingsFrame({ 4: 6000 }), windowUpdate(1, 4000), ping('12345678'));
    await client.until(() => client.of(0, frameTypes.ping).length === 1);
    expect(client.body(1)).toHaveLength(10_000);
    client.send(windowUpdate(1, 1));
    await client.until(() => client.body(1).length === 10_001);
    client.send(settingsFrame({ 4: 1_000_000 }));
    await client.until(() => client.isEnded(1));
    expect(client.body(1).equals(big)).toBe(true);
  });

  test('are shared by streams in turn', async () => {
    const { client } = await greeted({ onRequest: answers }, { 4: 1_000_000 });
    client.send(get(1), get(3), get(5));
    await client.until(() => client.body(1).length + client.body(3).length + client.body(5).length === 65_535);
    client.send(windowUpdate(0, 1_000_000));
    await client.until(() => [1, 3, 5].every((stream) => client.isEnded(stream)));
    // Nobody has two turns while another waits: where the first ends, the others have as much since they waited.
    const firstEnd = client.frames.findIndex(({ type, flags }) => type === frameTypes.data && flags === endStream);
    const until = client.frames.slice(0, firstEnd).filter(({ type }) => type === frameTypes.data);
    for (const each of [1, 3, 5]) {
      const bytes = until.filter(({ stream }) => stream === each).reduce((sum, { payload }) => sum + payload.length, 0);
      expect(bytes).toBeGreaterThan(90_000);
    }
    for (const stream of [1, 3, 5]) expect(client.body(stream).equals(big)).toBe(true);
  });

  test('tell whoever writes when there is room again', async () => {
    const { client, requests } = await greeted({}, { 4: 10 });
    client.send(get(1));
    await client.until(() => requests.length === 1);
    const { stream } = requests[0]!;
    stream.respond(200, []);
    expect(stream.write(Buffer.from('12345678'))).toBe(true);
    expect(stream.write(Buffer.from('abcdefgh'))).toBe(false);
    await client.until(() => client.body(1).toString() === '12345678ab');
    client.send(windowUpdate(1, 6));
    await client.until(() => requests[0]!.drains === 1);
    stream.finish([]);
    await client.until(() => client.isEnded(1));
    expect(client.body(1).toString()).toBe('12345678abcdefgh');
  });
});
