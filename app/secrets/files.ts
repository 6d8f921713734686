import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writePrivateFile } from '../certificates/files.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { syncDir } from '../store/data-dir.ts';
import { findKey, makeKey } from './key.ts';
import { type Keychain, systemKeychain } from './keychain.ts';
import { seal, unseal } from './sealed.ts';
import { Secret, type Secrets, SecretsError } from './secrets.ts';

export interface SecretsOptions {
  readonly dataDir: string;
  readonly now?: () => number;
  /** Of tests; left out: the system's. */
  readonly keychainFor?: (account: string) => Keychain | null;
  /** Where a new folder has its key; left out: GATEHOUSE_SECRETS, else the keychain where it works. */
  readonly prefer?: 'keychain' | 'files' | undefined;
}

const suffix = '.secret';
const namePattern = /^[\w-][\w.-]{0,199}$/;

/**
 * Secrets as encrypted files in `secrets/` of the data folder. Their key is in the system's keychain, or, where there is
 * none (a server), in a file of mode 0600. Which of the two is decided when the first secret is kept, and never changes
 * by itself.
 *
 * Not each secret is an entry of the keychain: Windows holds 2560 bytes in one, less than an RSA key has, and a backup
 * could not reach them.
 */
export function createSecrets(options: SecretsOptions): Secrets {
  const secretsDir = join(options.dataDir, 'secrets');
  const now = options.now ?? Date.now;
  const places = {
    secretsDir,
    keychainFor: options.keychainFor ?? ((account: string) => systemKeychain(account)),
    prefer: options.prefer ?? preferred(process.env['GATEHOUSE_SECRETS']),
  };
  const aside: Problem[] = [];
  let unreadable: Problem | null = null;
  let opened: Promise<Buffer | null> | null = null;
  let made: Promise<Buffer> | null = null;

  const pathOf = (name: string): string => {
    if (namePattern.test(name)) return join(secretsDir, name + suffix);
    throw new SecretsError(
      'SECRET_NAME',
      `"${name}" cannot be the name of a secret.`,
      'Use letters, digits, "." and "-".',
    );
  };
  const stamp = (): string => new Date(now()).toISOString().replaceAll(/[:.]/g, '-');

  /** Null: there are no secrets yet. */
  const open = async (): Promise<Buffer | null> => {
    if (!existsSync(secretsDir)) return null;
    const found = await findKey(places);
    if (found.kind === 'key') return found.key;
    if (names().length === 0) return null;
    const asidePath = `${secretsDir}.broken-${stamp()}`;
    renameSync(secretsDir, asidePath);
    syncDir(dirname(secretsDir));
    aside.push(allSetAside(asidePath, found.why));
    return null;
  };

  /** Kept once it is had; asked for again after a failure, as a keychain may have been unlocked since. */
  const key = (): Promise<Buffer | null> => {
    opened ??= open().then(
      (value) => {
        unreadable = null;
        if (value === null) opened = null;
        return value;
      },
      (error: unknown) => {
        opened = null;
        if (error instanceof SecretsError) unreadable = unreadableProblem(error);
        throw error;
      },
    );
    return opened;
  };

  /** One at a time: two that find no key must not make two. */
  const keyToWrite = (): Promise<Buffer> => {
    const work = async (): Promise<Buffer> => (await key()) ?? (await newKey());
    made ??= work().finally(() => {
      made = null;
    });
    return made;
  };

  const newKey = async (): Promise<Buffer> => {
    mkdirSync(secretsDir, { recursive: true, mode: 0o700 });
    const value = await makeKey(places);
    opened = Promise.resolve(value);
    return value;
  };

  const names = (): string[] => {
    if (!existsSync(secretsDir)) return [];
    const files = readdirSync(secretsDir).filter((file) => file.endsWith(suffix));
    return files.map((file) => file.slice(0, -suffix.length)).toSorted();
  };

  return {
    get: async (name) => {
      const path = pathOf(name);
      const known = await key();
      if (!known) return undefined;
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw notRead(path, error);
      }
      const found = unseal(known, name, text);
      if (found.kind === 'value') return new Secret(found.value);
      const asidePath = `${path}.broken-${stamp()}`;
      try {
        renameSync(path, asidePath);
        syncDir(secretsDir);
      } catch (error) {
        throw notRead(path, error);
      }
      aside.push(oneSetAside(name, asidePath, found.kind));
      return undefined;
    },
    set: async (name, value) => {
      const path = pathOf(name);
      try {
        const known = await keyToWrite();
        writePrivateFile(path, seal(known, name, value.reveal()), { durable: true });
        syncDir(secretsDir);
      } catch (error) {
        throw error instanceof SecretsError ? error : notKept(path, error);
      }
    },
    delete: async (name) => {
      const path = pathOf(name);
      if (!existsSync(path)) return false;
      try {
        rmSync(path);
        syncDir(secretsDir);
      } catch (error) {
        throw notKept(path, error);
      }
      return true;
    },
    list: () => Promise.resolve(names()),
    problems: () => [...aside, ...(unreadable ? [unreadable] : [])],
  };
}

function preferred(text: string | undefined): 'keychain' | 'files' | undefined {
  return text === 'keychain' || text === 'files' ? text : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

function notRead(path: string, cause: unknown): SecretsError {
  return new SecretsError(
    'SECRETS_UNREADABLE',
    `The secret in ${path} cannot be read (${codeOf(cause)}).`,
    'Give the file to the user that runs Gatehouse.',
    { cause },
  );
}

function notKept(path: string, cause: unknown): SecretsError {
  const full = ['ENOSPC', 'EDQUOT'].includes(codeOf(cause));
  return new SecretsError(
    'SECRETS_NOT_KEPT',
    `The secret cannot be written to ${path} (${codeOf(cause)}). Nothing was changed.`,
    full ? 'Free some space on that disk.' : 'See that the data folder can be written.',
    { cause },
  );
}

function oneSetAside(name: string, asidePath: string, kind: 'damaged' | 'other-key'): Problem {
  const why = kind === 'damaged' ? 'its file was damaged' : 'it was encrypted under another key';
  return problem(
    'SECRETS_SET_ASIDE',
    'warning',
    `The secret ${name} could not be read (${why}), so its file was set aside.`,
    `Enter it again where it is used. The file is at ${asidePath}; a good copy of it can be put back as ${name}${suffix}.`,
    { name, asidePath, why },
  );
}

function allSetAside(asidePath: string, why: string): Problem {
  return problem(
    'SECRETS_SET_ASIDE',
    'error',
    `No secret could be read, as ${why}. They were set aside.`,
    `Enter them again where they are used, or put the key back into ${asidePath}, and that folder back as "secrets".`,
    { asidePath, why },
  );
}

function unreadableProblem(error: SecretsError): Problem {
  return problem('SECRETS_UNREADABLE', 'error', error.message, error.fix, { path: 'secrets' });
}
