import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSelfCheck } from './self-check.ts';

const challenge = { type: 'http-01', host: 'a.example.org', token: 'token', answer: 'token.thumbprint' } as const;

let server: Server;
let port = 0;
let answer: { readonly status: number; readonly body: string };
const asked: string[] = [];
beforeEach(async () => {
  asked.length = 0;
  answer = { status: 200, body: 'token.thumbprint\n' };
  server = createServer((request, response) => {
    asked.push(`${request.headers.host}${request.url}`);
    response.writeHead(answer.status).end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
});

const web = () => ({ name: 'web', host: '0.0.0.0', port, tls: false });

test('asks the entry point under the name that is proved', async () => {
  const check = createSelfCheck(() => [{ ...web(), name: 'websecure', tls: true, port: 1 }, web()]);
  const seen = { isAnswered: true, address: `127.0.0.1:${port}` };
  expect([await check(challenge, null), await check(challenge, 'web')]).toEqual([seen, seen]);
  expect(new Set(asked)).toEqual(new Set(['a.example.org/.well-known/acme-challenge/token']));
});

test('says what it saw in place of the answer, and that nobody listens', async () => {
  const check = createSelfCheck(() => [web()]);
  const reason = async (entryPoint: string | null): Promise<string> => {
    const seen = await check(challenge, entryPoint);
    return seen.isAnswered ? '' : seen.reason;
  };
  answer = { status: 404, body: 'no' };
  expect(await reason(null)).toBe(`web (127.0.0.1:${port}) answers with status 404`);
  answer = { status: 200, body: 'other' };
  expect(await reason('web')).toContain('answers something else');
  expect(await reason('other')).toBe('the entry point other does not listen for HTTP without TLS');
  server.close();
  await once(server, 'close');
  expect(await reason('web')).toContain('does not answer: ');
  const none = await createSelfCheck(() => [{ ...web(), tls: true }])(challenge, null);
  expect(none).toEqual({ isAnswered: false, reason: 'no entry point listens for HTTP without TLS' });
});
