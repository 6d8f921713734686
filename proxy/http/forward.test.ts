import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import {
  type Harness,
  loadBalancer,
  okAnswer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
  until,
} from '../../test/support/proxy-harness.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function backend(handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function proxyTo(...urls: string[]): Promise<Harness> {
  const harness = await startProxy({ services: { 'app@test': loadBalancer(urls) } });
  closers.push(() => harness.close());
  return harness;
}

test('sends a request on and the answer back, and records both', async () => {
  const url = await backend((request, response) => {
    response.writeHead(201, ['X-Path', request.url ?? '', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
    response.end(`hello ${request.headers.host}`);
  });
  const harness = await proxyTo(url);
  const port = harness.port();
  const response = await fetch(`http://127.0.0.1:${port}/a/../b?c=d`, { headers: { 'User-Agent': 'tester' } });
  expect(response.status).toBe(201);
  expect(response.headers.get('x-path')).toBe('/b?c=d');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await response.text()).toBe(`hello 127.0.0.1:${port}`);
  const record = await harness.record();
  expect(record).toMatchObject({
    entryPoint: 'web',
    clientIp: '127.0.0.1',
    method: 'GET',
    host: '127.0.0.1',
    target: '/b?c=d',
    router: 'router0@test',
    service: 'app@test',
    serverUrl: url,
    status: 201,
    originStatus: 201,
    responseBytes: 6 + `127.0.0.1:${port}`.length,
    userAgent: 'tester',
    error: null,
  });
});

test('bodies of every method arrive, with and without a length', async () => {
  const url = await backend((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () =>
      response.end(`${request.method} ${request.headers['transfer-encoding'] ?? 'sized'} ${body}`),
    );
  });
  const harness = await proxyTo(url);
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS']) {
    const sized = await sendRaw(
      harness.port(),
      `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello`,
    );
    expect(sized).toContain(`${method} sized hello`);
    const chunked = await sendRaw(
      harness.port(),
      `${method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    );
    expect(chunked).toContain(`${method} chunked hello`);
  }
  const record = await harness.record((each) => each.method === 'POST');
  expect(record.requestBytes).toBe(5);
});

test('a server that refuses connections gives 502, one without servers 503, an unknown host 404', async () => {
  const gone = await startRawServer();
  await gone.close();
  const harness = await startProxy({
    routers: [
      { rule: 'Host(`down.test`)', service: 'down@test' },
      { rule: 'Host(`empty.test`)', service: 'empty@test' },
    ],
    services: { 'down@test': loadBalancer([gone.url]), 'empty@test': loadBalancer([]) },
  });
  closers.push(() => harness.close());
  const get = (host: string) => sendRaw(harness.port(), `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  const down = await get('down.test');
  expect(statuses(down)).toEqual([502]);
  expect(down).not.toContain(String(gone.port));
  expect(statuses(await get('empty.test'))).toEqual([503]);
  expect(statuses(await get('other.test'))).toEqual([404]);
  const refused = await harness.record((record) => record.status === 502);
  expect(refused.error).toEqual({ code: 'UPSTREAM_REFUSED', detail: `connect ECONNREFUSED 127.0.0.1:${gone.port}` });
  expect(down).toContain(refused.id);
  expect((await harness.record((record) => record.status === 503)).error?.code).toBe('NO_SERVER');
  expect((await harness.record((record) => record.status === 404)).error?.code).toBe('NO_ROUTER');
});

test('a server that breaks off in its body leaves the client with a broken answer', async () => {
  const url = await backend((_request, response) => {
    response.writeHead(200, { 'Content-Length': '100' });
    response.write('part');
    setTimeout(() => response.destroy(), 20);
  });
  const harness = await proxyTo(url);
  const answer = await sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(answer).toContain('Content-Length: 100');
  expect(answer.endsWith('part')).toBe(true);
  expect((await harness.record()).error?.code).toBe('UPSTREAM_TRUNCATED');
});

test('a client that goes away ends the request to the server', async () => {
  let closedEarly = false;
  let arrived = false;
  const url = await backend((request, response) => {
    arrived = true;
    response.on('close', () => {
      closedEarly = !response.writableFinished;
    });
    request.resume();
  });
  const harness = await proxyTo(url);
  const client = http.get(`http://127.0.0.1:${harness.port()}/`);
  client.on('error', () => undefined);
  await until(() => arrived, 'the request to arrive');
  client.destroy();
  await until(() => closedEarly, 'the server to see the end');
  const record = await harness.record();
  expect(record).toMatchObject({ status: 499, error: { code: 'CLIENT_ABORTED' } });
});

test('an early answer reaches a client that is still sending its body', async () => {
  const server = await startRawServer((socket, text) => {
    if (text.includes('POST'))
      socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig');
  });
  closers.push(() => server.close());
  const harness = await proxyTo(server.url);
  const answer = await sendRaw(
    harness.port(),
    ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n', 'x'.repeat(100_000)],
    (text) => text.endsWith('big'),
  );
  expect(statuses(answer)).toEqual([413]);
});

test('server-sent events and heads come through at once', async () => {
  let send: ((text: string) => void) | null = null;
  const url = await backend((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.flushHeaders();
    send = (text) => response.write(text);
  });
  const harness = await proxyTo(url);
  const response = await fetch(`http://127.0.0.1:${harness.port()}/`);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body!.getReader();
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    send!(event);
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(event);
  }
  await reader.cancel();
});

