import { execFile, execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import { asCertificateName, type CertificateAuthority, createCertificateAuthority } from './authority.ts';
import { issueAuthority } from './issue.ts';

const run = promisify(execFile);
const day = 86_400_000;
const start = Date.UTC(2026, 10, 20, 12);

let dir = '';
let clock = start;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-ca-'));
  clock = start;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (): Promise<CertificateAuthority> => createCertificateAuthority({ dataDir: dir, now: () => clock });

async function certificateFor(authority: CertificateAuthority, host: string): Promise<CertificateSnapshot> {
  const [certificate] = await authority.certificatesFor([host]);
  return certificate!;
}

function x509({ certificatePem }: { readonly certificatePem: string }): X509Certificate {
  return new X509Certificate(certificatePem);
}

function openssl(args: readonly string[], input?: string): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe', ...(input === undefined ? {} : { input }) });
}

describe('what others make of it', () => {
  test('openssl verifies the chain strictly, for a server and for nothing else', async () => {
    const authority = await open();
    const certificates = await authority.certificatesFor([
      'photos.example.org',
      '*.home.arpa',
      '192.168.1.7',
      'fd00::7',
    ]);
    expect(certificates).toHaveLength(5);
    const seconds = String(start / 1000);
    for (const [index, certificate] of certificates.entries()) {
      const path = join(dir, `leaf-${index}.pem`);
      writeFileSync(path, certificate.certificatePem);
      const verify = (purpose: string): string =>
        openssl([
          'verify',
          '-x509_strict',
          '-purpose',
          purpose,
          '-attime',
          seconds,
          '-CAfile',
          authority.info().path,
          path,
        ]);
      expect(verify('sslserver')).toBe(`${path}: OK\n`);
      expect(() => verify('sslclient')).toThrow('unsuitable certificate purpose');
    }
  });

  test('a leaf cannot sign, and the authority has no authorities below it', async () => {
    const authority = await open();
    const root = openssl(['x509', '-noout', '-text', '-in', authority.info().path]);
    expect(root).toContain('CA:TRUE, pathlen:0');
    expect(root).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    expect(root).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/);
    expect(root).toContain(`Gatehouse CA ${hostname().slice(0, 32)} 2026-11-20`);
    const leaf = openssl(
      ['x509', '-noout', '-text'],
      (await certificateFor(authority, 'a.example.org')).certificatePem,
    );
    expect(leaf).toMatch(/Basic Constraints: critical\s+CA:FALSE\n/);
    expect(leaf).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(leaf).toContain('DNS:a.example.org');
    expect(leaf).toContain('NIST CURVE: P-256');
    expect(leaf).toContain('ecdsa-with-SHA256');
  });

  test('curl trusts it for the names it bears, and for no others', async () => {
    clock = Date.now();
    const authority = await open();
    const { certificatePem, privateKeyPem } = await certificateFor(authority, 'photos.example.org');
    const server = createServer({ cert: certificatePem, key: privateKeyPem }, (_request, response) =>
      response.end('hello'),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const get = (host: string): Promise<{ stdout: string }> =>
      run('curl', [
        '-sS',
        '--cacert',
        authority.info().path,
        '--resolve',
        `${host}:${port}:127.0.0.1`,
        `https://${host}:${port}/`,
      ]);
    try {
      expect((await get('photos.example.org')).stdout).toBe('hello');
      await expect(get('other.example.org')).rejects.toThrow('no alternative certificate subject name matches');
    } finally {
      server.close();
    }
  });

  test('openssl gives the same fingerprint and end', async () => {
    const info = (await open()).info();
    const said = openssl(['x509', '-noout', '-fingerprint', '-sha256', '-enddate', '-in', info.path]);
    expect(said).toContain(info.fingerprint);
    expect(Date.parse(/notAfter=(.*)/.exec(said)![1]!)).toBe(info.notAfter);
    expect(readFileSync(info.path, 'utf8')).toBe(info.certificatePem);
  });
});

