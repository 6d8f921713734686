import { once } from 'node:events';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { type Harness, loadBalancer, startProxy, until } from '../../test/support/proxy-harness.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';
import type { CertificateSnapshot } from '../model/snapshot.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

let certificate: CertificateSnapshot;
beforeAll(async () => {
  certificate = await makeCertificate(['127.0.0.1', 'app.test'], true);
});

type OnStream = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

interface Backend {
  readonly url: string;
  readonly sessions: Set<http2.ServerHttp2Session>;
  /** Connections that were made, closed ones included. */
  readonly connections: () => number;
}

async function backend(scheme: 'https' | 'h2c', onStream: OnStream): Promise<Backend> {
  const pem = { cert: certificate.certificatePem, key: certificate.privateKeyPem };
  const server = scheme === 'h2c' ? http2.createServer() : http2.createSecureServer({ ...pem, allowHTTP1: true });
  const sessions = new Set<http2.ServerHttp2Session>();
  let connections = 0;
  server.on('session', (session) => {
    connections += 1;
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    onStream(stream, headers);
  });
  return { url: `${scheme}://127.0.0.1:${await listen(server, sessions)}`, sessions, connections: () => connections };
}

async function listen(server: Server, sessions: ReadonlySet<http2.ServerHttp2Session> = new Set()): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const session of sessions) session.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function proxyTo(
  url: string,
  transport: ServersTransportConfig = { insecureSkipVerify: true },
): Promise<Harness> {
  const harness = await startProxy({
    entryPoints: [{ name: 'websecure', tls: true }],
    routers: [{ entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([url], { serversTransport: 'transport@test' }) },
    serversTransports: { 'transport@test': transport },
    certificates: [certificate],
  });
  closers.push(() => harness.close());
  return harness;
}

function connect(harness: Harness): http2.ClientHttp2Session {
  const session = http2.connect(`https://127.0.0.1:${harness.port()}`, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  closers.push(() => {
    session.destroy();
    return undefined;
  });
  return session;
}

interface Answer {
  readonly headers: http2.IncomingHttpHeaders;
  readonly trailers: http2.IncomingHttpHeaders;
  readonly body: string;
}

async function finish(stream: http2.ClientHttp2Stream): Promise<Answer> {
  let headers: http2.IncomingHttpHeaders = {};
  let trailers: http2.IncomingHttpHeaders = {};
  let body = '';
  stream.on('response', (fields) => {
    headers = fields;
  });
  stream.on('trailers', (fields) => {
    trailers = fields;
  });
  stream.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  stream.on('error', () => undefined);
  await new Promise((resolve) => stream.on('close', resolve));
  return { headers, trailers, body };
}

const grpc = { ':method': 'POST', ':path': '/pkg.Service/Call', 'content-type': 'application/grpc', te: 'trailers' };

/** Sends back what it gets, with a status in trailers, as gRPC servers do. */
const echo: OnStream = (stream, headers) => {
  stream.respond(
    {
      ':status': 200,
      'content-type': 'application/grpc',
      'x-te': headers.te ?? '',
      'x-host': headers[':authority'] ?? '',
    },
    { waitForTrailers: true },
  );
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' }));
  stream.pipe(stream);
};

describe.each(['https', 'h2c'] as const)('gRPC to a server on %s', (scheme) => {
  test('unary: head, body and trailers pass', async () => {
    const { url } = await backend(scheme, echo);
    const harness = await proxyTo(url);
    const stream = connect(harness).request({ ...grpc, ':authority': 'app.test' });
    stream.end('message');
    const answer = await finish(stream);
    expect(answer.headers).toMatchObject({ ':status': 200, 'x-te': 'trailers', 'x-host': 'app.test' });
    expect(answer.body).toBe('message');
    expect(answer.trailers).toMatchObject({ 'grpc-status': '0', 'grpc-message': 'fine' });
    expect(await harness.record()).toMatchObject({ status: 200, originStatus: 200, error: null, requestBytes: 7 });
  });

  test('fields and trailers may be called as members of every object are', async () => {
    let sent: http2.IncomingHttpHeaders = {};
    const { url } = await backend(scheme, (stream) => {
      stream.on('trailers', (fields) => {
        sent = fields;
      });
      stream.respond({ ':status': 200, constructor: 'head' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ constructor: 'end' }));
      stream.resume();
      stream.on('end', () => stream.end('done'));
    });
    const harness = await proxyTo(url);
    const stream = connect(harness).request({ ...grpc, constructor: 'asked' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ constructor: 'x', 'x-sum': '1' }));
    stream.end('message');
    const answer = await finish(stream);
    expect([answer.headers['constructor'], answer.body, answer.trailers['constructor']]).toEqual([
      'head',
      'done',
      'end',
    ]);
    expect(sent['x-sum']).toBe('1');
  });

  test('streaming: both sides speak in turn on one stream, and many share one connection', async () => {
    const { url, connections } = await backend(scheme, echo);
    const harness = await proxyTo(url);
    const session = connect(harness);
    const first = session.request(grpc);
    await once(first, 'response');
    for (const message of ['one', 'two', 'three']) {
      first.write(message);
      expect(String(await once(first, 'data'))).toBe(message);
    }
    const others = Array.from({ length: 20 }, () => {
      const stream = session.request(grpc);
      stream.end('x');
      return finish(stream);
    });
    expect((await Promise.all(others)).every(({ trailers }) => trailers['grpc-status'] === '0')).toBe(true);
    first.end();
    await once(first, 'close');
    expect(connections()).toBe(1);
  });

  test('an answer of trailers alone, a reset and a client that leaves are what they were', async () => {
    let cancelled = false;
    const { url } = await backend(scheme, (stream, headers) => {
      if (headers[':path'] === '/trailers') stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true });
      else if (headers[':path'] === '/reset') stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      else if (headers[':path'] === '/half') {
        stream.respond({ ':status': 200 });
        stream.write('half', () => stream.destroy(new Error('half')));
      } else stream.on('close', () => void (cancelled = true));
    });
    const harness = await proxyTo(url);
    const session = connect(harness);
    const ask = (path: string) => finish(session.request({ ...grpc, ':path': path }).end());
    expect((await ask('/trailers')).headers['grpc-status']).toBe('5');
    expect((await ask('/reset')).headers[':status']).toBe(502);
    await ask('/half');
    const half = await harness.record(({ target }) => target === '/half');
    expect(half.error?.code).toBe('UPSTREAM_TRUNCATED');
    const waiting = session.request({ ...grpc, ':path': '/wait' });
    waiting.on('error', () => undefined);
    waiting.write('x');
    setTimeout(() => waiting.close(http2.constants.NGHTTP2_CANCEL), 50);
    await until(() => cancelled, 'the server to hear of it');
  });
});

