import { once } from 'node:events';
import http2 from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import {
  type Harness,
  type HarnessOptions,
  loadBalancer,
  type RawServer,
  sendRaw,
  startProxy,
  startRawServer,
} from '../../test/support/proxy-harness.ts';
import type { EntryPointOptions } from '../model/snapshot.ts';

let proxy: Harness | undefined;
let server: RawServer | undefined;

afterEach(async () => {
  await proxy?.close();
  await server?.close();
});

async function start(entryPoint: Partial<EntryPointOptions>, more: HarnessOptions = {}): Promise<Harness> {
  server = await startRawServer();
  proxy = await startProxy({
    entryPoints: [entryPoint],
    services: { 'app@test': loadBalancer([server.url]) },
    ...more,
  });
  return proxy;
}

const get = (target: string, fields: readonly string[] = []) =>
  `GET ${target} HTTP/1.1\r\nHost: a.example\r\n${fields.map((field) => `${field}\r\n`).join('')}Connection: close\r\n\r\n`;

async function answerTo(entryPoint: Partial<EntryPointOptions>, request: string, more?: HarnessOptions) {
  const { port } = await start(entryPoint, more);
  return sendRaw(port(), request);
}

describe('what an entry point does with requests', () => {
  it.each([
    ['keep', 200, true],
    ['delete', 200, false],
    ['reject', 400, false],
  ] as const)('header fields with an underscore: %s', async (underscoreHeaders, status, passed) => {
    const answer = await answerTo({ underscoreHeaders }, get('/', ['X-User: a', 'X_User: b']));
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(server?.received().includes('X_User: b')).toBe(passed);
    if (status === 200) expect(server?.received()).toContain('X-User: a');
  });

  it('refuses the encoded characters that it is told to, and no others', async () => {
    const { port } = await start({ encodedCharacters: { refused: ['%2F', '%23'], allowed: [] } });
    expect(await sendRaw(port(), get('/a%2fb'))).toMatch(/^HTTP\/1.1 400 /);
    expect(await sendRaw(port(), get('/a%23b'))).toMatch(/^HTTP\/1.1 400 /);
    expect(await sendRaw(port(), get('/a%3Bb?x=%2F'))).toMatch(/^HTTP\/1.1 200 /);
    expect(server?.received()).not.toContain('%2f');
  });

  it('takes an encoded slash for what it is where that is allowed, though rules differ on it', async () => {
    const routers = [
      { name: 'admin@test', rule: 'PathPrefix(`/files/admin`)', priority: 50 },
      { name: 'files@test', rule: 'PathPrefix(`/files`)', priority: 10 },
    ];
    const plain = await answerTo({}, get('/files%2Fadmin'), { routers });
    expect(plain).toMatch(/^HTTP\/1.1 400 /);
    await proxy?.close();
    await server?.close();
    const request = get('/files/x%2F..%2Fadmin');
    expect(await answerTo({}, request, { routers })).toMatch(/^HTTP\/1.1 400 /);
    await proxy?.close();
    await server?.close();
    const allowed = await answerTo({ encodedCharacters: { refused: [], allowed: ['%2F'] } }, request, { routers });
    expect(allowed).toMatch(/^HTTP\/1.1 200 /);
    expect(server?.received()).toContain('GET /files/x%2F..%2Fadmin HTTP/1.1');
    expect((await proxy?.record())?.router).toBe('files@test');
  });

  it('keeps a semicolon in a query a character', async () => {
    const { port } = await start({ encodeQuerySemicolons: true });
    await sendRaw(port(), get('/?a=1;b=2'));
    expect(server?.received()).toContain('GET /?a=1%3Bb=2 HTTP/1.1');
  });

  it('leaves X-Forwarded-For as a trusted proxy wrote it', async () => {
    const { port } = await start({ notAppendXForwardedFor: true, trustedIPs: ['127.0.0.1/32'] });
    await sendRaw(port(), get('/', ['X-Forwarded-For: 203.0.113.1']));
    expect(server?.received()).toContain('X-Forwarded-For: 203.0.113.1\r\n');
    await sendRaw(port(), get('/second'));
    expect(server?.received().split('/second')[1]).not.toMatch(/x-forwarded-for/i);
  });

  it('tells the scheme in two more fields where it is asked to, and lets no client say it', async () => {
    const claims = ['X-Scheme: https', 'X_Scheme: https', 'X-Forwarded-Scheme: https'];
    const { port } = await start({});
    await sendRaw(port(), get('/', claims));
    expect(server?.received()).not.toMatch(/scheme/i);
    await proxy?.close();
    await server?.close();
    const adding = await start({ addXForwardedSchemeHeaders: true, trustedIPs: ['127.0.0.1/32'] });
    await sendRaw(adding.port(), get('/', [...claims, 'X-Forwarded-Proto: wss']));
    const fields = server?.received().match(/^x[-_](?:forwarded[-_])?scheme: .*$/gim);
    expect(fields).toEqual(['X-Forwarded-Scheme: wss', 'X-Scheme: wss']);
  });

  it('shows middlewares what Connection names, and no server', async () => {
    const allowList = { 'only@test': { headers: { customRequestHeaders: { 'X-Seen': 'yes' } } } };
    const { port } = await start(
      { connectionFields: ['x-foo'] },
      { middlewares: allowList, routers: [{ rule: 'Header(`X-Foo`, `bar`)', middlewares: ['only@test'] }] },
    );
    const request = 'GET / HTTP/1.1\r\nHost: a\r\nX-Foo: bar\r\nX-Bar: 1\r\nConnection: close, X-Foo, X-Bar\r\n\r\n';
    expect(await sendRaw(port(), request)).toMatch(/^HTTP\/1.1 200 /);
    expect(server?.received()).toContain('X-Seen: yes');
    expect(server?.received()).not.toMatch(/x-foo|x-bar/i);
  });

  it('does not let a client take away what a trusted proxy said of it', async () => {
    const { port } = await start({ trustedIPs: ['127.0.0.1/32'] });
    const fields = 'X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.1\r\n';
    await sendRaw(
      port(),
      `GET / HTTP/1.1\r\nHost: a\r\n${fields}Connection: close, X-Forwarded-Proto, X-Forwarded-For\r\n\r\n`,
    );
    expect(server?.received()).toMatch(/X-Forwarded-Proto: https\r\n/);
    expect(server?.received()).toMatch(/X-Forwarded-For: 203\.0\.113\.1, 127\.0\.0\.1\r\n/);
  });

  it('tries routers above its redirection first', async () => {
    const redirect = { scheme: 'https', port: 443, permanent: true, priority: 100 } as const;
    const routers = [
      { name: 'acme@test', rule: 'PathPrefix(`/.well-known`)', priority: 200 },
      { name: 'app@test', rule: 'PathPrefix(`/`)', priority: 10 },
    ];
    const { port } = await start({ redirect }, { routers });
    expect(await sendRaw(port(), get('/.well-known/x'))).toMatch(/^HTTP\/1.1 200 /);
    expect(await sendRaw(port(), get('/app'))).toMatch(/^HTTP\/1.1 301 [\s\S]*Location: https:\/\/a\.example\/app\r\n/);
  });
});

