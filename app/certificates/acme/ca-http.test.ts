import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCaHttp } from './ca-http.ts';
import { AcmeFault, type CaThreadData } from './protocol.ts';

let answer: unknown;
const server = createServer((_request, response) => {
  response.writeHead(403, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(answer));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

async function faultFor(body: unknown): Promise<AcmeFault> {
  answer = body;
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/directory`;
  const data: CaThreadData = {
    directoryUrl: url,
    accountKeyPem: '',
    accountUrl: null,
    eab: null,
    caPem: [],
    systemAuthorities: true,
    serverName: null,
    timeoutMs: 10_000,
    responseHeaderTimeoutMs: 10_000,
    userAgent: 'test',
  };
  const error: unknown = await createCaHttp(data)({ url, headers: { toJSON: () => ({}) } }).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof AcmeFault) return error;
  throw new Error('it was no failure', { cause: error });
}

test('a CA’s own words are told', async () => {
  const fault = await faultFor({ type: 'urn:ietf:params:acme:error:unauthorized', detail: 'not this account' });
  expect([fault.type, fault.detail]).toEqual(['unauthorized', 'not this account']);
});

test.each([
  { type: 'about:blank', detail: 'the password is hunter2' },
  { type: 'https://example.org/errors/login', detail: 'the password is hunter2' },
  { detail: 'the password is hunter2' },
  ['the password is hunter2'],
])('nothing else that answers at the address of one is repeated: %j', async (body) => {
  const fault = await faultFor(body);
  expect(fault.type).toBe('nonsense');
  expect(fault.detail).toMatch(/^127\.0\.0\.1:\d+ answered 403 to \/directory$/);
});
