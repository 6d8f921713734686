import type { Socket } from 'node:net';
import { type RawReader, type RawReading, readRaw } from '../http1/raw-handle.ts';

const bufferBytes = 64 * 1024;
const mostSpare = 16;

/** Connections read one at a time and are done with it before another reads, so all of a thread's can read into this. */
const shared = Buffer.allocUnsafeSlow(bufferBytes);
/** Buffers of connections that bodies came by. */
const spare: Buffer[] = [];

/** What a connection reads into. The system keeps it for the next read, which may come long after others have read. */
export interface ReadMemory {
  /** Others read into it too, so that whoever holds any of it needs a copy. */
  readonly isShared: boolean;
  /** A body comes whose pieces would not be held: it is worth a buffer that nobody else reads into. */
  wantsOwn(): void;
  /** Somebody holds a part of it: nothing more may be read into it. */
  isHeld(): void;
  /** A body comes no more. */
  rests(): void;
}

/** Reads a socket, past its stream where that can be done. */
export class SocketReading implements RawReader, ReadMemory {
  private readonly socket: Socket;
  private readonly take: (bytes: Buffer) => void;
  private readonly raw: RawReading | null;
  /** What is read into now; it changes only at the end of a read. */
  private current: Buffer = shared;
  private wants = false;
  private holds = false;
  private isPaused = false;

  constructor(socket: Socket, take: (bytes: Buffer) => void) {
    this.socket = socket;
    this.take = take;
    this.raw = readRaw(socket, this);
    if (this.raw === null) socket.on('data', take);
  }

  /** Null: what is read is whoever's who holds it. */
  get memory(): ReadMemory | null {
    return this.raw === null ? null : this;
  }

  get isShared(): boolean {
    return this.current === shared;
  }

  wantsOwn(): void {
    this.wants = true;
  }

  isHeld(): void {
    this.holds = true;
    this.wants = false;
  }

  rests(): void {
    this.wants = false;
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

  /** Asked for at the end of each read: only now does nothing more come into the one before. */
  buffer(): Buffer {
    const { current } = this;
    if (current === shared) {
      if (this.wants) this.current = spare.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
    } else if (this.holds || !this.wants) {
      if (!this.holds && spare.length < mostSpare) spare.push(current);
      this.current = shared;
    }
    this.holds = false;
    return this.current;
  }

  read(bytes: Buffer, length: number): void {
    this.take(length === bytes.length ? bytes : bytes.subarray(0, length));
  }
}
