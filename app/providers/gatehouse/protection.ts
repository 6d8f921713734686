import type { Protection } from '../../contract/objects.ts';
import type { StoredProtection } from '../../store/exposures.ts';
import { validPassword, validProtection } from './validation.ts';

/**
 * A protection as it is kept: a password only as its hash. One that is left out is the one from before. Throws
 * OperationError. `cost` is bcrypt's; each step doubles the work.
 */
export async function protectionToStore(
  protection: Protection,
  kept: StoredProtection | null | undefined,
  cost = 10,
): Promise<StoredProtection> {
  const valid = validProtection(protection);
  if (valid.kind !== 'password') return valid;
  const { username } = valid;
  if (valid.password === undefined && kept?.kind === 'password') {
    return { kind: 'password', username, passwordHash: kept.passwordHash };
  }
  const { hash } = await import('bcryptjs');
  return { kind: 'password', username, passwordHash: await hash(validPassword(valid.password), cost) };
}

/** A protection as it is shown: without what would open it. */
export function shownProtection(protection: StoredProtection): Protection {
  switch (protection.kind) {
    case 'none':
      return { kind: 'none' };
    case 'password':
      return { kind: 'password', username: protection.username };
    case 'allowList':
      break;
  }
  return { kind: 'allowList', sourceRange: [...protection.sourceRange] };
}
