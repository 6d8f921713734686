import type { Socket } from 'node:net';
import type { Allowance } from './allowance.ts';
import {
  firstWindowBytes,
  frameFlags,
  frameHeadBytes,
  frameTypes,
  mostFrameBytes,
  mostWindowBytes,
  putFrameHead,
  putWord,
} from './frames.ts';
import { HpackEncoder } from './hpack-encoder.ts';
import { Outlet, type OutletOwner } from './outlet.ts';
import type { Http2Stream } from './stream.ts';

/** A piece of a body that is cut only because there is no more room for it is at least so long. */
const leastPieceBytes = 1024;
/** What a client may send for a piece of an answer of this size: windows of its stream and of the connection. */
const pieceBytes = 4096;
const allowedPerPiece = 64;

/**
 * Sends the frames of one connection, in the windows that its client opens. Streams with more than can be sent stand in
 * a row, and each sends one frame when its turn comes.
 */
export class Sender {
  readonly outlet: Outlet;
  /** What the client takes in all. */
  window = firstWindowBytes;
  /** What it takes of a stream that is opened now. */
  streamWindow = firstWindowBytes;
  private readonly encoder: HpackEncoder;
  private readonly idle: Allowance;
  private firstReady: Http2Stream | null = null;
  private lastReady: Http2Stream | null = null;

  constructor(socket: Socket, owner: OutletOwner, maxTableBytes: number, idle: Allowance) {
    this.outlet = new Outlet(socket, owner);
    this.encoder = new HpackEncoder({ maxTableBytes });
    this.idle = idle;
  }

  /** The client's decoder takes a table of this size. */
  setTableBytes(bytes: number): void {
    this.encoder.setPeerTableBytes(bytes);
  }

  /** Sends a field block; status 0: trailers. Throws where a field cannot be sent. */
  headers(stream: Http2Stream, status: number, fields: readonly string[], isLast: boolean): void {
    const { outlet, encoder } = this;
    const flags = isLast ? frameFlags.endStream : 0;
    const bound = encoder.bound(fields);
    if (bound > mostFrameBytes) {
      this.longHeaders(stream.id, flags, status, fields, bound);
      stream.flagsAt = -1;
      return;
    }
    const out = outlet.reserve(frameHeadBytes + bound);
    const { at } = outlet;
    const end = encoder.encode(status, fields, out, at + frameHeadBytes);
    const bytes = end - at - frameHeadBytes;
    putFrameHead(out, at, bytes, frameTypes.headers, flags | frameFlags.endHeaders, stream.id);
    this.remember(stream, at);
    outlet.at = end;
  }

  /** Sends what can be sent of a body and holds the rest. True: nothing is held. */
  data(stream: Http2Stream, chunk: Buffer): boolean {
    this.idle.give(allowedPerPiece * Math.ceil(chunk.length / pieceBytes));
    if (stream.queue !== null) {
      stream.queue.push(chunk);
      return false;
    }
    let at = 0;
    if (this.firstReady === null) {
      while (at < chunk.length) {
        const next = this.piece(stream, chunk, at);
        if (next === at) break;
        at = next;
      }
      if (at === chunk.length) return true;
    }
    stream.queue = [chunk];
    stream.queueAt = at;
    if (stream.sendWindow > 0) this.ready(stream);
    return false;
  }

  /** Ends a stream: by its last frame, where that has not left yet. */
  endStream(stream: Http2Stream): void {
    const { outlet } = this;
    const { filled } = outlet;
    if (stream.flagsAt >= 0 && stream.flagsGeneration === outlet.generation && filled !== null) {
      filled[stream.flagsAt] = (filled[stream.flagsAt] as number) | frameFlags.endStream;
    } else {
      this.control(0, frameTypes.data, frameFlags.endStream, stream.id);
    }
  }

