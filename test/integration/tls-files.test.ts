import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultStaticConfiguration } from '../../app/config/static.ts';
import { type Engine, startEngine } from '../../app/engine.ts';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import { makeCertificate } from '../support/certificates.ts';
import { pollUntil } from '../support/poll.ts';

let dataDir = '';
let engine: Engine | null = null;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-tls-'));
});
afterEach(async () => {
  await engine?.stop();
  engine = null;
  rmSync(dataDir, { recursive: true, force: true });
});

const at = (name: string): string => join(dataDir, name);

function write(name: string, { certificatePem, privateKeyPem }: CertificateSnapshot): void {
  writeFileSync(at(`${name}.pem`), certificatePem);
  writeFileSync(at(`${name}.key`), privateKeyPem);
}

async function start(dynamic: string): Promise<Engine> {
  writeFileSync(at('dynamic.yml'), dynamic);
  const { entryPoints, docker, dashboard } = defaultStaticConfiguration;
  engine = await startEngine({
    dataDir,
    configuration: {
      ...defaultStaticConfiguration,
      entryPoints: entryPoints.map((each) => ({ ...each, address: '127.0.0.1:0', origin: 'flag', fallbackPort: null })),
      docker: { ...docker, enabled: false },
      file: { path: at('dynamic.yml'), fixed: true },
      dashboard: { ...dashboard, address: '127.0.0.1:0', addressFixed: true },
    },
    workers: 1,
    staticDir: dataDir,
  });
  return engine;
}

async function ask(
  running: Engine,
  host: string,
  client?: CertificateSnapshot,
): Promise<{ status: number; name: string } | null> {
  const listening = running.context.snapshot().status.entryPoints.find(({ name }) => name === 'websecure')?.listening;
  const port = Number(/:(\d+)$/.exec(listening ?? '')?.[1]);
  return new Promise((resolve) => {
    const request = get(
      {
        ...{ port, host: '127.0.0.1', servername: host, rejectUnauthorized: false, agent: false, headers: { host } },
        ...(client ? { cert: client.certificatePem, key: client.privateKeyPem } : {}),
      },
      (response) => {
        const { CN } = (response.socket as TLSSocket).getPeerCertificate().subject;
        response.resume();
        resolve({ status: response.statusCode ?? 0, name: String(CN) });
      },
    );
    request.on('error', () => resolve(null));
  });
}

test('certificates by file are served and followed; the internal authority covers the rest', async () => {
  write('home', await makeCertificate(['home.test', '*.home.test']));
  write('standard', await makeCertificate(['standard.test']));
  const running = await start(`
http:
  routers:
    all: { rule: Host(\`home.test\`) || Host(\`a.home.test\`) || Host(\`other.test\`), service: whoami@internal, tls: {} }
tls:
  certificates:
    - { certFile: ${at('home.pem')}, keyFile: ${at('home.key')} }
    - { certFile: ${at('missing.pem')}, keyFile: ${at('home.key')} }
  stores:
    default: { defaultCertificate: { certFile: ${at('standard.pem')}, keyFile: ${at('standard.key')} } }
`);
  await pollUntil(async () => (await ask(running, 'home.test'))?.status === 200);
  expect((await ask(running, 'A.home.test'))?.name).toBe('home.test');
  expect((await ask(running, 'unknown.test'))?.name).toBe('standard.test');
  expect((await ask(running, 'other.test'))?.name).not.toMatch(/home|standard/);
  const problems = running.context.snapshot().status.problems.filter(({ code }) => code === 'CERTIFICATE_UNUSABLE');
  expect(problems.map(({ message }) => message)).toEqual([
    `The certificate ${at('missing.pem')} cannot be used: the file ${at('missing.pem')} does not exist. Other certificates serve its hosts.`,
  ]);
  const renewed = await makeCertificate(['renewed.test', 'home.test']);
  write('home', renewed);
  await pollUntil(async () => (await ask(running, 'home.test'))?.name === 'renewed.test', 15_000);
}, 40_000);

test('options by file keep out who has no certificate, and stay closed when their authorities cannot be read', async () => {
  const friend = await makeCertificate(['friend']);
  write('friends', friend);
  const dynamic = (caFile: string): string => `
http:
  routers:
    secret: { rule: Host(\`secret.test\`), service: whoami@internal, tls: { options: mutual } }
    open: { rule: Host(\`open.test\`), service: whoami@internal, tls: {} }
    lost: { rule: Host(\`lost.test\`), service: whoami@internal, tls: { options: mutal } }
tls:
  options:
    mutual:
      minVersion: VersionTLS13
      clientAuth: { caFiles: [${at(caFile)}], clientAuthType: RequireAndVerifyClientCert }
`;
  const running = await start(dynamic('friends.pem'));
  await pollUntil(async () => (await ask(running, 'open.test'))?.status === 200);
  expect(await ask(running, 'secret.test')).toBeNull();
  expect((await ask(running, 'secret.test', friend))?.status).toBe(200);
  const problemsOf = (name: string) =>
    running.context
      .snapshot()
      .routers.find((each) => each.name === name)
      ?.problems.map(({ code, fix }) => [code, fix]);
  expect(problemsOf('lost@file')).toEqual([['TLS_OPTIONS_UNKNOWN', 'Did you mean mutual@file?']]);
  writeFileSync(at('dynamic.yml'), dynamic('gone.pem'));
  await pollUntil(() => (problemsOf('secret@file') ?? []).length > 0);
  expect(problemsOf('secret@file')?.[0]?.[0]).toBe('TLS_OPTIONS_INVALID');
  await pollUntil(async () => (await ask(running, 'secret.test', friend))?.status === 503);
  expect((await ask(running, 'open.test'))?.status).toBe(200);
}, 30_000);
