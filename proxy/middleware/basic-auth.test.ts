import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import { makeExchange, makeRequest } from '../../test/support/exchange.ts';
import type { Handler } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { createMiddlewareBuilder } from './builder.ts';
import { checkCredentials, createCredentialCache } from './credential-checker.ts';
import { parseHtpasswd } from './htpasswd.ts';
import { middlewareTable } from './table.ts';

const bcryptHash = hashSync('secret', 4).replace('$2b$', '$2y$');
const users = [
  `anna:${bcryptHash}`,
  'berta:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/',
  'clara:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=',
  'doris:plain',
];

const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

async function ask(options: Record<string, unknown>, fields: Record<string, string> | string[]) {
  const headers = new HeaderList(Array.isArray(fields) ? fields : Object.entries(fields).flat());
  const exchange = makeExchange(makeRequest({ headers }));
  let passed = false;
  const next: Handler = () => {
    passed = true;
  };
  await createMiddlewareBuilder({ m: { basicAuth: options } }).build('m')(next)(exchange);
  return { passed, exchange, status: exchange.sink.recorded.status, headers: exchange.sink.recorded.headers };
}

describe('basicAuth', () => {
  it.each([
    ['anna', 'secret', true],
    ['anna', 'Secret', false],
    ['berta', 'test', true],
    ['berta', 'tes', false],
    ['clara', 'test', true],
    ['clara', 'test ', false],
    ['doris', 'plain', false],
    ['nobody', 'secret', false],
    ['', '', false],
    ['toString', 'x', false],
  ])('%s with %j is let in: %s', async (name, password, expected) => {
    const result = await ask({ users }, { Authorization: basic(name, password) });
    expect(result.passed).toBe(expected);
    expect(result.status).toBe(expected ? null : 401);
    expect(result.exchange.notes.username).toBe(name);
    expect(result.exchange.notes.middlewares).toMatchObject([{ verdict: expected ? 'passed' : 'refused' }]);
  });

  it('asks for a name and password in its realm', async () => {
    expect((await ask({ users }, {})).headers.get('www-authenticate')).toBe('Basic realm="traefik"');
    expect((await ask({ users, realm: 'a "b"\r\n' }, {})).headers.get('www-authenticate')).toBe(
      String.raw`Basic realm="a \"b\""`,
    );
  });

  it.each([
    'Bearer abc',
    'Basic',
    'Basic ???',
    `Basic ${Buffer.from('anna').toString('base64')}`,
    `basic  ${Buffer.from('x:y').toString('base64')}=`,
  ])('lets nobody in by %j', async (field) => {
    expect(await ask({ users }, { Authorization: field })).toMatchObject({ passed: false, status: 401 });
  });

  it('takes the scheme in any case, and colons in a password', async () => {
    const hash = hashSync('a:b', 4);
    const field = basic('anna', 'a:b').replace('Basic', 'bAsIc');
    expect(await ask({ users: [`anna:${hash}`] }, { Authorization: field })).toMatchObject({ passed: true });
  });

  it('tells the server who it is, never what the client says of itself', async () => {
    const forged = [
      'X-User',
      'admin',
      'x_user',
      'admin',
      'X.User',
      'admin',
      'X-Users',
      'kept',
      'Authorization',
      basic('berta', 'test'),
    ];
    const { exchange } = await ask({ users, headerField: 'X-User' }, forged);
    const { headers } = exchange.request;
    expect(headers.getAll('X-User')).toEqual(['berta']);
    expect([headers.has('x_user'), headers.has('X.User'), headers.get('X-Users')]).toEqual([false, false, 'kept']);
    expect(headers.has('authorization')).toBe(true);
    expect((await ask({ users, removeHeader: true }, forged)).exchange.request.headers.has('authorization')).toBe(
      false,
    );
  });

  it('reads users from a file, without comments', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gatehouse-'));
    try {
      const usersFile = join(dir, 'users');
      await writeFile(usersFile, `# people\n\n ${users[1]} \r\n`);
      expect(await ask({ usersFile }, { Authorization: basic('berta', 'test') })).toMatchObject({ passed: true });
      expect(await ask({ usersFile, users: [users[2]] }, { Authorization: basic('clara', 'test') })).toMatchObject({
        passed: true,
      });
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it.each([
    [{}, 'users is empty'],
    [{ users: ['hunter2'] }, 'User 1 is not written as name:hash'],
    [{ users: ['a:b:c'] }, 'User 1 is not'],
    [{ usersFile: '/nowhere/users' }, 'The usersFile /nowhere/users cannot be read'],
    [{ users, headerField: 'X User' }, 'is no header name'],
  ])('refuses %j', (options, message) => {
    const build = () => createMiddlewareBuilder({ m: { basicAuth: options } }).build('m');
    expect(build).toThrow(message);
    // What is no user may be a password.
    expect(build).not.toThrow('hunter2');
  });

  it('does not answer a client that has gone', async () => {
    const aborter = new AbortController();
    const exchange = makeExchange(makeRequest({ fields: { Authorization: basic('anna', 'wrong') } }), aborter.signal);
    const running = createMiddlewareBuilder({ m: { basicAuth: { users } } }).build('m')(() => undefined)(exchange);
    aborter.abort();
    await running;
    expect(exchange.sink.recorded.status).toBeNull();
  });

  it('keeps its users secret, and explains itself', () => {
    const definition = middlewareTable.get('basicAuth');
    expect(definition?.secretOptions).toEqual(['users']);
    expect(definition?.explain?.({ users }, makeRequest())).toMatchObject({
      verdict: 'refuses',
      detail: 'Asks for a user name and password.',
    });
    expect(definition?.explain?.({ users }, makeRequest({ fields: { Authorization: basic('a', 'b') } }))?.verdict).toBe(
      'depends',
    );
  });
});

describe('checkCredentials', () => {
  it('remembers a verdict for the pair and hash it was about', async () => {
    const cache = createCredentialCache();
    const table = parseHtpasswd(users);
    expect(await checkCredentials(table, cache, 'anna', 'secret')).toBe(true);
    expect(checkCredentials(table, cache, 'anna', 'secret')).toBe(true);
    expect(await checkCredentials(table, cache, 'anna', 'wrong')).toBe(false);
    expect(checkCredentials(table, cache, 'anna', 'wrong')).toBe(false);
    const changed = parseHtpasswd([`anna:${hashSync('other', 4)}`]);
    expect(await checkCredentials(changed, cache, 'anna', 'secret')).toBe(false);
    for (const key of cache.keys()) expect(key).not.toMatch(/anna|secret/);
  });

  it('lets in nobody by the hash that a name without one is compared with', async () => {
    const one = parseHtpasswd([users[0] ?? '']);
    expect(await checkCredentials(one, createCredentialCache(), 'nobody', 'secret')).toBe(false);
  });

  it('spends as much time on a name that nobody has', async () => {
    const table = parseHtpasswd([`anna:${hashSync('secret', 9)}`]);
    const timeOf = async (name: string): Promise<number> => {
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 5; i += 1) {
        const started = performance.now();
        await checkCredentials(table, createCredentialCache(), name, `wrong${i}`);
        best = Math.min(best, performance.now() - started);
      }
      return best;
    };
    await timeOf('anna');
    const known = await timeOf('anna');
    expect(await timeOf('nobody')).toBeGreaterThan(known / 2);
  });

  it('does not hold up other requests meanwhile', async () => {
    const table = parseHtpasswd([`anna:${hashSync('secret', 12)}`]);
    const cache = createCredentialCache();
    let isDone = false;
    const started = performance.now();
    const verdict = Promise.resolve(checkCredentials(table, cache, 'anna', 'secret')).finally(() => {
      isDone = true;
    });
    let longestMs = 0;
    for (let before = performance.now(); !isDone; ) {
      await new Promise((resolve) => setImmediate(resolve));
      const now = performance.now();
      longestMs = Math.max(longestMs, now - before);
      before = now;
    }
    expect(await verdict).toBe(true);
    expect(longestMs).toBeLessThan((performance.now() - started) / 2);
  });

  it('turns away what is too much, and goes on afterwards', async () => {
    const table = parseHtpasswd(users);
    const cache = createCredentialCache();
    const verdicts = await Promise.all(
      Array.from({ length: 150 }, async (_, i) => checkCredentials(table, cache, 'clara', `wrong${i}`)),
    );
    expect(verdicts.filter((verdict) => verdict === false)).toHaveLength(100);
    expect(verdicts.filter((verdict) => verdict === null)).toHaveLength(50);
    expect(await checkCredentials(table, cache, 'clara', 'test')).toBe(true);
  });
});