test('big bodies pass both ways at the pace of the slower side', async () => {
  const { url } = await backend('https', echo);
  const harness = await proxyTo(url);
  const stream = connect(harness).request(grpc);
  const size = 20 * 1024 * 1024;
  let received = 0;
  stream.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  const chunk = Buffer.alloc(64 * 1024, 1);
  for (let sent = 0; sent < size; sent += chunk.length) {
    if (!stream.write(chunk)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
  expect(received).toBe(size);
});

test('disableHTTP2 and servers without HTTP/2 are asked on HTTP/1, on the connection that found it out', async () => {
  const pem = { cert: certificate.certificatePem, key: certificate.privateKeyPem };
  let connections = 0;
  const server = https.createServer(pem, (request, response) => response.end(request.httpVersion));
  server.on('secureConnection', () => {
    connections += 1;
  });
  const old = await listen(server);
  const oldHarness = await proxyTo(`https://127.0.0.1:${old}`);
  const session = connect(oldHarness);
  for (let i = 0; i < 3; i += 1) expect((await finish(session.request({ ':path': '/' }))).body).toBe('1.1');
  expect(connections).toBe(1);
  server.closeAllConnections();
  const both = http2.createSecureServer({ ...pem, allowHTTP1: true }, (request, response) => {
    response.end(request.httpVersion);
  });
  const url = `https://127.0.0.1:${await listen(both)}`;
  const plain = await proxyTo(url, { insecureSkipVerify: true, disableHTTP2: true });
  expect((await finish(connect(plain).request({ ':path': '/' }))).body).toBe('1.1');
});

test('a server that goes away and comes back is asked again', async () => {
  const { url, sessions, connections } = await backend('https', echo);
  const harness = await proxyTo(url);
  const session = connect(harness);
  const ask = async () => (await finish(session.request(grpc).end('a'))).body;
  expect(await ask()).toBe('a');
  for (const each of sessions) each.goaway();
  for (const each of sessions) each.destroy();
  await until(() => sessions.size === 0, 'the connection to end');
  expect(await ask()).toBe('a');
  expect(connections()).toBe(2);
});

test('a server that cannot be reached, and one that answers too late', async () => {
  const gone = await proxyTo('h2c://127.0.0.1:1');
  expect((await finish(connect(gone).request({ ':path': '/' }))).headers[':status']).toBe(502);
  expect((await gone.record()).error?.code).toBe('UPSTREAM_REFUSED');
  const { url } = await backend('h2c', () => undefined);
  const late = await proxyTo(url, { forwardingTimeouts: { responseHeaderTimeout: '100ms' } });
  expect((await finish(connect(late).request({ ':path': '/' }))).headers[':status']).toBe(504);
});
