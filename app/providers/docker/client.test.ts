import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { makeCertificate } from '../../../test/support/certificates.ts';
import { connectDocker, connectionOptions } from './client.ts';
import type { DockerAccess } from './endpoint.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const version = { Version: '28.2.2', ApiVersion: '1.50', MinAPIVersion: '1.24' };

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

function connect(port: number, access: DockerAccess) {
  const endpoint = { url: `tcp://127.0.0.1:${port}`, why: 'a test', tls: null, access };
  return connectDocker(endpoint, new AbortController().signal);
}

const guarded: RequestListener = (request, response) => {
  const allowed = request.headers.authorization === `Basic ${Buffer.from('ops:s3cret').toString('base64')}`;
  response.writeHead(allowed ? 200 : 401, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(allowed ? version : {}));
};

test('a daemon behind a password', async () => {
  const port = await listen(createHttpServer(guarded));
  const client = await connect(port, { username: 'ops', password: 's3cret' });
  closers.push(client.close);
  expect(client.version).toBe('Docker 28.2.2 (API 1.50)');
  await expect(connect(port, { username: 'ops', password: 'wrong' })).rejects.toThrow('401');
});

test('a daemon behind TLS, its CA as a file and as PEM, and verified unless told otherwise', async () => {
  const { certificatePem, privateKeyPem } = await makeCertificate(['127.0.0.1']);
  const server = createHttpsServer({ cert: certificatePem, key: privateKeyPem }, (_request, response) => {
    response.end(JSON.stringify(version));
  });
  const port = await listen(server);
  const dir = await mkdtemp(join(tmpdir(), 'gatehouse-docker-'));
  closers.push(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'ca.pem'), certificatePem);
  for (const tls of [{ ca: join(dir, 'ca.pem') }, { ca: certificatePem }, { insecureSkipVerify: true }]) {
    const client = await connect(port, { tls });
    expect(client.version).toContain('28.2.2');
    client.close();
  }
  await expect(connect(port, { tls: {} })).rejects.toThrow(/self-signed/);
});

test('a request that takes longer than the configured time fails', async () => {
  const port = await listen(
    createHttpServer((request, response) => {
      if (request.url === '/version') response.end(JSON.stringify(version));
    }),
  );
  const client = await connect(port, { requestTimeoutMs: 50 });
  closers.push(client.close);
  await expect(client.containerIds()).rejects.toThrow();
});

test.each(['unix:///run/d.sock', 'tcp://docker.test:2375', 'https://docker.test'])(
  'what dockerode writes down of each request is short, however many are under way: %s',
  (url) => {
    const { options, agent } = connectionOptions({ url, why: 'asked for', tls: null });
    // Requests that wait for a connection stand in the agent.
    const key = agent.getName({ host: 'docker.test', port: 2375 });
    Object.assign(agent.requests, { [key]: Array.from({ length: 1000 }, (_, n) => ({ n, text: 'x'.repeat(100) })) });
    expect(inspect(options, { showHidden: true, depth: null }).length).toBeLessThan(1000);
    delete (agent.requests as Record<string, unknown>)[key];
    agent.destroy();
  },
);
