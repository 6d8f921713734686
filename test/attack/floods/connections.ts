import net from 'node:net';
import tls from 'node:tls';
import type { Target } from './target.ts';

/** What an attacker does with one connection; called again each time one was lost, until the time is over. */
export interface Behaviour {
  /** On HTTPS with this protocol; left out: bytes on the plain entry point. */
  readonly alpn?: 'h2' | 'http/1.1';
  /** The bytes of a TLS connection as they are, without a handshake. */
  readonly isRawTls?: boolean;
  /** Reads nothing that comes. */
  readonly isDeaf?: boolean;
  /** Connections at once, from so many addresses. */
  readonly connections: number;
  readonly addresses: number;
  /** Seconds that it lasts at least, where it takes so long to come to its full size. */
  readonly leastSeconds?: number;
  /** New connections each second at most, so that they come as from a network. */
  readonly perSecond?: number;
  /** The connection is open: write to it. */
  readonly opened: (socket: net.Socket) => void;
  readonly received?: (socket: net.Socket, chunk: Buffer) => void;
  /** Limits of Gatehouse in place of the attacks' own, as `gatehouse.limits` has them. */
  readonly limits?: Readonly<Record<string, string | number>>;
  /** Every second. */
  readonly tick?: (socket: net.Socket) => void;
}

export interface AttackerSaw {
  /** Connections that were begun. */
  readonly tried: number;
  readonly opened: number;
  /** Connections that the other side closed or refused. */
  readonly lost: number;
  /** At once. */
  readonly most: number;
}

/** The nth of the addresses of this machine from which attacks come; none is that of well-behaved clients. */
export function attackerAddress(n: number): string {
  return `127.${1 + Math.floor(n / 62_500)}.${Math.floor(n / 250) % 250}.${2 + (n % 250)}`;
}

/** Keeps so many connections open and busy until the deadline, and closes them all. */
export async function attackWith(behaviour: Behaviour, target: Target): Promise<AttackerSaw> {
  const { connections, addresses, perSecond = 5000, alpn } = behaviour;
  const open = new Set<net.Socket>();
  const seen = { tried: 0, opened: 0, lost: 0, most: 0 };
  let next = 0;
  let isOver = false;
  const connect = (): void => {
    next += 1;
    seen.tried += 1;
    const raw = net.connect({
      host: '127.0.0.1',
      port: alpn !== undefined || behaviour.isRawTls ? target.httpsPort : target.httpPort,
      localAddress: attackerAddress(next % addresses),
      noDelay: true,
    });
    const socket =
      alpn === undefined
        ? raw
        : tls.connect({ socket: raw, servername: target.host, ALPNProtocols: [alpn], rejectUnauthorized: false });
    open.add(raw);
    seen.most = Math.max(seen.most, open.size);
    raw.on('error', () => undefined);
    socket.on('error', () => undefined);
    raw.on('close', () => {
      open.delete(raw);
      if (!isOver) seen.lost += 1;
    });
    const timer = behaviour.tick ? setInterval(() => behaviour.tick?.(socket), 1000) : undefined;
    raw.on('close', () => clearInterval(timer));
    socket.once(alpn === undefined ? 'connect' : 'secureConnect', () => {
      seen.opened += 1;
      if (!behaviour.isDeaf) socket.on('data', (chunk) => behaviour.received?.(socket, chunk));
      else if (alpn === undefined) socket.pause();
      behaviour.opened(socket);
    });
  };
  const batch = Math.max(1, Math.floor(perSecond / 50));
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (Date.now() >= target.untilMs) {
        clearInterval(timer);
        resolve();
        return;
      }
      for (let n = 0; n < batch && open.size < connections; n += 1) connect();
    }, 20);
  });
  isOver = true;
  for (const socket of open) socket.destroy();
  return seen;
}

/** Writes the same bytes over and over, as fast as they are taken. */
export function pour(socket: net.Socket, bytes: Buffer): void {
  const go = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', () => setImmediate(go));
  go();
}
