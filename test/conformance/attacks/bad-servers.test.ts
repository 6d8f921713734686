import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ServerFaultName } from '../../../proxy/model/limits.ts';
import type { RequestRecord } from '../../../proxy/model/request-record.ts';
import type { CertificateSnapshot } from '../../../proxy/model/snapshot.ts';
import { createBadServer } from '../../attack/floods/bad-server.ts';
import { serverFaults } from '../../attack/floods/http1-attacks.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { pollUntil } from '../../support/poll.ts';
import { loadBalancer, sendRaw, startProxy } from '../../support/proxy-harness.ts';

const deadlineMs = 30_000;
const host = 'app.localhost';

let certificate: CertificateSnapshot;
beforeAll(async () => {
  certificate = await makeCertificate([host], true);
});

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start() {
  const server = createBadServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const harness = await startProxy({
    entryPoints: [{}, { name: 'websecure', tls: true }],
    routers: [{}, { entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([url], { serversTransport: 'short@test' }) },
    serversTransports: { 'short@test': { forwardingTimeouts: { responseHeaderTimeout: '1s' } } },
    certificates: [certificate],
  });
  closers.push(() => harness.close());
  return harness;
}

interface Told {
  readonly name: ServerFaultName;
  readonly code: NonNullable<RequestRecord['error']>['code'];
  /** What the client is told: a status of the proxy's own, or what the server said. */
  readonly status: number;
  /** The client can tell that its answer is not whole. */
  readonly isBroken: boolean;
}

const answers: Readonly<Record<keyof typeof serverFaults, Told>> = {
  'a server that stalls': { name: 'server-timeout', code: 'UPSTREAM_TIMEOUT', status: 504, isBroken: false },
  'a server that resets': { name: 'server-reset', code: 'UPSTREAM_RESET', status: 502, isBroken: false },
  'a server that sends less than it says': {
    name: 'server-truncated',
    code: 'UPSTREAM_TRUNCATED',
    status: 200,
    isBroken: true,
  },
  // The client has its whole answer, and nothing of the other.
  'a server that sends more than it says': {
    name: 'server-malformed',
    code: 'UPSTREAM_PROTOCOL',
    status: 200,
    isBroken: false,
  },
  'a server that sends garbage': { name: 'server-malformed', code: 'UPSTREAM_PROTOCOL', status: 502, isBroken: false },
  'a server whose head never ends': {
    name: 'server-malformed',
    code: 'UPSTREAM_PROTOCOL',
    status: 502,
    isBroken: false,
  },
  'a server whose interim answers never end': {
    name: 'server-malformed',
    code: 'UPSTREAM_PROTOCOL',
    status: 502,
    isBroken: false,
  },
  'a server whose trailers never end': {
    name: 'server-malformed',
    code: 'UPSTREAM_PROTOCOL',
    status: 200,
    isBroken: true,
  },
};

interface Seen {
  readonly status: number;
  readonly body: string;
  readonly isBroken: boolean;
}

async function askByHttp1(port: number, target: string): Promise<Seen> {
  const asking = `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const answer = await sendRaw(port, asking, undefined, deadlineMs);
  const [head = ''] = answer.split('\r\n\r\n', 1);
  // Interim answers stand before it.
  const final = answer.slice(answer.search(/HTTP\/1\.1 [2-5]/));
  const body = final.slice(final.indexOf('\r\n\r\n') + 4);
  const length = /\r\ncontent-length: (\d+)/i.exec(final)?.[1];
  const isWhole = length === undefined ? body.endsWith('0\r\n\r\n') : body.length === Number(length);
  expect(head).toMatch(/^HTTP\/1\.1 \d{3}/);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(final)?.[1]), body, isBroken: !isWhole };
}

async function askByHttp2(port: number, target: string): Promise<Seen> {
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, servername: host });
  closers.push(() => session.destroy());
  session.on('error', () => undefined);
  const stream = session.request({ ':path': target, ':authority': host });
  let status = 0;
  let body = '';
  stream.on('error', () => undefined);
  stream.on('response', (headers) => {
    status = Number(headers[':status']);
  });
  stream.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  await pollUntil(() => stream.closed, deadlineMs);
  return { status, body, isBroken: stream.rstCode !== http2.constants.NGHTTP2_NO_ERROR };
}

describe.each(Object.entries(serverFaults))('%s', (fault, target) => {
  const told = answers[fault as keyof typeof serverFaults];

  test.each(['HTTP/1.1', 'HTTP/2'] as const)(
    `is ${told.name} in log and counts, over %s`,
    { timeout: 60_000 },
    async (protocol) => {
      const harness = await start();
      const seen =
        protocol === 'HTTP/1.1'
          ? await askByHttp1(harness.port('web'), target)
          : await askByHttp2(harness.port('websecure'), target);
      expect({ status: seen.status, isBroken: seen.isBroken }).toEqual({
        status: told.status,
        isBroken: told.isBroken,
      });
      expect(seen.body).not.toContain('poison');
      const { error } = await harness.record();
      expect(error?.code).toBe(told.code);
      await pollUntil(() => harness.limited().length > 0, deadlineMs);
      expect(harness.limited().map(({ limit, count }) => ({ limit, count }))).toEqual([{ limit: told.name, count: 1 }]);
    },
  );
});
