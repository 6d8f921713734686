import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { loadBalancer, startProxy } from '../../test/support/proxy-harness.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const size = 3 * 1024 * 1024;

/** Answers with the content of its path's number, in one piece or in chunks; takes uploads and tells their hash. */
async function origin(contents: readonly Buffer[]): Promise<string> {
  const server = http.createServer((request, response) => {
    if (request.method === 'POST') {
      const hash = createHash('sha256');
      request.on('data', (chunk: Buffer) => hash.update(chunk)).on('end', () => response.end(hash.digest('hex')));
      return;
    }
    const content = contents[Number(request.url?.slice(1))]!;
    if (!request.headers['x-chunked']) response.setHeader('Content-Length', content.byteLength);
    for (let at = 0; at < content.byteLength; at += 100_000) response.write(content.subarray(at, at + 100_000));
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function hashOf(body: Readable, isSlow: boolean): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body as AsyncIterable<Buffer>) {
    hash.update(chunk);
    if (isSlow) await turn();
  }
  return hash.digest('hex');
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

test('many large answers at a time arrive as they were sent, to quick and slow readers', async () => {
  const contents = Array.from({ length: 8 }, () => randomBytes(size));
  const certificate = await makeCertificate(['127.0.0.1'], true);
  const harness = await startProxy({
    entryPoints: [{}, { name: 'websecure', tls: true }],
    routers: [{}, { entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([await origin(contents)]) },
    certificates: [certificate],
  });
  closers.push(() => harness.close());
  const agent = new http.Agent({ keepAlive: true });
  const session = http2.connect(`https://127.0.0.1:${harness.port('websecure')}`, { ca: certificate.certificatePem });
  closers.push(async () => {
    agent.destroy();
    session.destroy();
  });
  const overHttp1 = async (n: number): Promise<string> => {
    const headers = n % 4 < 2 ? { 'x-chunked': '1' } : {};
    const request = http.get({ port: harness.port(), path: `/${n}`, agent, headers });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    return hashOf(response, n % 2 === 0);
  };
  const overHttp2 = (n: number): Promise<string> => hashOf(session.request({ ':path': `/${n}` }), n % 2 === 0);
  const wanted = contents.map(sha256);
  for (let round = 0; round < 2; round += 1) {
    expect(await Promise.all(contents.map((_, n) => overHttp1(n)))).toEqual(wanted);
  }
  expect(await Promise.all(contents.map((_, n) => overHttp2(n)))).toEqual(wanted);
});

test('many large uploads at a time arrive as they were sent', async () => {
  const contents = Array.from({ length: 6 }, () => randomBytes(size));
  const harness = await startProxy({ services: { 'app@test': loadBalancer([await origin([])]) } });
  closers.push(() => harness.close());
  const upload = async (content: Buffer, n: number): Promise<string> => {
    const headers = n % 2 === 0 ? { 'content-length': content.byteLength } : {};
    const request = http.request({ port: harness.port(), method: 'POST', headers, agent: false });
    for (let at = 0; at < content.byteLength; at += 70_000) {
      if (!request.write(content.subarray(at, at + 70_000))) await once(request, 'drain');
    }
    request.end();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return text;
  };
  expect(await Promise.all(contents.map(upload))).toEqual(contents.map(sha256));
});
