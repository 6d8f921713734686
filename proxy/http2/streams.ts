import type { LimitName } from '../model/limits.ts';
import { Allowance } from './allowance.ts';
import type { Http2Client, Http2Settings } from './contract.ts';
import type { FrameReader } from './frame-reader.ts';
import { errorCodes, firstWindowBytes, frameFlags, readWord31 } from './frames.ts';
import type { HeaderBlock } from './header-block.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { readRequestHead, trailerFault } from './request-head.ts';
import type { Sender } from './sender.ts';
import type { ReadMemory } from './socket-reading.ts';
import { Http2Stream, type StreamWire } from './stream.ts';
import { type InputWire, StreamInput, streamWindowBytes } from './stream-input.ts';

const mostFields = 1000;
/** What may lie unread in all streams of a connection. */
const connectionWindowBytes = 1024 * 1024;
/** What a piece of a body costs beside its bytes: the head of its frame. */
const allowedPerPiece = 64;
/** Streams that were reset and whose client may not know it yet. */
const leastRemembered = 256;

/** The connection that the streams are on. */
export interface StreamsOwner {
  /** A rule was broken that concerns the connection (RFC 9113 §5.4.1). */
  fail(code: number): void;
  cutOff(limit: LimitName): void;
  /** One stream less is open. */
  streamLeft(): void;
}

/** The streams of one connection: which frames they may get in which state (RFC 9113 §5.1), and what they bring. */
export class Streams implements StreamWire, InputWire {
  readonly sender: Sender;
  /** The highest number that the client has used. */
  lastId = 0;
  /** Whether the last field block was a request that was taken. */
  hasAccepted = false;
  /** What is opened from now on is passed over: the client was told so. */
  isClosedToNew = false;
  /** What frames stand in, where that is read into again. */
  memory: ReadMemory | null = null;
  private readonly owner: StreamsOwner;
  private readonly client: Http2Client;
  private readonly decoder: HpackDecoder;
  private readonly open = new Map<number, Http2Stream>();
  private readonly most: number;
  private readonly failures: Allowance;
  private readonly idle: Allowance;
  /** Numbers were left out, so a lower one than the last may never have been used. */
  private hasSkipped = false;
  /** What the client may still send on them that nobody wants. */
  private remembered: Map<number, number> | null = null;
  private earlyAnswered: Http2Stream[] = [];
  private window = firstWindowBytes;
  private unacknowledgedBytes = 0;
  /** The DATA frame that is being read: its stream, where anybody wants it, and what is left of its content. */
  private target: Http2Stream | null = null;
  private contentLeft = 0;

  constructor(owner: StreamsOwner, sender: Sender, client: Http2Client, settings: Http2Settings, idle: Allowance) {
    const { limits } = settings;
    this.owner = owner;
    this.sender = sender;
    this.client = client;
    this.most = settings.maxConcurrentStreams;
    this.idle = idle;
    this.failures = new Allowance(limits.http2FailureBurst, limits.http2FailuresPerSecond);
    this.decoder = new HpackDecoder({
      maxTableBytes: settings.maxDecoderTableBytes,
      maxListBytes: settings.maxHeaderBytes,
      maxFields: mostFields,
    });
  }

  get size(): number {
    return this.open.size;
  }

  openConnectionWindow(): void {
    this.sender.windowUpdate(0, connectionWindowBytes - this.window);
    this.window = connectionWindowBytes;
  }

  settingsAcknowledged(): void {
    this.decoder.settingsAcknowledged();
  }

  /** A whole field block: a request's head or trailers. Gives the error that it is for the connection. */
  fieldBlock(id: number, { isLast, dependsOnItself, bytes, start, end }: HeaderBlock): number {
    const { open, decoder } = this;
    const fields: string[] = [];
    this.hasAccepted = false;
    // What comes of it or not, the table must know.
    const isTooLarge = decoder.decode(bytes, start, end, fields) === 'too-large';
    const stream = open.get(id);
    if (stream !== undefined) {
      if (stream.isRemoteEnded) stream.reset(errorCodes.streamClosed);
      else if (dependsOnItself) this.malformed(stream, 'a stream that depends on itself');
      else this.trailers(stream, isLast, isTooLarge, fields);
      return errorCodes.none;
    }
    if ((id & 1) === 0) return errorCodes.protocol;
    if (id <= this.lastId) {
      if (this.remembered?.has(id)) return errorCodes.none;
      return this.hasSkipped ? errorCodes.protocol : errorCodes.streamClosed;
    }
    if (this.isClosedToNew) return errorCodes.none;
    if (id > this.lastId + 2) this.hasSkipped = true;
    this.lastId = id;
    if (open.size >= this.most) {
      this.refuse(id, isLast, errorCodes.refusedStream);
      return errorCodes.none;
    }
    const fault = dependsOnItself ? 'a stream that depends on itself' : decoder.fault;
    const head = fault ?? readRequestHead(fields, isLast, isTooLarge);
    if (typeof head === 'string') {
      this.client.malformed(head);
      this.refuse(id, isLast, errorCodes.protocol);
      return errorCodes.none;
    }
    const input = isLast ? null : new StreamInput(id, this, head.contentLength);
    const opened = new Http2Stream(id, this, input, this.sender.streamWindow);
    open.set(id, opened);
    this.hasAccepted = !isTooLarge;
    this.client.takeRequest(opened, head);
    if (isTooLarge) this.countFailure();
    return errorCodes.none;
  }

