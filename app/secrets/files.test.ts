import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecrets } from './files.ts';
import type { Keychain } from './keychain.ts';
import { Secret } from './secret.ts';
import type { Secrets } from './secrets.ts';

let dataDir: string;
let secretsDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gh-secrets-'));
  secretsDir = join(dataDir, 'secrets');
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const inFiles = (): Secrets => createSecrets({ dataDir, keychainFor: () => null });

/** A keychain in memory that can be locked. */
function keychainDouble() {
  const entries = new Map<string, string>();
  const state = { locked: false };
  const open = (): Map<string, string> => {
    if (state.locked) throw new Error('it is locked, and nobody opened it');
    return entries;
  };
  const keychainFor = (account: string): Keychain => ({
    get: async () => open().get(account) ?? null,
    set: async (value) => void open().set(account, value),
    delete: async () => void open().delete(account),
  });
  return { entries, state, keychainFor, secrets: () => createSecrets({ dataDir, keychainFor }) };
}

describe('a secret', () => {
  it('is shown nowhere', () => {
    const secret = new Secret('hunter2');
    const seen = [secret.toString(), JSON.stringify({ secret }), inspect({ deep: [secret] }), String(secret)];
    for (const text of seen) {
      expect(text).toContain('[secret]');
      expect(text).not.toContain('hunter2');
    }
    expect(Object.values(secret)).toEqual([]);
    expect(secret.reveal()).toBe('hunter2');
  });
});

describe('secrets in files', () => {
  it('are there after a restart, and can be listed, replaced and deleted', async () => {
    const secrets = inFiles();
    expect(await secrets.get('dns.cloudflare')).toBeUndefined();
    expect(await secrets.list()).toEqual([]);
    await secrets.set('dns.cloudflare', new Secret('one'));
    await secrets.set('dns.cloudflare', new Secret('två\n'));
    await secrets.set('acme-account.home', new Secret(''));
    const again = inFiles();
    expect((await again.get('dns.cloudflare'))?.reveal()).toBe('två\n');
    expect((await again.get('acme-account.home'))?.reveal()).toBe('');
    expect(await again.list()).toEqual(['acme-account.home', 'dns.cloudflare']);
    expect(await again.delete('dns.cloudflare')).toBe(true);
    expect(await again.delete('dns.cloudflare')).toBe(false);
    expect(await again.list()).toEqual(['acme-account.home']);
    expect(again.problems()).toEqual([]);
  });

  it('leave nothing to read for others, nor in clear text, nor a file half written', async () => {
    const secrets = inFiles();
    await secrets.set('token', new Secret('a-very-plain-token'));
    expect(statSync(secretsDir).mode & 0o777).toBe(0o700);
    expect(readdirSync(secretsDir).toSorted()).toEqual(['key', 'token.secret']);
    for (const file of readdirSync(secretsDir)) {
      expect(statSync(join(secretsDir, file)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(secretsDir, file), 'utf8')).not.toContain('plain');
    }
  });

  it('has one key though two secrets are the first', async () => {
    const secrets = inFiles();
    await Promise.all(['a', 'b', 'c'].map((name) => secrets.set(name, new Secret(name))));
    const again = inFiles();
    for (const name of ['a', 'b', 'c']) expect((await again.get(name))?.reveal()).toBe(name);
  });

  it.each(['', '../up', '.hidden', 'a/b', 'a b', 'x'.repeat(201)])('refuses the name %j', async (name) => {
    await expect(inFiles().set(name, new Secret('x'))).rejects.toMatchObject({ code: 'SECRET_NAME' });
    await expect(inFiles().get(name)).rejects.toMatchObject({ code: 'SECRET_NAME' });
  });

  it('sets a damaged file aside, says so, and keeps the others', async () => {
    const secrets = inFiles();
    await secrets.set('whole', new Secret('x'));
    await secrets.set('cut', new Secret('y'));
    const path = join(secretsDir, 'cut.secret');
    const content = readFileSync(path);
    writeFileSync(path, content.subarray(0, content.length / 2));
    expect(await secrets.get('cut')).toBeUndefined();
    expect((await secrets.get('whole'))?.reveal()).toBe('x');
    const [problem] = secrets.problems();
    expect(problem).toMatchObject({ code: 'SECRETS_SET_ASIDE', details: { name: 'cut' } });
    expect(readFileSync(String(problem?.details['asidePath']))).toEqual(content.subarray(0, content.length / 2));
    expect(await secrets.list()).toEqual(['whole']);
  });

  it('does not take one file for another, nor one bit for another', async () => {
    const secrets = inFiles();
    await secrets.set('one', new Secret('x'));
    writeFileSync(join(secretsDir, 'two.secret'), readFileSync(join(secretsDir, 'one.secret')));
    expect(await secrets.get('two')).toBeUndefined();
    const sealed = JSON.parse(readFileSync(join(secretsDir, 'one.secret'), 'utf8')) as { data: string };
    const data = Buffer.from(sealed.data, 'base64');
    data[0] = (data[0] ?? 0) ^ 1;
    writeFileSync(join(secretsDir, 'one.secret'), JSON.stringify({ ...sealed, data: data.toString('base64') }));
    expect(await secrets.get('one')).toBeUndefined();
    expect(secrets.problems()).toHaveLength(2);
  });

  it('sets all aside where the key is gone, and begins anew', async () => {
    await inFiles().set('old', new Secret('x'));
    rmSync(join(secretsDir, 'key'));
    const secrets = inFiles();
    await secrets.set('new', new Secret('y'));
    expect(await secrets.list()).toEqual(['new']);
    const aside = readdirSync(dataDir).find((name) => name.startsWith('secrets.broken-'));
    expect(readdirSync(join(dataDir, aside ?? ''))).toEqual(['old.secret']);
    expect(secrets.problems()).toMatchObject([{ code: 'SECRETS_SET_ASIDE', severity: 'error' }]);
  });

  it('says what to do where it cannot write, and holds no secret in what it says', async () => {
    writeFileSync(join(dataDir, 'secrets'), 'a file in its way');
    const failure: unknown = await inFiles()
      .set('token', new Secret('hunter2'))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'SecretsError' });
    expect(inspect(failure, { depth: 9 })).not.toContain('hunter2');
  });
});

