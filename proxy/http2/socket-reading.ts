import type { Socket } from 'node:net';
import { type RawReader, type RawReading, readRaw } from '../http1/raw-handle.ts';

const bufferBytes = 64 * 1024;

/** What connections of this thread read into: what one has read is dealt with before another reads. */
let current = Buffer.allocUnsafeSlow(bufferBytes);

/** Somebody holds a part of what was read. */
export function leaveReadBuffer(): void {
  current = Buffer.allocUnsafeSlow(bufferBytes);
}

/** Reads a socket, past its stream where that can be done. */
export class SocketReading implements RawReader {
  private readonly socket: Socket;
  private readonly take: (bytes: Buffer) => void;
  private readonly raw: RawReading | null;
  private isPaused = false;

  constructor(socket: Socket, take: (bytes: Buffer) => void) {
    this.socket = socket;
    this.take = take;
    this.raw = readRaw(socket, this);
    if (this.raw === null) socket.on('data', take);
  }

  /** What is read is read into again: who holds any of it needs a copy. */
  get isLent(): boolean {
    return this.raw !== null;
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    (this.raw ?? this.socket).pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    (this.raw ?? this.socket).resume();
  }

  buffer(): Buffer {
    return current;
  }

  read(bytes: Buffer, length: number): void {
    this.take(length === bytes.length ? bytes : bytes.subarray(0, length));
  }
}
