import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeExchange, makeRequest } from '../../test/support/exchange.ts';
import type { Handler } from '../http/exchange.ts';
import { NonceSlots, nonceSlotsBytes } from '../shared/nonce-slots.ts';
import { createMiddlewareBuilder } from './builder.ts';
import { DigestNonces } from './digest-nonces.ts';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const users = [`berta:traefik:${md5('berta:traefik:secret')}`, `carl:other:${md5('carl:other:secret')}`];

const showUser: Handler = (exchange) => {
  exchange.sink.head({ status: 200, headers: exchange.request.headers.clone() });
  exchange.sink.end();
};

function gate(options: object = {}) {
  let nowMs = 1000;
  const handler = createMiddlewareBuilder({ m: { digestAuth: { users, ...options } } }, undefined, () => nowMs).build(
    'm',
  )(showUser);
  const ask = async (authorization?: string, changes: Parameters<typeof makeRequest>[0] = {}) => {
    const fields = { ...changes.fields, ...(authorization === undefined ? {} : { Authorization: authorization }) };
    const exchange = makeExchange(makeRequest({ ...changes, fields }));
    await handler(exchange);
    return exchange;
  };
  const nonce = async () => {
    const challenge = (await ask()).sink.recorded.headers.get('www-authenticate') ?? '';
    return /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
  };
  return {
    ask,
    nonce,
    passMs: (ms: number) => {
      nowMs += ms;
    },
  };
}

interface Answered {
  readonly nonce: string;
  readonly name?: string;
  readonly password?: string;
  readonly realm?: string;
  readonly uri?: string;
  readonly method?: string;
  readonly nc?: string;
}

function credentials({ nonce, ...more }: Answered): string {
  const { name = 'berta', password = 'secret', realm = 'traefik', uri = '/', method = 'GET', nc = '00000001' } = more;
  const ha1 = password === '' ? '' : md5(`${name}:${realm}:${password}`);
  const response = md5(`${ha1}:${nonce}:${nc}:c:auth:${md5(`${method}:${uri}`)}`);
  return `Digest username="${name}", realm="${realm}", nonce="${nonce}", uri="${uri}", qop=auth, nc=${nc}, cnonce="c", response="${response}"`;
}

describe('digestAuth', () => {
  it('lets in who knows the password, names it to the server, and takes the credentials off', async () => {
    const { ask, nonce } = gate({ headerField: 'X-User', removeHeader: true });
    const exchange = await ask(credentials({ nonce: await nonce() }), { fields: { 'X-User': 'root', X_User: 'root' } });
    expect(exchange.sink.recorded.status).toBe(200);
    expect([...exchange.sink.recorded.headers]).toEqual([['X-User', 'berta']]);
    expect(exchange.notes.username).toBe('berta');
  });

  it.each<[string, Partial<Answered>]>([
    ['a wrong password', { password: 'wrong' }],
    ['a name that nobody has', { name: 'dora' }],
    ['a name that nobody has and an empty secret', { name: 'dora', password: '' }],
    ['a name of another realm', { name: 'carl', realm: 'other' }],
    ['an answer to another address', { uri: '/admin' }],
    ['an answer to another method', { method: 'POST' }],
  ])('refuses %s', async (_what, changes) => {
    const { ask, nonce } = gate();
    const exchange = await ask(credentials({ nonce: await nonce(), ...changes }));
    const challenge = exchange.sink.recorded.headers.get('www-authenticate') ?? '';
    expect(exchange.sink.recorded.status).toBe(401);
    expect(challenge).toMatch(/^Digest realm="traefik", nonce="[^"]+", opaque="[^"]+", algorithm=MD5, qop="auth"$/);
  });

  it('takes each answer once, and those that were overtaken', async () => {
    const { ask, nonce } = gate();
    const given = await nonce();
    const status = async (nc: string) => (await ask(credentials({ nonce: given, nc }))).sink.recorded.status;
    expect(await status('00000001')).toBe(200);
    expect(await status('00000001')).toBe(401);
    expect(await status('00000003')).toBe(200);
    expect(await status('00000002')).toBe(200);
    expect(await status('00000002')).toBe(401);
    expect(await status('00000000')).toBe(401);
    expect(await status('000000ff')).toBe(200);
    expect(await status('00000004')).toBe(401);
  });

  it('calls a nonce stale that is too old, forged, or of another middleware', async () => {
    const { ask, nonce, passMs } = gate();
    const old = await nonce();
    const foreign = await gate().nonce();
    passMs(10 * 60_000 + 1);
    for (const given of [old, foreign, 'made-up-0', `${old.slice(0, -1)}0x`]) {
      const { status, headers } = (await ask(credentials({ nonce: given }))).sink.recorded;
      expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/stale=true$/)]);
    }
  });

  it('spends nobody else’s numbers on wrong answers', async () => {
    const { ask, nonce } = gate();
    const given = await nonce();
    await ask(credentials({ nonce: given, password: 'wrong' }));
    expect((await ask(credentials({ nonce: given }))).sink.recorded.status).toBe(200);
  });

  it('knows the address that was asked for before a middleware rewrote it', async () => {
    const { ask, nonce } = gate();
    const asked = { path: '/x', target: '/app/x?q=1' };
    const right = credentials({ nonce: await nonce(), uri: '/app/x?q=1' });
    expect((await ask(right, asked)).sink.recorded.status).toBe(200);
  });

  it.each([
    'Basic eA==',
    'Digest',
    'Digest username="berta"',
    'Digest username="berta", username="root", realm="traefik", nonce="n", uri="/", qop=auth, nc=00000001, cnonce="c", response="r"',
    'Digest username="berta", realm="traefik", nonce="n", uri="/", response="r"',
  ])('asks anew for %s', async (authorization) => {
    expect((await gate().ask(authorization)).sink.recorded.status).toBe(401);
  });

  it.each([
    [{ users: [] }, 'users is empty'],
    [{ users: ['test'] }, 'User 1 is not written as name:realm:digest'],
    [{ users: [users[1]] }, 'No user is of the realm traefik'],
    [{ usersFile: '/nowhere' }, 'The usersFile /nowhere cannot be read'],
    [{ realm: 'a"b' }, 'realm holds a character'],
  ])('cannot be used with %j', (options, message) => {
    expect(() => gate(options)).toThrow(message);
  });
});

describe('DigestNonces', () => {
  it('bind a nonce to its realm', () => {
    const nonces = new DigestNonces(randomBytes(32), new NonceSlots(new SharedArrayBuffer(nonceSlotsBytes)), () => 0);
    const nonce = nonces.create('a');
    expect([nonces.use(nonce, 'b', 1), nonces.use(nonce, 'a', 1)]).toEqual([false, true]);
  });
});
