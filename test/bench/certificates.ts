import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type BenchGatehouse, startGatehouse } from './gatehouse.ts';
import { cpuMicroseconds, residentMegabytes, until } from './process.ts';
import { handshakes, missingForLoad } from './proxies/load.ts';
import { median, type Row } from './report.ts';

const many = 500;
const starts = 5;
const rounds = 9;
const perSecond = 200;
const secondsPerRound = 3;
const settleMs = 5000;

/** An engine that is started over and over with the same certificates. */
interface Subject {
  readonly title: string;
  readonly count: number;
  readonly start: () => Promise<BenchGatehouse>;
}

/** What 500 certificates cost against one: in files that the owner names, and in Gatehouse's own keeping. */
export async function measureCertificates(): Promise<Row[]> {
  if (missingForLoad() !== null) return [];
  const dir = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-bench-certificates-'));
  try {
    const certificates: CertificateSnapshot[] = [];
    for (let n = 0; n < many; n += 1) certificates.push(await makeCertificate([hostOf(n)]));
    const subjects = [
      inFiles(dir, '1 certificate', certificates.slice(0, 1)),
      inFiles(dir, `${many} certificates in files`, certificates),
      await inStore(dir, `${many} certificates in store`, certificates),
    ];
    const rows: Row[] = [];
    for (const subject of subjects) rows.push(await startUp(subject));
    return [...rows, ...(await handshakeCost(subjects))];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const hostOf = (n: number): string => `app${n}.bench.example.org`;

/** One router for any host, so that nothing but the certificates differs. */
const anyHost = `http:
  routers:
    any: { rule: "PathPrefix(\`/\`)", service: whoami@internal, entryPoints: [websecure], tls: {} }
`;

function inFiles(parent: string, title: string, certificates: readonly CertificateSnapshot[]): Subject {
  const dir = path.join(parent, `files-${certificates.length}`);
  mkdirSync(dir);
  const pairs = certificates.map(({ certificatePem, privateKeyPem }, n) => {
    const [certFile, keyFile] = [path.join(dir, `${n}.pem`), path.join(dir, `${n}.key`)];
    writeFileSync(certFile, certificatePem);
    writeFileSync(keyFile, privateKeyPem);
    return `    - { certFile: ${certFile}, keyFile: ${keyFile} }`;
  });
  const file = path.join(dir, 'dynamic.yml');
  writeFileSync(file, `${anyHost}tls:\n  certificates:\n${pairs.join('\n')}\n`);
  return { title, count: certificates.length, start: () => startOn(path.join(dir, 'data'), file) };
}

/** By an import of Traefik's `acme.json`: kept as those that were ordered are. */
async function inStore(parent: string, title: string, certificates: readonly CertificateSnapshot[]): Promise<Subject> {
  const dir = path.join(parent, 'store');
  mkdirSync(dir);
  const [file, acme] = [path.join(dir, 'dynamic.yml'), path.join(dir, 'acme.json')];
  writeFileSync(file, anyHost);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const Certificates = certificates.map(({ names, certificatePem, privateKeyPem }) => ({
    domain: { main: names[0] },
    certificate: base64(certificatePem),
    key: base64(privateKeyPem),
    Store: 'default',
  }));
  writeFileSync(acme, JSON.stringify({ bench: { Account: null, Certificates } }), { mode: 0o600 });
  const dataDir = path.join(dir, 'data');
  const first = await startOn(dataDir, file);
  try {
    const command = path.resolve(import.meta.dirname, '../../bin/gatehouse.mjs');
    const args = [command, 'certificates', 'import', 'traefik', acme, '--data-dir', dataDir];
    await promisify(execFile)(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 });
  } finally {
    await first.stop();
  }
  return { title, count: certificates.length, start: () => startOn(dataDir, file) };
}

function startOn(dataDir: string, file: string): Promise<BenchGatehouse> {
  return startGatehouse(
    ['--file', file, '--docker', 'off'],
    { GATEHOUSE_WORKERS: '1', GATEHOUSE_SECRETS: 'files' },
    dataDir,
  );
}

/** From the start of the process to the first answer under the last certificate; the first start made the data folder. */
async function startUp({ title, count, start }: Subject): Promise<Row> {
  const took: number[] = [];
  for (let n = -1; n < starts; n += 1) {
    const startedAt = performance.now();
    const gatehouse = await start();
    try {
      await until(`the certificate of ${hostOf(count - 1)}`, () => answered(gatehouse.httpsPort, hostOf(count - 1)));
      if (n >= 0) took.push(performance.now() - startedAt);
    } finally {
      await gatehouse.stop();
    }
  }
  const figure = `start to first request, median of ${starts}`;
  return { scenario: title, program: 'gatehouse', figure, value: median(took), unit: 'ms', goal: { atMost: 1000 } };
}

/** In turn, so that a noisy time meets all of them. */
async function handshakeCost(subjects: readonly Subject[]): Promise<Row[]> {
  const running: (Subject & { readonly gatehouse: BenchGatehouse; readonly used: number[] })[] = [];
  try {
    for (const subject of subjects) running.push({ ...subject, gatehouse: await subject.start(), used: [] });
    const round = async (n: number, { gatehouse, count }: (typeof running)[number]): Promise<number> => {
      // Another certificate each time.
      const host = hostOf((n * 37) % count);
      await until(`the certificate of ${host}`, () => answered(gatehouse.httpsPort, host));
      const before = cpuMicroseconds(gatehouse.pid);
      const { httpsPort } = gatehouse;
      const seen = await handshakes(`https://${host}:${httpsPort}/`, httpsPort, perSecond, secondsPerRound);
      return (cpuMicroseconds(gatehouse.pid) - before) / seen.requests;
    };
    for (const each of running) await round(0, each);
    for (let n = 1; n <= rounds; n += 1) {
      for (const each of running) each.used.push(await round(n, each));
    }
    await new Promise((resolve) => {
      setTimeout(resolve, settleMs);
    });
    const alone = median(running[0]?.used ?? []);
    return running.flatMap(({ title: scenario, gatehouse, used }, index): Row[] => {
      const common = { scenario, program: 'gatehouse' };
      const value = median(used);
      const ratio = { ...common, figure: 'against one certificate', value: (value / alone) * 100, unit: '%' };
      return [
        { ...common, figure: `CPU of a handshake with a request, median of ${rounds}`, value, unit: 'µs' },
        ...(index === 0 ? [] : [{ ...ratio, goal: { atMost: 105 } }]),
        { ...common, figure: 'resident memory', value: residentMegabytes(gatehouse.pid), unit: 'MB' },
      ];
    });
  } finally {
    for (const { gatehouse } of running) await gatehouse.stop();
  }
}

/** True where a request is answered under the certificate of its host; undefined where it is not yet. */
function answered(port: number, host: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    const asked = request({
      ...{ host: '127.0.0.1', port, path: '/', servername: host, headers: { host } },
      ...{ rejectUnauthorized: false, agent: false, timeout: 2000 },
    });
    asked.once('response', (response) => {
      const { subject } = (response.socket as TLSSocket).getPeerCertificate();
      response.resume();
      response.once('close', () => resolve(response.statusCode === 200 && subject.CN === host ? true : undefined));
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', () => resolve(undefined));
    asked.end();
  });
}