describe('how long an entry point keeps connections', () => {
  const two = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n';

  it('ends them after so many requests', async () => {
    const { port } = await start({ keepAliveMaxRequests: 2 });
    const answer = await sendRaw(port(), two);
    expect(answer.match(/HTTP\/1.1 200 /g)).toHaveLength(2);
    expect(answer.match(/connection: close/gi)).toHaveLength(1);
  });

  it('ends them after a time', async () => {
    const { port } = await start({ keepAliveMaxTimeMs: 1 });
    const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    // The first request begins the time; they are written one by one, which takes longer than that.
    const answer = await sendRaw(
      port(),
      Array.from({ length: 300 }, () => request),
    );
    expect(answer).toMatch(/connection: close/i);
  });

  it('does the same on HTTP/2, and bounds its streams', async () => {
    const { port } = await start(
      { tls: true, keepAliveMaxRequests: 2, http2: { maxConcurrentStreams: 7 } },
      { certificates: [await makeCertificate(['a.example'], true)], routers: [{ tls: true }] },
    );
    const session = http2.connect(`https://127.0.0.1:${port()}`, { rejectUnauthorized: false });
    const closed = once(session, 'goaway');
    const ask = async (path: string): Promise<unknown> => {
      const stream = session.request({ ':path': path, ':authority': 'a.example' });
      const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
      stream.resume();
      await once(stream, 'close');
      return head[':status'];
    };
    expect(await ask('/1')).toBe(200);
    expect(session.remoteSettings.maxConcurrentStreams).toBe(7);
    expect(await ask('/2')).toBe(200);
    const [code] = await closed;
    expect(code).toBe(0);
    session.destroy();
  });
});
