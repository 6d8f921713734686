import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { plainAddress } from '../http/client-address.ts';
import type { Recorder } from '../http/recorder.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { EntryPointOptions } from '../model/snapshot.ts';
import { parseServerAddress } from './address.ts';
import { emptyRecord } from './connection.ts';
import type { UdpRoute } from './stream-routing.ts';

export interface UdpEntryPoint {
  /** Resolves with the bound port. Rejects with Node's error, such as EADDRINUSE or EACCES. */
  listen(): Promise<number>;
  close(): Promise<void>;
}

/** Clients that may have a session at once; datagrams of others are dropped until one ends. */
export const mostSessions = 4096;
const defaultTimeoutMs = 3000;

interface Session {
  readonly server: Socket;
  readonly record: RequestRecord;
  readonly route: UdpRoute;
  requestBytes: number;
  responseBytes: number;
  lastMs: number;
}

/** Passes datagrams between clients and servers; a client's answers come from where it sent to. */
export function createUdpEntryPoint(
  options: EntryPointOptions,
  recorder: Recorder,
  route: () => UdpRoute | undefined,
): UdpEntryPoint {
  const { name, host, port, reusePort } = options;
  const timeoutMs = options.udpTimeoutMs ?? defaultTimeoutMs;
  const sessions = new Map<string, Session>();
  const type = isIP(host) === 6 ? 'udp6' : 'udp4';
  // `::` takes IPv4 too, as TCP does.
  const listener = createSocket({ type, reusePort });
  let sweep: NodeJS.Timeout | null = null;

  const end = (key: string, session: Session, error: RequestRecord['error'] = null): void => {
    sessions.delete(key);
    recorder.connectionClosed();
    session.server.close();
    const { requestBytes, responseBytes, record, lastMs } = session;
    const durationMs = Math.max(0, lastMs - record.at);
    recorder.finished({ ...record, requestBytes, responseBytes, durationMs, error }, session.route.counter, null);
  };
  const sweepIdle = (): void => {
    const nowMs = Date.now();
    for (const [key, session] of sessions) if (nowMs - session.lastMs >= timeoutMs) end(key, session);
    if (sessions.size === 0 && sweep !== null) {
      clearInterval(sweep);
      sweep = null;
    }
  };
  const open = (key: string, address: string, clientPort: number): Session | null => {
    const found = route();
    if (!found || sessions.size >= mostSessions) return null;
    const at = Date.now();
    const record = {
      ...emptyRecord(at, name, { address: plainAddress(address), port: clientPort }, 'UDP'),
      router: found.name,
      service: found.service,
    };
    const chosen = found.target();
    const target = chosen === null ? null : parseServerAddress(chosen);
    if (target === null) {
      const error = { code: 'NO_SERVER' as const, detail: `no server of ${found.service}` };
      recorder.finished({ ...record, error }, found.counter, null);
      return null;
    }
    const server = createSocket({ type: isIP(target.host) === 6 ? 'udp6' : 'udp4' });
    const session: Session = {
      server,
      record: { ...record, serverUrl: `udp://${chosen}` },
      route: found,
      requestBytes: 0,
      responseBytes: 0,
      lastMs: at,
    };
    sessions.set(key, session);
    recorder.connectionOpened();
    server.on('error', (error) => {
      if (sessions.get(key) === session) end(key, session, { code: 'UPSTREAM_REFUSED', detail: error.message });
    });
    server.on('message', (message) => {
      session.responseBytes += message.length;
      session.lastMs = Date.now();
      listener.send(message, clientPort, address);
    });
    // Node holds what is sent until the socket is connected; only that server's datagrams are taken then.
    server.connect(target.port, target.host);
    sweep ??= setInterval(sweepIdle, Math.min(1000, Math.max(10, timeoutMs / 4)));
    return session;
  };

  listener.on('message', (message, { address, port: clientPort }) => {
    const key = `${address} ${clientPort}`;
    const session = sessions.get(key) ?? open(key, address, clientPort);
    if (!session) return;
    session.requestBytes += message.length;
    session.lastMs = Date.now();
    send(session.server, message);
  });

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        listener.once('error', reject);
        listener.bind({ address: host, port, exclusive: true }, () => {
          listener.off('error', reject);
          // A client that has gone away may make sending fail; that is not the listener's end.
          listener.on('error', () => undefined);
          resolve(listener.address().port);
        });
      }),
    close: () => {
      if (sweep !== null) clearInterval(sweep);
      for (const [key, session] of sessions) end(key, session);
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}

/** Datagrams that may wait for a server's name to be looked up; more are dropped, as networks do. */
const mostWaiting = 8;

/** Before the socket is connected, sending waits for it. */
function send(server: Socket, message: Buffer): void {
  try {
    server.remoteAddress();
    server.send(message);
  } catch {
    if (server.listenerCount('connect') < mostWaiting) server.once('connect', () => server.send(message));
  }
}
