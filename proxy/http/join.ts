import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { canWriteRaw, type RawReader, type RawReading, readRaw, writeRaw } from '../http1/raw-handle.ts';
import { ReadBuffer } from '../http1/read-buffer.ts';

/** Bytes that crossed two joined connections. */
interface JoinedBytes {
  readonly fromClient: number;
  readonly fromServer: number;
}

/** Pieces up to this size cross past the streams, at the price of a copy. */
const copiedBytes = 4096;

/**
 * Passes bytes between two connections at the pace of the slower one. When one side ends, the other is told so and may
 * still send (half-close); when one breaks or is closed, so is the other.
 */
export function joinConnections(client: Duplex, server: Duplex, onClosed: (bytes: JoinedBytes) => void): void {
  let fromClient = 0;
  let fromServer = 0;
  let open = 2;
  const sideClosed = (other: Duplex): void => {
    closeSoon(other);
    open -= 1;
    if (open === 0) onClosed({ fromClient, fromServer });
  };
  const clientSent = (bytes: number): void => {
    fromClient += bytes;
  };
  const serverSent = (bytes: number): void => {
    fromServer += bytes;
  };
  client.on('data', (chunk: Buffer) => clientSent(chunk.byteLength));
  server.on('data', (chunk: Buffer) => serverSent(chunk.byteLength));
  client.on('error', () => server.destroy()).on('close', () => sideClosed(server));
  server.on('error', () => client.destroy()).on('close', () => sideClosed(client));
  client.pipe(server);
  server.pipe(client);
  if (client instanceof Socket && server instanceof Socket) {
    Shortcut.between(client, server, clientSent);
    Shortcut.between(server, client, serverSent);
  }
  // One of them may have broken while the other was being connected.
  if (client.destroyed) server.destroy();
  if (server.destroyed) client.destroy();
}

/** Takes small pieces from one socket to the other past their streams, while nothing stands in these. */
class Shortcut implements RawReader {
  private readonly from: Socket;
  private readonly to: Socket;
  private readonly isRaw: boolean;
  private readonly onPassed: (bytes: number) => void;
  private readonly readBuffer = new ReadBuffer();
  private reading: RawReading | null = null;

  private constructor(from: Socket, to: Socket, onPassed: (bytes: number) => void) {
    this.from = from;
    this.to = to;
    this.isRaw = canWriteRaw(to);
    this.onPassed = onPassed;
  }

  static between(from: Socket, to: Socket, onPassed: (bytes: number) => void): void {
    const shortcut = new Shortcut(from, to, onPassed);
    shortcut.reading = readRaw(from, shortcut);
  }

  buffer(): Buffer {
    return this.readBuffer.next();
  }

  read(bytes: Buffer, length: number): void {
    const { from, to, readBuffer } = this;
    if (length <= copiedBytes) {
      // Whoever sends little keeps no memory of its own.
      readBuffer.rest();
      const mayPass = this.isRaw && from.readableLength === 0 && to.writable;
      if (mayPass && writeRaw(to, bytes.toString('latin1', 0, length))) {
        this.onPassed(length);
        return;
      }
    }
    this.reading?.push(readBuffer.lend(bytes.subarray(0, length)));
    if (from.readableLength === 0 && to.writableLength === 0) readBuffer.returned();
  }
}

function closeSoon(stream: Duplex & { destroySoon?: () => void }): void {
  if (stream.destroyed) return;
  if (stream.destroySoon) stream.destroySoon();
  else stream.end();
}
