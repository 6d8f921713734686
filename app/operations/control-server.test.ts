import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDefinedError, safe } from '@orpc/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextDouble, exposureDouble, logDouble } from '../../test/support/context.ts';
import { pollUntil } from '../../test/support/poll.ts';
import { connectControl, EngineNotRunningError } from './client.ts';
import { type ControlServer, controlSocketPath, startControlServer } from './control-server.ts';

let dataDir: string;
let double: ReturnType<typeof contextDouble>;
let log: ReturnType<typeof logDouble>;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'gh-control-'));
  double = contextDouble();
  log = logDouble();
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(dir = dataDir): Promise<ControlServer> {
  const server = await startControlServer({ context: double.context, access: double.access, dataDir: dir, log });
  closers.push(() => server.close());
  return server;
}

async function client(as: 'cli' | 'window' = 'cli') {
  const connection = await connectControl(dataDir, as);
  closers.push(() => connection.close());
  return connection;
}

describe('control server', () => {
  it('listens on a socket that only its owner can open', async () => {
    const { socketPath } = await start();
    expect(socketPath).toBe(path.join(dataDir, 'control.sock'));
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
  });

  it('takes a folder of its own where the path is too long, closed to others', async () => {
    const long = path.join(dataDir, 'x'.repeat(120));
    const server = await start(long);
    const { socketPath } = server;
    expect(Buffer.byteLength(socketPath)).toBeLessThanOrEqual(100);
    expect((await stat(path.dirname(socketPath))).mode & 0o777).toBe(0o700);
    const connection = await connectControl(long);
    expect((await connection.client.status()).version).toBe('0.1.0');
    connection.close();
    await server.close();
    await expect(stat(path.dirname(socketPath))).rejects.toThrow('ENOENT');
  });

  it('does not use a folder of somebody else', async () => {
    const long = path.join(dataDir, 'y'.repeat(120));
    const folder = path.dirname(controlSocketPath(long));
    await writeFile(folder, 'not a folder');
    closers.push(() => rm(folder, { force: true }));
    await expect(
      startControlServer({ context: double.context, access: double.access, dataDir: long, log }),
    ).rejects.toThrow();
    await expect(connectControl(long)).rejects.toThrow('belongs to somebody else');
  });

  it('replaces the socket that a dead engine left', async () => {
    const socketPath = controlSocketPath(dataDir);
    const dead = createServer();
    await new Promise<void>((resolve) => {
      dead.listen(socketPath, () => resolve());
    });
    dead.close();
    await writeFile(socketPath, '');
    await chmod(socketPath, 0o644);
    await start();
    expect((await (await client()).client.status()).health).toBe('well');
  });

  it('takes files of certificates that are larger than most messages', async () => {
    await start();
    const files = [{ path: 'acme.json', content: ' '.repeat(8 * 1024 * 1024) }];
    const { error } = await safe((await client()).client.certificates.import({ from: 'traefik', files }));
    expect(error).toMatchObject({ code: 'INVALID', data: { reason: 'IMPORT_UNSUITABLE' } });
  });

  it('answers GET /ping and nothing else over plain HTTP', async () => {
    const { socketPath } = await start();
    const get = (url: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request({ socketPath, path: url }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on('error', reject)
          .end();
      });
    expect(await get('/ping')).toBe(200);
    expect(await get('/snapshot')).toBe(404);
  });

  it('says that no engine runs', async () => {
    await expect(connectControl(dataDir)).rejects.toBeInstanceOf(EngineNotRunningError);
  });
});

