import type { Socket } from 'node:net';

/** Heads and small answers of a turn fit into this. */
const smallBytes = 8 * 1024;
/** One piece of a large body as servers' connections read it, with the heads of its frames and others' frames. */
const largeBytes = 65 * 1024;
const mostSpare = 16;

const smallSpare: Buffer[] = [];
const largeSpare: Buffer[] = [];

function takeBuffer(bytes: number): Buffer {
  if (bytes <= smallBytes) return smallSpare.pop() ?? Buffer.allocUnsafeSlow(smallBytes);
  if (bytes <= largeBytes) return largeSpare.pop() ?? Buffer.allocUnsafeSlow(largeBytes);
  return Buffer.allocUnsafeSlow(bytes);
}

function giveBuffer(buffer: Buffer): void {
  const spare = buffer.length === smallBytes ? smallSpare : buffer.length === largeBytes ? largeSpare : null;
  if (spare !== null && spare.length < mostSpare) spare.push(buffer);
}

let waitingOutlets: Outlet[] = [];
let isScheduled = false;

function flushAll(): void {
  const outlets = waitingOutlets;
  waitingOutlets = [];
  isScheduled = false;
  for (const outlet of outlets) outlet.turnOver();
}

/** Whose frames they are. */
export interface OutletOwner {
  /** The turn is over: what is still to be said in it must be said now. */
  beforeFlush(): void;
  /** From now on it is for the client to take what is written. */
  writeBegins(): void;
  /** A write is done: there is room again. */
  hasRoom(): void;
}

/**
 * What one connection has to send. All that is put here in one turn of the event loop leaves in one write, after all
 * that was read in it was dealt with. One write is under way at a time; what comes meanwhile is gathered behind it.
 */
export class Outlet {
  /** Where the next frame goes in the buffer that {@link reserve} gives; whoever has written moves it on. */
  at = 0;
  /** Counts the buffers; a frame that was put into the present one can still be changed. */
  generation = 0;
  /** A write has not been taken whole by the system yet. */
  isWriting = false;
  private readonly socket: Socket;
  private readonly owner: OutletOwner;
  private buffer: Buffer | null = null;
  private writing: Buffer | null = null;
  /** Full ones. */
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private isListed = false;
  private readonly onWritten = (error?: Error | null): void => this.written(!error);

  constructor(socket: Socket, owner: OutletOwner) {
    this.socket = socket;
    this.owner = owner;
  }

  /** Makes room for so many bytes from {@link at} on, and sees to it that they leave. */
  reserve(bytes: number): Buffer {
    if (!this.isListed) this.list();
    const { buffer } = this;
    if (buffer === null) return (this.buffer = takeBuffer(bytes));
    if (buffer.length - this.at >= bytes) return buffer;
    return this.grow(buffer, bytes);
  }

  /** The buffer that is being filled, where anything is in it. */
  get filled(): Buffer | null {
    return this.buffer;
  }

  /** How much of a body, with the heads of its frames, may be put here now. */
  get bodyRoom(): number {
    return this.waiting.length > 0 ? 0 : largeBytes - this.at;
  }

  /** What is gathered behind the write that is under way. */
  get gatheredBytes(): number {
    return this.waitingBytes + this.at;
  }

  /** Writes what is gathered, unless a write is under way. */
  flush(): void {
    if (this.isWriting) return;
    const next = this.waiting.shift();
    if (next !== undefined) {
      this.waitingBytes -= next.length;
      this.write(next, next.length);
      return;
    }
    const { buffer, at } = this;
    if (buffer === null || at === 0) return;
    this.buffer = null;
    this.at = 0;
    this.generation += 1;
    this.writing = buffer;
    this.write(buffer, at);
  }

  /** Writes everything, and then our end of the connection. Nothing may be put here any more. */
  end(): void {
    const { socket, buffer, at } = this;
    if (socket.writable) {
      for (const each of this.waiting) socket.write(each);
      if (buffer !== null && at > 0) socket.write(buffer.subarray(0, at));
      socket.end();
    }
    this.forget();
  }

  /** Gives up what is gathered. */
  forget(): void {
    this.waiting = [];
    this.waitingBytes = 0;
    this.buffer = null;
    this.at = 0;
    this.generation += 1;
  }

  turnOver(): void {
    this.isListed = false;
    this.owner.beforeFlush();
    this.flush();
  }

  private list(): void {
    this.isListed = true;
    waitingOutlets.push(this);
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(flushAll);
  }

  private grow(buffer: Buffer, bytes: number): Buffer {
    const needed = this.at + bytes;
    if (needed <= largeBytes) {
      const larger = takeBuffer(needed);
      buffer.copy(larger, 0, 0, this.at);
      giveBuffer(buffer);
      return (this.buffer = larger);
    }
    if (this.isWriting || this.waiting.length > 0) {
      this.waiting.push(buffer.subarray(0, this.at));
      this.waitingBytes += this.at;
      this.at = 0;
      this.generation += 1;
    } else {
      this.flush();
    }
    return (this.buffer = takeBuffer(bytes));
  }

  private write(buffer: Buffer, bytes: number): void {
    if (!this.socket.writable) {
      this.forget();
      return;
    }
    this.isWriting = true;
    this.owner.writeBegins();
    this.socket.write(bytes === buffer.length ? buffer : buffer.subarray(0, bytes), this.onWritten);
  }

  private written(isSent: boolean): void {
    const { writing } = this;
    this.writing = null;
    this.isWriting = false;
    if (!isSent) {
      this.forget();
      return;
    }
    if (writing !== null) giveBuffer(writing);
    this.owner.hasRoom();
    this.flush();
  }
}
