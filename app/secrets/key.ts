import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateFile } from '../certificates/files.ts';
import { syncDir } from '../store/data-dir.ts';
import type { Keychain } from './keychain.ts';
import { keyBytes } from './sealed.ts';
import { SecretsError } from './secrets.ts';

/** Where the key of a secrets folder is: `key` holds it, or says which entry of the keychain does. */
const keyFile = 'key';
const inKeychain = 'keychain ';

export interface KeyPlaces {
  readonly secretsDir: string;
  /** Null: this system has no keychain. */
  readonly keychainFor: (account: string) => Keychain | null;
  /** What a new folder takes; left out: the keychain where it works. */
  readonly prefer?: 'keychain' | 'files' | undefined;
}

export type FoundKey = { readonly kind: 'key'; readonly key: Buffer } | { readonly kind: 'none'; readonly why: string };

/**
 * The key of a folder that has one. `none`: it is gone for good, or was never there. Throws `SecretsError` where it may
 * come back: a keychain that cannot be reached now, a file that may not be read.
 */
export async function findKey({ secretsDir, keychainFor }: KeyPlaces): Promise<FoundKey> {
  const path = join(secretsDir, keyFile);
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
    chmodSync(path, 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return { kind: 'none', why: 'their key was missing' };
    }
    throw unreadable(`the key file ${path} may not be read`, 'Give it to the user that runs Gatehouse.', error);
  }
  if (!text.startsWith(inKeychain)) return decoded(text, 'their key was damaged');
  try {
    const keychain = keychainFor(text.slice(inKeychain.length));
    if (!keychain) throw new Error('there is none in this session');
    const value = await keychain.get();
    return value === null
      ? { kind: 'none', why: 'their key was gone from the keychain' }
      : decoded(value, 'their key in the keychain was damaged');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unreadable(
      `the keychain that holds their key cannot be opened (${reason})`,
      'Start Gatehouse in the desktop session in which it was set up, and unlock the keychain there.',
      error,
    );
  }
}

function decoded(text: string, why: string): FoundKey {
  const key = Buffer.from(text, 'base64');
  return key.length === keyBytes ? { kind: 'key', key } : { kind: 'none', why };
}

/** Makes the key of a new folder, in the keychain where there is one that works. */
export async function makeKey({ secretsDir, keychainFor, prefer }: KeyPlaces): Promise<Buffer> {
  const key = randomBytes(keyBytes);
  const text = key.toString('base64');
  const account = `secrets-${randomUUID()}`;
  const keychain = prefer === 'files' ? null : keychainFor(account);
  const kept = keychain !== null && (await keepIn(keychain, text, prefer === 'keychain'));
  if (!kept && prefer === 'keychain') {
    throw new SecretsError(
      'SECRETS_NOT_KEPT',
      'GATEHOUSE_SECRETS asks for a keychain, and this session has none.',
      'Start Gatehouse in a desktop session, or leave GATEHOUSE_SECRETS out.',
    );
  }
  writePrivateFile(join(secretsDir, keyFile), `${kept ? inKeychain + account : text}\n`, { durable: true });
  syncDir(secretsDir);
  return key;
}

/** Reads back what it wrote: some keychains take what they do not keep. */
async function keepIn(keychain: Keychain, text: string, must: boolean): Promise<boolean> {
  try {
    await keychain.set(text);
    return (await keychain.get()) === text;
  } catch (error) {
    if (!must) return false;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SecretsError(
      'SECRETS_NOT_KEPT',
      `The keychain did not take the key: ${reason}.`,
      'Unlock the keychain, or leave GATEHOUSE_SECRETS out.',
      { cause: error },
    );
  }
}

function unreadable(what: string, fix: string, cause: unknown): SecretsError {
  return new SecretsError('SECRETS_UNREADABLE', `Secrets cannot be read: ${what}.`, fix, { cause });
}
