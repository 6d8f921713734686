import type { StreamReader } from './contract.ts';
import { HeldBytes } from './held-bytes.ts';
import type { ReadMemory } from './socket-reading.ts';

/** What a client may send on a stream before any of it was read. */
export const streamWindowBytes = 256 * 1024;

/** Many pieces that are smaller, of one turn, are put together. */
const smallBytes = 1024;
/** Copies of smaller pieces cost less than a buffer of one's own. */
const worthOwnBytes = 4096;
/** Who holds on to pieces is given copies, after so many times. */
const mostKept = 4;

/** Who tells the client that it may send more. */
export interface InputWire {
  /** So many bytes have left our hands. */
  consumed(input: StreamInput, bytes: number): void;
}

/**
 * The body that comes on a stream. It is handed on in pieces, each when it is wanted; what is not wanted stays here, and
 * is not made up for in the client's windows.
 */
export class StreamInput {
  readonly stream: number;
  /** What the client may still send; below 0 it has sent too much. */
  window = streamWindowBytes;
  /** What was read and the client was not told of yet. */
  unacknowledgedBytes = 0;
  /** All of it has come, or the rest will not. */
  isOver = false;
  /** Somebody has asked for it. */
  hasBegun = false;
  private readonly wire: InputWire;
  /** What the head says is still to come; -1: it says nothing. */
  private expectedBytes: number;
  private reader: StreamReader | null = null;
  private held: HeldBytes | null = null;
  private isWanted = false;
  private isDropped = false;
  private isTold = false;
  private keptPieces = 0;

  constructor(stream: number, wire: InputWire, contentLength: number) {
    this.stream = stream;
    this.wire = wire;
    this.expectedBytes = contentLength;
  }

  readBy(reader: StreamReader): void {
    this.reader = reader;
  }

  /** A frame brings so many bytes. False: that is more than the head says, or less at the end (RFC 9113 §8.1.1). */
  fits(bytes: number, isLast: boolean): boolean {
    if (this.expectedBytes < 0) return true;
    this.expectedBytes -= bytes;
    return isLast ? this.expectedBytes === 0 : this.expectedBytes >= 0;
  }

  /** `memory`: what it stands in, where that is read into again. */
  arrived(slice: Buffer, memory: ReadMemory | null = null): void {
    if (this.isDropped) {
      this.wire.consumed(this, slice.length);
    } else if (this.isWanted && (this.held === null || this.held.bytes === 0)) {
      if (memory === null) this.deliver(slice);
      else this.lend(slice, memory);
    } else {
      this.held ??= new HeldBytes();
      this.held.add(slice, memory !== null);
    }
  }

  ended(): void {
    this.isOver = true;
    this.tellEnd();
  }

  broken(error: Error): void {
    const { isTold } = this;
    this.isOver = true;
    this.isTold = true;
    this.drop();
    if (!isTold) this.reader?.broken(error);
  }

  /** The next piece is wanted. */
  want(): void {
    this.hasBegun = true;
    if (this.isDropped) return;
    const piece = this.held?.take() ?? null;
    if (piece !== null) this.deliver(piece);
    else this.isWanted = true;
  }

  /** No more is wanted for now. */
  hold(): void {
    this.isWanted = false;
  }

  /** Nobody reads it, or what is left of it; of its end they are told all the same. */
  drop(): void {
    const { held } = this;
    this.isDropped = true;
    this.held = null;
    if (held !== null && held.bytes > 0) this.wire.consumed(this, held.bytes);
    if (this.isOver) this.tellEnd();
  }

  /** Most readers have passed a piece on before they return, and need no copy of it. */
  private lend(slice: Buffer, memory: ReadMemory): void {
    const { reader } = this;
    const isLetGo = reader?.isLetGo === true && this.keptPieces < mostKept;
    if (!isLetGo || memory.isShared) {
      if (isLetGo && slice.length >= worthOwnBytes) memory.wantsOwn();
      this.deliver(Buffer.from(slice));
      return;
    }
    this.deliver(slice);
    if (reader.isLetGo) return;
    this.keptPieces += 1;
    memory.isHeld();
  }

  private deliver(piece: Buffer): void {
    this.isWanted = piece.length >= smallBytes;
    this.wire.consumed(this, piece.length);
    this.reader?.arrived(piece);
    if (this.isOver) this.tellEnd();
  }

  private tellEnd(): void {
    if (this.isTold || (this.held !== null && this.held.bytes > 0)) return;
    this.isTold = true;
    this.reader?.ended();
  }
}
