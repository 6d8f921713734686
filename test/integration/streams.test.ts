import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultStaticConfiguration, type StaticEntryPoint } from '../../app/config/static.ts';
import { type Engine, startEngine } from '../../app/engine.ts';
import { pollUntil } from '../support/poll.ts';
import { sendRaw, startRawServer } from '../support/proxy-harness.ts';

let dataDir = '';
let engine: Engine | null = null;
const closers: (() => unknown)[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-streams-'));
});
afterEach(async () => {
  await engine?.stop();
  engine = null;
  for (const close of closers.splice(0).toReversed()) await close();
  rmSync(dataDir, { recursive: true, force: true });
});

const file = (): string => join(dataDir, 'dynamic.yml');

async function start(dynamic: string): Promise<Engine> {
  writeFileSync(file(), dynamic);
  const { entryPoints, docker, dashboard } = defaultStaticConfiguration;
  const [web] = entryPoints as [StaticEntryPoint];
  const own = { ...web, address: '127.0.0.1:0', origin: 'flag', fallbackPort: null } as const;
  engine = await startEngine({
    dataDir,
    configuration: {
      ...defaultStaticConfiguration,
      entryPoints: [
        ...entryPoints.map((each) => ({
          ...each,
          ...own,
          name: each.name,
          tls: each.tls,
          redirectTo: each.redirectTo,
        })),
        { ...own, name: 'postgres', redirectTo: null },
        { ...own, name: 'dns', redirectTo: null, transport: 'udp', udpTimeoutMs: 200 },
      ],
      docker: { ...docker, enabled: false },
      file: { path: file(), fixed: true },
      dashboard: { ...dashboard, address: '127.0.0.1:0', addressFixed: true },
    },
    workers: 2,
    staticDir: dataDir,
  });
  return engine;
}

function portOf(running: Engine, name: string): number {
  const view = running.context.snapshot().status.entryPoints.find((each) => each.name === name);
  return Number(/:(\d+)$/.exec(view?.listening ?? '')?.[1]);
}

function askTls(port: number, servername: string): Promise<{ answer: string; issuer: string }> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
    let issuer = '';
    socket.on('secureConnect', () => {
      issuer = String(socket.getPeerCertificate().subjectaltname);
      socket.write('hi');
    });
    socket.on('data', (chunk) => {
      socket.destroy();
      resolve({ answer: chunk.toString(), issuer });
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
  });
}

test('a file routes TCP and UDP; everything is seen, counted and followed', async () => {
  const server = await startRawServer((socket, text) => socket.write(`tcp:${text}`));
  closers.push(() => server.close());
  const datagrams = createSocket('udp4').bind(0, '127.0.0.1');
  await once(datagrams, 'listening');
  datagrams.on('message', (message, { port, address }) => datagrams.send(`udp:${message.toString()}`, port, address));
  closers.push(() => datagrams.close());
  const dynamic = (extra: string): string => `
tcp:
  routers:
    db: { rule: HostSNI(\`*\`), entryPoints: [postgres], service: db }
    mail: { rule: HostSNI(\`mail.home.test\`), entryPoints: [websecure], service: db, tls: {} }
    lost: { rule: HostSNI(\`x.home.test\`), service: db }
  services:
    db: { loadBalancer: { servers: [{ address: "127.0.0.1:${server.port}" }], healthCheck: { interval: 50ms } } }
${extra}
udp:
  routers:
    dns: { entryPoints: [dns], service: dns }
  services:
    dns: { loadBalancer: { servers: [{ address: "127.0.0.1:${datagrams.address().port}" }] } }
`;
  const running = await start(dynamic(''));
  const { snapshot, requests } = running.context;
  await pollUntil(() => snapshot().routers.some(({ protocol }) => protocol === 'udp'));
  expect(await sendRaw(portOf(running, 'postgres'), 'hi', (answer) => answer !== '')).toBe('tcp:hi');
  const secure = await askTls(portOf(running, 'websecure'), 'mail.home.test');
  expect(secure).toEqual({ answer: 'tcp:hi', issuer: 'DNS:mail.home.test' });
  const client = createSocket('udp4');
  closers.push(() => client.close());
  client.send('hi', portOf(running, 'dns'), '127.0.0.1');
  const [answer] = (await once(client, 'message')) as [Buffer];
  expect(answer.toString()).toBe('udp:hi');

  const lost = snapshot().routers.find(({ name }) => name === 'lost@file');
  expect(lost).toMatchObject({ protocol: 'tcp', status: 'disabled', problems: [{ code: 'RULE_NEEDS_TLS' }] });
  expect(snapshot().status.entryPoints.at(-1)).toMatchObject({ address: '127.0.0.1:0/udp', protocol: 'udp' });
  await pollUntil(() => requests.query({ limit: 10 }).records.length === 3);
  const seen = requests.query({ limit: 10 }).records.map(({ protocol, router, host }) => [protocol, router, host]);
  expect(seen).toContainEqual(['TCP', 'db@file', '']);
  expect(seen).toContainEqual(['TCP', 'mail@file', 'mail.home.test']);
  expect(seen).toContainEqual(['UDP', 'dns@file', '']);

  writeFileSync(
    file(),
    dynamic('  middlewares: { few: { ipAllowList: { sourceRange: [10.0.0.0/8] } } }').replace(
      'entryPoints: [postgres], service: db',
      'entryPoints: [postgres], service: db, middlewares: [few]',
    ),
  );
  await pollUntil(() => snapshot().middlewares.some(({ usedBy }) => usedBy.includes('db@file')));
  await pollUntil(async () => (await sendRaw(portOf(running, 'postgres'), 'hi', (text) => text !== '')) === '');
  await server.close();
  await pollUntil(() =>
    snapshot().services.some(({ servers }) =>
      servers.some(({ health, reason }) => health === 'down' && reason !== null),
    ),
  );
  const held = net.connect(portOf(running, 'postgres'), '127.0.0.1');
  held.on('error', () => undefined);
  await once(held, 'close');
});
