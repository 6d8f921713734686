import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Secret } from '../secrets/secrets.ts';
import { type Backup, packBackup, unpackBackup } from './archive.ts';

const passphrase = new Secret('correct horse battery');
const backup: Backup = {
  version: '1.2.3',
  createdAt: 1_700_000_000_000,
  files: [{ path: 'gatehouse.db', content: Buffer.from([0, 1, 2, 255]) }],
  secret: {
    files: [{ path: 'ca/ca-key.pem', content: Buffer.from('a private key') }],
    secrets: { 'dns.cloudflare': 'a-token' },
  },
};

describe('a backup', () => {
  it('comes out as it went in, and shows no secret', () => {
    const bytes = packBackup(backup, passphrase);
    expect(unpackBackup(bytes, passphrase)).toEqual({ ...backup, isSealed: true });
    const text = gunzipSync(bytes).toString();
    for (const secret of [
      'a-token',
      'a private key',
      'dns.cloudflare',
      Buffer.from('a private key').toString('base64'),
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  it('can be read without its secrets, and made without any', () => {
    const sealed = packBackup(backup, passphrase);
    expect(unpackBackup(sealed, null)).toEqual({ ...backup, secret: null, isSealed: true });
    const open = packBackup({ ...backup, secret: null }, null);
    expect(unpackBackup(open, passphrase)).toEqual({ ...backup, secret: null, isSealed: false });
    // Without a passphrase nothing secret goes in, whatever was handed over.
    expect(gunzipSync(packBackup(backup, null)).toString()).not.toContain('secrets');
  });

  it('says what is wrong with it', () => {
    const bytes = packBackup(backup, passphrase);
    const changed = (change: (archive: Record<string, unknown>) => void): Buffer => {
      const archive = JSON.parse(gunzipSync(bytes).toString()) as Record<string, unknown>;
      change(archive);
      return gzipSync(JSON.stringify(archive));
    };
    const cases: readonly [Buffer, string][] = [
      [Buffer.from(''), 'BACKUP_UNREADABLE'],
      [Buffer.from('hello'), 'BACKUP_UNREADABLE'],
      [bytes.subarray(0, bytes.length / 2), 'BACKUP_UNREADABLE'],
      [gzipSync('{}'), 'BACKUP_UNREADABLE'],
      [changed((archive) => (archive['gatehouseBackup'] = 2)), 'BACKUP_NEWER'],
      // The secrets of one backup do not fit the files of another.
      [changed((archive) => (archive['files'] = [])), 'PASSPHRASE_WRONG'],
    ];
    for (const [content, code] of cases) {
      expect(() => unpackBackup(content, passphrase)).toThrow(expect.objectContaining({ code }) as Error);
    }
    expect(() => unpackBackup(bytes, new Secret('another'))).toThrow(
      expect.objectContaining({ code: 'PASSPHRASE_WRONG' }) as Error,
    );
  });
});
