import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { type Answerer, bodyOf, createMiddlewareWire } from '../../test/support/middleware-wire.ts';
import { checkUpstream } from '../http/upstream.ts';
import { createMiddlewareBuilder } from './builder.ts';

const wire = createMiddlewareWire();
const { ask, proxyBefore, upstream } = wire;
afterEach(() => wire.close());

async function guarded(auth: Answerer, options: object = {}, answer?: Answerer) {
  const asked: { message: IncomingMessage; body: string }[] = [];
  const passed: IncomingMessage[] = [];
  const address = await upstream(async (request, response) => {
    asked.push({ message: request, body: (await bodyOf(request)).toString() });
    auth(request, response);
  });
  const harness = await proxyBefore(
    (request, response) => {
      passed.push(request);
      if (answer) answer(request, response);
      else request.pipe(response);
    },
    { 'auth@test': { forwardAuth: { address: `${address}/verify?x=1`, ...options } } },
  );
  return { harness, asked, passed, address };
}

describe('forwardAuth', () => {
  it('asks with what the visitor sent and who it is, and lets in with what the auth server says of it', async () => {
    const { harness, asked, passed } = await guarded(
      (_request, response) => {
        response.setHeader('Remote-User', 'berta').setHeader('Remote-Groups', ['a', 'b']).setHeader('X-Other', 'no');
        response.setHeader('X-Id-Token', 't').end('never seen');
      },
      { authResponseHeaders: ['Remote-User', 'Remote-Groups', 'Remote-Email'], authResponseHeadersRegex: '^X-Id-' },
    );
    const response = await ask(
      harness,
      '/a?b=c',
      {
        Cookie: 'session=1',
        'Remote-User': 'forged',
        Remote_User: 'forged',
        'Remote.Groups': 'forged',
        'Remote-Email': 'forged',
        'x-id-admin': 'forged',
        X_Id_Admin: 'forged',
        'X-Forwarded-Method': 'forged',
      },
      { method: 'POST', body: 'hello' },
    );
    expect([response.statusCode, (await bodyOf(response)).toString()]).toEqual([200, 'hello']);
    expect(asked[0]?.message).toMatchObject({
      method: 'GET',
      url: '/verify?x=1',
      headers: {
        cookie: 'session=1',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'app.example.com',
        'x-forwarded-uri': '/a?b=c',
        'x-forwarded-method': 'POST',
      },
    });
    expect(asked[0]?.message.headers['content-length']).toBeUndefined();
    const { rawHeaders } = passed[0] as IncomingMessage;
    const told = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 && /^(?:remote|x.(?:id|other))/i.test(name) ? [`${name}: ${rawHeaders[index + 1]}`] : [],
    );
    expect(told).toEqual(['Remote-User: berta', 'Remote-Groups: a', 'Remote-Groups: b', 'X-Id-Token: t']);
    expect((await harness.record()).middlewares).toMatchObject([{ name: 'auth@test', verdict: 'passed' }]);
  });

  it.each([
    [401, { 'WWW-Authenticate': 'Basic' }, 'refused'],
    [403, { 'X-Reason': 'no' }, 'refused'],
    [302, { Location: '/login' }, 'answered'],
  ])('hands on an answer of %i, and the service sees nothing', async (status, headers, verdict) => {
    const { harness, passed, address } = await guarded((_request, response) =>
      response.writeHead(status, headers as Record<string, string>).end('who are you?'),
    );
    const response = await ask(harness, '/');
    expect([response.statusCode, (await bodyOf(response)).toString()]).toEqual([status, 'who are you?']);
    expect(response.headers).toMatchObject(
      status === 302
        ? { location: `${address}/login` }
        : Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toLowerCase(), v])),
    );
    expect(passed).toHaveLength(0);
    expect((await harness.record()).middlewares).toMatchObject([{ verdict }]);
  });

  it('leaves a redirect as it is written where it is told to, and never follows one', async () => {
    const { harness, asked } = await guarded(
      (_request, response) => response.writeHead(307, { Location: '/login' }).end(),
      { preserveLocationHeader: true },
    );
    const response = await ask(harness, '/');
    expect([response.statusCode, response.headers.location, asked.length]).toEqual([307, '/login', 1]);
  });

  it('sends those who are not signed in to the sign-in page', async () => {
    const { harness } = await guarded((_request, response) => response.writeHead(401).end(), {
      authSigninURL: 'https://auth.example.com/?rd=x',
    });
    const response = await ask(harness, '/');
    expect([response.statusCode, response.headers.location]).toEqual([302, 'https://auth.example.com/?rd=x']);
  });

  it('stays closed where the auth server is down, breaks off, or says too much', async () => {
    const down = await proxyBefore((_request, response) => response.end('open'), {
      'auth@test': { forwardAuth: { address: 'http://127.0.0.1:1/' } },
    });
    expect((await ask(down, '/')).statusCode).toBe(500);
    expect((await down.record()).error).toMatchObject({ code: 'UPSTREAM_REFUSED' });
    const broken = await guarded((request) => request.socket.destroy());
    expect((await ask(broken.harness, '/')).statusCode).toBe(500);
    const long = await guarded((_request, response) => response.end('x'.repeat(101)), { maxResponseBodySize: 100 });
    expect((await ask(long.harness, '/')).statusCode).toBe(401);
    expect([...broken.passed, ...long.passed]).toHaveLength(0);
  });

  it('shows the body where it is told to, whole to both, and refuses one that is too long', async () => {
    const options = { forwardBody: true, maxBodySize: 5, preserveRequestMethod: true };
    const { harness, asked, passed } = await guarded((_request, response) => response.end(), options);
    const response = await ask(harness, '/', {}, { method: 'PUT', body: 'hello' });
    expect([response.statusCode, (await bodyOf(response)).toString()]).toEqual([200, 'hello']);
    expect(asked[0]).toMatchObject({ body: 'hello', message: { method: 'PUT', headers: { 'content-length': '5' } } });
    expect((await ask(harness, '/', {}, { method: 'PUT', body: 'hello!' })).statusCode).toBe(401);
    expect([asked.length, passed.length]).toEqual([1, 1]);
  });

  it('sends only the fields that are wanted', async () => {
    const { harness, asked } = await guarded((_request, response) => response.end(), {
      authRequestHeaders: ['cookie'],
      trustForwardHeader: false,
    });
    await ask(harness, '/x', { Cookie: 'a=1', Authorization: 'Basic eA==' });
    expect(asked[0]?.message.headers).toMatchObject({
      cookie: 'a=1',
      'x-forwarded-uri': '/x',
      'x-forwarded-port': '80',
    });
    expect(asked[0]?.message.headers).not.toHaveProperty('authorization');
  });

  it('hands the cookies that are listed to the visitor, and knows it by a field for the log', async () => {
    const { harness, passed } = await guarded(
      (_request, response) =>
        void response.setHeader('Set-Cookie', ['a=1', 'b=2']).setHeader('Remote-User', 'berta').end(),
      { addAuthCookiesToResponse: ['a', 'c'], headerField: 'Remote-User' },
      (_request, response) => void response.setHeader('Set-Cookie', ['a=old', 'd=4']).end(),
    );
    const response = await ask(harness, '/', { 'Remote-User': 'forged' });
    expect(response.headers['set-cookie']).toEqual(['d=4', expect.stringContaining('lb='), 'a=1']);
    expect(passed[0]?.headers).not.toHaveProperty('remote-user');
    expect((await harness.record()).username).toBe('berta');
  });

  it('trusts an auth server over TLS by its authority, or blindly where it is told to', async () => {
    const { certificatePem, privateKeyPem } = await makeCertificate(['127.0.0.1']);
    const folder = mkdtempSync(join(tmpdir(), 'forward-auth-'));
    wire.onClose(() => rmSync(folder, { recursive: true }));
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, certificatePem);
    const server = createTlsServer({ cert: certificatePem, key: privateKeyPem }, (_request, response) =>
      response.end(),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    wire.onClose(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const statuses = [];
    for (const tls of [{}, { ca }, { insecureSkipVerify: true }]) {
      const harness = await proxyBefore((_request, response) => response.end('in'), {
        'auth@test': { forwardAuth: { address, tls } },
      });
      statuses.push((await ask(harness, '/')).statusCode);
    }
    expect(statuses).toEqual([500, 200, 200]);
  });

  it('proves itself to the auth server by its certificate', async () => {
    const server = await makeCertificate(['127.0.0.1']);
    const own = await makeCertificate(['gatehouse']);
    const auth = createTlsServer(
      { cert: server.certificatePem, key: server.privateKeyPem, requestCert: true, ca: own.certificatePem },
      (_request, response) => response.end(),
    );
    auth.listen(0, '127.0.0.1');
    await once(auth, 'listening');
    wire.onClose(() => {
      auth.closeAllConnections();
      auth.close();
    });
    const address = `https://127.0.0.1:${(auth.address() as AddressInfo).port}`;
    const ca = server.certificatePem;
    const statuses = [];
    for (const tls of [{ ca }, { ca, cert: own.certificatePem, key: own.privateKeyPem }]) {
      const harness = await proxyBefore((_request, response) => response.end('in'), {
        'auth@test': { forwardAuth: { address, tls } },
      });
      statuses.push((await ask(harness, '/')).statusCode);
    }
    expect(statuses).toEqual([500, 200]);
  });

  it.each([
    [{}, 'address must be given'],
    [{ address: 'ftp://auth' }, 'not the address of an HTTP server'],
    [{ address: 'http://user:secret@auth' }, 'must not hold a user'],
    [{ address: 'http://auth', tls: { ca: '/nowhere.pem' } }, '/nowhere.pem cannot be read'],
    [{ address: 'http://auth', tls: { cert: 'c' } }, 'go together'],
    [{ address: 'http://auth', authResponseHeadersRegex: '(' }, 'no regular expression'],
    [{ address: 'http://auth', authResponseHeaders: ['a b'] }, 'no header name'],
  ])('cannot be used with %j', (options, message) => {
    const surroundings = { service: () => () => undefined, connect: checkUpstream };
    const builder = createMiddlewareBuilder({ m: { forwardAuth: options } }, undefined, undefined, surroundings);
    expect(() => builder.build('m')).toThrow(message);
  });
});