test('trailers, 103, HEAD, 204 and 304 pass', async () => {
  const url = await backend((request, response) => {
    if (request.url === '/trailers') {
      response.writeHead(200, { Trailer: 'X-Sum' });
      response.write('body');
      response.addTrailers({ 'X-Sum': '42' });
      response.end();
    } else if (request.url === '/hints') {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.end('after');
    } else {
      const status = Number(request.url?.slice(1));
      response.writeHead(status, status === 200 ? { 'Content-Length': '5' } : { ETag: '"x"' });
      response.end(status === 200 ? 'hello' : undefined);
    }
  });
  const harness = await proxyTo(url);
  const get = (line: string) =>
    sendRaw(harness.port(), `${line} HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close\r\n\r\n`);
  expect(await get('GET /trailers')).toMatch(/4\r\nbody\r\n0\r\nX-Sum: 42\r\n\r\n$/);
  expect(statuses(await get('GET /hints'))).toEqual([103, 200]);
  const head = await get('HEAD /200');
  expect(head).toContain('Content-Length: 5');
  expect(head.endsWith('\r\n\r\n')).toBe(true);
  for (const status of [204, 304]) {
    const answer = await get(`GET /${status}`);
    expect(statuses(answer)).toEqual([status]);
    expect(answer).toContain('ETag: "x"');
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  }
});

test('100-continue is answered when the server takes the body, and Expect stays here', async () => {
  const server = await startRawServer((socket, text) => {
    if (text.endsWith('body!')) socket.write(okAnswer);
  });
  closers.push(() => server.close());
  const harness = await proxyTo(server.url);
  const answer = await sendRaw(
    harness.port(),
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nbody!',
    (text) => text.endsWith('ok'),
  );
  expect(statuses(answer)).toEqual([100, 200]);
  expect(server.received()).not.toMatch(/expect/i);
});

test('a kept connection that the server closed meanwhile costs no request', async () => {
  let served = 0;
  const server = await startRawServer((socket) => {
    served += 1;
    // The second request on a connection finds it closed.
    if (served === 2) socket.destroy();
    else socket.write(okAnswer);
  });
  closers.push(() => server.close());
  const harness = await proxyTo(server.url);
  for (let i = 0; i < 2; i += 1) {
    const answer = await sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(statuses(answer)).toEqual([200]);
  }
  expect(served).toBe(3);
});

