import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type {
  CertificateDetail,
  CertificateView,
  ImportReport,
  ResolverView,
} from '../../app/contract/certificates.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type CommandResult, gatehouse, type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { missingForPebble, startPebble, type TestPebble } from '../support/pebble.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const missing = missingForPebble();
if (missing !== null && !process.env['CI']) console.warn(`certificates-cli: left out, ${missing}`);

describe.runIf(missing === null || process.env['CI'])('gatehouse certificates, with Pebble', () => {
  let pebble: TestPebble;
  let running: RunningGatehouse;
  let dir: string;

  beforeAll(async () => {
    pebble = await startPebble();
    dir = await mkdtemp(join(tmpdir(), 'gh-certificates-'));
    running = await startGatehouse([
      ...['--http', `127.0.0.1:${pebble.httpPort}`],
      ...['--https', `127.0.0.1:${pebble.tlsPort}`],
    ]);
  });
  afterAll(async () => {
    await running?.stop();
    await pebble?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const run = (...args: string[]): Promise<CommandResult> => running.run('certificates', ...args);
  const list = async (): Promise<CertificateView[]> => JSON.parse((await run('--json')).out) as CertificateView[];
  const show = async (name: string): Promise<CertificateDetail> =>
    JSON.parse((await run('show', name, '--json')).out) as CertificateDetail;
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

  /** What visitors of a host get. Rejects where no root of Pebble's stands behind it. */
  async function served(servername: string): Promise<PeerCertificate> {
    const ca = await pebble.root();
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: pebble.tlsPort, servername, ca }, () => {
        resolve(socket.getPeerCertificate());
        socket.destroy();
      });
      socket.once('error', reject);
    });
  }

  it('begins with what the internal authority signs', async () => {
    const { out, code } = await run();
    expect(code).toBe(0);
    expect(out).toMatch(/^NAMES +STATE +ENDS +RENEWS +ISSUER +ROUTERS\n/);
    expect(out).toMatch(/whoami\.localhost +valid +in \d+ days +in \d+ days, when a third .* whoami@internal/);
    expect((await running.run('certs')).out).toMatch(/^NAMES +STATE .*\n.*whoami\.localhost/s);
    expect((await running.run('resolvers')).out).toContain('No resolvers.');
  });

  it('gets a certificate for a name that no router has, and shows each step', async () => {
    const { out, error, code } = await run(
      ...['add', 'photos.example.org', '--email', 'ada@example.org', '--challenge', 'http'],
      ...['--ca', pebble.directoryUrl, '--ca-cert', pebble.trustPath],
    );
    expect(error).toBe('');
    expect(code).toBe(0);
    const shown = ['answer laid out: photos', 'answer seen by ourselves: photos', 'CA told to look', 'proved'];
    for (const step of ['account', ...shown, 'certificate received']) {
      expect(out).toContain(step);
    }
    // Our own entry point answers as the CA will find it.
    expect(out).toMatch(/done +answer seen by ourselves/);
    expect(out).toMatch(/photos\.example\.org has its certificate, from Pebble .*, good until \d{4}-/);
    expect((await served('photos.example.org')).subjectaltname).toContain('photos.example.org');
    const [resolver] = JSON.parse((await running.run('resolvers', '--json')).out) as ResolverView[];
    expect(resolver).toMatchObject({
      name: 'default',
      source: 'dashboard',
      email: 'ada@example.org',
      account: { state: 'registered' },
    });
  });

  it('uses the resolver that is there for the next, and does not wait where that is asked for', async () => {
    const { out, code } = await run('add', 'music.example.org', '--resolver', 'default', '--no-wait');
    expect([code, out]).toEqual([0, expect.stringContaining('on its way')]);
    await expect
      .poll(async () => (await list()).find(({ names }) => names.includes('music.example.org'))?.status, {
        timeout: 60_000,
        interval: 500,
      })
      .toBe('valid');
  });

  it('says in words why a certificate cannot be had, and when it is tried again', async () => {
    // Nobody answers there.
    await pebble.dns('add-a', { host: 'far.example.org.', addresses: ['127.0.0.9'] });
    const { out, error, code } = await run('add', 'far.example.org', '--resolver', 'default');
    expect(code).toBe(1);
    expect(out).toContain('CA looked: far.example.org');
    expect(error).toMatch(/^error: far\.example\.org: .* on port \d+/);
    expect(error).toMatch(/It is tried again in /);
    expect((await run()).out).toMatch(/^far\.example\.org +failed/m);
    expect((await run('remove', 'far.example.org')).code).toBe(0);
    expect((await list()).some(({ names }) => names.includes('far.example.org'))).toBe(false);
  });

  it('shows one with the steps of its order, and writes it out', async () => {
    const { out } = await run('show', 'photos.example.org');
    expect(out).toMatch(/^Names {5}photos\.example\.org$/m);
    expect(out).toMatch(/^first order, done, /m);
    const chain = join(dir, 'photos.pem');
    const key = join(dir, 'photos.key');
    expect((await run('export', 'photos.example.org', '--out', chain)).code).toBe(0);
    expect((await run('export', 'photos.example.org', '--format', 'key', '--out', key)).code).toBe(0);
    expect(statSync(key).mode & 0o777).toBe(0o600);
    await writeFile(join(dir, 'root.pem'), await pebble.root());
    expect(openssl('verify', '-CAfile', 'root.pem', '-untrusted', chain, chain)).toContain('OK');
    expect(openssl('pkey', '-in', key, '-pubout')).toBe(openssl('x509', '-in', chain, '-noout', '-pubkey'));
    const pfx = join(dir, 'photos.pfx');
    const wrote = await run('export', 'photos.example.org', '--format', 'pfx', '--passphrase', 'x y', '--out', pfx);
    expect(wrote.code).toBe(0);
    expect(openssl('pkcs12', '-in', pfx, '-passin', 'pass:x y', '-nodes')).toContain('BEGIN PRIVATE KEY');
    expect((await run('export', 'photos.example.org', '--format', 'pfx')).code).toBe(2);
  });

  it('renews when it is asked to, and the next visitor gets the new one', async () => {
    const before = await served('photos.example.org');
    const { code, error } = await run('renew', 'photos.example.org');
    expect([code, error]).toEqual([0, '']);
    await expect
      .poll(async () => (await served('photos.example.org')).serialNumber, { timeout: 60_000 })
      .not.toBe(before.serialNumber);
  });

  it('revokes one', async () => {
    const { serialNumber } = (await show('music.example.org')).certificate;
    expect((await run('revoke', 'music.example.org', '--reason', 'superseded')).code).toBe(0);
    expect(await pebble.statusOf(serialNumber)).toMatchObject({ Status: 'Revoked' });
    expect((await run('revoke', 'music.example.org', '--reason', 'boredom')).code).toBe(2);
    expect((await run('remove', 'music.example.org')).code).toBe(0);
  });

  it('takes certificates from elsewhere, by hand and by import, and says what was left', async () => {
    const own = await makeCertificate(['own.example.org']);
    const [cert, key] = [join(dir, 'own.pem'), join(dir, 'own.key')];
    await writeFile(cert, own.certificatePem);
    await writeFile(key, own.privateKeyPem);
    expect((await run('replace', '-', '--cert', cert, '--key', key)).out).toContain('own.example.org');
    expect((await show('own.example.org')).certificate).toMatchObject({
      source: 'imported',
      renewal: { why: 'owner' },
    });
    const wrong = await run('replace', '-', '--cert', cert, '--key', join(dir, 'photos.key'));
    expect([wrong.code, wrong.error]).toEqual([1, expect.stringContaining('another certificate')]);

    const traefik = await makeCertificate(['traefik.example.org']);
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const entry = (certificate: string, privateKey: string) => ({
      domain: { main: 'traefik.example.org' },
      certificate: base64(certificate),
      key: base64(privateKey),
      Store: 'default',
    });
    const acme = join(dir, 'acme.json');
    const stored = [entry(traefik.certificatePem, traefik.privateKeyPem), entry('broken', 'broken')];
    await writeFile(acme, JSON.stringify({ myresolver: { Account: null, Certificates: stored } }));
    const imported = await run('import', 'traefik', acme);
    expect(imported.out).toMatch(/taken {2}traefik\.example\.org {2}until \d{4}-\d\d-\d\d, renewed by default/);
    expect(imported.out).toMatch(/left .*this is no certificate/);
    expect(imported.code).toBe(0);
    const again = JSON.parse((await run('import', 'traefik', acme, '--json')).out) as ImportReport;
    expect(again.skipped.map(({ code }) => code)).toContain('ALREADY_THERE');
    const unused = await run('renew', 'traefik.example.org');
    expect([unused.code, unused.error]).toEqual([1, expect.stringContaining('certificates add traefik.example.org')]);
    expect((await run('import', 'traefik', join(dir, 'nowhere'))).error).toContain('is not there');
    expect((await run('import', 'caddy', acme)).code).toBe(2);
  });

  it('keeps everything over a restart, and no key in clear', async () => {
    const { dataDir } = running;
    const before = (await list()).map(({ id }) => id).toSorted((a, b) => a.localeCompare(b));
    const key = readFileSync(join(dir, 'photos.key'), 'utf8').split('\n')[1] ?? '';
    await running.end();
    for (const file of ['gatehouse.db', 'gatehouse.db-wal', 'engine.log']) {
      const content = await readFile(join(dataDir, file)).catch(() => null);
      if (content) expect(content.includes(key)).toBe(false);
    }
    running = await startGatehouse(
      ['--http', `127.0.0.1:${pebble.httpPort}`, '--https', `127.0.0.1:${pebble.tlsPort}`],
      { dataDir },
    );
    const after = (await list()).map(({ id }) => id).toSorted((a, b) => a.localeCompare(b));
    expect(after).toEqual(before);
    expect((await served('photos.example.org')).subjectaltname).toContain('photos.example.org');
  });

  it('sets up, checks and removes resolvers', async () => {
    const resolvers = (...args: string[]): Promise<CommandResult> => running.run('resolvers', ...args);
    expect((await resolvers('check', 'default')).out).toContain('It works.');
    const providers = await resolvers('providers', 'ovh');
    expect(providers.out).toContain('OVH_APPLICATION_KEY');
    const made = await resolvers(
      'set',
      'dns',
      '--dns',
      'desec',
      '--credential',
      'token=secret-token',
      '--ca',
      'buypass',
    );
    expect([made.code, made.out]).toEqual([0, 'dns: Buypass, dns-01\n']);
    expect((await resolvers('providers', '--json')).out).not.toContain('secret-token');
    expect((await resolvers()).out).toMatch(/^dns +Buypass +dns-01 at desec +none/m);
    expect((await resolvers('remove', 'dns')).code).toBe(0);
    expect((await resolvers('check', 'dns')).error).toContain('There is no resolver dns.');
    expect((await resolvers('set', 'x', '--challenge', 'smoke')).code).toBe(2);
  });

  it('is backed up while it runs, and restored elsewhere with the same certificates and the same authority', async () => {
    const file = join(dir, 'backup.gatehouse');
    const short = await running.run('backup', file, '--passphrase', 'short');
    expect([short.code, short.error]).toEqual([1, expect.stringContaining('at least 10 characters')]);
    const made = await running.run('backup', file, '--passphrase', 'correct horse battery');
    expect([made.code, made.out]).toEqual([0, expect.stringContaining('with secrets, encrypted')]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = await served('photos.example.org');
    const authority = (await running.run('ca', 'export')).out;
    const refused = await running.run('restore', file, '--passphrase', 'correct horse battery');
    expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('in use')]);
    const { dataDir } = running;
    await running.end();

    const elsewhere = await mkdtemp(join(tmpdir(), 'gh-restored-'));
    const env = { GATEHOUSE_SECRETS: 'files' };
    const restore = (...args: string[]) => gatehouse(['restore', file, '--data-dir', elsewhere, ...args], { env });
    expect((await restore('--passphrase', 'wrong horse battery')).error).toContain('not that of this backup');
    expect((await restore('--passphrase', 'correct horse battery')).code).toBe(0);
    const again = await restore('--passphrase', 'correct horse battery');
    expect([again.code, again.error]).toEqual([1, expect.stringContaining('--force')]);
    const flags = ['--http', `127.0.0.1:${pebble.httpPort}`, '--https', `127.0.0.1:${pebble.tlsPort}`];
    running = await startGatehouse(flags, { dataDir: elsewhere });
    await rm(dataDir, { recursive: true, force: true });
    expect((await served('photos.example.org')).serialNumber).toBe(before.serialNumber);
    expect((await running.run('ca', 'export')).out).toBe(authority);
    expect((await show('own.example.org')).certificate.status).toBe('expiring');
  });

  it('is backed up without secrets, and orders its certificates anew', async () => {
    const file = join(dir, 'open.gatehouse');
    expect((await running.run('backup', file, '--no-secrets')).out).toContain('without secrets');
    const before = await served('photos.example.org');
    await running.end();
    const put = await gatehouse(['restore', file, '--data-dir', running.dataDir, '--force']);
    expect([put.code, put.out]).toEqual([0, expect.stringContaining('What was there before is at')]);
    expect(put.out).toContain('It has no secrets');
    const flags = ['--http', `127.0.0.1:${pebble.httpPort}`, '--https', `127.0.0.1:${pebble.tlsPort}`];
    running = await startGatehouse(flags, { dataDir: running.dataDir });
    await expect
      .poll(async () => (await served('photos.example.org').catch(() => null))?.serialNumber ?? before.serialNumber, {
        timeout: 60_000,
        interval: 500,
      })
      .not.toBe(before.serialNumber);
  });
});
