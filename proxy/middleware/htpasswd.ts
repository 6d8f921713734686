import { createHash, timingSafeEqual } from 'node:crypto';
import apacheMd5Module from 'apache-md5';
import { compareSync } from 'bcryptjs';

// The package is CommonJS and exports the function itself; its types speak of a default export.
const apacheMd5 = apacheMd5Module as unknown as (password: string, hash: string) => string;

/** Password hashes by user name. */
export type Htpasswd = ReadonlyMap<string, string>;

/**
 * Reads lines of Apache's htpasswd form, `name:hash`. Throws an Error for a line that is none; it does not show what
 * stands there, as that may be a password.
 */
export function parseHtpasswd(lines: readonly string[]): Htpasswd {
  const users = new Map<string, string>();
  lines.forEach((line, index) => {
    const [name = '', hash = '', ...rest] = line.split(':');
    if (name === '' || hash === '' || rest.length > 0) {
      throw new Error(`User ${index + 1} is not written as name:hash. Make such a line with "htpasswd -nB name".`);
    }
    users.set(name, hash);
  });
  return users;
}

/** The lines of a users file that count: not the empty ones, nor comments. */
export function htpasswdLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * Checks a password against a bcrypt, `$apr1$` or `{SHA}` hash. A hash of another kind matches nothing. Takes tens of
 * milliseconds of computing: see password-hashing.ts.
 */
export function verifyPassword(password: string, hash: string): boolean {
  if (/^\$2[abxy]\$/.test(hash)) return verifyBcrypt(password, hash);
  if (hash.startsWith('$apr1$')) return sameText(apacheMd5(password, hash), hash);
  if (hash.startsWith('{SHA}')) return sameText(`{SHA}${createHash('sha1').update(password).digest('base64')}`, hash);
  return false;
}

function verifyBcrypt(password: string, hash: string): boolean {
  try {
    return compareSync(password, hash);
  } catch {
    // It only looks like a hash, and so matches nothing.
    return false;
  }
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
