import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { get as httpsGet } from 'node:https';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { makeExchange, makeRequest } from '../../test/support/exchange.ts';
import { bodyOf, createMiddlewareWire } from '../../test/support/middleware-wire.ts';
import { loadBalancer, startProxy, until } from '../../test/support/proxy-harness.ts';
import type { Handler } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { tlsOptionsSnapshot } from '../model/tls.ts';
import { createMiddlewareBuilder } from './builder.ts';
import { sniffMediaType } from './media-sniffing.ts';

const wire = createMiddlewareWire();
const { ask, proxyBefore } = wire;
afterEach(() => wire.close());

describe('contentType', () => {
  it.each([
    ['<html><body>', 'text/html; charset=utf-8'],
    ['\n <!DOCTYPE html>', 'text/html; charset=utf-8'],
    ['<?xml version="1.0"?>', 'text/xml; charset=utf-8'],
    ['plain words', 'text/plain; charset=utf-8'],
    ['\x89PNG\r\n\x1a\n', 'image/png'],
    ['RIFF....WEBPVP8 ', 'image/webp'],
    ['\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'video/mp4'],
    ['\x1f\x8b\x08', 'application/x-gzip'],
    ['\x01\x02', 'application/octet-stream'],
    ['', 'text/plain; charset=utf-8'],
  ])('knows %j', (text, type) => {
    expect(sniffMediaType(Buffer.from(text, 'latin1'))).toBe(type);
  });

  it('tells the type of answers that do not, and of no others', async () => {
    const types: Record<string, string[]> = { '/none': [], '/said': ['text/css'], '/empty': [] };
    const harness = await proxyBefore(
      (request, response) => {
        response.setHeaders(new Map((types[request.url ?? ''] ?? []).map((type) => ['Content-Type', type])));
        response.end(request.url === '/empty' ? '' : '<html>');
      },
      { 'type@test': { contentType: {} } },
    );
    const found = [];
    for (const path of Object.keys(types)) found.push((await ask(harness, path)).headers['content-type']);
    expect(found).toEqual(['text/html; charset=utf-8', 'text/css', undefined]);
  });
});

describe('inFlightReq', () => {
  it('lets so many through at once, and the next when one has ended or was given up', async () => {
    const open: (() => void)[] = [];
    const harness = await proxyBefore((_request, response) => void open.push(() => response.end('ok')), {
      'limit@test': { inFlightReq: { amount: 2 } },
    });
    const first = ask(harness, '/');
    const second = ask(harness, '/');
    await until(() => open.length === 2, 'two requests under way');
    expect((await ask(harness, '/')).statusCode).toBe(429);
    open[0]?.();
    open[1]?.();
    await Promise.all((await Promise.all([first, second])).map(bodyOf));
    const third = ask(harness, '/');
    await until(() => open.length === 3, 'a third request');
    open[2]?.();
    expect((await third).statusCode).toBe(200);
  });

  it('counts by host unless it is told otherwise, and refuses to let in nobody', () => {
    const builder = createMiddlewareBuilder({
      host: { inFlightReq: { amount: 1 } },
      header: { inFlightReq: { amount: 1, sourceCriterion: { requestHeaderName: 'X-Who' } } },
      none: { inFlightReq: {} },
    });
    const hanging: Handler = () => undefined;
    const status = (name: string, changes: Parameters<typeof makeRequest>[0]) => {
      const exchange = makeExchange(makeRequest(changes));
      void builder.build(name)(hanging)(exchange);
      return exchange.sink.recorded.status;
    };
    expect(
      [{ host: 'a' }, { host: 'a', clientIp: '192.0.2.8' }, { host: 'b' }].map((each) => status('host', each)),
    ).toEqual([null, 429, null]);
    expect(
      [{ fields: { 'X-Who': '1' } }, { fields: { 'X-Who': '2' } }, { fields: { 'X-Who': '1' } }].map((each) =>
        status('header', each),
      ),
    ).toEqual([null, null, 429]);
    expect(() => builder.build('none')).toThrow('amount is 0');
  });
});

describe('passTLSClientCert', () => {
  const told = async (options: object, names: readonly string[], fields = {}) => {
    const { certificatePem } = await makeCertificate(names);
    const clientCertificates = [new X509Certificate(certificatePem).raw];
    const request = makeRequest({ fields, tls: { serverName: '', version: 'TLSv1.3', clientCertificates } });
    const handler = createMiddlewareBuilder({ m: { passTLSClientCert: options } }).build('m')(() => undefined);
    await handler(makeExchange(request));
    return { headers: request.headers, raw: new X509Certificate(certificatePem) };
  };

  it('tells the certificate, and nothing that the visitor says of one', async () => {
    const forged = { 'X-Forwarded-Tls-Client-Cert': 'forged', X_Forwarded_Tls_Client_Cert: 'forged' };
    const { headers, raw } = await told({ pem: true }, ['a.example'], forged);
    expect([...headers]).toEqual([['X-Forwarded-Tls-Client-Cert', raw.raw.toString('base64')]]);
  });

  it('tells the parts of it that are wanted', async () => {
    const info = {
      subject: { commonName: true },
      issuer: { commonName: true, country: true },
      serialNumber: true,
      notAfter: true,
      sans: true,
    };
    const { headers, raw } = await told({ info }, ['a.example', '127.0.0.1']);
    const text = decodeURIComponent((headers.get('x-forwarded-tls-client-cert-info') ?? '').replaceAll('+', ' '));
    const serial = BigInt(`0x${raw.serialNumber}`).toString();
    const notAfter = Date.parse(raw.validTo) / 1000;
    expect(text).toBe(
      `Subject="CN=a.example";Issuer="CN=a.example";SerialNumber="${serial}";NA="${notAfter}";SAN="a.example,127.0.0.1"`,
    );
  });

  it.each(['http/1.1', 'h2'])('tells what the handshake brought, over %s', async (protocol) => {
    const fallback = await makeCertificate(['fallback.test'], true);
    const friend = await makeCertificate(['friend']);
    const harness = await startProxy({
      entryPoints: [{ name: 'websecure', tls: true }],
      routers: [{ entryPoints: ['websecure'], tls: true, middlewares: ['m@test'] }],
      middlewares: { 'm@test': { passTLSClientCert: { pem: true } } },
      certificates: [fallback],
      tlsOptions: { 'mutual@file': tlsOptionsSnapshot({ clientAuth: {} }, [friend.certificatePem]) },
      tlsHosts: { websecure: { 'secret.test': 'mutual@file' } },
    });
    wire.onClose(() => harness.close());
    const options = {
      servername: 'secret.test',
      rejectUnauthorized: false,
      cert: friend.certificatePem,
      key: friend.privateKeyPem,
    };
    let shown = '';
    if (protocol === 'h2') {
      const session = connectHttp2(`https://127.0.0.1:${harness.port()}`, options);
      wire.onClose(() => session.destroy());
      const stream = session.request({ ':path': '/', ':authority': 'secret.test' });
      for await (const chunk of stream) shown += String(chunk);
    } else {
      const asked = httpsGet({
        ...options,
        host: '127.0.0.1',
        port: harness.port(),
        agent: false,
        headers: { host: 'secret.test' },
      });
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      shown = (await bodyOf(response)).toString();
    }
    const der = new X509Certificate(friend.certificatePem).raw.toString('base64');
    expect(shown.toLowerCase()).toContain(`x-forwarded-tls-client-cert: ${der.toLowerCase()}\n`);
  });

  it('tells nothing where there is no certificate', async () => {
    const request = makeRequest();
    await createMiddlewareBuilder({ m: { passTLSClientCert: { pem: true, info: {} } } }).build('m')(() => undefined)(
      makeExchange(request),
    );
    expect([...request.headers]).toEqual([]);
  });
});

describe('grpcWeb', () => {
  const frame = (flag: number, text: string): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt8(flag, 0);
    head.writeUInt32BE(Buffer.byteLength(text), 1);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  const build = (next: Handler) =>
    createMiddlewareBuilder({ m: { grpcWeb: { allowOrigins: ['https://app'] } } }).build('m')(next);

  it.each(['application/grpc-web+proto', 'application/grpc-web-text'])('turns %s into gRPC and back', async (type) => {
    const isText = type.includes('text');
    const body = new PassThrough();
    const sent = frame(0, 'hello');
    // Two pieces, each padded, cut at an odd place.
    const wireText = Buffer.from(sent.subarray(0, 4).toString('base64') + sent.subarray(4).toString('base64'));
    const onWire = isText ? wireText : sent;
    body.write(onWire.subarray(0, 7));
    setImmediate(() => body.end(onWire.subarray(7)));
    let got = Buffer.alloc(0);
    const fields = { 'Content-Type': type, Origin: 'https://app', 'Content-Length': '10' };
    const exchange = makeExchange(makeRequest({ method: 'POST', fields, body }));
    await build(async ({ request, sink }) => {
      expect(request.headers.get('content-type')).toBe(isText ? 'application/grpc' : 'application/grpc+proto');
      expect([request.headers.get('te'), request.headers.has('content-length')]).toEqual(['trailers', false]);
      for await (const chunk of request.body ?? []) got = Buffer.concat([got, chunk as Buffer]);
      sink.head({ status: 200, headers: new HeaderList(['Content-Type', 'application/grpc+proto', 'X-A', '1']) });
      sink.write(frame(0, 'world'));
      sink.end(new HeaderList(['Grpc-Status', '0', 'grpc-message', 'fine']));
    })(exchange);
    expect(got.equals(sent)).toBe(true);
    const { recorded } = exchange.sink;
    const pieces = recorded.chunks.map((chunk) =>
      isText ? Buffer.from(Buffer.from(chunk).toString(), 'base64') : chunk,
    );
    expect(
      Buffer.concat(pieces).equals(
        Buffer.concat([frame(0, 'world'), frame(0x80, 'grpc-status: 0\r\ngrpc-message: fine\r\n')]),
      ),
    ).toBe(true);
    expect(recorded.trailers).toBeUndefined();
    expect(recorded.headers.get('content-type')).toBe(
      isText ? 'application/grpc-web-text+proto' : 'application/grpc-web+proto',
    );
    expect(recorded.headers.get('access-control-allow-origin')).toBe('https://app');
    expect(recorded.headers.get('access-control-expose-headers')).toContain('X-A');
  });

  it('reaches a gRPC server over the wire, and brings its trailers', async () => {
    const server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      expect([headers['content-type'], headers.te]).toEqual(['application/grpc', 'trailers']);
      stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.on('data', (chunk: Buffer) => stream.write(chunk));
      stream.on('end', () => stream.end());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    wire.onClose(() => server.close());
    const { port } = server.address() as AddressInfo;
    const harness = await startProxy({
      routers: [{ middlewares: ['grpc@test'] }],
      middlewares: { 'grpc@test': { grpcWeb: { allowOrigins: ['*'] } } },
      services: { 'app@test': loadBalancer([`h2c://127.0.0.1:${port}`]) },
    });
    wire.onClose(() => harness.close());
    const fields = { 'Content-Type': 'application/grpc-web', Origin: 'https://app' };
    const response = await ask(harness, '/pkg.Service/Method', fields, { method: 'POST', body: frame(0, 'hello') });
    expect(response.headers['content-type']).toBe('application/grpc-web');
    const body = await bodyOf(response);
    expect(body.equals(Buffer.concat([frame(0, 'hello'), frame(0x80, 'grpc-status: 0\r\n')]))).toBe(true);
  });

  it.each([
    ['https://app', 'https://app'],
    ['https://evil', undefined],
  ])('answers the question of a browser at %s', async (origin, allowed) => {
    const fields = {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'x-grpc-web,x-user-agent',
    };
    const exchange = makeExchange(makeRequest({ method: 'OPTIONS', fields }));
    await build(() => {
      throw new Error('asked');
    })(exchange);
    expect(exchange.sink.recorded.status).toBe(204);
    expect(exchange.sink.recorded.headers.get('access-control-allow-origin')).toBe(allowed);
  });

  it('leaves other requests alone', async () => {
    const exchange = makeExchange(makeRequest({ method: 'POST', fields: { 'Content-Type': 'application/json' } }));
    let isSame = false;
    await build((handed) => {
      isSame = handed === exchange;
    })(exchange);
    expect(isSame).toBe(true);
  });
});
