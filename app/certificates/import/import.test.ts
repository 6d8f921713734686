import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../test/support/certificates.ts';
import type { ImportFile } from './found.ts';
import { readImport, readImportPath } from './read.ts';

const now = Date.now();
const dayMs = 86_400_000;
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

/** As Traefik 3 writes it. */
async function acmeJson(): Promise<{ readonly file: ImportFile; readonly accountPem: string; readonly chain: string }> {
  const photos = await makeCertificate(['photos.example.org', 'www.example.org']);
  const wildcard = await makeCertificate(['*.example.org']);
  const other = await makeCertificate(['other.example.org']);
  const account = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const chain = `${photos.certificatePem}\n${other.certificatePem}`;
  const entry = (main: string, certificatePem: string, key: string) => ({
    domain: { main },
    certificate: base64(certificatePem),
    key: base64(key),
    Store: 'default',
  });
  const content = {
    letsencrypt: {
      Account: {
        Email: 'ada@example.org',
        Registration: {
          body: { status: 'valid', contact: ['mailto:ada@example.org'] },
          uri: 'https://acme-v02.api.letsencrypt.org/acme/acct/123456789',
        },
        PrivateKey: base64(account.privateKey.export({ format: 'der', type: 'pkcs1' })),
        KeyType: '4096',
      },
      Certificates: [
        entry('photos.example.org', chain, photos.privateKeyPem),
        entry('broken.example.org', photos.certificatePem, other.privateKeyPem),
        entry('none.example.org', 'nothing', 'nothing'),
      ],
    },
    cloudflare: {
      Account: null,
      Certificates: [entry('*.example.org', wildcard.certificatePem, wildcard.privateKeyPem)],
    },
    fresh: { Account: { Email: '', Registration: null, PrivateKey: '', KeyType: '4096' }, Certificates: null },
  };
  return {
    file: { path: 'acme.json', content: JSON.stringify(content, null, 2) },
    accountPem: account.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    chain,
  };
}

describe("Traefik's acme.json", () => {
  it('gives its accounts and certificates, with what was left and why', async () => {
    const { file, accountPem, chain } = await acmeJson();
    const { certificates, accounts, skipped } = await readImport('traefik', [file], now);
    expect(certificates.map(({ names, resolver }) => [names, resolver])).toEqual([
      [['photos.example.org', 'www.example.org'], 'letsencrypt'],
      [['*.example.org'], 'cloudflare'],
    ]);
    expect(certificates[0]?.certificatePem.replaceAll(/\s/g, '')).toBe(chain.replaceAll(/\s/g, ''));
    expect(accounts).toMatchObject([
      {
        resolver: 'letsencrypt',
        email: 'ada@example.org',
        url: 'https://acme-v02.api.letsencrypt.org/acme/acct/123456789',
      },
    ]);
    const key = createPublicKey(accounts[0]?.privateKey.reveal() ?? '');
    expect(key.export({ format: 'pem', type: 'spki' })).toBe(accountPem);
    expect(skipped.map(({ code }) => code).toSorted()).toEqual(['ACCOUNT_WITHOUT_KEY', 'KEY_OTHER', 'UNREADABLE']);
    expect(JSON.stringify({ certificates, accounts, skipped })).not.toContain('PRIVATE');
  });

  it('is taken in the form of Traefik 1, which had one account without a name', async () => {
    const { privateKeyPem, certificatePem } = await makeCertificate(['a.example.org']);
    const content = JSON.stringify({
      Account: { Email: 'a@b.c', Registration: null, PrivateKey: '' },
      Certificates: [
        { Domain: { Main: 'a.example.org' }, Certificate: base64(certificatePem), Key: base64(privateKeyPem) },
      ],
    });
    const { certificates } = await readImport('traefik', [{ path: 'acme.json', content }], now);
    expect(certificates).toMatchObject([{ names: ['a.example.org'], resolver: 'acme' }]);
  });

  it.each([
    ['', 'is not JSON'],
    ['{"letsencrypt":', 'is not JSON'],
    ['[]', 'is not an acme.json'],
    ['{}', 'no certificate and no account'],
  ])('is refused with a reason where it is none: %j', async (content, reason) => {
    await expect(readImport('traefik', [{ path: 'acme.json', content }], now)).rejects.toThrow(reason);
  });

  it('leaves out what has ended', async () => {
    const { file } = await acmeJson();
    const { certificates, skipped } = await readImport('traefik', [file], now + 4000 * dayMs);
    expect(certificates).toEqual([]);
    expect(skipped.filter(({ code }) => code === 'EXPIRED')).toHaveLength(3);
  });
});

