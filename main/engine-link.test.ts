import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EngineStatus, RouterView } from '../app/contract/objects.ts';
import type { ControlConnection } from '../app/operations/client.ts';
import { type EngineLink, type EnginePicture, type EngineProcess, startEngineLink } from './engine-link.ts';

const status = { health: 'well', pausedAll: false, counts: { openApps: 1 } } as EngineStatus;
const router = {
  provider: 'docker',
  status: 'enabled',
  urls: ['https://photos.example.org/'],
} as unknown as RouterView;

/** A machine with room for one engine: as the data folder's lock has it, a second one ends at once. */
function machine({ startupFailures = 0 } = {}) {
  let clock = 0;
  let running: { close: () => void; closed: Promise<void> } | null = null;
  const world = {
    started: 0,
    alive: 0,
    failuresLeft: startupFailures,
    pictures: [] as EnginePicture[],
    errors: [] as unknown[],
    runForeign() {
      const { promise: closed, resolve: close } = Promise.withResolvers<void>();
      running = { close, closed };
      return () => {
        running = null;
        close();
      };
    },
    startProcess: (): EngineProcess => {
      world.started += 1;
      const { promise: exited, resolve } = Promise.withResolvers<{ lastWords: string }>();
      if (running || world.failuresLeft > 0) {
        world.failuresLeft -= 1;
        resolve({ lastWords: running ? 'in use' : 'port 443 is taken' });
        return { exited, stop: () => exited.then(() => undefined) };
      }
      world.alive += 1;
      const quit = world.runForeign();
      const end = (lastWords: string): void => {
        world.alive -= 1;
        quit();
        resolve({ lastWords });
      };
      world.crash = () => end('killed');
      return { exited, stop: async () => end('stopped') };
    },
    crash: (): void => undefined,
    connect: async (): Promise<ControlConnection | null> => {
      if (running === null) return null;
      const { promise: closed, resolve: close } = Promise.withResolvers<void>();
      void running.closed.then(close);
      async function* events() {
        await closed;
        yield* [];
      }
      const client = {
        events: async () => events(),
        snapshot: async () => ({ status, routers: [router] }),
        routers: { list: async () => [router] },
      };
      return { client: client as unknown as ControlConnection['client'], closed, close };
    },
    now: () => clock,
    /** Time passes only here, and other work gets its turn. */
    delay: async (ms: number, signal: AbortSignal): Promise<void> => {
      clock += ms;
      if (!signal.aborted) await delay(1);
    },
    clock: () => clock,
  };
  return world;
}

let link: EngineLink | null = null;

function linkTo(world: ReturnType<typeof machine>): EngineLink {
  link = startEngineLink({
    connect: world.connect,
    startProcess: world.startProcess,
    onPicture: (picture) => world.pictures.push(picture),
    onError: (error) => world.errors.push(error),
    now: world.now,
    delay: world.delay,
  });
  return link;
}

const failures = (world: ReturnType<typeof machine>) => world.pictures.map((picture) => picture.failure);

const attached = (world: ReturnType<typeof machine>) =>
  vi.waitFor(() => expect(world.pictures.at(-1)?.status).toEqual(status));

afterEach(async () => {
  await link?.stop();
  link = null;
});

describe('startEngineLink', () => {
  it('attaches to a running engine, starts none, and leaves it running', async () => {
    const world = machine();
    world.runForeign();
    const current = linkTo(world);
    await attached(world);
    expect(world.pictures.at(-1)?.apps).toEqual([{ host: 'photos.example.org', url: 'https://photos.example.org/' }]);
    expect(current.client()).not.toBeNull();
    expect(world.started).toBe(0);
    await current.stop();
    expect(await world.connect()).not.toBeNull();
  });

  it('starts its own where none answers, and ends it with itself', async () => {
    const world = machine();
    const current = linkTo(world);
    await attached(world);
    expect(world.pictures[0]?.status).toBe('starting');
    expect([world.started, world.alive]).toEqual([1, 1]);
    await current.stop();
    expect(world.alive).toBe(0);
    expect(world.errors).toEqual([]);
  });

  it('starts an engine that ended again, and never has two', async () => {
    const world = machine();
    linkTo(world);
    await attached(world);
    world.crash();
    await vi.waitFor(() => expect(failures(world)).toContain('killed'));
    await attached(world);
    expect([world.started, world.alive]).toEqual([2, 1]);
  });

  it('waits longer after each failure and shows what the engine said', async () => {
    const world = machine({ startupFailures: 4 });
    linkTo(world);
    await vi.waitFor(() => expect(failures(world)).toContain('port 443 is taken'));
    await attached(world);
    expect(world.started).toBe(5);
    // 1 + 2 + 4 + 8 seconds.
    expect(world.clock()).toBeGreaterThanOrEqual(15_000);
    expect(world.clock()).toBeLessThan(25_000);
    expect(world.pictures.at(-1)?.failure).toBeNull();
  });

  it('gives an engine of somebody else time to come back before it starts one', async () => {
    const world = machine();
    const quit = world.runForeign();
    linkTo(world);
    await attached(world);
    const leftAt = world.clock();
    quit();
    await vi.waitFor(() => expect(world.started).toBe(1));
    expect(world.clock() - leftAt).toBeGreaterThanOrEqual(3000);
  });
});
