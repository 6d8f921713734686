import net from 'node:net';
import tls from 'node:tls';
import { z } from 'zod';
import { makeCertificate } from '../support/certificates.ts';
import { type Harness, startProxy, startRawServer, statuses } from '../support/proxy-harness.ts';
import { startRecordingServer } from './recording-server.ts';
import { buildState } from './runtime.ts';
import { kind, Missing, NotApplicable } from './vector.ts';

const routers = z.record(z.string(), z.record(z.string(), z.unknown()));

/** What the server of TCP says, by who spoke first. */
const clientFirst = 'TCP-CLIENT-FIRST';
const serverFirst = 'TCP-SERVER-FIRST';
const serverWaitsMs = 150;
const clientWaitsMs = 700;

const version = (name: string): object => ({ minVersion: name, maxVersion: name });

/** One port for TCP, HTTP and TLS of both; every check is a real connection. */
export const tcpEntryPointRouting = kind(
  {
    meaning: z.string(),
    given: z.strictObject({ tlsOptions: z.record(z.string(), z.string()), tcpService: z.string(), note: z.string() }),
    routers: z.strictObject({ tcpRouters: routers, httpRouters: routers }),
    checks: z.array(z.strictObject({ check: z.string(), desc: z.string(), expectError: z.string().nullable() })),
  },
  async ({ routers: given, checks }, judgement) => {
    const http = await startRecordingServer();
    http.begin({ status: 200, body: 'HTTP' });
    const tcp = await startTcpServer();
    const { snapshot } = buildState(
      {
        file: {
          http: {
            routers: given.httpRouters,
            services: { http: { loadBalancer: { servers: [{ url: `http://${http.address}` }] } } },
          },
          tcp: {
            routers: given.tcpRouters,
            services: { tcp: { loadBalancer: { servers: [{ address: `127.0.0.1:${tcp.port}` }] } } },
          },
          tls: {
            options: {
              default: version('VersionTLS10'),
              tls10: version('VersionTLS10'),
              tls12: version('VersionTLS12'),
            },
          },
        },
      },
      { entryPoints: ['web'] },
    );
    const proxy = await startProxy({ certificates: [await makeCertificate(['foo.bar'], true)] });
    try {
      proxy.proxy.receive({ type: 'snapshot', snapshot: { ...snapshot, revision: 2 } });
      let refused = 0;
      for (const { check, desc, expectError } of checks) {
        const outcome = await outcomeOf(check, proxy);
        // Nobody is served in either; Traefik lets the handshake's end look like an answer.
        if (outcome === 'wrong TLS version' && expectError === 'malformed HTTP response') refused += 1;
        else judgement.equal({ check, desc }, expectError, outcome);
      }
      if (refused > 0)
        throw new NotApplicable('a TLS version that is refused ends the handshake in one way, by design');
    } finally {
      await proxy.close();
      await tcp.close();
      await http.close();
    }
  },
);

async function startTcpServer(): ReturnType<typeof startRawServer> {
  const server = await startRawServer((socket, text) => {
    if (text !== '') socket.end(clientFirst);
  });
  // One who says nothing is spoken to.
  const watch = setInterval(() => {
    for (const socket of server.sockets) {
      const since = seen.get(socket) ?? Date.now();
      seen.set(socket, since);
      if (socket.bytesRead === 0 && Date.now() - since >= serverWaitsMs && socket.writable) socket.end(serverFirst);
    }
  }, 20);
  const seen = new WeakMap<net.Socket, number>();
  return {
    ...server,
    async close() {
      clearInterval(watch);
      await server.close();
    },
  };
}

/** Null: as it should be. Otherwise in Go's words what a client would have met. */
async function outcomeOf(check: string, proxy: Harness): Promise<string | null> {
  const request = 'GET / HTTP/1.1\r\nHost: foo.bar\r\nConnection: close\r\n\r\n';
  switch (check) {
    case 'checkTCPClientFirst':
      return verdict(await talk(proxy.port(), null, 'ping'), clientFirst);
    case 'checkTCPServerFirst':
      return verdict(await talk(proxy.port(), null, ''), serverFirst);
    case 'checkTCPTLS10':
      return verdict(await talk(proxy.port(), 'TLSv1', ''), serverFirst);
    case 'checkTCPTLS12':
      return verdict(await talk(proxy.port(), 'TLSv1.2', ''), serverFirst);
    case 'checkHTTP':
      return httpVerdict(await talk(proxy.port(), null, request));
    case 'checkHTTPSTLS10':
      return httpVerdict(await talk(proxy.port(), 'TLSv1', request));
    case 'checkHTTPSTLS12':
      return httpVerdict(await talk(proxy.port(), 'TLSv1.2', request));
    default:
      throw new Missing(`the runner does not know the check ${check}`);
  }
}

type Answer =
  | { readonly kind: 'bytes'; readonly text: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'tls' };

function verdict(answer: Answer, wanted: string): string | null {
  if (answer.kind !== 'bytes') return answer.kind === 'tls' ? 'wrong TLS version' : 'i/o timeout';
  return answer.text === wanted ? null : `answered ${JSON.stringify(answer.text)}`;
}

function httpVerdict(answer: Answer): string | null {
  if (answer.kind !== 'bytes') return verdict(answer, '');
  if (!answer.text.startsWith('HTTP/1.1 ')) return 'malformed HTTP response';
  const [status] = statuses(answer.text);
  return status === 200 ? null : `answered ${String(status)}`;
}

function talk(port: number, tlsVersion: 'TLSv1' | 'TLSv1.2' | null, bytes: string): Promise<Answer> {
  return new Promise((resolve) => {
    const plain = net.connect({ port, host: '127.0.0.1' });
    const socket =
      tlsVersion === null
        ? plain
        : tls.connect({
            socket: plain,
            servername: 'foo.bar',
            rejectUnauthorized: false,
            minVersion: tlsVersion,
            maxVersion: tlsVersion,
            ciphers: 'DEFAULT@SECLEVEL=0',
          });
    let text = '';
    let isSecure = tlsVersion === null;
    const finish = (answer: Answer): void => {
      clearTimeout(timer);
      socket.destroy();
      plain.destroy();
      resolve(answer);
    };
    const over = (): void => {
      if (text !== '') finish({ kind: 'bytes', text });
      else finish(isSecure ? { kind: 'timeout' } : { kind: 'tls' });
    };
    const timer = setTimeout(over, clientWaitsMs);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', over);
    socket.on('close', over);
    const speak = (): void => {
      isSecure = true;
      if (bytes !== '') socket.write(bytes);
    };
    if (tlsVersion === null) plain.once('connect', speak);
    else socket.once('secureConnect', speak);
  });
}