describe("certbot's and Nginx Proxy Manager's folders", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'gh-import-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };

  async function certbot(dir: string): Promise<void> {
    const old = await makeCertificate(['nas.example.org']);
    const recent = await makeCertificate(['nas.example.org']);
    for (const [number, { certificatePem, privateKeyPem }] of [old, recent].entries()) {
      write(`${dir}/archive/nas/fullchain${number + 1}.pem`, certificatePem);
      write(`${dir}/archive/nas/privkey${number + 1}.pem`, privateKeyPem);
    }
    mkdirSync(join(root, dir, 'live/nas'), { recursive: true });
    for (const file of ['fullchain', 'privkey']) {
      symlinkSync(`../../archive/nas/${file}2.pem`, join(root, dir, 'live/nas', `${file}.pem`));
    }
    write(`${dir}/live/README`, 'not a certificate');
    write(
      `${dir}/renewal/nas.conf`,
      '[renewalparams]\nauthenticator = dns-cloudflare\nserver = https://ca.test/directory\n',
    );
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const account = `${dir}/accounts/acme-v02.api.letsencrypt.org/directory/0123abcd`;
    write(`${account}/private_key.json`, JSON.stringify(privateKey.export({ format: 'jwk' })));
    write(`${account}/regr.json`, '{"body":{},"uri":"https://acme-v02.api.letsencrypt.org/acme/acct/7"}');
  }

  it('give the newest certificate of each name, by the links or without them', async () => {
    await certbot('etc/letsencrypt');
    const files = await readImportPath('certbot', join(root, 'etc/letsencrypt'));
    const { certificates, accounts, skipped } = await readImport('certbot', files, now);
    expect(certificates).toMatchObject([{ where: 'live/nas', names: ['nas.example.org'], resolver: null }]);
    expect(accounts).toMatchObject([
      {
        url: 'https://acme-v02.api.letsencrypt.org/acme/acct/7',
        directory: 'https://acme-v02.api.letsencrypt.org/directory',
      },
    ]);
    expect(skipped).toMatchObject([{ what: 'nas', code: 'DNS_CREDENTIALS', details: { plugin: 'cloudflare' } }]);

    const archived = files.filter(({ path }) => !path.startsWith('live/'));
    const again = (await readImport('certbot', archived, now)).certificates;
    expect(again.map(({ where, certificatePem }) => [where, certificatePem])).toEqual([
      ['archive/nas', certificates[0]?.certificatePem],
    ]);
  });

  it("are found in Nginx Proxy Manager's folder, with the certificates that were uploaded to it", async () => {
    await certbot('letsencrypt');
    const own = await makeCertificate(['own.example.org']);
    write('data/custom_ssl/npm-3/fullchain.pem', own.certificatePem);
    write('data/custom_ssl/npm-3/privkey.pem', own.privateKeyPem);
    write('data/custom_ssl/npm-4/fullchain.pem', (await makeCertificate(['keyless.example.org'])).certificatePem);
    write('data/database.sqlite', 'not read');
    const files = await readImportPath('nginx-proxy-manager', root);
    const { certificates, skipped } = await readImport('nginx-proxy-manager', files, now);
    expect(certificates.map(({ names }) => names[0]).toSorted((a = '', b = '') => a.localeCompare(b))).toEqual([
      'nas.example.org',
      'own.example.org',
    ]);
    expect(skipped.map(({ what, code }) => [what, code])).toContainEqual(['keyless.example.org', 'KEY_MISSING']);
  });

  it('are left alone where there are too many bytes, or where somebody would have to write them first', async () => {
    write('deep/live/nas/fullchain.pem', 'x'.repeat(20 * 1024 * 1024));
    write('deep/live/nas/privkey.pem', 'x'.repeat(20 * 1024 * 1024));
    const tooLarge = { code: 'INVALID', details: { reason: 'IMPORT_TOO_LARGE' } };
    await expect(readImportPath('certbot', join(root, 'deep'))).rejects.toMatchObject(tooLarge);
    await expect(readImportPath('traefik', join(root, 'deep'))).resolves.toEqual([]);
    if (process.platform === 'win32') return;
    mkdirSync(join(root, 'pipes/live/nas'), { recursive: true });
    execFileSync('mkfifo', [join(root, 'pipes/live/nas/fullchain.pem')]);
    symlinkSync('/dev/zero', join(root, 'pipes/live/nas/privkey.pem'));
    expect(await readImportPath('certbot', join(root, 'pipes'))).toEqual([]);
  });

  it('quote nothing of a file that is not what was meant', async () => {
    const files = [{ path: 'acme.json', content: 'root:hunter2:0:0' }];
    await expect(readImport('traefik', files, now)).rejects.toThrow(
      /^Nothing was imported\. acme\.json is not JSON\.$/,
    );
  });

  it('say what they lack, and what is not there', async () => {
    await expect(readImport('certbot', [], now)).rejects.toThrow('/etc/letsencrypt');
    await expect(readImportPath('certbot', join(root, 'nowhere'))).rejects.toMatchObject({
      code: 'INVALID',
      details: { reason: 'IMPORT_UNREADABLE', code: 'ENOENT' },
    });
  });
});
