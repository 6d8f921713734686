import { once } from 'node:events';
import net from 'node:net';
import { duplexPair, Readable } from 'node:stream';
import tls from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { until } from '../../test/support/proxy-harness.ts';
import { answerOf, ask, connectionsTo, scriptedServer } from '../../test/support/upstream-asking.ts';
import { readTransport } from '../http/transport.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';
import { ConnectionPool } from './connection-pool.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function server(onRequest: Parameters<typeof scriptedServer>[0]) {
  const made = await scriptedServer(onRequest);
  closers.push(made.close);
  return made;
}

function to(url: string, transport?: ServersTransportConfig) {
  const connections = connectionsTo(url, transport);
  closers.push(() => {
    connections.close();
    return undefined;
  });
  return connections;
}

/** A server that says on which connection a request came. */
const tellConnection: Parameters<typeof scriptedServer>[0] = ({ connection, socket }) =>
  socket.write(answerOf(String(connection)));

/** Like {@link tellConnection}, once so many requests are there; so that each has a connection of its own. */
function tellTogether(count: number): Parameters<typeof scriptedServer>[0] {
  const waiting: (() => void)[] = [];
  return (request) => {
    waiting.push(() => tellConnection(request));
    if (waiting.length === count) for (const reply of waiting.splice(0)) reply();
  };
}

describe('connections are used again', () => {
  test('one after the other on the same, side by side on several, the last used first', async () => {
    const together = tellTogether(3);
    const { url, connections } = await server((request) =>
      request.text.startsWith('GET /together') ? together(request) : tellConnection(request),
    );
    const { ask: askIt } = to(url);
    for (let n = 0; n < 5; n += 1) expect((await askIt()).body).toBe('1');
    const outcomes = await Promise.all([1, 2, 3].map(() => askIt({ target: '/together' })));
    expect(outcomes.map(({ body }) => body).toSorted()).toEqual(['1', '2', '3']);
    const last = (await askIt()).body;
    for (let n = 0; n < 3; n += 1) expect((await askIt()).body).toBe(last);
    expect(connections()).toBe(3);
  });

  test('until they were idle for too long', async () => {
    const { url, sockets, connections } = await server(tellConnection);
    const { ask: askIt } = to(url, { forwardingTimeouts: { idleConnTimeout: '50ms' } });
    await askIt();
    await until(() => sockets.size === 0, 'the idle connection to be closed');
    expect((await askIt()).body).toBe('2');
    expect(connections()).toBe(2);
  });

  test('for less long than the server says that it keeps them', async () => {
    const { url } = await server(({ connection, socket }) =>
      socket.write(answerOf(String(connection), 'Keep-Alive: timeout=1, max=100\r\n')),
    );
    const { ask: askIt } = to(url);
    expect([(await askIt()).body, (await askIt()).body]).toEqual(['1', '2']);
  });

  test('up to so many idle ones', async () => {
    const { url, sockets } = await server(tellConnection);
    const { ask: askIt } = to(url, { maxIdleConnsPerHost: 1 });
    await Promise.all([askIt(), askIt(), askIt()]);
    await until(() => sockets.size === 1, 'spare connections to be closed');
  });

  test.each<[string, string]>([
    ['the server closes', answerOf('x', 'Connection: close\r\n')],
    ['the server speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx'],
    ['more came than the answer', `${answerOf('x')}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`],
    ['a chunked answer had more', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nx'],
  ])('not where %s', async (_name, bytes) => {
    const { url, connections } = await server(({ socket }) => socket.write(bytes));
    const { ask: askIt } = to(url);
    for (let n = 0; n < 3; n += 1) expect(await askIt()).toMatchObject({ status: 200, body: 'x', error: null });
    expect(connections()).toBe(3);
  });

  test('not after bytes that nothing asked for', async () => {
    const { url, sockets } = await server(tellConnection);
    const { ask: askIt } = to(url);
    expect((await askIt()).body).toBe('1');
    for (const socket of sockets) socket.write(answerOf('poison'));
    await until(() => sockets.size === 0, 'the connection to be given up');
    expect((await askIt()).body).toBe('2');
  });

  test('not where the request was answered before it was sent in full', async () => {
    const early = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.write(answerOf('no')));
      closers.push(async () => void socket.destroy());
    });
    early.listen(0, '127.0.0.1');
    await once(early, 'listening');
    closers.push(() => new Promise((resolve) => early.close(resolve)));
    const { ask: askIt } = to(`http://127.0.0.1:${(early.address() as net.AddressInfo).port}`);
    const body = new Readable({ read: () => undefined });
    body.push('first');
    const outcome = await askIt({ method: 'POST', body });
    expect(outcome).toMatchObject({ status: 200, body: 'no', error: null });
    expect(body.destroyed).toBe(true);
  });
});

