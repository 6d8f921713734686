import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, get as httpGet, type Server } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultStaticConfiguration, type StaticConfiguration } from '../../app/config/static.ts';
import type { EngineEvent } from '../../app/contract/objects.ts';
import { type Engine, startEngine } from '../../app/engine.ts';

let dataDir = '';
let file = '';
const engines: Engine[] = [];
const servers: Server[] = [];
const workers: Worker[] = [];
const noteWorker = (worker: Worker): void => void workers.push(worker);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-engine-'));
  file = join(dataDir, 'dynamic.yml');
  process.on('worker', noteWorker);
});
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  process.off('worker', noteWorker);
  workers.splice(0);
  rmSync(dataDir, { recursive: true, force: true });
});

interface Asked {
  readonly web?: string;
  readonly websecure?: string;
}

function configuration(
  { web = '127.0.0.1:0', websecure = '127.0.0.1:0' }: Asked = {},
  origin: 'flag' | 'default' = 'flag',
) {
  const { entryPoints, docker, dashboard } = defaultStaticConfiguration;
  return {
    ...defaultStaticConfiguration,
    entryPoints: entryPoints.map((entryPoint) => ({
      ...entryPoint,
      address: entryPoint.name === 'web' ? web : websecure,
      origin,
      fallbackPort: null,
    })),
    docker: { ...docker, enabled: false },
    file: { path: file, fixed: true },
    dashboard: { ...dashboard, address: '127.0.0.1:0', addressFixed: true },
  } satisfies StaticConfiguration;
}

async function start(asked?: StaticConfiguration): Promise<Engine> {
  const engine = await startEngine({
    dataDir,
    configuration: asked ?? configuration(),
    workers: 2,
    staticDir: dataDir,
  });
  engines.push(engine);
  return engine;
}

async function stop(engine: Engine): Promise<void> {
  engines.splice(engines.indexOf(engine), 1);
  await engine.stop();
}

function portOf(engine: Engine, name: string): number {
  const listening = engine.context.snapshot().status.entryPoints.find((each) => each.name === name)?.listening;
  return Number(/:(\d+)$/.exec(listening ?? '')?.[1]);
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** One request on a connection of its own, whose chain must lead to the engine's CA. */
function request(engine: Engine, host: string, path = '/'): Promise<Answer> {
  const port = portOf(engine, 'websecure');
  const ca = engine.context.certificateAuthority.export().certificatePem;
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, servername: host, headers: { host }, path, ca, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, body }),
      );
    }).on('error', reject);
  });
}

function plainRequest(port: number, host: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    httpGet({ host: '127.0.0.1', port, headers: { host }, agent: false }, (response) => {
      response.resume();
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, body: '' }),
      );
    }).on('error', reject);
  });
}

