import type net from 'node:net';
import type { Behaviour } from './connections.ts';
import { pour } from './connections.ts';

const head = (host: string, method = 'GET', path = '/'): string => `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n`;
const drip = (byte: string) => (socket: net.Socket) => void socket.write(byte);

/** Attacks on connections and on HTTP/1.1. `spare`: connections that each process of a crowd makes. */
export function http1Attacks(host: string, spare: number): Readonly<Record<string, Behaviour>> {
  return {
    'slow heads (Slowloris)': {
      connections: 4000,
      addresses: 8,
      opened: (socket) => socket.write(head(host)),
      tick: drip('X'),
    },
    'slow bodies': {
      connections: 3000,
      addresses: 8,
      opened: (socket) => socket.write(`${head(host, 'POST')}Content-Length: 1000000\r\n\r\n`),
      tick: drip('x'),
    },
    'clients that do not read': {
      // Each has megabytes of this machine's memory for sockets, of which there is an end.
      connections: 100,
      addresses: 8,
      isDeaf: true,
      opened: (socket) => socket.write(`${head(host, 'GET', '/big')}\r\n`),
    },
    'TLS handshakes that never end': {
      connections: 4000,
      addresses: 8,
      isRawTls: true,
      opened: (socket) => socket.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])),
    },
    'connections from one address': { connections: spare, addresses: 1, opened: () => undefined },
    'connections from many addresses': { connections: spare, addresses: 20_000, opened: () => undefined },
    'as many connections from many addresses as the system has descriptors for': {
      connections: spare,
      addresses: 20_000,
      limits: { connections: 0 },
      opened: () => undefined,
    },
    'used connections from many addresses': {
      connections: spare,
      addresses: 20_000,
      perSecond: 2500,
      leastSeconds: 14,
      opened: (socket) => socket.write(`${head(host)}\r\n`),
    },
    'endless chunk extensions': {
      connections: 20,
      addresses: 4,
      perSecond: 200,
      opened(socket) {
        socket.write(`${head(host, 'POST')}Transfer-Encoding: chunked\r\n\r\n1;`);
        pour(socket, Buffer.alloc(64 * 1024, 'a=b;'));
      },
    },
    'giant heads': {
      connections: 50,
      addresses: 4,
      perSecond: 200,
      opened(socket) {
        socket.write(head(host));
        pour(socket, Buffer.from(`X-Filler: ${'x'.repeat(8000)}\r\n`));
      },
    },
  };
}

/** What servers behind the proxy do wrong, each asked for by its path. */
export const serverFaults = {
  'a server that stalls': '/stall',
  'a server that resets': '/reset',
  'a server that sends less than it says': '/short',
  'a server that sends more than it says': '/long',
  'a server that sends garbage': '/garbage',
  'a server whose head never ends': '/endless-head',
  'a server whose interim answers never end': '/endless-interim',
  'a server whose trailers never end': '/endless-trailers',
} as const;

/** Many clients that all ask for what goes wrong. */
export function askingFor(host: string, path: string): Behaviour {
  return {
    connections: 100,
    addresses: 4,
    perSecond: 300,
    opened: (socket) => socket.write(`${head(host, 'GET', path)}\r\n`),
    received: (socket) => {
      if (!socket.writableEnded) socket.end();
    },
  };
}