describe('files', () => {
  test('are for their owner alone', async () => {
    await certificateFor(await open(), 'a.example.org');
    const ca = join(dir, 'ca');
    expect(readdirSync(ca).toSorted()).toEqual(['ca-key.pem', 'ca.pem', 'leaves']);
    for (const folder of [ca, join(ca, 'leaves')]) expect(statSync(folder).mode & 0o777).toBe(0o700);
    const files = [
      join(ca, 'ca.pem'),
      join(ca, 'ca-key.pem'),
      ...readdirSync(join(ca, 'leaves')).map((name) => join(ca, 'leaves', name)),
    ];
    expect(files).toHaveLength(4);
    for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(join(ca, 'ca-key.pem'), 0o644);
    await open();
    expect(statSync(join(ca, 'ca-key.pem')).mode & 0o777).toBe(0o600);
  });

  test('the next start has the same authority and the same leaves', async () => {
    const first = await open();
    const before = await first.certificatesFor(['a.example.org', '*.b.example.org']);
    const second = await open();
    expect(second.info()).toEqual(first.info());
    expect(second.problems).toEqual([]);
    expect(await second.certificatesFor(['a.example.org', '*.b.example.org'])).toEqual(before);
  });

  test('leaves that are damaged, of another authority or for other names are made anew', async () => {
    const first = await open();
    const before = await certificateFor(first, 'a.example.org');
    const leaves = join(dir, 'ca', 'leaves');
    const file = join(leaves, readdirSync(leaves).find((name) => name.startsWith('a.example.org'))!);
    const whole = readFileSync(file, 'utf8');
    const other = issueAuthority('other', { notBefore: start - day, notAfter: start + 90 * day });
    for (const content of ['', whole.slice(0, 300), whole.slice(0, -100), other.certificatePem + other.privateKeyPem]) {
      writeFileSync(file, content);
      const after = await certificateFor(await open(), 'a.example.org');
      expect(after.id).not.toBe(before.id);
      expect(x509(after).verify(x509(first.info()).publicKey)).toBe(true);
    }
  });

  test('what a first start that was cut off left behind does no harm', async () => {
    mkdirSync(join(dir, 'ca.new'));
    writeFileSync(join(dir, 'ca.new', 'ca-key.pem'), 'half');
    const authority = await open();
    expect(authority.problems).toEqual([]);
    expect(readdirSync(dir)).toEqual(['ca']);
  });

  test('a folder that cannot be made fails the start', async () => {
    writeFileSync(join(dir, 'file'), '');
    await expect(createCertificateAuthority({ dataDir: join(dir, 'file') })).rejects.toThrow('ENOTDIR');
  });

  test('leaves that cannot be kept are served all the same, and reported', async () => {
    const authority = await open();
    writeFileSync(join(dir, 'ca', 'leaves'), 'in the way');
    const certificate = await certificateFor(authority, 'a.example.org');
    expect(x509(certificate).checkHost('a.example.org')).toBe('a.example.org');
    expect(authority.problems).toMatchObject([{ code: 'DATA_DIR_READ_ONLY', severity: 'warning' }]);
    rmSync(join(dir, 'ca', 'leaves'));
    await certificateFor(authority, 'b.example.org');
    expect(authority.problems).toEqual([]);
  });
});

