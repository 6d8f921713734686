import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { type Harness, loadBalancer, sendRaw, startProxy } from '../../test/support/proxy-harness.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Answers with the body and the trailers that it got. */
async function echo(protocol: 'http' | 'h2c'): Promise<string> {
  if (protocol === 'h2c') {
    const sessions = new Set<http2.ServerHttp2Session>();
    const server = http2.createServer();
    server.on('session', (session) => sessions.add(session));
    server.on('stream', (stream) => {
      let body = '';
      let trailers = {};
      stream.on('data', (chunk) => {
        body += String(chunk);
      });
      stream.on('trailers', (fields) => {
        trailers = { ...fields };
      });
      stream.on('end', () => {
        stream.respond({ ':status': 200 });
        stream.end(`${body} ${JSON.stringify(trailers)}`);
      });
    });
    closers.push(() => {
      for (const session of sessions) session.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    return `h2c://127.0.0.1:${await listen(server)}`;
  }
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => response.end(`${body} ${JSON.stringify(request.trailers)}`));
  });
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${await listen(server)}`;
}

async function overHttp1(harness: Harness): Promise<string> {
  const head =
    'POST / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nX-Head: h\r\n\r\n';
  const trailers = 'X-Sum: 5\r\nX-Forwarded-For: 9.9.9.9\r\nX-Head: forged\r\nHost: other.test\r\n';
  const answer = await sendRaw(harness.port(), `${head}5\r\nhello\r\n0\r\n${trailers}\r\n`);
  return /hello \{.*\}/.exec(answer)?.[0] ?? answer;
}

async function overHttp2(harness: Harness, ca: string): Promise<string> {
  const session = http2.connect(`https://127.0.0.1:${harness.port('websecure')}`, { ca });
  closers.push(async () => session.destroy());
  const stream = session.request({ ':method': 'POST', ':path': '/', 'x-head': 'h' }, { waitForTrailers: true });
  stream.on('wantTrailers', () =>
    stream.sendTrailers({ 'x-sum': '5', 'x-forwarded-for': '9.9.9.9', 'x-head': 'forged', 'x-real-ip': '9.9.9.9' }),
  );
  stream.end('hello');
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

test.each(['http', 'h2c'] as const)(
  'trailers of a request reach a server of %s; none that could forge',
  async (protocol) => {
    const certificate = await makeCertificate(['127.0.0.1'], true);
    const harness = await startProxy({
      entryPoints: [{}, { name: 'websecure', tls: true }],
      routers: [{}, { entryPoints: ['websecure'], tls: true }],
      services: { 'app@test': loadBalancer([await echo(protocol)]) },
      certificates: [certificate],
    });
    closers.push(() => harness.close());
    expect(await overHttp1(harness)).toBe('hello {"x-sum":"5"}');
    expect(await overHttp2(harness, certificate.certificatePem)).toBe('hello {"x-sum":"5"}');
  },
);
