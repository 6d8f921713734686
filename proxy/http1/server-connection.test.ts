import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { Readable } from 'node:stream';
import tls from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { until } from '../../test/support/proxy-harness.ts';
import { answerOf, connectionsTo, scriptedServer } from '../../test/support/upstream-asking.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';
import type { UpstreamCall } from './upstream-call.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A server that hears requests, and whoever asks it. */
async function upstream(onRequest: Parameters<typeof scriptedServer>[0], transport?: ServersTransportConfig) {
  const server = await scriptedServer(onRequest);
  closers.push(server.close);
  const connections = connectionsTo(server.url, transport);
  closers.push(async () => connections.close());
  return { ...server, ask: connections.ask };
}

/** What the server got, and an answer for each. */
async function recording() {
  const texts: string[] = [];
  const made = await upstream(({ text, socket }) => {
    texts.push(text);
    socket.write(answerOf('ok'));
  });
  return { ...made, texts };
}

describe('requests', () => {
  test('without a body', async () => {
    const { ask, texts } = await recording();
    await ask({ target: '/a?b=c', fields: ['X-A', 'b', 'x-a', 'c'] });
    expect(texts).toEqual(['GET /a?b=c HTTP/1.1\r\nHost: app.test\r\nX-A: b\r\nx-a: c\r\n\r\n']);
  });

  test('with no body where one is expected, or was said to be', async () => {
    const { ask, texts } = await recording();
    await ask({ method: 'POST' });
    await ask({ method: 'DELETE', fields: ['Content-Length', '5'] });
    await ask({ method: 'DELETE' });
    expect(texts.map((text) => /Content-Length: .*/.exec(text)?.[0])).toEqual([
      'Content-Length: 0',
      'Content-Length: 0',
      undefined,
    ]);
  });

  test('with a body that is there, or of known or unknown length', async () => {
    const { ask, texts } = await recording();
    await ask({ method: 'PUT', body: Buffer.from('hello') });
    await ask({
      method: 'PUT',
      body: Readable.from([Buffer.from('he'), Buffer.from('llo')]),
      fields: ['content-length', '5'],
    });
    await ask({
      method: 'PUT',
      body: Readable.from([Buffer.from('he'), Buffer.from('llo')]),
      trailers: ['X-Sum', '5', 'X-Bad', 'a\r\nX-Worse: b', 'X: Y', 'z'],
    });
    await ask({ method: 'PUT', body: Readable.from([]) });
    expect(texts.map((text) => text.replace(/^.*\r\nHost: app.test\r\n/, ''))).toEqual([
      'Content-Length: 5\r\n\r\nhello',
      'Content-Length: 5\r\n\r\nhello',
      'Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 5\r\n\r\n',
      'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ]);
  });

  test('say nothing of framing but what is true, and expect nothing', async () => {
    const { ask, texts } = await recording();
    await ask({
      method: 'POST',
      fields: ['Transfer-Encoding', 'gzip, chunked', 'Expect', '100-continue', 'TE', 'trailers'],
      body: Buffer.from('x'),
    });
    expect(texts).toEqual([
      'POST / HTTP/1.1\r\nHost: app.test\r\nTE: trailers\r\nContent-Length: 1\r\nConnection: TE\r\n\r\nx',
    ]);
  });

  test.each<[string, Parameters<Awaited<ReturnType<typeof recording>>['ask']>[0]]>([
    ['a line in a value', { fields: ['X-A', 'b\r\nX-B: c'] }],
    ['a line feed in a value', { fields: ['X-A', 'b\nc'] }],
    ['a NUL in a value', { fields: ['X-A', 'b\0'] }],
    ['letters beyond latin1', { fields: ['X-A', 'b\u{10a}'] }],
    ['a line in a name', { fields: ['X-A: b\r\nX-B', 'c'] }],
    ['an empty name', { fields: ['', 'c'] }],
    ['a space in the path', { target: '/a b' }],
    ['a line in the path', { target: '/a\r\nX-A: b' }],
    ['no path', { target: '' }],
    ['a space in the method', { method: 'GET /' }],
    [
      'a length that is none',
      { method: 'PUT', body: Readable.from([Buffer.from('x')]), fields: ['Content-Length', '1x'] },
    ],
    ['a line in the upgrade', { upgrade: 'websocket\r\nX-A: b' }],
  ])('with %s are not sent, and cost no connection', async (_name, asking) => {
    const { ask, texts, connections } = await recording();
    await ask();
    expect((await ask(asking)).error).toBe('REQUEST_UNSENDABLE');
    expect((await ask()).body).toBe('ok');
    expect(texts).toHaveLength(2);
    expect(connections()).toBe(asking?.upgrade === undefined ? 1 : 2);
  });

  test.each<[string, Readable]>([
    ['longer', Readable.from([Buffer.from('four'), Buffer.from('five')])],
    ['shorter', Readable.from([Buffer.from('t')])],
  ])('whose body is %s than its length are broken off', async (_name, body) => {
    const { ask, sockets, texts } = await recording();
    const outcome = await ask({ method: 'PUT', body, fields: ['Content-Length', '6'] });
    expect(outcome.status).toBe(0);
    expect(outcome.message).toMatch(/Content-Length$/);
    await until(() => sockets.size === 0, 'the connection to be closed');
    expect(texts).toEqual([]);
  });

  test('whose body breaks off are broken off', async () => {
    const { ask, sockets, texts } = await recording();
    const body = new Readable({ read: () => undefined });
    const outcome = ask({ method: 'PUT', body });
    body.push('begun');
    await until(() => sockets.size === 1, 'the request to arrive');
    body.destroy(new Error('the client is gone'));
    expect((await outcome).message).toBe('the client is gone');
    await until(() => sockets.size === 0, 'the connection to be closed');
    expect(texts).toEqual([]);
  });

  test('whose body waits for the server do not pile up', async () => {
    let arrived = 0;
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pause();
      accepted.push(socket);
    });
    const accepted: net.Socket[] = [];
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    const { ask, close } = connectionsTo(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`);
    closers.push(async () => close());
    const total = 64 * 1024 * 1024;
    let produced = 0;
    const body = new Readable({
      read() {
        produced += 65_536;
        this.push(produced > total ? null : Buffer.alloc(65_536));
      },
    });
    const outcome = ask({ method: 'PUT', body, fields: ['Content-Length', String(total)] });
    let before = -1;
    await until(() => {
      const isStill = accepted.length === 1 && produced > 0 && produced === before;
      before = produced;
      return isStill;
    }, 'the body to wait');
    expect(produced).toBeLessThan(total / 2);
    const [socket] = accepted;
    socket!.on('data', (chunk) => {
      arrived += chunk.byteLength;
      if (arrived > total) socket!.end(answerOf('done'));
    });
    socket!.resume();
    expect(await outcome).toMatchObject({ body: 'done', error: null });
  });
});

describe('answers', () => {
  test('that come byte by byte', async () => {
    const bytes =
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: u\r\n\r\n';
    const { ask } = await upstream(({ socket }) => {
      socket.setNoDelay(true);
      const next = (at: number): void => {
        if (at < bytes.length) socket.write(bytes.charAt(at), 'latin1', () => setImmediate(next, at + 1));
      };
      next(0);
    });
    expect(await ask()).toMatchObject({
      status: 200,
      informational: [103],
      body: 'ab',
      trailers: ['T', 'u'],
      error: null,
    });
  });

  test.each<[string, string, string]>([
    ['garbage', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 'SERVER_MALFORMED'],
    ['an endless line', 'x'.repeat(300_000), 'SERVER_MALFORMED'],
    ['an endless head', `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(60_000)}`, 'SERVER_MALFORMED'],
    ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000), 'SERVER_MALFORMED'],
    [
      'an upgrade that nothing asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n',
      'SERVER_MALFORMED',
    ],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 'SERVER_MALFORMED'],
    [
      'endless extensions',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${'a'.repeat(100_000)}`,
      'SERVER_MALFORMED',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 'SERVER_MALFORMED'],
  ])('%s', async (_name, bytes, error) => {
    const { ask, sockets } = await upstream(({ socket }) => socket.write(bytes));
    expect((await ask()).error).toBe(error);
    await until(() => sockets.size === 0, 'the connection to be closed');
  });

  test.each<[string, string, number]>([
    ['before a byte', '', 0],
    ['in the middle of a head', 'HTTP/1.1 200 OK\r\nContent-', 0],
    ['before the length that was said', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell', 200],
    ['in the middle of chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n', 200],
    ['before the trailers ended', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n', 200],
  ])('that end %s are known to be broken', async (_name, bytes, status) => {
    const { ask } = await upstream(({ socket }) => socket.end(bytes));
    expect(await ask()).toMatchObject({ error: 'SERVER_CLOSED', status });
  });

  test('that last until the server closes', async () => {
    const { ask } = await upstream(({ socket }) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
    expect(await ask()).toMatchObject({ status: 200, body: 'hello', error: null });
  });

  test('that last until the server closes are broken where it resets', async () => {
    const { ask } = await upstream(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhello');
      setImmediate(() => socket.resetAndDestroy());
    });
    expect((await ask()).error).toBe('ECONNRESET');
  });

  test('that do not come in time', async () => {
    const { ask, sockets } = await upstream(
      ({ text, socket }) => {
        if (text.startsWith('GET /slow')) socket.write('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 ');
      },
      { forwardingTimeouts: { responseHeaderTimeout: '50ms' } },
    );
    expect((await ask({ target: '/slow' })).error).toBe('SERVER_HEAD_TIMEOUT');
    expect((await ask({ target: '/silent' })).error).toBe('SERVER_HEAD_TIMEOUT');
    await until(() => sockets.size === 0, 'connections to be closed');
  });

  test.each(['plain', 'TLS'])('large ones arrive as they were sent, many at a time: %s', async (kind) => {
    const content = randomBytes(3 * 1024 * 1024);
    const hash = createHash('sha256').update(content).digest('hex');
    const respond = (socket: net.Socket): void => {
      socket.on('error', () => undefined);
      socket.on('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${content.byteLength}\r\n\r\n`);
        socket.write(content);
      });
    };
    const pem = await makeCertificate(['127.0.0.1']);
    const server =
      kind === 'TLS'
        ? tls.createServer({ cert: pem.certificatePem, key: pem.privateKeyPem }, respond)
        : net.createServer(respond);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    const scheme = kind === 'TLS' ? 'https' : 'http';
    const { ask, close } = connectionsTo(`${scheme}://127.0.0.1:${(server.address() as net.AddressInfo).port}`, {
      disableHTTP2: true,
      insecureSkipVerify: true,
    });
    closers.push(async () => close());
    for (let round = 0; round < 2; round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 6 }, () => ask()));
      for (const { body } of outcomes) {
        expect(createHash('sha256').update(Buffer.from(body, 'latin1')).digest('hex')).toBe(hash);
      }
    }
  });

  test('that nobody reads wait at the server', async () => {
    const total = 32 * 1024 * 1024;
    let written = 0;
    const { ask } = await upstream(({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
      const more = (): void => {
        while (written < total) {
          written += 65_536;
          if (!socket.write(Buffer.alloc(65_536, 1))) {
            socket.once('drain', more);
            return;
          }
        }
      };
      more();
    });
    let paused: UpstreamCall | null = null;
    let isPausing = true;
    const outcome = ask({
      onData: (_chunk, call) => {
        paused = call;
        return !isPausing;
      },
    });
    let before = -1;
    await until(() => {
      const isStill = paused !== null && written === before;
      before = written;
      return isStill;
    }, 'the server to wait');
    expect(written).toBeLessThan(total / 2);
    isPausing = false;
    (paused as UpstreamCall | null)?.resume();
    expect((await outcome).body.length).toBe(total);
  });

  test('that nobody wants any more end their connection', async () => {
    const { ask, sockets } = await upstream(({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'),
    );
    let call: UpstreamCall | null = null;
    void ask({
      onData: (_chunk, begun) => {
        call = begun;
        return true;
      },
    });
    await until(() => call !== null, 'the answer to begin');
    (call as UpstreamCall | null)?.abort();
    await until(() => sockets.size === 0, 'the connection to be closed');
  });

  test('whose reader throws end with what it threw', async () => {
    const { ask, sockets } = await upstream(({ socket }) => socket.write(answerOf('x')));
    const outcome = await ask({
      onData: () => {
        throw new Error('a fault of ours');
      },
    });
    expect(outcome.message).toBe('a fault of ours');
    await until(() => sockets.size === 0, 'the connection to be closed');
  });
});

describe('an upgrade', () => {
  test('hands the connection over, with what came early', async () => {
    const texts: string[] = [];
    const { ask } = await upstream(({ text, socket }) => {
      texts.push(text);
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-A: b\r\n\r\nearly',
      );
    });
    const { socket, fields } = await ask({ upgrade: 'websocket' });
    expect(fields).toEqual(['X-A', 'b']);
    let got = '';
    socket!.on('data', (chunk: Buffer) => {
      got += chunk.toString();
    });
    socket!.resume();
    await until(() => got === 'early', 'the early bytes');
    expect(texts[0]).toContain('Connection: Upgrade\r\nUpgrade: websocket\r\n');
    socket!.destroy();
  });

  test('that is refused is an answer like others', async () => {
    const { ask, connections } = await upstream(({ socket }) => socket.write(answerOf('no')));
    expect(await ask({ upgrade: 'websocket' })).toMatchObject({ status: 200, body: 'no', socket: null, error: null });
    expect(await ask()).toMatchObject({ body: 'no' });
    expect(connections()).toBe(1);
  });
});