describe('an authority that cannot be used', () => {
  const keyPath = (): string => join(dir, 'ca', 'ca-key.pem');
  const certificatePath = (): string => join(dir, 'ca', 'ca.pem');
  const cases: readonly [string, () => void, string][] = [
    ['lost key', () => rmSync(keyPath()), 'its key was missing'],
    ['damaged key', () => writeFileSync(keyPath(), 'no key'), 'its key was damaged'],
    [
      'key of another',
      () => writeFileSync(keyPath(), issueAuthority('x', { notBefore: start, notAfter: start + day }).privateKeyPem),
      'its key and its certificate did not belong together',
    ],
    [
      'key of another kind',
      () => writeFileSync(keyPath(), openssl(['genpkey', '-algorithm', 'ed25519'])),
      'its key was of another kind',
    ],
    ['lost certificate', () => rmSync(certificatePath()), 'its certificate was missing'],
    ['damaged certificate', () => writeFileSync(certificatePath(), 'no certificate'), 'its certificate was damaged'],
    [
      'ended',
      () => {
        clock += 3653 * day;
      },
      'it ended on 2036-11-20',
    ],
  ];
  test.each(cases)('%s: is set aside, and a new one is made and said so', async (_name, damage, reason) => {
    const first = await open();
    await certificateFor(first, 'a.example.org');
    damage();
    const second = await open();
    expect(second.info().fingerprint).not.toBe(first.info().fingerprint);
    expect(second.problems).toMatchObject([{ code: 'CA_REPLACED', details: { reason } }]);
    const asidePath = String(second.problems[0]?.details['asidePath']);
    expect(existsSync(join(asidePath, 'leaves'))).toBe(true);
    const leaf = x509(await certificateFor(second, 'a.example.org'));
    expect(leaf.verify(x509(second.info()).publicKey)).toBe(true);
    expect((await open()).problems).toEqual([]);
  });
});

describe('renewal', () => {
  test('leaves hold 90 days, from an hour ago, and are renewed when a third is left', async () => {
    const authority = await open();
    const first = await certificateFor(authority, 'a.example.org');
    expect(x509(first).validFromDate.getTime()).toBe(start - 3_600_000);
    expect(x509(first).validToDate.getTime()).toBe(start + 90 * day);
    clock = start + 59 * day;
    expect(authority.dueForRenewal(clock)).toEqual([]);
    expect(await certificateFor(authority, 'a.example.org')).toEqual(first);
    clock = start + 61 * day;
    expect(authority.dueForRenewal(clock)).toContain('a.example.org');
    const second = await certificateFor(authority, 'a.example.org');
    expect(second.id).not.toBe(first.id);
    expect(second.names).toEqual(first.names);
    expect(await certificateFor(await open(), 'a.example.org')).toEqual(second);
  });

  test('the timer hands over what it has renewed, once, and clears old files away', async () => {
    const authority = await createCertificateAuthority({ dataDir: dir, now: () => clock, checkEveryMs: 5 });
    const before = await authority.certificatesFor(['a.example.org', 'b.example.org']);
    const old = join(dir, 'ca', 'leaves', 'old.pem');
    writeFileSync(old, '');
    utimesSync(old, 1, 1);
    const renewed: CertificateSnapshot[] = [];
    const close = authority.start((certificates) => renewed.push(...certificates));
    try {
      await vi.waitFor(() => expect(existsSync(old)).toBe(false), 10_000);
      expect(renewed).toEqual([]);
      clock = start + 61 * day;
      await vi.waitFor(() => expect(renewed).toHaveLength(3), 10_000);
      expect(renewed.map(({ names }) => names)).toEqual(before.map(({ names }) => names));
      expect(renewed.filter(({ isDefault }) => isDefault)).toHaveLength(1);
      expect(authority.dueForRenewal(clock)).toEqual([]);
    } finally {
      close();
    }
  });

  test('a leaf does not outlive its authority', async () => {
    const authority = await open();
    clock = authority.info().notAfter - 10 * day;
    const leaf = x509(await certificateFor(authority, 'a.example.org'));
    expect(leaf.validToDate.getTime()).toBe(authority.info().notAfter);
  });
});

