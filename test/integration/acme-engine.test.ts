import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CertificateView } from '../../app/contract/certificates.ts';
import type { RouterView } from '../../app/contract/objects.ts';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { missingForPebble, startPebble, type TestPebble } from '../support/pebble.ts';
import { pollUntil } from '../support/poll.ts';

// Whole engines start slowly on a loaded machine; nothing here depends on how fast it is.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const missing = missingForPebble();
if (missing !== null && process.env['CI']) throw new Error(missing);

let pebble: TestPebble;
let root: string;
let running: RunningGatehouse | undefined;
beforeAll(async () => {
  if (missing !== null) return;
  pebble = await startPebble({ nonceReject: 20 });
  root = await mkdtemp(join(tmpdir(), 'gh-acme-engine-'));
  await mkdir(join(root, 'dynamic'));
  await writeFile(join(root, 'root.pem'), await pebble.root());
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
});
afterAll(async () => {
  if (missing !== null) return;
  await pebble.stop();
  await rm(root, { recursive: true, force: true });
});

/** Whether `openssl s_client` verifies a host's certificate by Pebble's root. */
function verifies(host: string): Promise<boolean> {
  const args = ['s_client', '-connect', `127.0.0.1:${pebble.tlsPort}`, '-servername', host, '-verify_hostname', host];
  return new Promise((resolve) => {
    const child = execFile('openssl', [...args, '-CAfile', join(root, 'root.pem'), '-verify_return_error'], (_, out) =>
      resolve(out.includes('Verify return code: 0 (ok)')),
    );
    child.stdin?.end();
  });
}

function dynamic(...hosts: readonly string[]): string {
  const routers = hosts.map(
    (host, i) =>
      `    r${i}: { rule: "Host(\`${host}\`)", entryPoints: [websecure], service: s, tls: { certResolver: le } }`,
  );
  return `http:
  routers:
${routers.join('\n')}
  services: { s: { loadBalancer: { servers: [{ url: "http://127.0.0.1:1" }] } } }
`;
}

describe.skipIf(missing !== null)(`with Pebble${missing === null ? '' : ` (${missing})`}`, () => {
  test('an installation of Traefik has its certificates, through two workers, and keeps them over a restart', async () => {
    const config = join(root, 'traefik.yml');
    await writeFile(
      config,
      `entryPoints:
  web: { address: "127.0.0.1:${pebble.httpPort}", http: { redirections: { entryPoint: { to: websecure } } } }
  websecure: { address: "127.0.0.1:${pebble.tlsPort}", http: { tls: {} } }
providers: { file: { directory: "${join(root, 'dynamic')}" } }
certificatesResolvers:
  le:
    acme:
      email: owner@example.org
      storage: acme.json
      caServer: ${pebble.directoryUrl}
      caCertificates: ["${pebble.trustPath}"]
      keyType: EC256
      httpChallenge: { entryPoint: web }
`,
    );
    await writeFile(join(root, 'dynamic', 'a.yml'), dynamic('photos.example.org'));
    const addresses = ['--http', `127.0.0.1:${pebble.httpPort}`, '--https', `127.0.0.1:${pebble.tlsPort}`];
    const options = { dataDir: join(root, 'data'), env: { GATEHOUSE_WORKERS: '2', GATEHOUSE_SECRETS: 'files' } };
    running = await startGatehouse(['--config', config, ...addresses], options);
    await pollUntil(() => verifies('photos.example.org'), 90_000);
    const routers = JSON.parse((await running.run('routers', '--json')).out) as RouterView[];
    expect(routers.find(({ name }) => name === 'r0@file')).toMatchObject({ status: 'enabled', problems: [] });
    // A router that appears later has one as well, while the first stays.
    await writeFile(join(root, 'dynamic', 'a.yml'), dynamic('photos.example.org', 'music.example.org'));
    await pollUntil(() => verifies('music.example.org'), 90_000);
    expect(await verifies('photos.example.org')).toBe(true);
    const before = await certificates(running);
    expect(before.map(({ names, status, routers: used }) => [names, status, used])).toEqual([
      [['photos.example.org'], 'valid', ['r0@file']],
      [['music.example.org'], 'valid', ['r1@file']],
    ]);
    await running.end();
    // Without the CA: what is served was kept.
    await pebble.stopCa();
    running = await startGatehouse(['--config', config, ...addresses], options);
    await pollUntil(() => verifies('photos.example.org'), 30_000);
    const after = await certificates(running);
    expect(after.map(({ serialNumber }) => serialNumber)).toEqual(before.map(({ serialNumber }) => serialNumber));
    await pebble.startCa();
  });
});

/** Those by ACME. */
async function certificates({ run }: RunningGatehouse): Promise<CertificateView[]> {
  const { out, error } = await run('certificates', 'list', '--json');
  if (out === '') throw new Error(error);
  return (JSON.parse(out) as CertificateView[]).filter(({ source }) => source === 'acme');
}