describe('operations over the control socket', () => {
  it('reads, changes, and writes down who did it', async () => {
    await start();
    const cli = await client();
    const window = await client('window');
    expect((await cli.client.snapshot()).revision).toBe(1);
    const { exposure } = await cli.client.exposures.create({ container: 'photos' });
    expect(exposure.url).toBe('https://photos.localhost');
    await window.client.exposures.pause({ id: exposure.id });
    expect(double.changes.map(({ actor, kind }) => [actor, kind])).toEqual([
      ['cli', 'exposure.created'],
      ['window', 'exposure.paused'],
    ]);
  });

  it('lets expected failures cross as they are', async () => {
    await start();
    const { client: api } = await client();
    const { error } = await safe(api.exposures.create({ container: 'missing' }));
    expect(isDefinedError(error)).toBe(true);
    expect(error).toMatchObject({
      code: 'NOT_FOUND',
      message: 'There is no container missing.',
      data: { reason: 'CONTAINER_UNKNOWN' },
    });
    expect(log.lines).toEqual([]);
  });

  it('keeps the inside of unexpected failures inside, and logs them once', async () => {
    await start();
    const { client: api } = await client();
    const { error } = await safe(api.exposures.create({ container: 'crash' }));
    expect(error).toMatchObject({ code: 'INTERNAL' });
    expect(JSON.stringify(error)).not.toContain('shadow');
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatchObject({ level: 'error', details: { operation: 'exposures.create' } });
  });

  it('refuses input that the contract does not know', async () => {
    await start();
    const { client: api } = await client();
    const unknownKey = { container: 'photos', sudo: true } as { container: string };
    const { error } = await safe(api.exposures.create(unknownKey));
    expect(error).toMatchObject({ code: 'INVALID', data: { reason: 'INPUT_INVALID' } });
    expect(isDefinedError(error)).toBe(true);
    expect(double.changes).toEqual([]);
  });

  it('makes sign-in links that work once', async () => {
    await start();
    const { client: api } = await client();
    const { url } = await api.access.signInLink();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:8686\/sign-in\?code=[\w-]{43}$/);
    const code = new URL(url).searchParams.get('code') ?? '';
    expect(double.access.signInWithCode(code)).not.toBeNull();
    expect(double.access.signInWithCode(code)).toBeNull();
  });

  it('ends subscriptions of clients that are gone', async () => {
    await start();
    const connection = await client();
    const events = await connection.client.events();
    const first = events.next();
    await pollUntil(() => double.listeners() === 1);
    double.emit({ topic: 'exposures', exposures: [] });
    expect((await first).value).toMatchObject({ topic: 'exposures', revision: 2 });
    connection.close();
    await pollUntil(() => double.listeners() === 0);
    expect(double.listeners()).toBe(0);
  });

  it('filters events by topic', async () => {
    await start();
    const { client: api } = await client();
    const events = await api.events({ topics: ['changes'] });
    const first = events.next();
    await pollUntil(() => double.listeners() === 1);
    double.emit({ topic: 'exposures', exposures: [] });
    double.emit({ topic: 'changes', changes: [] });
    expect((await first).value).toMatchObject({ topic: 'changes', revision: 3 });
  });

  it('leaves a gap for a client that does not read, and stays small', async () => {
    const { socketPath } = await start();
    // A client of bytes: it asks for events and then reads nothing until it is told to.
    const socket = connect(socketPath);
    closers.push(() => socket.destroy());
    socket.write(
      'GET /rpc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await new Promise((resolve) => {
      socket.once('data', resolve);
    });
    socket.pause();
    const text = Buffer.from(JSON.stringify({ i: 'a', p: { u: '/events', b: { json: {} } } }));
    socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.byteLength, 0, 0, 0, 0]), text]));
    await pollUntil(() => double.listeners() === 1);

    const big = 'x'.repeat(20_000);
    const sent = 3000;
    const before = process.memoryUsage().rss;
    for (let i = 0; i < sent; i += 1) {
      double.emit({ topic: 'exposures', exposures: [{ ...exposureDouble('photos'), host: big, id: String(i) }] });
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);

    // Now it reads: what comes is far less than what was sent, and the newest is there.
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.resume();
    await pollUntil(() => received.includes(`"revision":${sent + 1}`));
    const revisions = [...received.matchAll(/"revision":(\d+)/g)].map((match) => Number(match[1]));
    expect(revisions.length).toBeLessThan(sent / 2);
    expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
  });
});
