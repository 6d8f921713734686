import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
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

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(entryPoint: Partial<EntryPointOptions>, more: HarnessOptions = {}) {
  const server: RawServer = await startRawServer();
  closers.push(() => server.close());
  const proxy: Harness = await startProxy({
    entryPoints: [entryPoint],
    services: { 'app@test': loadBalancer([server.url]) },
    ...more,
  });
  closers.push(() => proxy.close());
  return { ask: (request: string) => sendRaw(proxy.port(), request), server, proxy };
}

const head = (line: string, fields: readonly string[] = ['Host: a.example']) =>
  `${line} HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join('')}Connection: close\r\n\r\n`;

const files = {
  routers: [
    { name: 'admin@test', rule: 'PathPrefix(`/files/admin`)', priority: 50 },
    { name: 'files@test', rule: 'PathPrefix(`/files`)', priority: 10 },
  ],
};

describe('an entry point that reads requests as Traefik does', () => {
  it.each([
    ['a path whose readings lead to different routers', head('GET /files%2Fadmin'), files, '/files%2Fadmin'],
    ['an encoded NUL', head('GET /a%00b'), {}, '/a%00b'],
    ['TRACE', head('TRACE /'), {}, 'TRACE /'],
    [
      'a Host that is not that of the target',
      head('GET http://b.example/x', ['Host: a.example']),
      { routers: [{ rule: 'Host(`b.example`)' }] },
      'Host: b.example',
    ],
    ['a target with a user and no host', head('GET http://@/x', ['Host: a.example']), {}, 'Host: a.example'],
    ['another scheme in the target', head('GET https://a.example/x', ['Host: a.example']), {}, 'GET /x'],
    ['a Host that is no name', head('GET /', ['Host: a;b']), { routers: [{ rule: 'Host(`a;b`)' }] }, 'Host: a;b'],
  ] as const)('takes %s', async (_, request, more, arrives) => {
    const strict = await start({}, more);
    expect(await strict.ask(request)).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(strict.server.received()).toBe('');
    const traefik = await start({ asTraefik: true }, more);
    expect(await traefik.ask(request)).toMatch(/^HTTP\/1.1 200 /);
    expect(traefik.server.received()).toContain(arrives);
  });

  it('hands on forwarding fields spelt with _ where a trusted proxy sent them, and only then', async () => {
    const request = head('GET /', ['Host: a', 'X_Forwarded_For: 203.0.113.1']);
    const trusted = { trustedIPs: ['127.0.0.1/32'] };
    for (const [options, passed] of [
      [trusted, false],
      [{ asTraefik: true }, false],
      [{ asTraefik: true, ...trusted }, true],
    ] as const) {
      const { ask, server } = await start(options);
      expect(await ask(request)).toMatch(/^HTTP\/1.1 200 /);
      expect(server.received().includes('X_Forwarded_For: 203.0.113.1')).toBe(passed);
    }
  });

  it('refuses what it is told to refuse all the same, and bytes that stand in no request', async () => {
    const { ask } = await start({ asTraefik: true, encodedCharacters: { refused: ['%00', '%2F'], allowed: [] } });
    for (const target of ['/a%00b', '/a%2fb', '/a%zz', '/a\u0001b']) {
      expect(await ask(head(`GET ${target}`))).toMatch(/^HTTP\/1.1 400 /);
    }
    expect(await ask(head('GET /', ['Host: a b']))).toMatch(/^HTTP\/1.1 400 /);
  });

  it('takes what HTTP/2 says of host and scheme, whatever the Host field holds', async () => {
    const more = {
      certificates: [await makeCertificate(['a.example'], true)],
      routers: [{ rule: 'Host(`a.example`)', tls: true }],
    };
    for (const [options, status] of [
      [{}, 400],
      [{ asTraefik: true }, 200],
    ] as const) {
      const { proxy } = await start({ tls: true, ...options }, more);
      const session = http2.connect(`https://127.0.0.1:${proxy.port()}`, { rejectUnauthorized: false });
      closers.push(() => session.destroy());
      for (const odd of [{ host: 'b.example' }, { ':scheme': 'http' }]) {
        const stream = session.request({ ':path': '/', ':authority': 'a.example', ...odd });
        const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
        expect(answer[':status']).toBe(status);
        stream.resume();
        await once(stream, 'close');
      }
    }
  });

  it('joins client and server over any protocol that both agree on', async () => {
    const upgrading = http.createServer();
    upgrading.on('upgrade', (request, socket) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${request.headers.upgrade}\r\nConnection: Upgrade\r\n\r\n`,
      );
      socket.on('data', (chunk) => socket.end(`echo ${String(chunk)}`));
    });
    upgrading.listen(0, '127.0.0.1');
    await once(upgrading, 'listening');
    closers.push(() => new Promise((resolve) => upgrading.close(resolve)));
    const url = `http://127.0.0.1:${(upgrading.address() as AddressInfo).port}`;
    const services = { 'app@test': loadBalancer([url]) };
    const { proxy } = await start({ asTraefik: true }, { services });
    const client = net.connect(proxy.port(), '127.0.0.1');
    closers.push(() => client.destroy());
    let received = '';
    client.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
      if (chunk.includes('\r\n\r\n')) client.write('hello');
    });
    client.write('POST /containers/a/attach HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    await once(client, 'close');
    expect(received).toMatch(/^HTTP\/1.1 101 [\s\S]*upgrade: tcp\r\n/i);
    expect(received.endsWith('echo hello')).toBe(true);
  });
});

describe('sanitizePath: false', () => {
  it('leaves dot segments and slashes as they came, for rules, middlewares and servers', async () => {
    const more = {
      routers: [{ rule: 'PathPrefix(`/files`)', middlewares: ['prefix@test'] }],
      middlewares: { 'prefix@test': { addPrefix: { prefix: '/p' } } },
    };
    const request = head('GET /files/../admin//x/./y');
    const { ask, server } = await start({ sanitizePath: false }, more);
    expect(await ask(request)).toMatch(/^HTTP\/1.1 200 /);
    expect(server.received()).toContain('GET /p/files/../admin//x/./y HTTP/1.1');
    const usual = await start({}, more);
    expect(await usual.ask(request)).toMatch(/^HTTP\/1.1 404 /);
  });

  it('still refuses what only an encoded character makes doubtful', async () => {
    const { ask } = await start({ sanitizePath: false }, files);
    expect(await ask(head('GET /files//admin'))).toMatch(/^HTTP\/1.1 200 /);
    expect(await ask(head('GET /files%2Fadmin'))).toMatch(/^HTTP\/1.1 400 /);
    expect(await ask(head('GET /files/a%00'))).toMatch(/^HTTP\/1.1 400 /);
  });
});
