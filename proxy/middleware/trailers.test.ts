import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import {
  type Harness,
  type HarnessOptions,
  loadBalancer,
  sendRaw,
  startProxy,
} from '../../test/support/proxy-harness.ts';

/** Trailers stay where a middleware reads a body whole, sends it again or replaces it (RFC 9110 section 6.5). */

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function serve(answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer);
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

/** Over HTTP/2 without TLS, as gRPC servers within a network speak. */
async function serveStreams(answer: (stream: http2.ServerHttp2Stream) => void): Promise<string> {
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', answer);
  closers.push(() => {
    for (const session of sessions) session.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return `h2c://127.0.0.1:${await listen(server)}`;
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

interface Proxied {
  readonly harness: Harness;
  readonly connect: () => http2.ClientHttp2Session;
}

async function proxyWith(
  middlewares: NonNullable<HarnessOptions['middlewares']>,
  services: NonNullable<HarnessOptions['services']>,
): Promise<Proxied> {
  const certificate = await makeCertificate(['127.0.0.1'], true);
  const harness = await startProxy({
    entryPoints: [{}, { name: 'websecure', tls: true }],
    routers: [
      { middlewares: Object.keys(middlewares) },
      { entryPoints: ['websecure'], tls: true, middlewares: Object.keys(middlewares) },
    ],
    middlewares,
    services,
    certificates: [certificate],
  });
  closers.push(() => harness.close());
  const connect = () => {
    const session = http2.connect(`https://127.0.0.1:${harness.port('websecure')}`, { ca: certificate.certificatePem });
    closers.push(async () => session.destroy());
    return session;
  };
  return { harness, connect };
}

/** Says which trailers came, and with which framing. */
const echo: http.RequestListener = (request, response) => {
  void textOf(request).then((body) =>
    response.end(JSON.stringify({ body, trailers: request.trailers, user: request.headers['x-user'] ?? null })),
  );
};

async function postOverHttp1({ harness }: Proxied): Promise<string> {
  const head = 'POST / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n';
  return sendRaw(harness.port(), `${head}5\r\nhello\r\n0\r\nX-Sum: 5\r\nX-User: admin\r\n\r\n`);
}

async function postOverHttp2({ connect }: Proxied, headers: http2.OutgoingHttpHeaders = {}): Promise<string> {
  const stream = connect().request({ ':method': 'POST', ':path': '/', ...headers }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '5', 'x-user': 'admin' }));
  stream.end('hello');
  return textOf(stream);
}

describe('of a request', () => {
  const kept = '{"body":"hello","trailers":{"x-sum":"5","x-user":"admin"},"user":null}';

  test.each([
    ['buffering', { buffering: {} }],
    ['buffering, before another that reads it', { buffering: {} }],
    ['retry', { retry: { attempts: 2, status: ['500'], retryNonIdempotentMethod: true } }],
    ['compress', { compress: {} }],
  ])('reach the server behind %s', async (what, middleware) => {
    const middlewares = what.includes('another')
      ? {
          'one@test': middleware,
          'two@test': { retry: { attempts: 2, status: ['500'], retryNonIdempotentMethod: true } },
        }
      : { 'one@test': middleware };
    const proxied = await proxyWith(middlewares, { 'app@test': loadBalancer([await serve(echo)]) });
    expect(await postOverHttp1(proxied)).toContain(kept);
    expect(await postOverHttp2(proxied)).toBe(kept);
    // A length says nothing of trailers on HTTP/2; on HTTP/1.1 there is none beside them.
    if (what.startsWith('buffering')) expect(await postOverHttp2(proxied, { 'content-length': 5 })).toBe(kept);
  });

  test('reach a service that the body is sent to again', async () => {
    let asked = 0;
    const failing = await serve((request, response) => {
      asked += 1;
      request.resume().on('end', () => response.writeHead(500).end());
    });
    const proxied = await proxyWith(
      {},
      {
        'app@test': {
          kind: 'failover',
          service: 'main@test',
          fallback: 'spare@test',
          errors: { status: ['500'], maxRequestBodyBytes: 100 },
          healthCheck: false,
        },
        'main@test': loadBalancer([failing]),
        'spare@test': loadBalancer([await serve(echo)]),
      },
    );
    expect(await postOverHttp1(proxied)).toContain(kept);
    expect(await postOverHttp2(proxied)).toBe(kept);
    expect(asked).toBe(2);
  });

  test.each([true, false])(
    'none is taken for what a middleware says, though it came before that had asked (body kept: %s)',
    async (forwardBody) => {
      let isHeld = false;
      const auth = await serve((request, response) => {
        // Until then all of the client's request has come.
        const answer = () => response.writeHead(200, { 'X-User': 'berta' }).end();
        request.resume().on('end', () => {
          isHeld = true;
          setImmediate(() => setImmediate(answer));
        });
      });
      const proxied = await proxyWith(
        { 'auth@test': { forwardAuth: { address: auth, forwardBody, authResponseHeaders: ['X-User'] } } },
        { 'app@test': loadBalancer([await serve(echo)]) },
      );
      const expected = '{"body":"hello","trailers":{"x-sum":"5"},"user":"berta"}';
      expect(await postOverHttp1(proxied)).toContain(expected);
      expect(await postOverHttp2(proxied)).toBe(expected);
      expect(isHeld).toBe(true);
    },
  );
});

describe('of an answer', () => {
  const text = 'Gatehouse '.repeat(500);
  const withTrailers: http.RequestListener = (_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain', Trailer: 'X-Sum, Content-Digest' });
    response.write(text);
    response.addTrailers({ 'X-Sum': '42', 'Content-Digest': 'sha-256=:plain:' });
    response.end();
  };

  test.each([
    ['compress', { compress: {} }, true],
    ['buffering', { buffering: {} }, false],
    ['errors', { errors: { status: ['500'], service: 'app@test' } }, false],
  ])('pass %s over both protocols', async (_what, middleware, isCompressed) => {
    const proxied = await proxyWith(
      { 'one@test': middleware },
      { 'app@test': loadBalancer([await serve(withTrailers)]) },
    );
    const { harness, connect } = proxied;
    const asked = http.get({
      ...{ host: '127.0.0.1', port: harness.port(), agent: false },
      headers: { 'accept-encoding': 'gzip', te: 'trailers' },
    });
    const [response] = (await once(asked, 'response')) as [http.IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    expect((isCompressed ? gunzipSync(bytes) : bytes).toString()).toBe(text);
    // A digest of other bytes than these is no digest.
    const expected = { 'x-sum': '42', ...(isCompressed ? {} : { 'content-digest': 'sha-256=:plain:' }) };
    expect(response.trailers).toEqual(expected);

    const stream = connect().request({ ':path': '/', 'accept-encoding': 'gzip' });
    let trailers: http2.IncomingHttpHeaders = {};
    stream.on('trailers', (fields) => {
      trailers = fields;
    });
    const parts: Buffer[] = [];
    for await (const chunk of stream) parts.push(chunk as Buffer);
    const all = Buffer.concat(parts);
    expect((isCompressed ? gunzipSync(all) : all).toString()).toBe(text);
    expect(Object.fromEntries(Object.entries(trailers))).toEqual(expected);
  });

  test('a gRPC call through compress, buffering and retry has its status', async () => {
    const upstream = await serveStreams((stream) => {
      stream.resume().on('end', () => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '7', 'grpc-message': 'no' }));
        stream.end(text);
      });
    });
    const { connect } = await proxyWith(
      { 'c@test': { compress: {} }, 'b@test': { buffering: {} }, 'r@test': { retry: { attempts: 3 } } },
      { 'app@test': loadBalancer([upstream]) },
    );
    const stream = connect().request({
      ...{ ':method': 'POST', ':path': '/pkg.Service/Call', te: 'trailers' },
      ...{ 'content-type': 'application/grpc', 'accept-encoding': 'gzip' },
    });
    let trailers: http2.IncomingHttpHeaders = {};
    let encoding: unknown;
    stream.on('response', (headers) => {
      encoding = headers['content-encoding'];
    });
    stream.on('trailers', (fields) => {
      trailers = fields;
    });
    stream.end('call');
    expect(await textOf(stream)).toBe(text);
    expect(trailers).toMatchObject({ 'grpc-status': '7', 'grpc-message': 'no' });
    expect(encoding).toBeUndefined();
  });
});