describe('a server that closes a kept connection', () => {
  test('while it is idle, fails nobody', async () => {
    const { url, sockets } = await server(tellConnection);
    const { ask: askIt } = to(url);
    await askIt();
    for (const socket of sockets) socket.end();
    await until(() => sockets.size === 0, 'the connection to be closed');
    expect((await askIt({ method: 'POST', body: Buffer.from('x') })).body).toBe('2');
  });

  test('in the moment that it is used, is asked again on a new one', async () => {
    const requests: number[] = [];
    const { url } = await server(({ connection, socket }) => {
      requests.push(connection);
      if (requests.filter((each) => each === connection).length > 1) socket.destroy();
      else socket.write(answerOf(String(connection)));
    });
    const { ask: askIt } = to(url);
    expect((await askIt()).body).toBe('1');
    expect(await askIt()).toMatchObject({ body: '2', error: null });
    expect(requests).toEqual([1, 1, 2]);
  });

  test('even where every kept one is gone', async () => {
    const together = tellTogether(3);
    const { url } = await server((request) => {
      if (request.text.startsWith('GET /together')) together(request);
      else if (request.connection <= 3) request.socket.destroy();
      else tellConnection(request);
    });
    const { ask: askIt } = to(url);
    await Promise.all([1, 2, 3].map(() => askIt({ target: '/together' })));
    expect(await askIt()).toMatchObject({ body: '4', error: null });
  });

  test('before anything was sent, is asked on another one, whatever it is asked', async () => {
    const { port, connections } = await server(tellConnection);
    const pool = new ConnectionPool({
      address: { kind: 'tcp', host: '127.0.0.1', port },
      serverName: null,
      transport: readTransport(undefined),
    });
    closers.push(async () => pool.destroy());
    for (const how of ['an end', 'a reset'] as const) {
      const [kept, itsServer] = duplexPair();
      let seen = '';
      itsServer.on('data', (chunk) => {
        seen += String(chunk);
      });
      pool.adopt(kept as net.Socket);
      const outcome = ask(pool, {
        method: 'POST',
        body: Readable.from([Buffer.from('once')]),
        fields: ['Content-Length', '4'],
      });
      // It comes to be known in the turn after the request, which a request that goes out at once would not see.
      setImmediate(() => {
        if (how === 'an end') kept.push(null);
        else kept.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
      });
      expect(await outcome).toMatchObject({ status: 200, error: null });
      expect(seen).toBe('');
    }
    // The second kept one was used last, the connection of the first request stood behind it.
    expect(connections()).toBe(1);
  });

  test('while its request is held back until the turn ends, is asked again, whatever it was asked', async () => {
    const { port } = await server(tellConnection);
    const pool = new ConnectionPool({
      address: { kind: 'tcp', host: '127.0.0.1', port },
      serverName: null,
      transport: readTransport(undefined),
    });
    closers.push(async () => pool.destroy());
    const [kept, itsServer] = duplexPair();
    let answered = 0;
    let seen = '';
    itsServer.on('data', (chunk) => {
      seen += String(chunk);
      answered += 1;
      itsServer.write(answerOf('kept'));
    });
    pool.adopt(kept as net.Socket);
    expect((await ask(pool, { method: 'DELETE' })).body).toBe('kept');
    seen = '';
    let begun = 0;
    const outcome = await ask(pool, {
      method: 'DELETE',
      onBegin: () => {
        begun += 1;
        if (begun === 1) process.nextTick(() => kept.push(null));
        return true;
      },
    });
    expect(outcome).toMatchObject({ body: '1', error: null });
    expect([seen, answered, begun]).toEqual(['', 1, 2]);
  });

  test('is not asked again for what may have been done', async () => {
    let requests = 0;
    const { url } = await server(({ socket }) => {
      requests += 1;
      if (requests === 1) socket.write(answerOf('x'));
      else socket.destroy();
    });
    const { ask: askIt } = to(url);
    await askIt();
    const outcome = await askIt({ method: 'POST', body: Buffer.from('once') });
    expect(outcome.error).toMatch(/^(?:SERVER_CLOSED|ECONNRESET|EPIPE)$/);
    expect(requests).toBe(2);
  });

  test('nor a second time', async () => {
    let requests = 0;
    const { url } = await server(({ socket }) => {
      requests += 1;
      if (requests === 1) socket.write(answerOf('x'));
      else socket.destroy();
    });
    const { ask: askIt } = to(url);
    await askIt();
    expect((await askIt()).error).toMatch(/^(?:SERVER_CLOSED|ECONNRESET|EPIPE)$/);
    expect(requests).toBe(3);
  });
});

