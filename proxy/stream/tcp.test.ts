import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import {
  type Harness,
  type HarnessOptions,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
  until,
} from '../../test/support/proxy-harness.ts';
import type {
  CertificateSnapshot,
  EntryPointOptions,
  StreamSnapshot,
  TcpRouterSnapshot,
  TcpServiceSnapshot,
} from '../model/snapshot.ts';
import { tlsOptionsSnapshot } from '../model/tls.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

let fallback: CertificateSnapshot;
let mail: CertificateSnapshot;
beforeAll(async () => {
  fallback = await makeCertificate(['fallback.test'], true);
  mail = await makeCertificate(['mail.test']);
});

type Balanced = Extract<TcpServiceSnapshot, { kind: 'loadBalancer' }>;

function to(addresses: readonly string[], more: Partial<Balanced> = {}): TcpServiceSnapshot {
  return {
    kind: 'loadBalancer',
    servers: addresses.map((address) => ({ address, tls: false })),
    serversTransport: null,
    proxyProtocol: 0,
    terminationDelayMs: 100,
    healthCheck: null,
    ...more,
  };
}

function router(rule: string, more: Partial<TcpRouterSnapshot> = {}): TcpRouterSnapshot {
  return {
    name: 'db@test',
    entryPoints: ['web'],
    rule,
    syntax: 'v3',
    priority: rule === 'HostSNI(`*`)' ? -1 : rule.length,
    tls: 'none',
    tlsOptions: null,
    middlewares: [],
    service: 'db@test',
    ...more,
  };
}

async function start(
  tcpRouters: readonly TcpRouterSnapshot[],
  tcpServices: StreamSnapshot['tcpServices'],
  more: HarnessOptions & { readonly entryPoint?: Partial<EntryPointOptions> } = {},
): Promise<Harness> {
  const harness = await startProxy({
    routers: [],
    certificates: [fallback, mail],
    ...more,
    entryPoints: [more.entryPoint ?? {}],
    streams: { tcpRouters, tcpServices, ...more.streams },
  });
  closers.push(() => harness.close());
  return harness;
}

/** Answers each piece of text with its name before it. */
async function echo(name: string) {
  const server = await startRawServer((socket, text) => socket.write(`${name}:${text}`));
  closers.push(() => server.close());
  return { ...server, address: `127.0.0.1:${server.port}` };
}

async function tlsEcho(name: string, certificate: CertificateSnapshot, options: tls.TlsOptions = {}) {
  const server = tls.createServer(
    { cert: certificate.certificatePem, key: certificate.privateKeyPem, ...options },
    (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => socket.write(`${name}:${chunk.toString()}`));
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

/** What comes back for one piece of text over TLS, and by which certificate. */
function askTls(
  port: number,
  servername: string,
  text = 'hi',
  options: tls.ConnectionOptions = {},
): Promise<{ readonly answer: string; readonly certificate: string }> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false, ...options });
    let certificate = '';
    socket.on('secureConnect', () => {
      certificate = String(socket.getPeerCertificate().subject.CN);
      socket.write(text);
    });
    socket.on('data', (chunk) => {
      socket.destroy();
      resolve({ answer: chunk.toString(), certificate });
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
  });
}

const ask = (port: number, text = 'hi') => sendRaw(port, text, (answer) => answer.length > 0);