test('a slow reader holds the server back instead of filling memory', async () => {
  const total = 200 * 1024 * 1024;
  let sent = 0;
  const url = await backend((_request, response) => {
    response.writeHead(200, { 'Content-Length': String(total) });
    const chunk = Buffer.alloc(256 * 1024, 1);
    const more = (): void => {
      while (sent < total) {
        sent += chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  });
  const harness = await proxyTo(url);
  const client = http.get(`http://127.0.0.1:${harness.port()}/`);
  const [response] = (await once(client, 'response')) as [http.IncomingMessage];
  response.pause();
  let last = -1;
  await until(() => {
    const isStill = sent === last;
    last = sent;
    return isStill && sent > 0;
  }, 'the server to be held back');
  // Kernel buffers of two loopback connections hold a few megabytes at most.
  expect(sent).toBeLessThan(40 * 1024 * 1024);
  let received = 0;
  for await (const chunk of response) received += (chunk as Buffer).length;
  expect(received).toBe(total);
});

test('a slow server holds the client back', async () => {
  const server = await startRawServer((socket) => socket.pause());
  closers.push(() => server.close());
  const harness = await proxyTo(server.url);
  const client = http.request(`http://127.0.0.1:${harness.port()}/`, { method: 'POST' });
  client.on('error', () => undefined);
  let sent = 0;
  let isBlocked = false;
  const chunk = Buffer.alloc(256 * 1024, 1);
  const more = (): void => {
    isBlocked = false;
    while (sent < 200 * 1024 * 1024) {
      sent += chunk.length;
      if (!client.write(chunk)) {
        isBlocked = true;
        client.once('drain', more);
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
  client.destroy();
});

test('the path of a server URL is put before the request path only with preservePath; passHostHeader is obeyed', async () => {
  const url = await backend((request, response) => response.end(`${request.headers.host} ${request.url}`));
  const host = new URL(url).host;
  const harness = await startProxy({
    routers: [
      { rule: 'PathPrefix(`/keep`)', service: 'keep@test' },
      { rule: 'PathPrefix(`/drop`)', service: 'drop@test' },
    ],
    services: {
      'keep@test': loadBalancer([], { servers: [{ url: `${url}/base/`, weight: 1, preservePath: true }] }),
      'drop@test': loadBalancer([`${url}/base`], { passHostHeader: false }),
    },
  });
  closers.push(() => harness.close());
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${harness.port()}${path}`)).text();
  expect(await get('/keep/a%2Fb')).toBe(`127.0.0.1:${harness.port()} /base/keep/a%2Fb`);
  expect(await get('/drop')).toBe(`${host} /drop`);
});

test('a client that stops reading is given up after the idle time, and so is its request', async () => {
  let closedEarly = false;
  const url = await backend((_request, response) => {
    response.on('close', () => {
      closedEarly = !response.writableFinished;
    });
    const chunk = Buffer.alloc(256 * 1024, 1);
    const more = (): void => {
      while (!response.destroyed) {
        if (!response.write(chunk)) {
          response.once('drain', more);
          return;
        }
      }
    };
    more();
  });
  const harness = await startProxy({
    entryPoints: [{ timeouts: { readMs: 0, writeMs: 0, idleMs: 200 } }],
    services: { 'app@test': loadBalancer([url]) },
  });
  closers.push(() => harness.close());
  const client = http.get(`http://127.0.0.1:${harness.port()}/`);
  client.on('error', () => undefined);
  const [response] = (await once(client, 'response')) as [http.IncomingMessage];
  response.on('error', () => undefined);
  response.pause();
  await until(() => closedEarly, 'the server to be let go');
  expect((await harness.record()).error).toEqual({ code: 'CLIENT_ABORTED', detail: 'the client stopped reading' });
  client.destroy();
});

test('HTTP/1.0 gets an answer that ends with the connection, and a reset where it is broken off', async () => {
  const url = await backend((request, response) => {
    response.write('chunk ');
    if (request.url === '/break') setTimeout(() => response.destroy(), 20);
    else response.end('by chunk');
  });
  const harness = await proxyTo(url);
  const answer = await sendRaw(harness.port(), 'GET / HTTP/1.0\r\n\r\n');
  expect(statuses(answer)).toEqual([200]);
  expect(answer.endsWith('\r\n\r\nchunk by chunk')).toBe(true);
  const socket = net.connect(harness.port(), '127.0.0.1');
  socket.on('data', () => undefined);
  socket.write('GET /break HTTP/1.0\r\n\r\n');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
});

test('pipelined requests are answered in their order', async () => {
  const url = await backend((request, response) => {
    setTimeout(() => response.end(`<${request.url}>`), request.url === '/1' ? 30 : 0);
  });
  const harness = await proxyTo(url);
  const answer = await sendRaw(
    harness.port(),
    '/1 /2 /3'
      .split(' ')
      .map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
      .join(''),
    (text) => text.endsWith('</3>'),
  );
  expect(answer.match(/<\/\d>/g)).toEqual(['</1>', '</2>', '</3>']);
});

test('a visitor over a dual-stack socket has an IPv4 address', async () => {
  const harness = await startProxy({ entryPoints: [{ host: '::' }] });
  closers.push(() => harness.close());
  await sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect((await harness.record()).clientIp).toBe('127.0.0.1');
});

test('a client that keeps its connection is let go when the entry point closes', async () => {
  const held: http.ServerResponse[] = [];
  const url = await backend((_request, response) => {
    response.write('begun ');
    held.push(response);
  });
  const harness = await proxyTo(url);
  const answer = sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => held.length === 1, 'the request');
  harness.proxy.receive({ type: 'unlisten', names: ['web'], graceMs: 60_000 });
  held[0]!.end('done');
  expect(await answer).toMatch(/begun [^]*done/);
});

test('a name whose addresses all refuse gives 502 with the first address', async () => {
  const gone = await startRawServer();
  await gone.close();
  const harness = await proxyTo(`http://localhost:${gone.port}`);
  expect(statuses(await sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'))).toEqual([
    502,
  ]);
  const { error } = await harness.record();
  expect(error?.code).toBe('UPSTREAM_REFUSED');
  expect(error?.detail).toContain(String(gone.port));
});

test('maxIdleConnsPerHost keeps no more connections than that', async () => {
  const held: net.Socket[] = [];
  const server = await startRawServer((socket, text) => {
    held.push(socket);
    if (held.length === 3) for (const each of held) each.write(okAnswer);
    expect(text).toContain('GET');
  });
  closers.push(() => server.close());
  const harness = await startProxy({
    services: { 'app@test': loadBalancer([server.url], { serversTransport: 'one@test' }) },
    serversTransports: { 'one@test': { maxIdleConnsPerHost: 1 } },
  });
  closers.push(() => harness.close());
  const get = () => sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const answers = await Promise.all([get(), get(), get()]);
  expect(answers.flatMap(statuses)).toEqual([200, 200, 200]);
  await until(() => server.sockets.size === 1, 'two of three connections to be closed');
});
