import { once } from 'node:events';
import net from 'node:net';
import { read } from './readers.ts';

/** A server that keeps every byte it is sent and answers each request that a strict reader sees. */
export interface RecordingServer {
  readonly port: number;
  /** What has come since the last time, by connection; empty ones are left out. */
  readonly take: () => readonly Buffer[];
  /** When the last byte came or a connection ended, by `performance.now()`. */
  readonly lastAt: () => number;
  readonly close: () => Promise<void>;
}

export async function startRecordingServer(): Promise<RecordingServer> {
  const connections = new Set<{ readonly socket: net.Socket; bytes: Buffer[]; pending: Buffer }>();
  let gone: Buffer[] = [];
  let lastAt = 0;
  const server = net.createServer((socket) => {
    const connection: { readonly socket: net.Socket; bytes: Buffer[]; pending: Buffer } = {
      socket,
      bytes: [],
      pending: Buffer.alloc(0),
    };
    connections.add(connection);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      lastAt = performance.now();
      connection.bytes.push(data);
      connection.pending = Buffer.concat([connection.pending, data]);
      answer(connection);
    });
    socket.on('close', () => {
      lastAt = performance.now();
      connections.delete(connection);
      if (connection.bytes.length > 0) gone.push(Buffer.concat(connection.bytes));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    take() {
      const taken = [...gone];
      gone = [];
      for (const connection of connections) {
        if (connection.bytes.length > 0) taken.push(Buffer.concat(connection.bytes));
        connection.bytes = [];
      }
      return taken;
    },
    lastAt: () => lastAt,
    async close() {
      for (const { socket } of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(connection: { readonly socket: net.Socket; pending: Buffer }): void {
  const { requests, end } = read(connection.pending);
  if (end === 'broken') {
    connection.pending = Buffer.alloc(0);
    connection.socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    return;
  }
  if (end === 'open') return;
  connection.pending = Buffer.alloc(0);
  for (const request of requests) {
    const body = request.startsWith('HEAD ') ? '' : 'ok';
    connection.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${body}`);
  }
}