describe('hosts that are gone', () => {
  const files = (): readonly string[] => readdirSync(join(dir, 'ca', 'leaves')).toSorted();
  const fileOf = (host: string): string => join(dir, 'ca', 'leaves', files().find((file) => file.startsWith(host))!);
  const hasFile = (host: string): boolean => files().some((file) => file.startsWith(host));
  const lastUsedDaysAgo = (host: string, days: number): void => {
    const at = Date.now() / 1000 - days * 86_400;
    utimesSync(fileOf(host), at, at);
  };

  test('are not renewed, and their leaves go after 30 days without use; those that are served stay', async () => {
    let inUse = ['served.test', 'gone.test', 'paused.test'];
    const authority = await createCertificateAuthority({
      dataDir: dir,
      now: () => clock,
      checkEveryMs: 5,
      hostsInUse: () => inUse,
    });
    await authority.certificatesFor(inUse);
    inUse = ['Served.test'];
    clock = start + 61 * day;
    expect(authority.dueForRenewal(clock).toSorted()).toEqual(['', 'served.test']);
    for (const host of ['served.test', 'gone.test', 'localhost']) lastUsedDaysAgo(host, 61);
    lastUsedDaysAgo('paused.test', 29);
    const renewed: CertificateSnapshot[] = [];
    const close = authority.start((certificates) => renewed.push(...certificates));
    try {
      await vi.waitFor(() => expect(renewed).toHaveLength(2), 10_000);
      expect(hasFile('gone.test')).toBe(false);
      expect(hasFile('paused.test')).toBe(true);
      expect(hasFile('served.test')).toBe(true);
      expect(hasFile('localhost')).toBe(true);
      inUse = ['gone.test'];
      expect(x509(await certificateFor(authority, 'gone.test')).validToDate.getTime()).toBe(clock + 90 * day);
    } finally {
      close();
    }
  });

  test('one that is served is marked so, however long ago it was made', async () => {
    const authority = await createCertificateAuthority({
      dataDir: dir,
      now: () => clock,
      checkEveryMs: 5,
      hostsInUse: () => ['served.test'],
    });
    await authority.certificatesFor(['served.test']);
    lastUsedDaysAgo('served.test', 45);
    const close = authority.start(() => undefined);
    try {
      await vi.waitFor(() => expect(statSync(fileOf('served.test')).mtimeMs).toBeGreaterThan(Date.now() - day), 10_000);
    } finally {
      close();
    }
  });

  test('above the bound those that were used last stay, and all that are served', async () => {
    let inUse: readonly string[] = [];
    const authority = await createCertificateAuthority({
      dataDir: dir,
      now: () => clock,
      checkEveryMs: 5,
      hostsInUse: () => inUse,
      mostLeaves: 4,
    });
    const served = ['s1.test', 's2.test', 's3.test'];
    const before = await authority.certificatesFor(served);
    inUse = served;
    const gone: CertificateSnapshot[] = [];
    for (let number = 0; number < 9; number += 1) {
      clock += 2 * day;
      gone.push(await certificateFor(authority, `gone-${number}.test`));
      lastUsedDaysAgo(`gone-${number}.test`, 20 - number);
    }
    for (const host of served) lastUsedDaysAgo(host, 29);
    clock += 2 * day;
    const close = authority.start(() => undefined);
    try {
      await vi.waitFor(() => expect(files()).toHaveLength(4), 10_000);
    } finally {
      close();
    }
    expect(files().map((file) => file.split('-')[0])).toEqual(['localhost', 's1.test', 's2.test', 's3.test']);
    expect(await authority.certificatesFor(served)).toEqual(before);
    // Forgotten in memory too: asked again, it is another one, long before it would have been renewed.
    expect((await certificateFor(authority, 'gone-8.test')).id).not.toBe(gone[8]!.id);
    // More in use than the bound: all of them are kept.
    inUse = [...served, 's4.test', 's5.test', 's6.test'];
    const more = await authority.certificatesFor(inUse);
    expect(await authority.certificatesFor(inUse)).toEqual(more);
  });
});

