import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { type Harness, startProxy, until } from '../../test/support/proxy-harness.ts';
import type { EntryPointOptions, StreamSnapshot } from '../model/snapshot.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(udpServices: StreamSnapshot['udpServices'], more: Partial<EntryPointOptions> = {}) {
  const harness = await startProxy({
    routers: [],
    entryPoints: [{ name: 'dns', transport: 'udp', udpTimeoutMs: 200, ...more }],
    streams: streamsOf(udpServices),
  });
  closers.push(() => harness.close());
  return harness;
}

const streamsOf = (udpServices: StreamSnapshot['udpServices']): Partial<StreamSnapshot> => ({
  udpRouters: [{ name: 'dns@test', entryPoints: ['dns'], service: 'dns@test' }],
  udpServices,
});

/** Answers each datagram with its name before it; `from` are the addresses that it was sent from. */
async function echo(name: string) {
  const from = new Set<number>();
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => {
    from.add(port);
    socket.send(`${name}:${message.toString()}`, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  closers.push(() => socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, from };
}

function client(): Socket {
  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  return socket;
}

async function ask(harness: Harness, socket: Socket, text = 'hi'): Promise<string> {
  socket.send(text, harness.port('dns'), '127.0.0.1');
  const [message] = (await once(socket, 'message')) as [Buffer];
  return message.toString();
}

test('a client keeps its server for its session, and gets its answers from where it sent to', async () => {
  const [a, b] = [await echo('a'), await echo('b')];
  const harness = await start({ 'dns@test': { kind: 'loadBalancer', servers: [a.address, b.address] } });
  const [first, second] = [client(), client()];
  const answers = [await ask(harness, first), await ask(harness, second)];
  expect(answers.toSorted((x, y) => (x < y ? -1 : 1))).toEqual(['a:hi', 'b:hi']);
  expect(await ask(harness, first)).toBe(answers[0]);
  expect(await ask(harness, second)).toBe(answers[1]);
  expect([a.from.size, b.from.size]).toEqual([1, 1]);
});

test('a session ends when nothing was said for its time, and is one record', async () => {
  const a = await echo('a');
  const harness = await start({ 'dns@test': { kind: 'loadBalancer', servers: [a.address] } });
  const socket = client();
  await ask(harness, socket);
  await ask(harness, socket, 'longer');
  expect(await harness.record()).toMatchObject({
    protocol: 'UDP',
    scheme: 'udp',
    entryPoint: 'dns',
    router: 'dns@test',
    serverUrl: `udp://${a.address}`,
    requestBytes: 8,
    responseBytes: 12,
    error: null,
  });
  expect(a.from.size).toBe(1);
  await ask(harness, socket);
  expect(a.from.size).toBe(2);
});

test('weighted services, a change of routes, and no server at all', async () => {
  const [a, b] = [await echo('a'), await echo('b')];
  const harness = await start({
    'dns@test': {
      kind: 'weighted',
      services: [
        { name: 'a@test', weight: 3 },
        { name: 'b@test', weight: 1 },
      ],
    },
    'a@test': { kind: 'loadBalancer', servers: [a.address] },
    'b@test': { kind: 'loadBalancer', servers: [b.address] },
  });
  const answers: string[] = [];
  for (let i = 0; i < 8; i++) answers.push(await ask(harness, client()));
  expect(answers.filter((each) => each === 'a:hi')).toHaveLength(6);
  harness.apply({ routers: [], streams: streamsOf({ 'dns@test': { kind: 'loadBalancer', servers: [] } }) });
  client().send('hi', harness.port('dns'), '127.0.0.1');
  const record = await harness.record(({ error }) => error?.code === 'NO_SERVER');
  expect(record).toMatchObject({ protocol: 'UDP', serverUrl: null });
});

test('closing the entry point ends its sessions and gives the port back', async () => {
  const a = await echo('a');
  const harness = await start({ 'dns@test': { kind: 'loadBalancer', servers: [a.address] } }, { udpTimeoutMs: 60_000 });
  const port = harness.port('dns');
  await ask(harness, client());
  harness.proxy.receive({ type: 'unlisten', names: ['dns'], graceMs: 0 });
  await harness.record();
  const again = createSocket('udp4');
  closers.push(() => again.close());
  again.bind({ port, address: '127.0.0.1', exclusive: true });
  await once(again, 'listening');
  await until(() => again.address().port === port, 'the port');
});