  /** Its client opens its window by so much, or closes it. False: beyond what a window can be. */
  opens(stream: Http2Stream, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.sendWindow > mostWindowBytes) return false;
    if (stream.queue !== null && stream.sendWindow > 0) this.ready(stream);
    return true;
  }

  /** Nothing of what it holds is to be sent. */
  forget(stream: Http2Stream): void {
    stream.queue = null;
  }

  /** Sends what waits, a frame of each stream in turn, as far as windows and room go. */
  pump(): void {
    for (let stream = this.firstReady; stream !== null && this.window > 0; stream = this.firstReady) {
      const { queue } = stream;
      const chunk = queue?.[0];
      if (queue === null || chunk === undefined || stream.sendWindow <= 0) {
        this.leaveRow(stream);
        continue;
      }
      const next = this.piece(stream, chunk, stream.queueAt);
      if (next === stream.queueAt) return;
      stream.queueAt = next;
      this.leaveRow(stream);
      if (next === chunk.length) {
        queue.shift();
        stream.queueAt = 0;
        if (queue.length === 0) {
          stream.queue = null;
          stream.emptied();
          continue;
        }
      }
      if (stream.sendWindow > 0) this.ready(stream);
    }
  }

  settings(values: readonly (readonly [id: number, value: number])[]): void {
    let at = this.control(values.length * 6, frameTypes.settings, 0, 0);
    const out = this.outlet.filled as Buffer;
    for (const [id, value] of values) {
      out[at] = id >>> 8;
      out[at + 1] = id;
      at = putWord(out, at + 2, value);
    }
  }

  settingsAck(): void {
    this.control(0, frameTypes.settings, frameFlags.ack, 0);
  }

  /** `bytes` holds the eight of a ping at `start`. */
  ping(bytes: Buffer, start: number, isAck: boolean): void {
    const at = this.control(8, frameTypes.ping, isAck ? frameFlags.ack : 0, 0);
    bytes.copy(this.outlet.filled as Buffer, at, start, start + 8);
  }

  /** A window is open for so many bytes more; stream 0: the connection's. */
  windowUpdate(stream: number, bytes: number): void {
    const at = this.control(4, frameTypes.windowUpdate, 0, stream);
    putWord(this.outlet.filled as Buffer, at, bytes);
  }

  resetStream(stream: number, code: number): void {
    const at = this.control(4, frameTypes.resetStream, 0, stream);
    putWord(this.outlet.filled as Buffer, at, code);
  }

  goAway(lastStream: number, code: number): void {
    const at = this.control(8, frameTypes.goAway, 0, 0);
    const out = this.outlet.filled as Buffer;
    putWord(out, putWord(out, at, lastStream), code);
  }

  /** Puts a frame's head, makes room for its payload, and gives the index of that. */
  private control(bytes: number, type: number, flags: number, stream: number): number {
    const { outlet } = this;
    const out = outlet.reserve(frameHeadBytes + bytes);
    const at = putFrameHead(out, outlet.at, bytes, type, flags, stream);
    outlet.at = at + bytes;
    return at;
  }

  /** Sends one frame of a body from `from` on, and gives the index up to which it went; `from`: it cannot be sent now. */
  private piece(stream: Http2Stream, chunk: Buffer, from: number): number {
    const { outlet } = this;
    const left = chunk.length - from;
    let room = outlet.bodyRoom - frameHeadBytes;
    if (room < left && room < leastPieceBytes) {
      if (outlet.isWriting) return from;
      outlet.flush();
      room = outlet.bodyRoom - frameHeadBytes;
    }
    const bytes = Math.min(left, mostFrameBytes, stream.sendWindow, this.window, room);
    if (bytes <= 0) return from;
    const out = outlet.reserve(frameHeadBytes + bytes);
    const { at } = outlet;
    const end = from + bytes;
    chunk.copy(out, putFrameHead(out, at, bytes, frameTypes.data, 0, stream.id), from, end);
    this.remember(stream, at);
    outlet.at = at + frameHeadBytes + bytes;
    stream.sendWindow -= bytes;
    this.window -= bytes;
    return end;
  }

  private remember(stream: Http2Stream, frameAt: number): void {
    stream.flagsAt = frameAt + 4;
    stream.flagsGeneration = this.outlet.generation;
  }

  private longHeaders(stream: number, flags: number, status: number, fields: readonly string[], bound: number): void {
    const block = Buffer.allocUnsafe(bound);
    const end = this.encoder.encode(status, fields, block, 0);
    let at = 0;
    do {
      const bytes = Math.min(mostFrameBytes, end - at);
      const isFirst = at === 0;
      const isWhole = at + bytes === end ? frameFlags.endHeaders : 0;
      const type = isFirst ? frameTypes.headers : frameTypes.continuation;
      const to = this.control(bytes, type, (isFirst ? flags : 0) | isWhole, stream);
      block.copy(this.outlet.filled as Buffer, to, at, at + bytes);
      at += bytes;
    } while (at < end);
  }

  private ready(stream: Http2Stream): void {
    if (stream.isReady) return;
    stream.isReady = true;
    stream.nextReady = null;
    if (this.lastReady === null) this.firstReady = stream;
    else this.lastReady.nextReady = stream;
    this.lastReady = stream;
  }

  /** Takes the first one out of the row. */
  private leaveRow(stream: Http2Stream): void {
    stream.isReady = false;
    this.firstReady = stream.nextReady;
    if (this.firstReady === null) this.lastReady = null;
    stream.nextReady = null;
  }
}