describe('without TLS', () => {
  test('a router that takes all gets every connection, whoever speaks first', async () => {
    const server = await echo('a');
    const harness = await start([router('HostSNI(`*`)')], { 'db@test': to([server.address]) });
    expect(await ask(harness.port())).toBe('a:hi');
    expect(await harness.record()).toMatchObject({
      protocol: 'TCP',
      scheme: 'tcp',
      entryPoint: 'web',
      clientIp: '127.0.0.1',
      router: 'db@test',
      service: 'db@test',
      serverUrl: `tcp://${server.address}`,
      status: 0,
      requestBytes: 2,
      responseBytes: 4,
      error: null,
    });
    const greeter = net.createServer((socket) => socket.end('220 hello')).listen(0, '127.0.0.1');
    await once(greeter, 'listening');
    closers.push(() => greeter.close());
    const { port } = greeter.address() as net.AddressInfo;
    harness.apply({
      routers: [],
      streams: { tcpRouters: [router('HostSNI(`*`)')], tcpServices: { 'db@test': to([`127.0.0.1:${port}`]) } },
    });
    expect(await sendRaw(harness.port(), '')).toBe('220 hello');
  });

  test('HTTP is served beside routers that take only some', async () => {
    const server = await echo('a');
    const other = router('ClientIP(`10.0.0.0/8`)');
    const harness = await start([other], { 'db@test': to([server.address]) }, { routers: [{}] });
    const answer = await sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(statuses(answer)).toEqual([200]);
    expect(server.received()).toBe('');
  });

  test('a side that has ended may still be sent to, for as long as terminationDelay says', async () => {
    const late = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('end', () => setTimeout(() => socket.end('late'), 250));
      socket.resume();
    });
    late.listen(0, '127.0.0.1');
    await once(late, 'listening');
    closers.push(() => late.close());
    const address = `127.0.0.1:${(late.address() as net.AddressInfo).port}`;
    const harness = await start([router('HostSNI(`*`)')], { 'db@test': to([address], { terminationDelayMs: -1 }) });
    const endOf = async (): Promise<string> => {
      const socket = net.connect({ port: harness.port(), host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => undefined);
      socket.end('bye');
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      await once(socket, 'close');
      return text;
    };
    const patient = endOf();
    expect(await patient).toBe('late');
    harness.apply({
      routers: [],
      streams: {
        tcpRouters: [router('HostSNI(`*`)')],
        tcpServices: { 'db@test': to([address], { terminationDelayMs: 50 }) },
      },
    });
    expect(await endOf()).toBe('');
  });

  test('a server that does not read holds its client back', async () => {
    const held: net.Socket[] = [];
    const server = net.createServer((socket) => {
      socket.pause();
      held.push(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => server.close());
    closers.push(() => held.forEach((socket) => socket.destroy()));
    const address = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    const harness = await start([router('HostSNI(`*`)')], { 'db@test': to([address]) });
    const client = net.connect(harness.port(), '127.0.0.1');
    client.on('error', () => undefined);
    closers.push(() => client.destroy());
    const piece = Buffer.alloc(1024 * 1024);
    let stalledAt = 0;
    for (let sent = 0; sent < 64; sent++) {
      const taken = new Promise((resolve) => client.write(piece, resolve));
      const late = await Promise.race([taken, new Promise((resolve) => setTimeout(resolve, 500, 'late'))]);
      if (late === 'late') {
        stalledAt = sent;
        break;
      }
    }
    expect(stalledAt).toBeGreaterThan(0);
    expect(stalledAt).toBeLessThan(32);
  });

  test('what goes wrong stands in the record', async () => {
    const closed = net.createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as net.AddressInfo;
    closed.close();
    const harness = await start([router('HostSNI(`*`)')], { 'db@test': to([`127.0.0.1:${port}`]) });
    expect(await ask(harness.port())).toBe('');
    expect((await harness.record()).error?.code).toBe('UPSTREAM_REFUSED');
    const streams = { tcpRouters: [router('HostSNI(`*`)')], tcpServices: { 'db@test': to([]) } };
    harness.apply({ routers: [], streams });
    expect(await ask(harness.port())).toBe('');
    expect((await harness.record(({ error }) => error?.code === 'NO_SERVER')).serverUrl).toBeNull();
    harness.apply({ routers: [], streams: { ...streams, tcpServices: {} } });
    expect(await ask(harness.port())).toBe('');
    await harness.record(({ error }) => error?.code === 'SERVICE_DISABLED');
    expect(harness.messages.findLast((message) => message.type === 'applied')).toMatchObject({
      errors: [{ object: 'tcp db@test' }],
    });
    // Its protection cannot be built: the one below it does not get its connections.
    const refusing = { ...router('HostSNI(`*`)', { name: 'guarded' }), service: '', refuse: { reason: 'no list' } };
    harness.apply({
      routers: [],
      streams: { ...streams, tcpRouters: [{ ...refusing, priority: 9 }, router('HostSNI(`*`)')] },
    });
    expect(await ask(harness.port())).toBe('');
    expect(await harness.record(({ error }) => error?.detail === 'no list')).toMatchObject({
      router: 'guarded',
      service: null,
    });
    expect(harness.messages.findLast((message) => message.type === 'applied')).toMatchObject({ errors: [] });
    await until(() => harness.messages.some((each) => each.type === 'traffic' && each.counts.length > 0), 'counts');
    const counts = harness.messages.flatMap((each) => (each.type === 'traffic' ? each.counts : []));
    expect(counts.reduce((sum, { statusClasses }) => sum + statusClasses[4], 0)).toBe(4);
    expect(counts.every(({ latency }) => latency.every((count) => count === 0))).toBe(true);
  });

  test('weighted services; a server that is down is passed over', async () => {
    const [a, b, c] = [await echo('a'), await echo('b'), await echo('c')];
    const harness = await start([router('HostSNI(`*`)')], {
      'db@test': {
        kind: 'weighted',
        healthCheck: false,
        services: [
          { name: 'one@test', weight: 3 },
          { name: 'two@test', weight: 1 },
        ],
      },
      'one@test': to([a.address]),
      'two@test': to([b.address, c.address]),
    });
    harness.proxy.receive({ type: 'down', servers: { 'tcp two@test': [b.address] } });
    const answers: string[] = [];
    for (let i = 0; i < 8; i++) answers.push(await ask(harness.port()));
    expect(answers.filter((each) => each === 'a:hi')).toHaveLength(6);
    expect(answers.filter((each) => each === 'c:hi')).toHaveLength(2);
  });
});

describe('with TLS', () => {
  test('one port serves HTTPS, decrypted TCP, TLS passed through, and HTTP', async () => {
    const plain = await echo('plain');
    const own = await makeCertificate(['own.test']);
    const through = await tlsEcho('through', own);
    const harness = await start(
      [
        router('HostSNI(`mail.test`)', { name: 'mail@test', tls: 'terminate', service: 'mail@test' }),
        router('HostSNI(`own.test`)', { name: 'own@test', tls: 'passthrough', service: 'own@test' }),
      ],
      { 'mail@test': to([plain.address]), 'own@test': to([through]) },
      { routers: [{ rule: 'Host(`app.test`)', tls: true }, { rule: 'Host(`plain.test`)' }] },
    );
    const port = harness.port();
    expect(await askTls(port, 'mail.test')).toEqual({ answer: 'plain:hi', certificate: 'mail.test' });
    expect(await askTls(port, 'own.test')).toEqual({ answer: 'through:hi', certificate: 'own.test' });
    expect(await askTls(port, 'Own.TEST')).toEqual({ answer: 'through:hi', certificate: 'own.test' });
    const status = (host: string) =>
      new Promise((resolve, reject) => {
        https
          .get(
            { port, host: '127.0.0.1', servername: host, headers: { host }, rejectUnauthorized: false },
            (answer) => {
              answer.resume();
              resolve(answer.statusCode);
            },
          )
          .on('error', reject);
      });
    expect(await status('app.test')).toBe(200);
    expect(await status('nobody.test')).toBe(404);
    const http = await sendRaw(port, 'GET / HTTP/1.1\r\nHost: plain.test\r\nConnection: close\r\n\r\n');
    expect(statuses(http)).toEqual([200]);
    expect(await harness.record(({ router: name }) => name === 'mail@test')).toMatchObject({
      scheme: 'tls',
      host: 'mail.test',
      tlsVersion: 'TLSv1.3',
    });
    expect(await harness.record(({ router: name }) => name === 'own@test')).toMatchObject({ tlsVersion: null });
  });

  test.each([true, false])('the order of Traefik, on a listener with TLS: %s', async (withTls) => {
    const [all, one] = [await echo('all'), await echo('one')];
    const routers = (rule: string) => [{ rule, tls: true }];
    const harness = await start(
      [
        router('HostSNI(`*`)', { name: 'all@test', tls: 'terminate', service: 'all@test' }),
        router('HostSNI(`one.test`)', { name: 'one@test', tls: 'terminate', service: 'one@test' }),
        router('HostSNI(`app.test`)', { name: 'app@test', tls: 'terminate', service: 'one@test' }),
      ],
      { 'all@test': to([all.address]), 'one@test': to([one.address]) },
      { routers: routers('Host(`app.test`)'), entryPoint: { tls: withTls } },
    );
    const port = harness.port();
    const text = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const answerOf = async (name: string) => (await askTls(port, name, text)).answer.slice(0, 12);
    expect(await answerOf('app.test')).toBe('HTTP/1.1 404');
    expect(await answerOf('one.test')).toBe('one:GET / HT');
    expect(await answerOf('else.test')).toBe('all:GET / HT');
    const streams: Partial<StreamSnapshot> = {
      tcpRouters: [router('HostSNI(`*`)', { tls: 'terminate' })],
      tcpServices: { 'db@test': to([all.address]) },
    };
    harness.apply({ routers: routers('PathPrefix(`/`)'), streams });
    expect(await answerOf('else.test')).toBe('HTTP/1.1 200');
  });

  test('a router has its own TLS options', async () => {
    const server = await echo('a');
    const friend = await makeCertificate(['friend']);
    const harness = await start(
      [
        router('HostSNI(`mail.test`)', { tls: 'terminate', tlsOptions: 'mutual@test' }),
        router('HostSNI(`open.test`)', { tls: 'terminate', name: 'open@test' }),
      ],
      { 'db@test': to([server.address]) },
      { tlsOptions: { 'mutual@test': tlsOptionsSnapshot({ clientAuth: {} }, [friend.certificatePem]) } },
    );
    await expect(askTls(harness.port(), 'mail.test')).rejects.toThrow();
    const identity = { cert: friend.certificatePem, key: friend.privateKeyPem };
    expect((await askTls(harness.port(), 'mail.test', 'hi', identity)).answer).toBe('a:hi');
    expect((await askTls(harness.port(), 'open.test')).answer).toBe('a:hi');
    expect(server.received()).toBe('hihi');
  });

  test('a hello in small pieces, and one that never comes whole', async () => {
    const server = await echo('a');
    const harness = await start([router('HostSNI(`mail.test`)', { tls: 'terminate' })], {
      'db@test': to([server.address]),
    });
    const raw = net.connect(harness.port(), '127.0.0.1');
    raw.setNoDelay(true);
    await once(raw, 'connect');
    const slow = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        const next = (at: number): void => {
          if (at >= chunk.length) done();
          else raw.write(chunk.subarray(at, at + 40), () => setTimeout(next, 1, at + 40));
        };
        next(0);
      },
    });
    raw.on('data', (chunk) => slow.push(chunk));
    const answer = await askTls(0, 'mail.test', 'hi', { socket: slow, port: undefined as never });
    expect(answer).toEqual({ answer: 'a:hi', certificate: 'mail.test' });
    raw.destroy();
    // Cut off in the middle: nothing is served, and nothing stays open.
    const cut = net.connect(harness.port(), '127.0.0.1');
    cut.end(Buffer.from([22, 3, 1, 2, 0, 1, 0]));
    cut.resume();
    await once(cut, 'close');
    expect(server.received()).toBe('hi');
  });

  test('servers that speak TLS are checked by the roots of their transport', async () => {
    const own = await makeCertificate(['db.internal']);
    const address = await tlsEcho('secure', own);
    const service = to([], { servers: [{ address, tls: true }], serversTransport: 't@test' });
    const use = (config: StreamSnapshot['tcpServersTransports'][string]) => ({
      tcpRouters: [router('HostSNI(`*`)')],
      tcpServices: { 'db@test': service },
      tcpServersTransports: { 't@test': config },
    });
    const harness = await start(
      [],
      {},
      {
        streams: use({ tls: { serverName: 'db.internal', rootCAs: [own.certificatePem] } }),
      },
    );
    expect(await ask(harness.port())).toBe('secure:hi');
    for (const strict of [{}, { tls: { serverName: 'other', rootCAs: [own.certificatePem] } }]) {
      harness.records.length = 0;
      harness.apply({ routers: [], streams: use(strict) });
      expect(await ask(harness.port())).toBe('');
      expect((await harness.record(({ error }) => error !== null)).error?.code).toBe('UPSTREAM_TLS');
    }
    harness.apply({ routers: [], streams: use({ tls: { insecureSkipVerify: true } }) });
    expect(await ask(harness.port())).toBe('secure:hi');
  });

  test('PostgreSQL’s question before the handshake is answered, here or by the server', async () => {
    const request = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
    const server = await echo('pg');
    const own = await makeCertificate(['own.test']);
    const secure = { cert: own.certificatePem, key: own.privateKeyPem };
    const postgres = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (chunk) => {
        if (!chunk.equals(request)) return;
        socket.write('S');
        const answering = new tls.TLSSocket(socket, { isServer: true, ...secure });
        answering.on('error', () => undefined);
        answering.on('data', (data) => answering.write(`own:${data.toString()}`));
      });
    });
    postgres.listen(0, '127.0.0.1');
    await once(postgres, 'listening');
    closers.push(() => postgres.close());
    const address = `127.0.0.1:${(postgres.address() as net.AddressInfo).port}`;
    const harness = await start(
      [
        router('HostSNI(`mail.test`)', { tls: 'terminate' }),
        router('HostSNI(`own.test`)', { tls: 'passthrough', service: 'own@test' }),
      ],
      { 'db@test': to([server.address]), 'own@test': to([address]) },
    );
    const askPostgres = async (name: string) => {
      const socket = net.connect(harness.port(), '127.0.0.1');
      socket.write(request);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toBe('S');
      return askTls(0, name, 'hi', { socket, port: undefined as never });
    };
    expect(await askPostgres('mail.test')).toEqual({ answer: 'pg:hi', certificate: 'mail.test' });
    expect(await askPostgres('own.test')).toEqual({ answer: 'own:hi', certificate: 'own.test' });
  });
});

