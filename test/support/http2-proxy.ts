import { once } from 'node:events';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { afterEach } from 'vitest';
import type { ClientLimits, LimitName } from '../../proxy/model/limits.ts';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import { endHeaders, endStream, frame, frameTypes, greeting, requestFields } from '../attack/floods/http2-frames.ts';
import { makeCertificate } from './certificates.ts';
import { RawHttp2Client } from './http2-client.ts';
import { loadBalancer, okAnswer, type RawServer, startProxy, startRawServer } from './proxy-harness.ts';

interface Http2ProxyOptions {
  readonly limits?: Partial<ClientLimits>;
  /** The server's side; it answers each head, save those with `/open` in their path. */
  readonly onData?: (socket: Socket, text: string) => void;
}

/** A proxy with TLS, the server behind it, and what comes of both. */
export interface Http2Proxy {
  readonly server: RawServer;
  /** Paths that reached the server, in their order. */
  asked(): string[];
  /** Limits that held clients off. */
  limits(): LimitName[];
  /** A client that has sent `begin`; left out: what clients begin with. */
  connect(begin?: Buffer): Promise<RawHttp2Client>;
  /** Whether a well-behaved client is served. */
  serves(): Promise<boolean>;
  close(): Promise<void>;
}

function answerHeads(socket: Socket, text: string): void {
  for (const [, path = ''] of text.matchAll(/^[A-Z]+ (\S+) HTTP/gm)) {
    if (!path.startsWith('/open')) socket.write(okAnswer);
  }
}

let certificate: Promise<CertificateSnapshot> | null = null;

export async function startHttp2Proxy({ limits = {}, onData }: Http2ProxyOptions = {}): Promise<Http2Proxy> {
  certificate ??= makeCertificate(['127.0.0.1'], true);
  const server = await startRawServer(onData ?? answerHeads);
  const harness = await startProxy({
    limits,
    entryPoints: [{ name: 'websecure', tls: true }],
    routers: [{ entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([server.url]) },
    certificates: [await certificate],
  });
  const clients: RawHttp2Client[] = [];
  async function connect(begin = greeting()): Promise<RawHttp2Client> {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: harness.port(),
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
    });
    const client = new RawHttp2Client(socket);
    clients.push(client);
    await once(socket, 'secureConnect');
    client.send(begin);
    return client;
  }
  return {
    server,
    connect,
    asked: () => [...server.received().matchAll(/^[A-Z]+ (\S+) HTTP/gm)].map(([, path]) => path ?? ''),
    limits: () => harness.limited().map(({ limit }) => limit),
    async serves() {
      const client = await connect();
      client.send(request(1, '/good'));
      const { status, body } = await client.answered(1);
      client.socket.destroy();
      return status === 200 && body === 'ok';
    },
    async close() {
      for (const client of clients) client.socket.destroy();
      await harness.close();
      await server.close();
    },
  };
}

/** Proxies that are closed after each test, each with a client that has sent `begin`. */
export function http2Proxies(): (
  options?: Http2ProxyOptions & { readonly begin?: Buffer },
) => Promise<Http2Proxy & { readonly client: RawHttp2Client }> {
  const proxies: Http2Proxy[] = [];
  afterEach(async () => {
    for (const proxy of proxies.splice(0)) await proxy.close();
  });
  return async ({ begin = greeting(), ...options } = {}) => {
    const proxy = await startHttp2Proxy(options);
    proxies.push(proxy);
    return { ...proxy, client: await proxy.connect(begin) };
  };
}

/** HEADERS that ask for a path of `a.test`. */
export function request(stream: number, path: string, flags = endHeaders | endStream, method = 'GET'): Buffer {
  return frame(frameTypes.headers, flags, stream, requestFields('a.test', path, method));
}

/** HEADERS of a request that has a body, and that the server behind does not answer. */
export function openRequest(stream: number): Buffer {
  return request(stream, `/open${stream}`, endHeaders, 'POST');
}
