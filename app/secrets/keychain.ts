import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** One entry of the system's keychain. Rejects where there is no keychain, or it is locked and stays so. */
export interface Keychain {
  readonly get: () => Promise<string | null>;
  readonly set: (value: string) => Promise<void>;
  readonly delete: () => Promise<void>;
}

const service = 'Gatehouse';
/** A locked keychain asks its owner to open it; on a machine without a screen nobody would ever answer. */
const patienceMs = 15_000;

/**
 * The entry for a data folder: in the Keychain of macOS, the Credential Manager of Windows, the Secret Service of a
 * Linux desktop. Null where there plainly is none.
 */
export function systemKeychain(account: string, env: NodeJS.ProcessEnv = process.env): Keychain | null {
  if (process.platform === 'linux' && !hasSessionBus(env)) return null;
  return {
    get: async () => within(async () => (await keytar()).getPassword(service, account)),
    set: async (value) => within(async () => (await keytar()).setPassword(service, account, value)),
    delete: async () => {
      await within(async () => (await keytar()).deletePassword(service, account));
    },
  };
}

/** Native, and not needed by most commands nor on servers. */
async function keytar() {
  return (await import('keytar')).default;
}

function hasSessionBus(env: NodeJS.ProcessEnv): boolean {
  if (env['DBUS_SESSION_BUS_ADDRESS']) return true;
  const runtimeDir = env['XDG_RUNTIME_DIR'];
  return runtimeDir !== undefined && existsSync(join(runtimeDir, 'bus'));
}

async function within<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it is locked, and nobody opened it')), patienceMs);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
