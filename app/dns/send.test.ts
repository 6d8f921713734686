import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { send } from './send.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const ask = (url: string, more: Partial<Parameters<typeof send>[1]> = {}) =>
  send(url, { method: 'GET', headers: {}, body: null, signal: AbortSignal.timeout(20_000), mostBytes: 100, ...more });

test('an answer comes whole, and a redirect is one', async () => {
  const url = await serve((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(307, { location: 'http://elsewhere.test/', 'X-Two': ['a', 'b'] });
      response.end(
        `${request.method ?? ''} ${Buffer.concat(chunks).toString()} ${request.headers['content-length'] ?? ''}`,
      );
    });
  });
  expect(await ask(url, { method: 'PUT', body: 'é' })).toMatchObject({
    status: 307,
    headers: { location: 'http://elsewhere.test/', 'x-two': 'a, b' },
    text: 'PUT é 2',
  });
});

test('one that is too long, cut off, late or not there is none', async () => {
  const long = await serve((_request, response) => response.end('x'.repeat(101)));
  await expect(ask(long)).rejects.toThrow('it answers with more than 100 bytes');
  const cut = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '50' });
    response.write('x', () => response.destroy());
  });
  await expect(ask(cut)).rejects.toMatchObject({ code: 'ECONNRESET' });
  const silent = await serve(() => undefined);
  await expect(ask(silent, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: 'TimeoutError' });
  const stuck = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '50' });
    response.write('x');
  });
  await expect(ask(stuck, { signal: AbortSignal.timeout(200) })).rejects.toMatchObject({ name: 'TimeoutError' });
  await expect(ask('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