  /** A DATA frame, or a piece of one. */
  data(frame: FrameReader): void {
    let { start } = frame;
    if (frame.isFirst) {
      if (!this.beginData(frame)) return;
      if ((frame.flags & frameFlags.padded) !== 0) start += 1;
    }
    const { target } = this;
    if (target === null) return;
    const end = Math.min(frame.end, start + this.contentLeft);
    this.contentLeft -= end - start;
    if (end > start) {
      target.input?.arrived(frame.bytes.subarray(start, end), this.memory);
    }
    if (!frame.isLast) return;
    this.target = null;
    if ((frame.flags & frameFlags.endStream) !== 0 && !target.isClosed) this.remoteEnded(target);
  }

  priority({ stream: id, payloadBytes, bytes, start }: FrameReader): void {
    if (id === 0) {
      this.owner.fail(errorCodes.protocol);
      return;
    }
    let code: number = errorCodes.none;
    if (payloadBytes !== 5) code = errorCodes.frameSize;
    else if (readWord31(bytes, start) === id) code = errorCodes.protocol;
    if (code === errorCodes.none) return;
    const stream = this.open.get(id);
    if (stream === undefined) this.owner.fail(code);
    else stream.reset(code);
  }

  resetByClient({ stream: id, payloadBytes, bytes, start }: FrameReader): void {
    if (payloadBytes !== 4) {
      this.owner.fail(errorCodes.frameSize);
      return;
    }
    const stream = this.open.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) this.owner.fail(errorCodes.protocol);
      return;
    }
    const isAnswered = stream.isLocalEnded && bytes.readUInt32BE(start) === errorCodes.none;
    this.close(stream, isAnswered);
    if (!isAnswered) this.countFailure();
  }

  windowUpdate(id: number, bytes: number): void {
    const stream = this.open.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) this.owner.fail(errorCodes.protocol);
    } else if (bytes === 0) {
      stream.reset(errorCodes.protocol);
    } else if (!this.sender.opens(stream, bytes)) {
      stream.reset(errorCodes.flowControl);
    }
  }

  /** The client has changed the window that its streams begin with. False: one is larger than can be. */
  resizeWindows(bytes: number): boolean {
    const { sender } = this;
    const change = bytes - sender.streamWindow;
    sender.streamWindow = bytes;
    if (change === 0) return true;
    for (const stream of this.open.values()) if (!sender.opens(stream, change)) return false;
    return true;
  }

  localEnded(stream: Http2Stream): void {
    if (stream.isRemoteEnded) this.close(stream, true);
    else if (!stream.isSocket) this.earlyAnswered.push(stream);
  }

  /** Clients that were answered before their body was in, and have not ended it since, need not (RFC 9113 §8.1). */
  dismissEarlyAnswered(): void {
    if (this.earlyAnswered.length === 0) return;
    const streams = this.earlyAnswered;
    this.earlyAnswered = [];
    for (const stream of streams) stream.reset(errorCodes.none);
  }

  resetByUs(stream: Http2Stream, code: number): void {
    this.sender.resetStream(stream.id, code);
    if (!stream.isRemoteEnded) this.remember(stream.id, stream.input?.window ?? 0);
    this.close(stream, stream.isLocalEnded && code === errorCodes.none);
    if (code !== errorCodes.none) this.countFailure();
  }

  consumed(input: StreamInput | null, bytes: number): void {
    const { sender } = this;
    this.unacknowledgedBytes += bytes;
    if (this.unacknowledgedBytes >= connectionWindowBytes / 2) {
      sender.windowUpdate(0, this.unacknowledgedBytes);
      this.window += this.unacknowledgedBytes;
      this.unacknowledgedBytes = 0;
    }
    if (input === null || input.isOver) return;
    input.unacknowledgedBytes += bytes;
    if (input.unacknowledgedBytes < streamWindowBytes / 2) return;
    sender.windowUpdate(input.stream, input.unacknowledgedBytes);
    input.window += input.unacknowledgedBytes;
    input.unacknowledgedBytes = 0;
  }

  /** The connection is over. */
  closeAll(): void {
    for (const stream of this.open.values()) this.close(stream, stream.isLocalEnded);
  }

  /** Nobody has opened it yet, and nobody else may. */
  private isIdle(id: number): boolean {
    return (id & 1) === 0 || (id > this.lastId && !this.isClosedToNew);
  }

  private trailers(stream: Http2Stream, isLast: boolean, isTooLarge: boolean, fields: readonly string[]): void {
    const { input, answering } = stream;
    if (!isLast) {
      this.malformed(stream, 'a second head');
      return;
    }
    const fault = isTooLarge ? 'too many trailers' : (this.decoder.fault ?? trailerFault(fields));
    if (fault !== null) this.malformed(stream, fault);
    else if (input?.fits(0, true) === false) this.malformed(stream, 'a body shorter than its content-length');
    else {
      const refusal = answering?.trailersArrived(fields) ?? null;
      if (refusal === null) this.remoteEnded(stream);
      else this.malformed(stream, refusal);
    }
  }

  /** False: the frame ended the connection. */
  private beginData({ stream: id, flags, payloadBytes, bytes, start }: FrameReader): boolean {
    const { owner } = this;
    const isPadded = (flags & frameFlags.padded) !== 0;
    const padding = isPadded && payloadBytes > 0 ? (bytes[start] as number) + 1 : 0;
    this.target = null;
    this.window -= payloadBytes;
    if (isPadded && padding > payloadBytes - (payloadBytes === 0 ? 1 : 0)) {
      owner.fail(payloadBytes === 0 ? errorCodes.frameSize : errorCodes.protocol);
      return false;
    }
    if (this.window < 0) {
      owner.fail(errorCodes.flowControl);
      return false;
    }
    const content = payloadBytes - padding;
    const stream = this.open.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) owner.fail(errorCodes.protocol);
      else if (id <= this.lastId && !this.remembered?.has(id)) owner.fail(errorCodes.streamClosed);
      else this.passOver(id, content, payloadBytes);
      return false;
    }
    if (this.isTaken(stream, payloadBytes, content, (flags & frameFlags.endStream) !== 0)) {
      this.idle.give(content + Math.min(content, allowedPerPiece));
      this.target = stream;
      this.contentLeft = content;
      if (padding > 0) this.consumed(stream.input, padding);
    } else {
      this.consumed(null, payloadBytes);
    }
    return true;
  }

  /** What was on its way when its stream was reset is no flood; what is beyond the stream's window may be one. */
  private passOver(id: number, content: number, payloadBytes: number): void {
    const left = this.remembered?.get(id) ?? 0;
    if (left >= payloadBytes) {
      this.remembered?.set(id, left - payloadBytes);
      this.idle.give(content + Math.min(content, allowedPerPiece));
    }
    this.consumed(null, payloadBytes);
  }

  private isTaken(stream: Http2Stream, payloadBytes: number, content: number, isLast: boolean): boolean {
    const { input } = stream;
    if (input === null || stream.isRemoteEnded) {
      stream.reset(errorCodes.streamClosed);
      return false;
    }
    input.window -= payloadBytes;
    if (input.window < 0) {
      stream.reset(errorCodes.flowControl);
      return false;
    }
    if (input.fits(content, isLast)) return true;
    this.malformed(stream, 'a body that is not as long as its content-length');
    return false;
  }

  private remoteEnded(stream: Http2Stream): void {
    stream.isRemoteEnded = true;
    this.memory?.rests();
    stream.input?.ended();
    if (stream.isLocalEnded && !stream.isClosed) this.close(stream, true);
  }

  private malformed(stream: Http2Stream, detail: string): void {
    stream.answering?.malformed(detail);
    stream.reset(errorCodes.protocol);
  }

  /** Resets what was not even opened. */
  private refuse(id: number, isLast: boolean, code: number): void {
    this.sender.resetStream(id, code);
    if (!isLast) this.remember(id, streamWindowBytes);
    this.countFailure();
  }

  private remember(id: number, windowBytes: number): void {
    this.remembered ??= new Map();
    this.remembered.set(id, windowBytes);
    if (this.remembered.size <= Math.max(leastRemembered, this.most * 2)) return;
    for (const oldest of this.remembered.keys()) {
      this.remembered.delete(oldest);
      return;
    }
  }

  private close(stream: Http2Stream, isAnswered: boolean): void {
    const { input } = stream;
    stream.isClosed = true;
    this.open.delete(stream.id);
    this.sender.forget(stream);
    stream.answering?.streamClosed(isAnswered);
    // One that has come in whole is left to whoever has begun to read it.
    if (input !== null && !(input.isOver && input.hasBegun)) {
      this.memory?.rests();
      input.broken(new Error('the client broke off its request'));
    }
    this.owner.streamLeft();
  }

  /** Rapid Reset and MadeYouReset: streams that end in an error, whoever reset them. */
  private countFailure(): void {
    if (!this.failures.take(1)) this.owner.cutOff('http2-failed-streams');
  }
}
