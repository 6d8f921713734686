import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import {
  type Harness,
  type HarnessOptions,
  loadBalancer,
  okAnswer,
  type RawServer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
  until,
} from '../../test/support/proxy-harness.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function proxyTo(url: string, options: HarnessOptions = {}): Promise<Harness> {
  const harness = await startProxy({ services: { 'app@test': loadBalancer([url]) }, ...options });
  closers.push(() => harness.close());
  return harness;
}

async function rawServer(...args: Parameters<typeof startRawServer>): Promise<RawServer> {
  const server = await startRawServer(...args);
  closers.push(() => server.close());
  return server;
}

/** A client that may end its side and still read. */
function connect(harness: Harness): { socket: net.Socket; answer: () => string; ended: () => boolean } {
  const socket = net.connect({ port: harness.port(), host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  let hasEnded = false;
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('end', () => {
    hasEnded = true;
  });
  socket.on('error', () => undefined);
  closers.push(() => socket.destroy());
  return { socket, answer: () => answer, ended: () => hasEnded };
}

const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

describe('a client that has ended its side', () => {
  it('gets all answers to what it had sent, and then the end', async () => {
    const held: net.Socket[] = [];
    const server = await rawServer((socket) => held.push(socket));
    const harness = await proxyTo(server.url);
    const client = connect(harness);
    client.socket.end(get('/1') + get('/2'));
    await until(() => server.received().includes('/1'), 'the first request');
    expect(server.received()).not.toContain('/2');
    held[0]?.write(okAnswer);
    await until(() => server.received().includes('/2'), 'the second request');
    held[1]?.write(okAnswer);
    await until(client.ended, 'the end');
    expect(statuses(client.answer()).filter((status) => status !== 100)).toEqual([200, 200]);
    await until(() => harness.records.length === 2, 'both records');
    expect(harness.records.every(({ error, status }) => error === null && status === 200)).toBe(true);
  });

  it('gets an answer that is under way to its end', async () => {
    const held: net.Socket[] = [];
    const server = await rawServer((socket) => {
      held.push(socket);
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
    });
    const client = connect(await proxyTo(server.url));
    client.socket.write(get('/'));
    await until(() => client.answer().endsWith('hello'), 'half of the answer');
    client.socket.end();
    await once(client.socket, 'finish');
    held[0]?.write('world');
    await until(client.ended, 'the end');
    expect(client.answer().endsWith('helloworld')).toBe(true);
  });

  it('without its request being complete is let go, and its body is not taken for one', async () => {
    const server = await rawServer();
    const harness = await proxyTo(server.url);
    const head = connect(harness);
    head.socket.end('GET / HTTP/1.1\r\nHost: a\r\n');
    await until(head.ended, 'the end');
    expect(head.answer()).toBe('');
    let isCut = false;
    const taking = await rawServer((socket) => socket.on('close', () => void (isCut = true)));
    const second = await proxyTo(taking.url);
    const body = connect(second);
    body.socket.end('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
    expect(await second.record()).toMatchObject({ status: 499, error: { code: 'CLIENT_ABORTED' } });
    await until(() => isCut, 'the server to be let go');
    expect(server.received()).toBe('');
  });
});

describe('a connection', () => {
  it('of HTTP/1.0 stays where the client asks for it and the answer has a length', async () => {
    const harness = await proxyTo((await rawServer()).url);
    const request = 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n';
    const answer = await sendRaw(harness.port(), request + request, (text) => statuses(text).length === 2);
    expect(answer.match(/Connection: keep-alive/g)).toHaveLength(2);
    const single = await sendRaw(harness.port(), `GET / HTTP/1.0\r\n\r\n${request}`);
    expect(statuses(single)).toEqual([200]);
  });

  it('ends where the client says so, and what follows is not read', async () => {
    const server = await rawServer();
    const harness = await proxyTo(server.url);
    const answer = await sendRaw(harness.port(), get('/1', 'Connection: close\r\n') + get('/2'));
    expect(statuses(answer)).toEqual([200]);
    expect(answer).toContain('Connection: close\r\n');
    expect(server.received()).not.toContain('/2');
  });

  it('is not read further ahead than the request that is answered', async () => {
    const server = await rawServer(() => undefined);
    const harness = await proxyTo(server.url);
    const { socket } = connect(harness);
    const many = get('/').repeat(10_000);
    let sent = 0;
    let isBlocked = false;
    const more = (): void => {
      isBlocked = false;
      while (sent < 200 * 1024 * 1024) {
        sent += many.length;
        if (!socket.write(many)) {
          isBlocked = true;
          socket.once('drain', more);
          return;
        }
      }
    };
    more();
    let last = -1;
    await until(() => {
      const isStill = isBlocked && sent === last;
      last = sent;
      return isStill && sent > 512 * 1024;
    }, 'the client to be held back');
    expect(sent).toBeLessThan(40 * 1024 * 1024);
  });

  it('answers hundreds of requests that come at once, in their order', async () => {
    const harness = await proxyTo((await rawServer()).url, { routers: [{ rule: 'Host(`nobody`)' }] });
    const answer = await sendRaw(
      harness.port(),
      Array.from({ length: 800 }, (_, n) => get(`/${n}`)).join('') + get('/last', 'Connection: close\r\n'),
    );
    expect(statuses(answer)).toHaveLength(801);
    await until(() => harness.records.length === 801, 'all records');
    expect(harness.records.slice(0, 3).map(({ target }) => target)).toEqual(['/0', '/1', '/2']);
  });

  it('lets a client read why it was refused though it sends on', async () => {
    const harness = await proxyTo((await rawServer()).url);
    const { socket, answer, ended } = connect(harness);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n');
    socket.write(Buffer.alloc(4 * 1024 * 1024));
    socket.end();
    await until(ended, 'the end');
    expect(statuses(answer())).toEqual([400]);
    expect(answer()).toMatch(/Reference: \w{16}\n$/);
  });

  it('is not used again where nobody knows whether a body will follow', async () => {
    const harness = await proxyTo((await rawServer()).url, { routers: [{ rule: 'Host(`nobody`)' }] });
    const answer = await sendRaw(
      harness.port(),
      'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
    );
    expect(statuses(answer)).toEqual([404]);
    expect(answer).toContain('Connection: close\r\n');
  });

  it('is used again after a body that nobody wanted', async () => {
    const harness = await proxyTo((await rawServer()).url, { routers: [{ rule: 'Path(`/app`)' }] });
    const refused = `POST /else HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`;
    const answer = await sendRaw(harness.port(), [refused, get('/app')], (text) => statuses(text).length === 2);
    expect(statuses(answer)).toEqual([404, 200]);
  });
});

interface Asked {
  readonly line: string;
  readonly body: string;
}

/** A server that keeps what it was asked, as Node's own parser understands it. */
async function recordingServer(): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    request.on('end', () => {
      asked.push({ line: `${request.method} ${request.url}`, body });
      response.end('ok');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

it('requests are understood in the same way wherever their bytes are cut', async () => {
  const { url, asked } = await recordingServer();
  const harness = await proxyTo(url);
  const bytes =
    'POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\nX-Sum: 1\r\n\r\n' +
    '\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo' +
    get('/3', 'Connection: close\r\n');
  for (let cut = 1; cut < bytes.length; cut += 1) {
    asked.length = 0;
    const answer = await sendRaw(harness.port(), [bytes.slice(0, cut), bytes.slice(cut)]);
    expect(statuses(answer), `cut ${cut}`).toEqual([200, 200, 200]);
    expect(asked.map(({ line, body }) => `${line} ${body}`)).toEqual(['POST /1 one', 'POST /2 two', 'GET /3 ']);
  }
  const trickled = await sendRaw(harness.port(), bytes.split(''));
  expect(statuses(trickled)).toEqual([200, 200, 200]);
}, 120_000);

it('trailers of a request reach the server, and none that it could take for what the proxy says', async () => {
  const server = await rawServer((socket, text) => {
    if (text.includes('\r\n0\r\n')) socket.write(okAnswer);
  });
  const harness = await proxyTo(server.url);
  const answer = await sendRaw(
    harness.port(),
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-Own: 1\r\nConnection: close\r\n\r\n3\r\none\r\n0\r\nX-Sum: 1\r\nX-Own: 2\r\nX-Real-Ip: 6.6.6.6\r\n\r\n',
  );
  expect(statuses(answer)).toEqual([200]);
  expect(server.received()).toMatch(/\r\n0\r\nX-Sum: 1\r\n\r\n$/);
  expect(server.received()).not.toMatch(/6\.6\.6\.6|X-Own: 2/);
});

describe('over TLS', () => {
  async function connectSecurely(
    url: string,
  ): Promise<{ harness: Harness; socket: tls.TLSSocket; answer: () => string }> {
    const harness = await proxyTo(url, {
      entryPoints: [{ tls: true }],
      routers: [{ tls: true }],
      certificates: [await makeCertificate(['app.test'], true)],
    });
    const below = net.connect({ port: harness.port(), host: '127.0.0.1', allowHalfOpen: true });
    const socket = tls.connect({ socket: below, servername: 'app.test', rejectUnauthorized: false });
    closers.push(() => socket.destroy());
    socket.on('error', () => undefined);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    await once(socket, 'secureConnect');
    return { harness, socket, answer: () => answer };
  }

  it('a client that has ended its side gets its answer', async () => {
    const held: net.Socket[] = [];
    const server = await rawServer((socket) => held.push(socket));
    const { socket, answer } = await connectSecurely(server.url);
    socket.end(get('/'));
    await once(socket, 'finish');
    await until(() => held.length === 1, 'the request');
    held[0]?.write(okAnswer);
    await until(() => answer().endsWith('ok'), 'the answer');
  });

  it('a client that is gone is noticed, and its request given up', async () => {
    let isGone = false;
    const server = await rawServer((socket) => socket.on('close', () => void (isGone = true)));
    const { harness, socket } = await connectSecurely(server.url);
    socket.write(get('/'));
    await until(() => server.received() !== '', 'the request');
    socket.destroy();
    await until(() => isGone, 'the server to be let go');
    expect((await harness.record()).error?.code).toBe('CLIENT_ABORTED');
  });

  it('answers larger than what waits to be written are complete, one after the other', async () => {
    const large = 5_000_000;
    const server = await rawServer((socket, text) => {
      if (!text.includes('\r\n\r\n')) return;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${large}\r\n\r\n`);
      socket.write(Buffer.alloc(large, 'x'));
    });
    const { harness, socket, answer } = await connectSecurely(server.url);
    socket.write(get('/1') + get('/2', 'Connection: close\r\n'));
    await once(socket, 'end');
    expect(answer().length).toBeGreaterThan(2 * large);
    expect(statuses(answer())).toEqual([200, 200]);
    await until(() => harness.records.length === 2, 'both records');
    expect(harness.records.map(({ responseBytes, error }) => [responseBytes, error])).toEqual([
      [large, null],
      [large, null],
    ]);
  });
});

/** The requests in some bytes as the grammar has them, up to the first that is not whole or not strictly right. */
function strictly(bytes: string): Asked[] {
  const found: Asked[] = [];
  const head =
    /^(?:\r\n)?([!#$%&'*+.^_`|~\w-]+ [\x21-\x7e]+) HTTP\/1\.1\r\n((?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n/;
  let rest = bytes;
  for (let match = head.exec(rest); match; match = head.exec(rest)) {
    const fields = match[2] ?? '';
    rest = rest.slice(match[0].length);
    const length = /^content-length:[\t ]*(\d+)[\t ]*\r\n/im.exec(fields);
    let body = '';
    if (/^transfer-encoding:/im.test(fields)) {
      let isWhole = false;
      for (
        let size = /^([0-9a-f]+)(?:;[^\r\n]*)?\r\n/i.exec(rest);
        size;
        size = /^([0-9a-f]+)(?:;[^\r\n]*)?\r\n/i.exec(rest)
      ) {
        const count = Number.parseInt(size[1] ?? '', 16);
        rest = rest.slice(size[0].length);
        if (count === 0) {
          const end = /^(?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n/.exec(rest);
          isWhole = end !== null;
          rest = rest.slice(end?.[0].length ?? 0);
          break;
        }
        body += rest.slice(0, count);
        if (rest.slice(count, count + 2) !== '\r\n') break;
        rest = rest.slice(count + 2);
      }
      if (!isWhole) return found;
    } else if (length) {
      const count = Number(length[1]);
      if (rest.length < count) return found;
      body = rest.slice(0, count);
      rest = rest.slice(count);
    }
    found.push({ line: match[1] ?? '', body });
  }
  return found;
}

it('whatever becomes of their bytes, a server is asked only what a strict reader sees in them', async () => {
  const { url, asked } = await recordingServer();
  const harness = await proxyTo(url, {
    entryPoints: [{ timeouts: { readMs: 400, writeMs: 0, idleMs: 400, bodyIdleMs: 0 } }],
  });
  const inner = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n';
  const size = inner.length.toString(16);
  const bytes = `POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n${inner}\r\n0\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n${inner}${get('/3', 'Connection: close\r\n')}`;
  const mutation = fc.record({
    at: fc.nat(bytes.length - 1),
    removed: fc.nat(3),
    added: fc.oneof(
      fc.constantFrom(
        '',
        '',
        '\r',
        '\n',
        '\r\n',
        ' ',
        '\t',
        '0',
        ':',
        ';',
        ',',
        '\0',
        'Content-Length: 0\r\n',
        '\r\n\r\n',
      ),
      fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    ),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      fc.nat(bytes.length),
      async (mutations, cut) => {
        let text = bytes;
        for (const { at, removed, added } of mutations) text = text.slice(0, at) + added + text.slice(at + removed);
        asked.length = 0;
        await sendRaw(harness.port(), [text.slice(0, cut), text.slice(cut)], undefined, 15_000);
        // Some may be refused, by the proxy or by the server; none may be other than it was.
        const wanted = strictly(text).map(({ body }) => body);
        for (const { body } of asked) {
          const at = wanted.indexOf(body);
          expect(at, `${JSON.stringify(body)} of ${JSON.stringify(text)}`).toBeGreaterThanOrEqual(0);
          wanted.splice(0, at + 1);
        }
      },
    ),
    { numRuns: 60, seed: 4 },
  );
  expect(statuses(await sendRaw(harness.port(), get('/', 'Connection: close\r\n')))).toEqual([200]);
}, 120_000);