describe('secrets with their key in a keychain', () => {
  it('are read only while the keychain can be opened, and never fall back by themselves', async () => {
    const { secrets, state, entries } = keychainDouble();
    const first = secrets();
    await first.set('token', new Secret('x'));
    expect([...entries.keys()]).toHaveLength(1);
    expect(readFileSync(join(secretsDir, 'key'), 'utf8')).toMatch(/^keychain secrets-/);
    state.locked = true;
    const later = secrets();
    await expect(later.get('token')).rejects.toMatchObject({ code: 'SECRETS_UNREADABLE' });
    await expect(later.set('other', new Secret('y'))).rejects.toMatchObject({ code: 'SECRETS_UNREADABLE' });
    expect(later.problems()).toMatchObject([{ code: 'SECRETS_UNREADABLE' }]);
    await expect(inFiles().get('token')).rejects.toMatchObject({ code: 'SECRETS_UNREADABLE' });
    state.locked = false;
    expect((await later.get('token'))?.reveal()).toBe('x');
    expect(later.problems()).toEqual([]);
    expect(await later.list()).toEqual(['token']);
  });

  it('have their key in a file from the first where the keychain does not work', async () => {
    const { secrets, state, entries } = keychainDouble();
    state.locked = true;
    await secrets().set('token', new Secret('x'));
    state.locked = false;
    expect((await secrets().get('token'))?.reveal()).toBe('x');
    expect(entries.size).toBe(0);
  });

  it('takes files where that was asked for, and fails where a keychain was and there is none', async () => {
    const { keychainFor, entries } = keychainDouble();
    await createSecrets({ dataDir, keychainFor, prefer: 'files' }).set('token', new Secret('x'));
    expect(entries.size).toBe(0);
    const other = join(dataDir, 'other');
    mkdirSync(other);
    const asked = createSecrets({ dataDir: other, keychainFor: () => null, prefer: 'keychain' });
    await expect(asked.set('token', new Secret('x'))).rejects.toMatchObject({ code: 'SECRETS_NOT_KEPT' });
  });
});
