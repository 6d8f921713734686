import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { EntryPointOptions } from '../../proxy/model/snapshot.ts';
import { defaultStaticConfiguration, type StaticEntryPoint } from '../config/static.ts';
import { listensWithTls } from './entry-points.ts';
import type { Probe } from './listen.ts';
import { createListeners } from './listeners.ts';
import type { WorkerPool } from './worker-pool.ts';

const [web, websecure] = defaultStaticConfiguration.entryPoints as [StaticEntryPoint, StaticEntryPoint];

/** Takes orders as the pool does, and notes them. */
function fakePool(refuse: readonly string[] = []) {
  const orders: string[] = [];
  const open = new Map<string, EntryPointOptions>();
  const pool = {
    size: 1,
    listen: (entryPoints: readonly EntryPointOptions[]) => {
      for (const each of entryPoints) {
        orders.push(`listen ${each.name} ${each.port}`);
        if (!refuse.includes(each.name)) open.set(each.name, each);
      }
      return Promise.resolve(
        entryPoints.map(({ name }) => ({
          entryPoint: name,
          failure: refuse.includes(name) ? { code: 'EADDRINUSE', message: 'taken meanwhile' } : null,
        })),
      );
    },
    unlisten: (names: readonly string[]) => {
      for (const name of names) {
        orders.push(`unlisten ${name}`);
        open.delete(name);
      }
    },
  };
  return { pool: pool as unknown as WorkerPool, orders, open };
}

const free: Probe = (host, port) => Promise.resolve({ ok: true, host: host ?? '::', port: port === 0 ? 40_000 : port });

function setUp(refuse: readonly string[] = [], probe: Probe = free) {
  const fake = fakePool(refuse);
  let changes = 0;
  const listeners = createListeners({ pool: fake.pool, reusePort: true, onChange: () => (changes += 1), probe });
  return { ...fake, listeners, changes: () => changes };
}

describe('listeners', () => {
  test('open what is asked for, with redirects to the port that was bound', async () => {
    const { listeners, open, changes } = setUp();
    await listeners.apply([web, { ...websecure, address: ':0' }]);
    expect(open.get('web')).toMatchObject({
      host: '::',
      port: 80,
      reusePort: true,
      tls: false,
      redirect: { scheme: 'https', port: 40_000, permanent: true },
    });
    expect(open.get('websecure')).toMatchObject({ port: 40_000, tls: true, redirect: null });
    expect(changes()).toBe(1);
  });

  test('what has not changed is left alone', async () => {
    const { listeners, orders } = setUp();
    await listeners.apply([web, websecure]);
    orders.length = 0;
    await listeners.apply([web, websecure]);
    expect(orders).toEqual([]);
  });

  test('entry points can swap their addresses', async () => {
    const { listeners, orders, open } = setUp();
    const plain = { ...web, redirectTo: null };
    await listeners.apply([plain, { ...websecure, address: ':8443' }]);
    orders.length = 0;
    await listeners.apply([
      { ...plain, address: ':8443' },
      { ...websecure, address: ':80' },
    ]);
    expect(orders).toEqual(['unlisten web', 'unlisten websecure', 'listen web 8443', 'listen websecure 80']);
    expect(open.get('websecure')?.port).toBe(80);
  });

  test('what is no longer asked for is closed', async () => {
    const { listeners, open } = setUp();
    await listeners.apply([web, websecure]);
    await listeners.apply([websecure]);
    expect([...open.keys()]).toEqual(['websecure']);
    expect(listeners.bound().map(({ entryPoint }) => entryPoint.name)).toEqual(['websecure']);
  });

  test('a port that was free a moment ago is a problem of its entry point, and can be tried again', async () => {
    const refuse = ['web'];
    const { listeners, orders, open } = setUp(refuse);
    await listeners.apply([web, websecure]);
    expect(listeners.bound()[0]).toMatchObject({ bound: null, problems: [{ code: 'PORT_IN_USE', severity: 'error' }] });
    expect([...open.keys()]).toEqual(['websecure']);
    refuse.length = 0;
    orders.length = 0;
    await listeners.apply([web, websecure]);
    expect(orders).toEqual(['listen web 80']);
  });

  test('a redirect keeps its target even where that does not listen: plain HTTP is not served instead', async () => {
    const probe: Probe = (host, port) =>
      Promise.resolve(port === 443 ? { ok: false, code: 'EADDRINUSE' } : { ok: true, host: host ?? '::', port });
    const { listeners, open } = setUp([], probe);
    await listeners.apply([web, { ...websecure, fallbackPort: null }]);
    expect(open.get('web')?.redirect).toEqual({ scheme: 'https', port: 443, permanent: true });
  });

  test("TLS is spoken where routers get it anyway, where others redirect to, and on HTTPS' own port", () => {
    const bare = { ...websecure, tls: false };
    expect(listensWithTls(bare, [bare])).toBe(true);
    const elsewhere = { ...bare, address: ':8443' };
    expect(listensWithTls(elsewhere, [elsewhere])).toBe(false);
    expect(listensWithTls(elsewhere, [web, elsewhere])).toBe(true);
    expect(listensWithTls({ ...elsewhere, tls: true }, [])).toBe(true);
  });
});

describe('with a real port', () => {
  const server = createServer();
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  test('a port that another program holds is left to it', async () => {
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const fake = fakePool();
    const listeners = createListeners({ pool: fake.pool, reusePort: true, onChange: () => undefined });
    const first = { ...websecure, address: `127.0.0.1:${port}`, fallbackPort: null };
    const taken = listeners.apply([first]);
    await taken;
    expect(listeners.bound()[0]?.problems[0]).toMatchObject({ code: 'PORT_IN_USE' });
    expect(listeners.bound()[0]?.problems[0]?.details).toMatchObject({ port });
  });
});