describe('requests wait', () => {
  test('for a connection where there are as many as may be', async () => {
    const waiting: (() => void)[] = [];
    const { port, connections } = await server(({ connection, socket }) =>
      waiting.push(() => socket.write(answerOf(String(connection)))),
    );
    const pool = new ConnectionPool({
      address: { kind: 'tcp', host: '127.0.0.1', port },
      serverName: null,
      transport: readTransport(undefined),
      mostConnections: 2,
    });
    closers.push(async () => pool.destroy());
    const outcomes = Array.from({ length: 6 }, () => ask(pool, {}));
    for (let n = 0; n < 6; n += 1) {
      await until(() => waiting.length > 0, 'a request to arrive');
      expect(waiting.length).toBeLessThanOrEqual(2);
      waiting.shift()?.();
    }
    const bodies = (await Promise.all(outcomes)).map(({ body, error }) => [body, error]);
    expect(bodies.every(([body, error]) => error === null && (body === '1' || body === '2'))).toBe(true);
    expect(connections()).toBe(2);
  });

  test('and each of them fails where nothing listens', async () => {
    const gone = await scriptedServer(() => undefined);
    await gone.close();
    const { ask: askIt } = to(gone.url);
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => askIt()));
    expect(outcomes.map(({ error }) => error)).toEqual(Array.from({ length: 5 }, () => 'ECONNREFUSED'));
  });

  test('whoever gave up in the meantime is passed over', async () => {
    const { url } = await server(tellConnection);
    const { ask: askIt } = to(url);
    let isAsked = false;
    void askIt({
      onBegin: () => {
        isAsked = true;
        return false;
      },
    });
    await until(() => isAsked, 'its turn to come');
    expect(await askIt()).toMatchObject({ body: '1', error: null });
  });

  test('no longer than a connection may take', async () => {
    const silent = await scriptedServer(() => undefined);
    closers.push(silent.close);
    const { ask: askIt } = to(silent.url.replace('http:', 'https:'), { forwardingTimeouts: { dialTimeout: '50ms' } });
    expect((await askIt()).error).toBe('SERVER_DIAL_TIMEOUT');
  });

  test('no longer than a moment for a server that was removed', async () => {
    const silent = await scriptedServer(() => undefined);
    closers.push(silent.close);
    const { ask: askIt, pools } = to(silent.url.replace('http:', 'https:'), {
      disableHTTP2: true,
      forwardingTimeouts: { dialTimeout: '10m' },
    });
    const outcome = askIt();
    await until(() => silent.connections() === 1, 'the handshake to begin');
    pools.retain(new Set());
    expect((await outcome).error).toBe('SERVER_REMOVED');
  });

  test('and one on its way to a server that was removed is answered', async () => {
    let reply: (() => void) | null = null;
    const { url, sockets } = await server(({ socket }) => {
      reply = () => socket.write(answerOf('late'));
    });
    const { ask: askIt, pools } = to(url);
    const outcome = askIt();
    await until(() => reply !== null, 'the request to arrive');
    pools.retain(new Set());
    reply!();
    expect(await outcome).toMatchObject({ body: 'late', error: null });
    await until(() => sockets.size === 0, 'the connection to be closed');
  });
});

