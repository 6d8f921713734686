import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { startRawServer, until } from '../../test/support/proxy-harness.ts';
import type { DownServers, StreamSnapshot } from '../model/snapshot.ts';
import type { TcpHealthCheckConfig } from '../model/stream.ts';
import { startHealthChecks } from '../service/health-check.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function watch(address: string, healthCheck: TcpHealthCheckConfig) {
  let seen: { down: DownServers; reasons: object } = { down: {}, reasons: {} };
  let calls = 0;
  const checks = startHealthChecks({
    onChange: (down, reasons) => {
      seen = { down, reasons };
      calls += 1;
    },
  });
  closers.push(() => checks.stop());
  const streams: StreamSnapshot = {
    tcpRouters: [],
    tcpMiddlewares: {},
    tcpServices: {
      'db@test': {
        kind: 'loadBalancer',
        servers: [{ address, tls: false }],
        serversTransport: null,
        proxyProtocol: 0,
        terminationDelayMs: 100,
        healthCheck: { interval: '20ms', timeout: '5s', ...healthCheck },
      },
    },
    tcpServersTransports: {},
    udpRouters: [],
    udpServices: {},
  };
  checks.update({}, {}, streams);
  return { down: () => seen.down['tcp db@test'], reasons: () => JSON.stringify(seen.reasons), calls: () => calls };
}

test('a server is asked, and what it answers is looked at', async () => {
  let answer = '+PONG';
  const server = await startRawServer((socket, text) => text === 'PING\r\n' && socket.write(answer));
  closers.push(() => server.close());
  const address = `127.0.0.1:${server.port}`;
  const health = watch(address, { send: 'PING\r\n', expect: '+PONG' });
  await until(() => server.received().length >= 18, 'three checks');
  expect(health.calls()).toBe(0);
  answer = '-BUSY';
  await until(() => health.down() !== undefined, 'the server to be down');
  expect(health.down()).toEqual([address]);
  expect(health.reasons()).toContain('-BUSY');
  answer = '+PONG and more';
  await until(() => health.down() === undefined, 'the server to be up');
});

test('without anything to send it only has to take connections; silence and closed ports are told apart', async () => {
  const silent = net.createServer(() => undefined).listen(0, '127.0.0.1');
  await until(() => silent.listening, 'the server');
  const { port } = silent.address() as net.AddressInfo;
  const open = watch(`127.0.0.1:${port}`, {});
  const waiting = watch(`127.0.0.1:${port}`, { expect: 'hello', timeout: '100ms' });
  const elsewhere = watch(`127.0.0.1:1`, { port });
  await until(() => waiting.down() !== undefined, 'silence to be noticed');
  expect(waiting.reasons()).toContain('did not answer within 100 ms');
  expect([open.calls(), elsewhere.calls()]).toEqual([0, 0]);
  silent.close();
  await until(() => open.down() !== undefined, 'the closed port to be noticed');
  expect(open.reasons()).toMatch(/ECONNREFUSED|ECONNRESET/);
});
