import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Exchange, ProxyRequest } from '../http/exchange.ts';
import { canonicalPath } from '../rule/path.ts';
import { answerText } from './answer-text.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { DigestNonces } from './digest-nonces.ts';
import { checkFields, fieldRemover } from './header-aliases.ts';
import { htpasswdLines } from './htpasswd.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  users: z.array(z.string()).optional(),
  usersFile: z.string().optional(),
  removeHeader: z.boolean().optional(),
  realm: z.string().optional(),
  headerField: z.string().optional(),
});
type Config = z.infer<typeof schema>;

/** Digests of name, realm and password, by name, for one realm. */
type Users = ReadonlyMap<string, string>;

export const digestAuth: MiddlewareDefinition<Config> = {
  type: 'digestAuth',
  summary: 'Asks visitors for a user name and a password that does not cross the wire itself.',
  schema,
  secretOptions: ['users'],
  build(config, context) {
    const remove = fieldRemover(context);
    const realm = config.realm || 'traefik';
    if (/["\\]|[^\x20-\x7e]/.test(realm)) throw new Error('realm holds a character that cannot stand in a header.');
    const users = readUsers(config, realm);
    const { headerField = '', removeHeader } = config;
    if (headerField !== '') checkFields('headerField', { [headerField]: '' });
    const { shared, identity } = context;
    const nonces = new DigestNonces(shared.secretOf(identity), shared.nonces, context.now);
    const opaque = randomBytes(16).toString('hex');

    function challenge(exchange: Exchange, isStale: boolean): void {
      context.verdict(exchange, 'refused');
      const nonce = nonces.create(realm);
      const stale = isStale ? ', stale=true' : '';
      const field = `Digest realm="${realm}", nonce="${nonce}", opaque="${opaque}", algorithm=MD5, qop="auth"${stale}`;
      answerText(exchange, 401, ['WWW-Authenticate', field], '401 Unauthorized\n');
    }

    return (next) => (exchange) => {
      const { request, notes } = exchange;
      // What a client says of itself under this name must never pass, whatever comes next.
      if (headerField !== '') remove(request.headers, headerField);
      const given = readCredentials(request.headers.get('authorization'));
      if (given === null) return challenge(exchange, false);
      notes.username = given.username;
      if (given.realm !== realm || !isProof(given, users, request)) return challenge(exchange, false);
      // Only a right answer uses up its number: others could spend those of the owner.
      if (!nonces.use(given.nonce, realm, Number.parseInt(given.nc, 16))) return challenge(exchange, true);
      if (headerField !== '') request.headers.append(headerField, given.username);
      if (removeHeader) request.headers.delete('authorization');
      return next(exchange);
    };
  },
  explain: (_config, request) =>
    readCredentials(request.headers.get('authorization')) === null
      ? says('refuses', 'PASSWORD_ASKED')
      : says('depends', 'PASSWORD_CHECKED'),
};

function readUsers(config: Config, realm: string): Users {
  const { users = [], usersFile = '' } = config;
  const lines = [...(usersFile === '' ? [] : readUsersFile(usersFile)), ...users];
  const table = new Map<string, string>();
  lines.forEach((line, index) => {
    const [name = '', ofRealm = '', digest = '', ...rest] = line.split(':');
    if (name === '' || rest.length > 0 || !/^[0-9a-f]{32}$/i.test(digest)) {
      throw new Error(
        `User ${index + 1} is not written as name:realm:digest. Make such a line with "htdigest -c FILE ${realm} name".`,
      );
    }
    if (ofRealm === realm) table.set(name, digest.toLowerCase());
  });
  if (table.size > 0) return table;
  if (lines.length > 0) throw new Error(`No user is of the realm ${realm}: nobody could sign in.`);
  throw new Error(usersFile === '' ? 'users is empty: nobody could sign in.' : `No users stand in ${usersFile}.`);
}

function readUsersFile(path: string): string[] {
  try {
    return htpasswdLines(readFileSync(path, 'utf8'));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`The usersFile ${path} cannot be read: ${detail}`, { cause: error });
  }
}

interface Credentials {
  readonly username: string;
  readonly realm: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly nc: string;
  readonly cnonce: string;
}

/** A Digest credential with quality of protection `auth` (RFC 7616 §3.4), or null where there is none. */
function readCredentials(field: string | undefined): Credentials | null {
  const text = /^Digest +(.*)$/is.exec(field ?? '')?.[1];
  if (text === undefined) return null;
  const values = new Map<string, string>();
  for (const match of text.matchAll(/([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)/gi)) {
    const name = (match[1] ?? '').toLowerCase();
    // Two values could be read in two ways.
    if (values.has(name)) return null;
    values.set(name, match[2]?.replaceAll(/\\(.)/g, '$1') ?? match[3] ?? '');
  }
  const read = (name: string): string => values.get(name) ?? '';
  if (read('qop') !== 'auth' || !/^[0-9a-f]{8}$/i.test(read('nc')) || read('cnonce') === '') return null;
  if (read('username') === '' || !['', 'md5'].includes(read('algorithm').toLowerCase())) return null;
  return {
    username: read('username'),
    realm: read('realm'),
    nonce: read('nonce'),
    uri: read('uri'),
    response: read('response').toLowerCase(),
    nc: read('nc'),
    cnonce: read('cnonce'),
  };
}

const standInKey = randomBytes(32);

/** Whether who asks knows the password. A name that nobody has costs the same, and never fits (CVE-2026-85595). */
function isProof(given: Credentials, users: Users, request: ProxyRequest): boolean {
  const known = users.get(given.username);
  const ha1 = known ?? createHmac('md5', standInKey).update(given.username).digest('hex');
  const ha2 = md5(`${request.method}:${given.uri}`);
  const expected = md5(`${ha1}:${given.nonce}:${given.nc}:${given.cnonce}:auth:${ha2}`);
  const fits = timingSafeEqual(Buffer.from(md5(expected)), Buffer.from(md5(given.response)));
  return fits && known !== undefined && isFor(given.uri, request);
}

/** An answer to one address must not open another. Middlewares before this one may have rewritten the path. */
function isFor(uri: string, request: ProxyRequest): boolean {
  const target = uri.replace(/^https?:\/\/[^/]*/i, '');
  const path = canonicalPath(target.split('?', 1)[0] || '/', request.pathForm);
  return path !== null && (path === request.path || path === request.target?.split('?', 1)[0]);
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