describe('clocks', () => {
  test('one that has gone back does not give certificates that have ended for everyone else', async () => {
    const before = (await open()).info();
    clock = Date.UTC(1970, 0, 2);
    const authority = await open();
    expect(authority.info()).toEqual(before);
    expect(authority.problems).toMatchObject([{ code: 'CLOCK_WRONG' }]);
    const leaf = x509(await certificateFor(authority, 'a.example.org'));
    expect(leaf.validFromDate.getTime()).toBe(start - 3_600_000);
    expect(leaf.validToDate.getTime()).toBe(start + 90 * day);
    expect(await certificateFor(authority, 'a.example.org')).toMatchObject({ names: ['a.example.org'] });
  });

  test('an authority made before the clock was set is still good once it is', async () => {
    clock = Date.UTC(1970, 0, 1);
    const early = await open();
    clock = start;
    const authority = await open();
    expect(authority.info()).toEqual(early.info());
    expect(authority.problems).toEqual([]);
    expect(authority.info().notAfter).toBeGreaterThan(start + 8 * 365 * day);
  });

  test('leaves made while it was ahead are replaced when it is right again', async () => {
    const authority = await open();
    clock = start + 400 * day;
    const ahead = await certificateFor(authority, 'a.example.org');
    clock = start + day;
    const right = x509(await certificateFor(await open(), 'a.example.org'));
    expect(right.serialNumber).not.toBe(x509(ahead).serialNumber);
    expect(right.validFromDate.getTime()).toBeLessThan(clock);
  });
});

describe('hosts', () => {
  test('each gets its own; the default one is for the machine itself', async () => {
    const certificates = await (await open()).certificatesFor([
      'a.example.org',
      'A.example.org.',
      'not a host',
      '',
      'münchen.example',
    ]);
    expect(certificates.map(({ names }) => names[0])).toEqual(['a.example.org', 'xn--mnchen-3ya.example', 'localhost']);
    const standard = certificates.filter(({ isDefault }) => isDefault);
    expect(standard).toHaveLength(1);
    expect(standard[0]?.names).toEqual(
      expect.arrayContaining(['localhost', '127.0.0.1', '::1', hostname().toLowerCase()]),
    );
    expect(new Set(certificates.map(({ id }) => id)).size).toBe(3);
    expect(new Set(certificates.map((each) => x509(each).serialNumber)).size).toBe(3);
  });

  test('asked for the same host at the same time, it makes one', async () => {
    const authority = await open();
    const [one, two] = await Promise.all([
      certificateFor(authority, 'a.example.org'),
      certificateFor(authority, 'a.example.org'),
    ]);
    expect(one).toEqual(two);
  });

  test('long names', async () => {
    const host = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.example.org`;
    const authority = await open();
    const certificate = x509(await certificateFor(authority, host));
    expect(certificate.checkHost(host)).toBe(host);
    expect(await certificateFor(await open(), host)).toMatchObject({
      id: `internal:${host}:${certificate.serialNumber}`,
    });
  });

  test.each([
    ['Photos.Example.ORG', 'photos.example.org'],
    ['photos.example.org.', 'photos.example.org'],
    ['nas', 'nas'],
    ['my_app.local', 'my_app.local'],
    ['*.example.org', '*.example.org'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['192.168.1.1', '192.168.1.1'],
    ['[FD00::1]', 'fd00::1'],
    ['', undefined],
    ['*', undefined],
    ['a b', undefined],
    ['a..b', undefined],
    ['a.*.b', undefined],
    ['host:443', undefined],
    ['../../etc/passwd', undefined],
    ['a\nb.example.org', undefined],
    ['a%62.example.org', undefined],
    ['example.org/path', undefined],
    ['example.org?query', undefined],
    ['example.org#part', undefined],
    ['example.org\\path', undefined],
    [`${'a'.repeat(64)}.org`, undefined],
    [`${'a.'.repeat(127)}org`, undefined],
  ])('%s → %s', (host, expected) => {
    expect(asCertificateName(host)).toBe(expected);
  });
});
