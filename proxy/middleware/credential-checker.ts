import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Htpasswd } from './htpasswd.ts';
import { verifyInThread } from './password-hashing.ts';

/** Verdicts on credentials lately seen. What is kept tells nothing of a password to one who reads the memory. */
export type CredentialCache = LRUCache<string, boolean>;

export function createCredentialCache(): CredentialCache {
  return new LRUCache({ max: 2000, ttl: 10 * 60_000 });
}

const cacheKey = randomBytes(32);

/** Beyond so many waiting, more are turned away: whoever guesses passwords should not fill the memory too. */
const maxWaiting = 100;
let waiting = 0;

/**
 * Judges a name and password. At once where the same pair was judged before; else by a promise, which gives null
 * where too many wait already. A name that nobody has costs as much as one that somebody has.
 */
export function checkCredentials(
  users: Htpasswd,
  cache: CredentialCache,
  name: string,
  password: string,
): boolean | Promise<boolean | null> {
  const known = users.get(name);
  const hash = known ?? standIn(users, name);
  const key = createHmac('sha256', cacheKey)
    .update(JSON.stringify([name, password, hash]))
    .digest('base64');
  const judged = cache.get(key);
  if (judged !== undefined) return judged;
  if (waiting >= maxWaiting) return Promise.resolve(null);
  return judge(password, hash).then((matches) => {
    const verdict = matches && known !== undefined;
    cache.set(key, verdict);
    return verdict;
  });
}

async function judge(password: string, hash: string): Promise<boolean> {
  waiting += 1;
  try {
    return await verifyInThread(password, hash);
  } finally {
    waiting -= 1;
  }
}

/**
 * A hash to spend time on for a name that nobody has: always the same one for the same name, so that names that exist
 * cannot be told by the time an answer takes, even where users have hashes of different kinds.
 */
function standIn(users: Htpasswd, name: string): string {
  const hashes = [...users.values()];
  const draw = createHmac('sha256', cacheKey).update(name).digest().readUInt32BE(0);
  return hashes[draw % hashes.length] ?? '';
}
