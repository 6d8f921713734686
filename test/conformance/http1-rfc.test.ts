import { once } from 'node:events';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Harness,
  type HarnessOptions,
  loadBalancer,
  okAnswer,
  type RawServer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
} from '../support/proxy-harness.ts';

/* RFC 9110 and 9112 as they show on raw sockets: what the server gets, byte by byte, and what the client gets. */

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function serve(onData?: (socket: net.Socket, text: string) => void): Promise<RawServer> {
  const server = await startRawServer(onData);
  closers.push(() => server.close());
  return server;
}

async function proxyTo(url: string, options: HarnessOptions = {}): Promise<Harness> {
  const harness = await startProxy({ services: { 'app@test': loadBalancer([url]) }, ...options });
  closers.push(() => harness.close());
  return harness;
}

/** A server that gives this answer to every request, and a proxy before it. */
async function answering(answer: string): Promise<Harness> {
  const server = await serve((socket, text) => {
    if (text.includes('\r\n\r\n')) socket.write(answer, 'latin1');
  });
  return proxyTo(server.url);
}

const get = (more = '', method = 'GET'): string =>
  `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${more}\r\n`;

describe('interim answers', () => {
  it('103 passes; 100 and 102, which nobody asked for, stay here; the answer follows', async () => {
    const harness = await answering(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n' +
        `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${okAnswer}`,
    );
    const answer = await sendRaw(harness.port(), get());
    expect(statuses(answer)).toEqual([103, 200]);
    expect(answer).toMatch(/103 [^\r]*\r\nLink: <\/a\.css>; rel=preload\r\n\r\n/);
    expect(answer.endsWith('\r\n\r\nok')).toBe(true);
  });

  it('none goes to HTTP/1.0, which knows none (RFC 9110 §15.2)', async () => {
    const harness = await answering(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${okAnswer}`);
    expect(statuses(await sendRaw(harness.port(), 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'))).toEqual([200]);
  });
});

describe('answers without content', () => {
  it.each([
    [204, 'HTTP/1.1 204 No Content\r\nETag: "x"\r\n\r\n'],
    [304, 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 500\r\n\r\n'],
    [205, 'HTTP/1.1 205 Reset Content\r\nETag: "x"\r\nContent-Length: 0\r\n\r\n'],
  ])('%i ends with its head, and the next answer is not taken for its content', async (status, first) => {
    let answers = 0;
    const server = await serve((socket, text) => {
      for (let heads = text.split('\r\n\r\n').length - 1; heads > 0; heads -= 1) {
        answers += 1;
        socket.write(answers === 1 ? first : okAnswer);
      }
    });
    const harness = await proxyTo(server.url);
    const answer = await sendRaw(harness.port(), `GET /1 HTTP/1.1\r\nHost: a\r\n\r\n${get()}`);
    expect(statuses(answer)).toEqual([status, 200]);
    expect(answer).toContain('ETag: "x"');
    expect(answer.endsWith('\r\n\r\nok')).toBe(true);
  });

  it('HEAD tells the length that GET would have', async () => {
    const harness = await answering('HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nETag: "x"\r\n\r\n');
    const answer = await sendRaw(harness.port(), get('', 'HEAD'));
    expect(answer).toMatch(/\r\nContent-Length: 12345\r\n/);
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });
});

describe('ranges', () => {
  it('are asked of the server, and its part comes back as it is', async () => {
    const server = await serve((socket, text) => {
      if (!text.includes('\r\n\r\n')) return;
      socket.write('HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\ncde');
    });
    const harness = await proxyTo(server.url);
    const answer = await sendRaw(harness.port(), get('Range: bytes=2-4\r\nIf-Range: "v1"\r\n'));
    expect(server.received()).toContain('\r\nRange: bytes=2-4\r\n');
    expect(server.received()).toContain('\r\nIf-Range: "v1"\r\n');
    expect(statuses(answer)).toEqual([206]);
    expect(answer).toContain('\r\nContent-Range: bytes 2-4/10\r\n');
    expect(answer.endsWith('\r\n\r\ncde')).toBe(true);
  });

  it('that cannot be had are answered by the server', async () => {
    const harness = await answering(
      'HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n',
    );
    const answer = await sendRaw(harness.port(), get('Range: bytes=99-\r\n'));
    expect(statuses(answer)).toEqual([416]);
    expect(answer).toContain('\r\nContent-Range: bytes */10\r\n');
  });
});

describe('trailers', () => {
  it('of an answer follow its body, without those that would frame or name it anew', async () => {
    const harness = await answering(
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '2\r\nok\r\n0\r\nX-Sum: 2\r\nConnection: X-Gone\r\n\r\n',
    );
    const answer = await sendRaw(harness.port(), get('TE: trailers\r\n'));
    expect(answer).toMatch(/\r\n2\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n$/);
  });
});

describe('HTTP/2 without TLS', () => {
  it('is refused where a client begins with it', async () => {
    const server = await serve();
    const harness = await proxyTo(server.url);
    const settings = '\0\0\0\x04\0\0\0\0\0';
    const answer = await sendRaw(harness.port(), `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${settings}`);
    expect(statuses(answer).every((status) => status >= 400)).toBe(true);
    expect(server.received()).toBe('');
  });

  it('is not gone over to, and the server does not hear of it', async () => {
    const server = await serve();
    const harness = await proxyTo(server.url);
    const upgrade = 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n';
    const request = `GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade, HTTP2-Settings\r\n${upgrade}\r\n`;
    expect(statuses(await sendRaw(harness.port(), request))).toEqual([200]);
    expect(server.received()).toContain('GET / HTTP/1.1');
    expect(server.received()).not.toMatch(/h2c|http2-settings/i);
  });
});

/** Some containers have no IPv6 at all, not even on the loopback. */
const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some((each) => each.address === '::1'),
);

describe('IPv6', () => {
  it.skipIf(!hasIPv6)(
    hasIPv6
      ? 'is listened on, told to servers, and used to reach them'
      : 'is missing on this machine: ip addr add ::1/128 dev lo',
    async () => {
      let received = '';
      const server = net.createServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('data', (chunk) => {
          received += chunk.toString('latin1');
          if (received.includes('\r\n\r\n')) socket.end(okAnswer);
        });
      });
      server.listen(0, '::1');
      await once(server, 'listening');
      closers.push(() => new Promise((resolve) => server.close(resolve)));
      const { port } = server.address() as net.AddressInfo;
      const harness = await proxyTo(`http://[::1]:${port}`, { entryPoints: [{ host: '::1' }] });
      const socket = net.connect({ host: '::1', port: harness.port() });
      socket.on('error', () => undefined);
      closers.push(async () => socket.destroy());
      socket.end('GET / HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n');
      let answer = '';
      for await (const chunk of socket) answer += String(chunk);
      expect(statuses(answer)).toEqual([200]);
      expect(received).toContain('\r\nX-Forwarded-For: ::1\r\n');
      expect(received).toMatch(/^GET \/ HTTP\/1\.1\r\nHost: \[::1\]:8080\r\n/);
      expect(await harness.record()).toMatchObject({ clientIp: '::1', host: '::1', serverUrl: `http://[::1]:${port}` });
    },
  );
});