describe('a connection that stands for a client', () => {
  const [ann, bob] = [{ name: 'Ann' }, { name: 'Bob' }];
  const authorization = ['Authorization', 'NTLM TlRMTVNTUAAB'];

  test('is used for no other, by the answer', async () => {
    const { url } = await server(({ text, connection, socket }) => {
      if (text.startsWith('GET /secret') && connection === 1)
        socket.write(`HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n`);
      else socket.write(answerOf(String(connection)));
    });
    const { ask: askIt } = to(url);
    expect((await askIt({ client: ann, target: '/secret' })).status).toBe(401);
    expect((await askIt({ client: bob })).body).toBe('2');
    expect((await askIt({ client: ann })).body).toBe('1');
    expect((await askIt({ client: bob })).body).toBe('2');
    expect((await askIt()).body).toBe('2');
    expect((await askIt({ client: ann })).body).toBe('1');
  });

  test.each(['NTLM TlRM', 'negotiate YIIJ'])('is used for no other, by the request: %s', async (value) => {
    const { url } = await server(tellConnection);
    const { ask: askIt } = to(url);
    expect((await askIt({ client: ann, fields: ['authorization', value] })).body).toBe('1');
    expect((await askIt({ client: bob })).body).toBe('2');
    expect((await askIt({ client: ann })).body).toBe('1');
  });

  test('is used once where the client is nobody', async () => {
    const { url } = await server(tellConnection);
    const { ask: askIt } = to(url);
    expect((await askIt({ fields: authorization })).body).toBe('1');
    expect((await askIt()).body).toBe('2');
    expect((await askIt({ fields: ['Authorization', 'Basic eDp5'] })).body).toBe('2');
    expect((await askIt()).body).toBe('2');
  });

  test('is closed when it was idle for too long', async () => {
    const { url, sockets } = await server(tellConnection);
    const { ask: askIt } = to(url, { forwardingTimeouts: { idleConnTimeout: '50ms' } });
    await askIt({ client: ann, fields: authorization });
    await until(() => sockets.size === 0, 'the connection to be closed');
    expect((await askIt({ client: ann })).body).toBe('2');
  });
});

describe('TLS', () => {
  test('resumes sessions of servers that are trusted, and judges the others each time', async () => {
    const pem = await makeCertificate(['127.0.0.1']);
    const resumed: boolean[] = [];
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const secure = tls.createServer({ cert: pem.certificatePem, key: pem.privateKeyPem, maxVersion }, (socket) => {
        resumed.push(socket.isSessionReused());
        socket.on('error', () => undefined);
        socket.on('data', () => socket.write(answerOf('x', 'Connection: close\r\n')));
      });
      secure.listen(0, '127.0.0.1');
      await once(secure, 'listening');
      closers.push(() => new Promise((resolve) => secure.close(resolve)));
      const url = `https://127.0.0.1:${(secure.address() as net.AddressInfo).port}`;
      const trusted = to(url, { disableHTTP2: true, rootCAs: [pem.certificatePem] });
      expect(await trusted.ask()).toMatchObject({ body: 'x', error: null });
      expect(await trusted.ask()).toMatchObject({ body: 'x', error: null });
      expect(resumed.splice(0)).toEqual([false, true]);
      const distrustful = to(url, { disableHTTP2: true });
      const misled = to(url, { disableHTTP2: true, rootCAs: [pem.certificatePem], serverName: 'other.test' });
      for (let n = 0; n < 3; n += 1) {
        expect((await distrustful.ask()).error).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
        expect((await misled.ask()).error).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
      }
      resumed.length = 0;
    }
  });
});
