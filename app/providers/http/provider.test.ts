import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { makeCertificate } from '../../../test/support/certificates.ts';
import { logDouble } from '../../../test/support/context.ts';
import { pollUntil } from '../../../test/support/poll.ts';
import type { HttpProviderConfiguration } from '../../config/static.ts';
import type { ProviderView } from '../../contract/objects.ts';
import type { Publication } from '../provider.ts';
import { createHttpProvider } from './provider.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

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

async function start(endpoint: string, more: Partial<HttpProviderConfiguration> = {}) {
  const publications: Publication[] = [];
  const views: ProviderView[] = [];
  const provider = createHttpProvider({
    host: {
      publish: (publication) => publications.push(publication),
      report: (view) => views.push(view),
    },
    options: {
      endpoint,
      pollIntervalMs: 20,
      pollTimeoutMs: 300,
      headers: {},
      tls: null,
      maxResponseBodyBytes: -1,
      ...more,
    },
    log: logDouble(),
  });
  closers.push(() => provider.stop());
  await provider.start();
  return { publications, views, last: () => views.at(-1) };
}

const configuration = (rule: string): string =>
  JSON.stringify({
    http: {
      routers: { a: { rule, service: 'a' } },
      services: { a: { loadBalancer: { servers: [{ url: 'http://10.0.0.2' }] } } },
    },
  });

test('publishes what it reads, again when it changes, and keeps it while it is away', async () => {
  let answer: RequestListener = (_request, response) => response.end(configuration('Host(`a`)'));
  const headers: (string | undefined)[] = [];
  const port = await listen(
    createServer((request, response) => {
      headers.push(request.headers['x-token'] as string | undefined);
      answer(request, response);
    }),
  );
  const { publications, last } = await start(`http://127.0.0.1:${port}/dynamic`, { headers: { 'X-Token': 't' } });
  expect(publications).toMatchObject([
    {
      provider: 'http',
      configuration: { http: { routers: { a: { rule: 'Host(`a`)' } } } },
      origins: { routers: { a: { source: { kind: 'file', path: `http://127.0.0.1:${port}/dynamic`, line: 1 } } } },
    },
  ]);
  expect(headers[0]).toBe('t');
  expect(last()?.state).toBe('connected');

  // As YAML, and with a template in it: what comes over the network does not read the environment.
  answer = (_request, response) => {
    response.end('http: { routers: { a: { rule: "Host(`{{ env `HOME` }}`)", service: a } } }');
  };
  await pollUntil(() => publications.length === 2);
  expect(publications[1]?.configuration.http?.routers?.['a']?.rule).toContain('{{ env');

  answer = (_request, response) => {
    response.writeHead(500).end();
  };
  await pollUntil(() => last()?.state === 'lost');
  expect(last()?.problems).toMatchObject([
    { code: 'HTTP_PROVIDER_FAILED', details: { reason: expect.stringContaining('500') as string } },
  ]);
  answer = (_request, response) => response.end(configuration('Host(`c`)'));
  await pollUntil(() => last()?.state === 'connected');
  expect(publications).toHaveLength(3);
});

test.each<[string, RequestListener, Partial<HttpProviderConfiguration>, string]>([
  ['too large', (_request, response) => response.end('#'.repeat(2000)), { maxResponseBodyBytes: 1000 }, '1000 bytes'],
  ['too slow', () => undefined, { pollTimeoutMs: 30 }, 'in time'],
  ['no configuration', (_request, response) => response.end('a: b: c'), {}, 'line 1'],
])('says what is wrong: %s', async (_name, listener, options, part) => {
  const port = await listen(createServer(listener));
  const { publications, last } = await start(`http://127.0.0.1:${port}/`, options);
  expect(publications).toEqual([]);
  expect(last()?.state).toBe('failed');
  expect(last()?.problems[0]?.message).toContain(part);
});

test('trusts the CA that it is given', async () => {
  const { certificatePem, privateKeyPem } = await makeCertificate(['127.0.0.1']);
  const server = createTlsServer({ cert: certificatePem, key: privateKeyPem }, (_request, response) => {
    response.end(configuration('Host(`a`)'));
  });
  const endpoint = `https://127.0.0.1:${await listen(server)}/`;
  expect((await start(endpoint)).last()?.state).toBe('failed');
  expect((await start(endpoint, { tls: { ca: certificatePem } })).publications).toHaveLength(1);
});