async function upstream(answer: string): Promise<string> {
  const server = createHttpServer((_request, response) => response.end(answer));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function writeRoute(rule: string, url: string): void {
  writeFileSync(
    file,
    `http:
  routers:
    photos:
      rule: ${rule}
      service: photos
      tls: {}
  services:
    photos:
      loadBalancer:
        servers:
          - url: ${url}
`,
  );
}

async function until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('engine', () => {
  test('whoami and a file route answer over TLS, and plain HTTP is sent on', async () => {
    writeRoute('Host(`photos.localhost`)', await upstream('photos here'));
    const engine = await start();
    expect(await request(engine, 'whoami.localhost')).toMatchObject({ status: 200 });
    expect(await request(engine, 'photos.localhost')).toMatchObject({ status: 200, body: 'photos here' });
    expect(await request(engine, 'nothing.localhost').catch((error: Error) => error.message)).toMatch(/altnames|cert/i);
    expect(await plainRequest(portOf(engine, 'web'), 'photos.localhost')).toMatchObject({
      status: 301,
      location: `https://photos.localhost:${portOf(engine, 'websecure')}/`,
    });
    const { status, routers } = engine.context.snapshot();
    expect(status).toMatchObject({ health: 'well', workers: 2, counts: { openApps: 1 } });
    expect(routers.find(({ name }) => name === 'photos@file')?.urls).toEqual([
      `https://photos.localhost:${portOf(engine, 'websecure')}/`,
    ]);
  });

  test('requests are recorded, counted and told', async () => {
    const engine = await start();
    const events: EngineEvent[] = [];
    engine.context.subscribe((event) => events.push(event));
    await request(engine, 'whoami.localhost', '/album?id=3');
    const record = await until(() => engine.context.requests.query({ limit: 10 }).records[0]);
    expect(record).toMatchObject({
      host: 'whoami.localhost',
      target: '/album?id=3',
      router: 'whoami@internal',
      status: 200,
    });
    expect(engine.context.requests.get(record.id)).toEqual(record);
    expect(events.some((event) => event.topic === 'requests' && event.records[0]?.id === record.id)).toBe(true);
    await until(() => events.some((event) => event.topic === 'traffic' && event.tick.total.requests === 1));
    expect(engine.context.traffic.series('day').total.at(-1)?.requests).toBe(1);
  });

  test('a rule that breaks disables its router and says why, and mending it brings it back', async () => {
    const url = await upstream('photos here');
    writeRoute('Host(`photos.localhost`)', url);
    const engine = await start();
    const router = () => engine.context.snapshot().routers.find(({ name }) => name === 'photos@file');
    expect(router()?.status).toBe('enabled');
    writeRoute('Hots(`photos.localhost`)', url);
    const broken = await until(() => (router()?.status === 'disabled' ? router() : undefined));
    expect(broken.problems[0]).toMatchObject({ code: 'RULE_INVALID', severity: 'error' });
    expect((await request(engine, 'whoami.localhost')).status).toBe(200);
    writeRoute('Host(`photos.localhost`)', url);
    await until(() => router()?.status === 'enabled');
    expect((await request(engine, 'photos.localhost')).body).toBe('photos here');
    const kinds = engine.context.changes.list(10).map(({ kind, subject }) => `${kind} ${subject}`);
    expect(kinds).toEqual(['router.recovered photos@file', 'router.broke photos@file']);
  });

  test('a worker that dies is replaced while the others serve', async () => {
    const engine = await start();
    expect(workers).toHaveLength(2);
    let failures = 0;
    let running = true;
    const visitor = (async () => {
      while (running) {
        // A connection that the dead worker held may be cut; the next one must find a worker.
        const answer = await request(engine, 'whoami.localhost').catch(() => null);
        if (answer?.status !== 200) failures += 1;
      }
    })();
    await workers[0]?.terminate();
    await until(() => engine.context.changes.list(5).find(({ kind }) => kind === 'worker.restarted'));
    expect(workers).toHaveLength(3);
    // Both serve again: connections are spread over them by the kernel, so that fifty of them meet both.
    await workers[1]?.terminate();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => request(engine, 'whoami.localhost').catch(() => null)),
    );
    expect(answers.filter((answer) => answer?.status === 200).length).toBeGreaterThan(0);
    await until(() => workers.length === 4);
    running = false;
    await visitor;
    expect(failures).toBeLessThan(20);
    expect(engine.context.snapshot().status.problems.map(({ code }) => code)).toContain('WORKER_RESTARTED');
  });

  test('an address that is taken turns off its entry point alone, and says who has it', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) =>
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as AddressInfo).port)),
    );
    try {
      const engine = await start(configuration({ web: `127.0.0.1:${port}` }));
      const { status } = engine.context.snapshot();
      expect(status.health).toBe('attention');
      const web = status.entryPoints.find(({ name }) => name === 'web');
      expect(web).toMatchObject({ listening: null, problems: [{ code: 'PORT_IN_USE', severity: 'error' }] });
      expect((await request(engine, 'whoami.localhost')).status).toBe(200);
    } finally {
      await new Promise((resolve) => taken.close(resolve));
    }
  });

  test('an entry point moves while others stay, and the redirect follows it', async () => {
    const engine = await start(configuration({}, 'default'));
    const before = portOf(engine, 'websecure');
    const free = createServer();
    const port = await new Promise<number>((resolve) =>
      free.listen(0, '127.0.0.1', () => resolve((free.address() as AddressInfo).port)),
    );
    await new Promise((resolve) => free.close(resolve));
    const webPort = portOf(engine, 'web');
    await engine.context.settings.update({ entryPoints: { websecure: { address: `127.0.0.1:${port}` } } }, 'cli');
    expect(portOf(engine, 'websecure')).toBe(port);
    expect((await request(engine, 'whoami.localhost')).status).toBe(200);
    expect(portOf(engine, 'web')).toBe(webPort);
    expect((await plainRequest(webPort, 'whoami.localhost')).location).toBe(`https://whoami.localhost:${port}/`);
    await expect(plainRequest(before, 'whoami.localhost')).rejects.toThrow('ECONNREFUSED');
    const change = engine.context.changes.list(1)[0];
    expect(change).toMatchObject({ kind: 'settings.updated', undoable: true });
  });

  test('what was counted, recorded and set is there after a restart, and so is the CA', async () => {
    const first = await start();
    await request(first, 'whoami.localhost');
    await until(() => first.context.requests.query({ limit: 1 }).records[0]);
    await first.context.settings.update({ domain: 'home.example.org' }, 'cli');
    await first.context.exposures.pauseAll('cli');
    expect((await request(first, 'whoami.localhost')).status).toBe(200);
    const { fingerprint } = first.context.certificateAuthority.export();
    await stop(first);

    const second = await start();
    expect(second.context.certificateAuthority.export().fingerprint).toBe(fingerprint);
    expect(second.context.settings.get().domain).toBe('home.example.org');
    expect(second.context.snapshot().status).toMatchObject({ health: 'paused', pausedAll: true });
    expect(second.context.requests.query({ limit: 10 }).records.length).toBeGreaterThanOrEqual(1);
    expect(second.context.traffic.series('day').total.some(({ requests }) => requests > 0)).toBe(true);
    expect(second.context.changes.list(10).map(({ kind }) => kind)).toContain('exposure.pausedAll');
  });

  test('one engine per data folder; what the second one had started is stopped again', async () => {
    const engine = await start();
    await expect(startEngine({ dataDir, configuration: configuration(), workers: 1 })).rejects.toMatchObject({
      code: 'DATA_DIR_IN_USE',
      message: `The data folder ${dataDir} is in use by Gatehouse (pid ${process.pid}).`,
    });
    expect((await request(engine, 'whoami.localhost')).status).toBe(200);
  });

  test('paused exposure leaves nothing but Gatehouse itself', async () => {
    writeRoute('Host(`photos.localhost`)', await upstream('photos here'));
    const engine = await start();
    const { changeId } = await engine.context.exposures.pauseAll('dashboard');
    expect((await request(engine, 'photos.localhost')).status).toBe(404);
    expect((await request(engine, 'whoami.localhost')).status).toBe(200);
    await engine.context.changes.undo(changeId, 'dashboard');
    expect((await request(engine, 'photos.localhost')).body).toBe('photos here');
  });

  test('the log has its lines and closes', async () => {
    const engine = await start();
    await stop(engine);
    const lines = readFileSync(join(dataDir, 'engine.log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(lines[0]).toBe('Gatehouse starts');
    expect(lines.at(-1)).toBe('Gatehouse has stopped');
    await engine.stop();
  });
});