describe('the PROXY protocol', () => {
  const trusting = { proxyProtocol: { trustedIPs: ['127.0.0.1/32'], insecure: false } };
  const line = 'PROXY TCP4 203.0.113.7 192.0.2.1 4711 80\r\n';

  test('names the client to TCP and HTTP routers, over TLS too', async () => {
    const server = await echo('a');
    const harness = await start(
      [router('ClientIP(`203.0.113.7`) && HostSNI(`*`)', { priority: 1 })],
      { 'db@test': to([server.address], { proxyProtocol: 1 }) },
      { entryPoint: trusting, routers: [{ tls: true }, {}] },
    );
    const answer = await ask(harness.port(), `${line}hi`);
    expect(answer).toMatch(/^a:PROXY TCP4 203\.0\.113\.7 127\.0\.0\.1 4711 \d+\r\n/);
    expect(await harness.record()).toMatchObject({ clientIp: '203.0.113.7', clientPort: 4711 });
    const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    expect(statuses(await sendRaw(harness.port(), get))).toEqual([200]);
    const raw = net.connect(harness.port(), '127.0.0.1');
    raw.write(line);
    const { answer: secure } = await askTls(0, 'a', get, { socket: raw, port: undefined as never });
    expect(statuses(secure)).toEqual([200]);
    const record = await harness.record(({ scheme }) => scheme === 'https');
    expect(record).toMatchObject({ clientIp: '203.0.113.7', clientPort: 4711 });
  });

  test('from somebody else is taken off and not believed; one that is none breaks the connection off', async () => {
    const harness = await start(
      [],
      {},
      {
        entryPoint: { proxyProtocol: { trustedIPs: ['10.0.0.1'], insecure: false } },
        routers: [{}],
      },
    );
    const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    expect(statuses(await sendRaw(harness.port(), line + get))).toEqual([200]);
    expect((await harness.record()).clientIp).toBe('127.0.0.1');
    expect(await sendRaw(harness.port(), `PROXY TCP4 nonsense\r\n${get}`)).toBe('');
  });

  test('version 2 comes before the handshake with the server', async () => {
    const server = await echo('a');
    const harness = await start([router('HostSNI(`*`)')], { 'db@test': to([server.address], { proxyProtocol: 2 }) });
    await ask(harness.port());
    await until(() => server.received().endsWith('hi'), 'the text');
    expect(Buffer.from(server.received().slice(0, 20), 'latin1').toString('hex')).toBe(
      '0d0a0d0a000d0a515549540a2111000c7f000001',
    );
  });
});

