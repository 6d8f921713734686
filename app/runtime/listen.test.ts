import { createSocket } from 'node:dgram';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { defaultStaticConfiguration, type StaticEntryPoint } from '../config/static.ts';
import { type Probe, planListening, probeAddress, probeUdpAddress, sharedProbe } from './listen.ts';
import { portOwner } from './port-owner.ts';

const [web] = defaultStaticConfiguration.entryPoints as [StaticEntryPoint];
const nginx = () => Promise.resolve({ kind: 'process', name: 'nginx', pid: 812 } as const);

function probeRefusing(codes: Record<number, string>): Probe {
  return (host, port) => {
    const code = codes[port];
    return Promise.resolve(code === undefined ? { ok: true, host: host ?? '::', port } : { ok: false, code });
  };
}

describe('planListening', () => {
  test('a free address is taken as it is', async () => {
    const plan = await planListening(web, probeRefusing({}), nginx);
    expect(plan).toMatchObject({ bound: { host: '::', port: 80 }, problems: [] });
  });

  test('a default that is in use gives way to its fallback, and says who has it', async () => {
    const plan = await planListening(web, probeRefusing({ 80: 'EADDRINUSE' }), nginx);
    expect(plan.bound?.port).toBe(8080);
    expect(plan.problems.map(({ code, severity }) => [code, severity])).toEqual([
      ['PORT_IN_USE', 'warning'],
      ['PORT_FALLBACK', 'warning'],
    ]);
    expect(plan.problems[0]?.message).toContain('nginx (pid 812)');
  });

  test('a default that is forbidden names the way out', async () => {
    const plan = await planListening(web, probeRefusing({ 80: 'EACCES' }), nginx);
    expect(plan.bound?.port).toBe(8080);
    expect(plan.problems[0]).toMatchObject({ code: 'PORT_FORBIDDEN' });
    expect(plan.problems[0]?.fix).toContain('net.ipv4.ip_unprivileged_port_start=80');
  });

  test('a fallback that is taken gives way to the next free port', async () => {
    const plan = await planListening(
      web,
      probeRefusing({ 80: 'EACCES', 8080: 'EADDRINUSE', 8081: 'EADDRINUSE' }),
      nginx,
    );
    expect(plan.bound?.port).toBe(8082);
    expect(plan.problems[1]?.details).toMatchObject({ port: 80, fallbackPort: 8082 });
  });

  test('an address that was asked for is never replaced', async () => {
    const asked = { ...web, address: '127.0.0.1:80', origin: 'flag', fallbackPort: null } as const;
    const plan = await planListening(asked, probeRefusing({ 80: 'EADDRINUSE' }), nginx);
    expect(plan).toMatchObject({ bound: null, problems: [{ code: 'PORT_IN_USE', severity: 'error' }] });
  });

  test.each([
    ['localhost', 'ADDRESS_INVALID'],
    [':99999', 'ADDRESS_INVALID'],
  ])('%s is no address', async (address, code) => {
    const plan = await planListening({ ...web, address }, probeRefusing({}), nginx);
    expect(plan).toMatchObject({ bound: null, problems: [{ code, severity: 'error' }] });
  });

  test('an address of another machine is refused in words', async () => {
    const plan = await planListening({ ...web, address: '192.0.2.1:8080', fallbackPort: null }, probeAddress, nginx);
    expect(plan).toMatchObject({ bound: null, problems: [{ code: 'ADDRESS_INVALID' }] });
  });
});

describe('with real sockets', () => {
  const servers: Server[] = [];
  const listen = (options: { port: number; reusePort?: boolean }): Promise<number> =>
    new Promise((resolve, reject) => {
      const server = createServer();
      servers.push(server);
      server.once('error', reject);
      server.listen({ host: '127.0.0.1', ...options }, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  test('datagrams have ports of their own', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.bind(0, '127.0.0.1', resolve);
    });
    const { port } = socket.address();
    expect(await probeUdpAddress('127.0.0.1', port)).toEqual({ ok: false, code: 'EADDRINUSE' });
    expect(await probeAddress('127.0.0.1', port)).toMatchObject({ ok: true });
    await new Promise<void>((resolve) => {
      socket.close(resolve);
    });
    expect(await probeUdpAddress('127.0.0.1', port)).toEqual({ ok: true, host: '127.0.0.1', port });
    const any = await probeUdpAddress(null, 0);
    expect(any.ok && any.port).toBeGreaterThan(0);
  });

  test('port 0 becomes one port', async () => {
    const result = await probeAddress('127.0.0.1', 0);
    expect(result.ok && result.port).toBeGreaterThan(0);
  });

  test.runIf(process.platform === 'linux')('a port that is shared counts as taken, on any address', async () => {
    const port = await listen({ port: 0, reusePort: true });
    expect(await probeAddress('127.0.0.1', port)).toEqual({ ok: false, code: 'EADDRINUSE' });
    expect(await probeAddress(null, port)).toEqual({ ok: false, code: 'EADDRINUSE' });
  });

  test.runIf(process.platform === 'linux')('a port that may be shared is free although another has it', async () => {
    const port = await listen({ port: 0, reusePort: true });
    const probe = sharedProbe(probeAddress);
    expect(await probe('127.0.0.1', port)).toEqual({ ok: true, host: '127.0.0.1', port });
    expect(await probe('192.0.2.1', port)).toEqual({ ok: false, code: 'EADDRNOTAVAIL' });
    const any = await probe('127.0.0.1', 0);
    expect(any.ok && any.port).toBeGreaterThan(0);
  });

  test.runIf(process.platform === 'linux')('the owner of a port is found', async () => {
    const port = await listen({ port: 0 });
    expect(await portOwner(port)).toMatchObject({ kind: 'process', pid: process.pid });
    expect(await portOwner(1)).toEqual({ kind: 'unknown' });
  });

  test.runIf(process.platform === 'linux')('a Node program is named by what it runs, not by its thread', async () => {
    const proc = await mkdtemp(join(tmpdir(), 'gh-proc-'));
    try {
      await mkdir(join(proc, 'net'));
      await mkdir(join(proc, '7/fd'), { recursive: true });
      const line = '0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 1';
      await writeFile(join(proc, 'net/tcp'), `head\n  ${line}\n`);
      await symlink('socket:[4711]', join(proc, '7/fd/3'));
      await writeFile(join(proc, '7/comm'), 'MainThread\n');
      await writeFile(join(proc, '7/cmdline'), '/usr/bin/node\0/srv/photos/server.js\0--port\0');
      expect(await portOwner(8080, proc)).toEqual({ kind: 'process', name: 'node server.js', pid: 7 });
    } finally {
      await rm(proc, { recursive: true });
    }
  });
});
