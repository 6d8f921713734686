import type { Socket } from 'node:net';
import type { Recorder } from '../http/recorder.ts';
import { passOn, type TcpClient } from './connection.ts';
import type { TcpRoute } from './stream-routing.ts';

/** PostgreSQL's SSLRequest: its length and a code (PostgreSQL's documentation, "Message Formats"). */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

const answerMs = 10_000;

/** Whether what has come on a connection is that request; then it is taken off. */
export function isPostgresRequest(socket: Socket): boolean {
  const bytes: unknown = socket.read();
  if (!Buffer.isBuffer(bytes)) return false;
  if (bytes.equals(sslRequest)) return true;
  socket.unshift(bytes);
  return false;
}

/** Asks the server what the client had asked, so that its hello can follow as it is. */
export function passPostgresOn(
  client: TcpClient,
  route: TcpRoute,
  entryPoint: string,
  recorder: Recorder,
): Promise<void> {
  return passOn(client, route, entryPoint, recorder, askForTls);
}

function askForTls(server: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => settle(new Error('the server does not speak TLS'));
    const settle = (error: Error | null): void => {
      clearTimeout(timer);
      server.off('readable', onReadable).off('close', fail).off('error', fail);
      if (error) {
        server.destroy();
        reject(error);
      } else resolve();
    };
    const onReadable = (): void => {
      const answer: unknown = server.read(1);
      if (Buffer.isBuffer(answer)) settle(answer.toString() === 'S' ? null : new Error('the server refuses TLS'));
    };
    const timer = setTimeout(fail, answerMs);
    server.on('readable', onReadable).on('close', fail).on('error', fail);
    server.write(sslRequest);
  });
}