describe('middlewares', () => {
  test('let in by address, and so many at once', async () => {
    const server = await echo('a');
    const use = (tcpMiddlewares: StreamSnapshot['tcpMiddlewares']): Partial<StreamSnapshot> => ({
      tcpRouters: [router('HostSNI(`*`)', { middlewares: Object.keys(tcpMiddlewares) })],
      tcpServices: { 'db@test': to([server.address]) },
      tcpMiddlewares,
    });
    const harness = await start(
      [],
      {},
      { streams: use({ 'lan@test': { ipAllowList: { sourceRange: ['10.0.0.0/8'] } } }) },
    );
    expect(await ask(harness.port())).toBe('');
    expect(await harness.record()).toMatchObject({
      error: null,
      serverUrl: null,
      middlewares: [{ name: 'lan@test', type: 'ipAllowList', verdict: 'refused' }],
    });
    const one = { 'one@test': { inFlightConn: { amount: 1 } } };
    harness.apply({ routers: [], streams: use(one) });
    const first = net.connect(harness.port(), '127.0.0.1');
    first.write('hi');
    await once(first, 'data');
    expect(await ask(harness.port())).toBe('');
    // A new snapshot does not forget who is there.
    harness.apply({ routers: [], streams: use(one) });
    expect(await ask(harness.port())).toBe('');
    first.destroy();
    await harness.record(({ requestBytes }) => requestBytes === 2);
    expect(await ask(harness.port())).toBe('a:hi');
  });
});

test('listeners serve what they do not speak by themselves where a router asks for it', async () => {
  const plainListener = await start([], {}, { routers: [{ tls: true, rule: 'Host(`app.test`)' }, {}] });
  const get = 'GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n';
  expect(statuses((await askTls(plainListener.port(), 'app.test', get)).answer)).toEqual([200]);
  expect(statuses(await sendRaw(plainListener.port(), get))).toEqual([200]);
  const secureListener = await start(
    [],
    {},
    {
      entryPoint: { tls: true },
      routers: [{ tls: true, rule: 'Host(`app.test`)' }, { rule: 'Host(`app.test`)' }],
    },
  );
  expect(statuses((await askTls(secureListener.port(), 'app.test', get)).answer)).toEqual([200]);
  expect(statuses(await sendRaw(secureListener.port(), get))).toEqual([200]);
});
