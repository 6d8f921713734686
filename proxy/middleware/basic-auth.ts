import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Exchange } from '../http/exchange.ts';
import { answerText } from './answer-text.ts';
import { checkCredentials, createCredentialCache } from './credential-checker.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { checkFields, fieldRemover } from './header-aliases.ts';
import { type Htpasswd, htpasswdLines, parseHtpasswd } from './htpasswd.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  users: z.array(z.string()).optional(),
  usersFile: z.string().optional(),
  realm: z.string().optional(),
  removeHeader: z.boolean().optional(),
  headerField: z.string().optional(),
});
type Config = z.infer<typeof schema>;

export const basicAuth: MiddlewareDefinition<Config> = {
  type: 'basicAuth',
  summary: 'Asks visitors for a user name and a password.',
  schema,
  secretOptions: ['users'],
  build(config, context) {
    const remove = fieldRemover(context);
    const users = readUsers(config);
    const { headerField = '', removeHeader } = config;
    if (headerField !== '') checkFields('headerField', { [headerField]: '' });
    const challenge = `Basic realm="${quoted(config.realm || 'traefik')}"`;
    const cache = context.state(createCredentialCache);

    function refuse(exchange: Exchange): void {
      context.verdict(exchange, 'refused');
      answerText(exchange, 401, ['WWW-Authenticate', challenge], '401 Unauthorized\n');
    }

    return (next) => {
      function admit(exchange: Exchange, name: string): void | Promise<void> {
        const { headers } = exchange.request;
        if (headerField !== '') headers.append(headerField, name);
        if (removeHeader) headers.delete('authorization');
        return next(exchange);
      }

      async function judgeLater(exchange: Exchange, name: string, verdict: Promise<boolean | null>): Promise<void> {
        const admitted = await verdict;
        if (exchange.signal.aborted) return;
        if (admitted) return admit(exchange, name);
        if (admitted !== null) return refuse(exchange);
        context.verdict(exchange, 'refused');
        answerText(exchange, 503, ['Retry-After', '1']);
      }

      return (exchange) => {
        const { headers } = exchange.request;
        // What a client says of itself under this name must never pass, whatever comes next.
        if (headerField !== '') remove(headers, headerField);
        const given = readCredentials(headers.get('authorization'));
        if (given === null) return refuse(exchange);
        exchange.notes.username = given.name;
        const verdict = checkCredentials(users, cache, given.name, given.password);
        if (typeof verdict !== 'boolean') return judgeLater(exchange, given.name, verdict);
        return verdict ? admit(exchange, given.name) : refuse(exchange);
      };
    };
  },
  explain: (_config, request) =>
    readCredentials(request.headers.get('authorization')) === null
      ? says('refuses', 'PASSWORD_ASKED')
      : says('depends', 'PASSWORD_CHECKED'),
};

function readUsers(config: Config): Htpasswd {
  const { users = [], usersFile = '' } = config;
  const table = parseHtpasswd([...(usersFile === '' ? [] : readUsersFile(usersFile)), ...users]);
  if (table.size === 0)
    throw new Error(usersFile === '' ? 'users is empty: nobody could sign in.' : `No users stand in ${usersFile}.`);
  return table;
}

function readUsersFile(path: string): string[] {
  try {
    return htpasswdLines(readFileSync(path, 'utf8'));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`The usersFile ${path} cannot be read: ${detail}`, { cause: error });
  }
}

/** Name and password of a Basic credential (RFC 7617), or null where there is none that can be read. */
function readCredentials(field: string | undefined): { name: string; password: string } | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(field ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function quoted(realm: string): string {
  return realm.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '').replaceAll(/["\\]/g, String.raw`\$&`);
}
