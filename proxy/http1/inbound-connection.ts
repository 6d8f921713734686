import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { lateHead } from '../http/limit-counts.ts';
import type { Peer } from '../http/live-request.ts';
import type { RequestBody } from '../http/request-body.ts';
import { AnswerWriter } from './inbound-answer.ts';
import { type AnswerHead, continueText } from './inbound-answer-head.ts';
import { type BodyWire, InboundBody } from './inbound-body.ts';
import type { Timed } from './inbound-clock.ts';
import type { Answering, InboundSettings } from './inbound-contract.ts';
import { HalfClose } from './inbound-half-close.ts';
import { blankHead, HeadReader, type ReceivedHead } from './inbound-head.ts';
import { type RawReader, type RawReading, readRaw } from './raw-handle.ts';
import { ReadBuffer } from './read-buffer.ts';

/** What is waiting to be written and counts as gone out all the same: a fraction of what the system holds itself. */
const flushedBytes = 16 * 1024;
/** Bytes ahead of what is wanted, after which a connection is not read. */
const heldBytes = 64 * 1024;
/** What a client that was answered already may go on sending, and for how long after the answer to its last request. */
const mostDroppedBytes = 16 * 1024 * 1024;
const lingerMs = 5000;
const drainMs = 60_000;
/** Clients that ask all the time ask between two of them. */
const mostQuietLooks = 2;
/** Of connections that no body comes by: what they read is dealt with before another reads. */
const commonBuffer = new ReadBuffer();

function readBodyOf(connection: InboundConnection): void {
  connection.readBody();
}

type Phase =
  /** Between requests, or before the first. */
  | 'idle'
  /** Part of a head is in. */
  | 'head'
  /** Busy with a request. */
  | 'request'
  /** The last answer is out; what still comes is dropped. */
  | 'linger'
  /** The socket is somebody else's, or closed. */
  | 'over';

/**
 * A client's connection of HTTP/1.0 and 1.1 (RFC 9112 §9). Reads one request at a time: the next one waits until the
 * answer before it is out and its body is in, and what is ahead of that is not read.
 */
export class InboundConnection implements Timed, BodyWire, RawReader {
  readonly socket: Socket;
  readonly writer: AnswerWriter;
  dueMs: number;
  /** Who is at the other end; found out with the first request. */
  peer: Peer | null = null;
  private readonly settings: InboundSettings;
  private readonly reader: HeadReader;
  private phase: Phase = 'idle';
  private answering: Answering | null = null;
  private readonly raw: RawReading | null;
  private readBuffer: ReadBuffer | null = null;
  private body: InboundBody | null = null;
  /** Bytes that nobody wants yet. */
  private early: Buffer | null = null;
  private isPaused = false;
  private isTaking = false;
  private isBodyWanted = false;
  private hasBodyBegun = false;
  private isBodyDropped = false;
  private isReadingSoon = false;
  /** The buffer's bytes are being dealt with; another is asked for right after that. */
  private isInRead = false;
  private waitsForContinue = false;
  private isAnswered = false;
  private isFlushing = false;
  private closes = false;
  /** The client has ended its side (half-close); answers still go out. */
  private hasEnded = false;
  private halfClose: HalfClose | null = null;
  private droppedBytes = 0;
  /** How often it was found idle by who would close it, since its last request. */
  private quietLooks = 0;
  private headAtMs = 0;
  private readonly onData = (chunk: Buffer): void => this.take(chunk, chunk.byteLength, false);
  private readonly onEnd = (): void => this.clientEnded();
  private readonly onDrain = (): void => this.answering?.drained();
  private readonly onClose = (): void => this.closed();
  private readonly onError = (): void => undefined;
  /** Called with an error where the connection broke first; its end tells the rest. */
  private readonly onFlushed = (error?: Error | null): void => {
    if (!error) this.flushed();
  };

  constructor(socket: Socket, settings: InboundSettings) {
    this.socket = socket;
    this.settings = settings;
    this.reader = new HeadReader(settings.maxHeadBytes);
    this.writer = new AnswerWriter(socket);
    settings.clock.watch(this);
    this.dueMs = settings.clock.after(settings.headMs);
    socket.allowHalfOpen = true;
    socket.on('error', this.onError);
    socket.on('close', this.onClose);
    socket.on('drain', this.onDrain);
    socket.on('end', this.onEnd);
    this.raw = readRaw(socket, this);
    if (this.raw === null) socket.on('data', this.onData);
  }

  /** The request that was taken is answered by this. */
  begin(answering: Answering): void {
    this.answering = answering;
  }

  /** The request has a body of that length, more than 0; null: in chunks. */
  beginBody(length: number | null, waitsForContinue: boolean): RequestBody {
    const { readMs } = this.settings;
    this.body = new InboundBody(this, length);
    if (this.raw !== null) this.readBuffer = new ReadBuffer();
    this.waitsForContinue = waitsForContinue;
    if (readMs > 0) this.dueMs = this.headAtMs + readMs;
    return this.body;
  }

  /** The client waits for `100 Continue` and was not told to go on, so nobody knows whether its body will follow. */
  get isBodyInDoubt(): boolean {
    return this.waitsForContinue;
  }

  /** Sends the head of the answer. */
  answer(head: AnswerHead): void {
    this.closes = head.closes;
    this.waitsForContinue = false;
    this.writer.head(head);
  }

  /** The answer is complete. False: it was not what its head said, and is broken off. */
  endAnswer(trailers: readonly string[]): boolean {
    const { socket, writer, settings } = this;
    writer.end(trailers);
    if (writer.isFalse) {
      this.destroy();
      return false;
    }
    if (socket.destroyed) return true;
    if (socket.writableLength <= flushedBytes) {
      this.flushed();
    } else {
      this.isFlushing = true;
      if (settings.idleMs > 0) this.dueMs = settings.clock.after(settings.idleMs);
      writer.flush();
      // An empty write comes after all others.
      socket.write('', 'latin1', this.onFlushed);
    }
    return true;
  }

  /** Closes the connection without another word. */
  destroy(): void {
    this.writer.flush();
    this.socket.destroy();
  }

  /** Gives the socket away, with the bytes that came after the request. */
  detach(): Buffer | null {
    const { socket, early } = this;
    this.writer.flush();
    this.leave();
    this.early = null;
    this.raw?.giveBack();
    socket.off('data', this.onData).off('end', this.onEnd).off('drain', this.onDrain).off('close', this.onClose);
    return early;
  }

  /** It waits for its client to ask, or to have asked. */
  get isWaiting(): boolean {
    return this.phase !== 'request' && this.phase !== 'over' && !this.writer.isHoldingBack;
  }

  /**
   * Closes what no request is under way on; to be called again and again. Who has not asked yet is left to others, and
   * who asks all the time gets to ask once more, or their next request would be lost on its way.
   */
  closeIfIdle(): void {
    if (this.phase === 'linger') {
      if (this.socket.writableFinished) this.destroy();
    } else if (this.phase === 'idle' && this.peer !== null) {
      this.quietLooks += 1;
      if (this.quietLooks > mostQuietLooks) this.destroy();
    }
  }

  overdue(): void {
    switch (this.phase) {
      case 'idle':
      case 'linger':
        this.destroy();
        return;
      case 'head': {
        this.startRequest({ ...blankHead(), fault: { status: 408, code: 'REQUEST_TIMEOUT', detail: lateHead } });
        return;
      }
      case 'request':
        this.requestOverdue();
        return;
      case 'over':
        this.dueMs = Number.POSITIVE_INFINITY;
    }
  }

  bodyBegins(): void {
    this.hasBodyBegun = true;
    if (!this.waitsForContinue) return;
    this.waitsForContinue = false;
    this.writer.informational(continueText);
    this.writer.flush();
  }

  bodyWanted(): void {
    this.isBodyWanted = true;
    this.readBodySoon();
  }

  bodyHeld(): void {
    this.isBodyWanted = false;
  }

  bodyDiscarded(): void {
    this.isBodyDropped = true;
    this.readBodySoon();
  }

  trailersArrived(lines: string): string | null {
    return this.answering?.trailersArrived(lines) ?? null;
  }

  buffer(): Buffer {
    return (this.readBuffer ?? commonBuffer).next();
  }

  read(bytes: Buffer, length: number): void {
    this.isInRead = true;
    this.take(bytes, length, true);
    this.isInRead = false;
  }

  /** `isLent`: the bytes are read into again, so that what is held of them must be a copy. */
  private take(bytes: Buffer, end: number, isLent: boolean): void {
    switch (this.phase) {
      case 'idle':
      case 'head':
        this.readHeads(bytes, end, isLent);
        return;
      case 'request':
        if (this.takesBody()) this.feed(bytes, end, isLent);
        else this.hold(own(bytes.subarray(0, end), isLent));
        return;
      case 'linger':
        this.drop(end);
        return;
      case 'over':
    }
  }

  /** Reads requests from bytes, one after the other as far as each is done with at once. */
  private readHeads(bytes: Buffer, length: number, isLent: boolean): void {
    const { reader, settings } = this;
    let rest: Buffer | null = bytes;
    let end = length;
    while (rest !== null) {
      const next = reader.read(rest, 0, end);
      if (next < 0) {
        if (!reader.hasBegun) {
          if (this.hasEnded) this.endOurs();
        } else if (this.hasEnded) {
          this.destroy();
        } else if (this.phase === 'idle') {
          this.phase = 'head';
          this.headAtMs = performance.now();
          this.dueMs = settings.clock.after(settings.headMs);
        }
        return;
      }
      if (this.phase === 'idle') this.headAtMs = settings.clock.nowMs;
      this.early = next < end ? own(rest.subarray(next, end), isLent && rest === bytes) : null;
      this.startRequest(reader.head);
      rest = null;
      if (this.isIdle()) {
        rest = this.early;
        end = this.early?.byteLength ?? 0;
        this.early = null;
      }
    }
  }

  /** Behind a method, because the request that was taken may be done with by now. */
  private isIdle(): boolean {
    return this.phase === 'idle';
  }

  private startRequest(head: ReceivedHead): void {
    this.phase = 'request';
    this.quietLooks = 0;
    this.dueMs = Number.POSITIVE_INFINITY;
    if (this.hasEnded) this.watchForClient();
    this.isTaking = true;
    this.settings.takeRequest(this, head);
    this.isTaking = false;
  }

  private takesBody(): boolean {
    return this.body !== null && !this.body.isDone && (this.isBodyWanted || this.isBodyDropped);
  }

  private hold(chunk: Buffer): void {
    this.early = this.early === null ? chunk : Buffer.concat([this.early, chunk]);
    if (this.early.byteLength < heldBytes || this.isPaused) return;
    this.isPaused = true;
    (this.raw ?? this.socket).pause();
  }

  /** Not in the midst of the reader's call, as the bytes may end the request. */
  private readBodySoon(): void {
    if (this.early === null && !this.isPaused && !this.hasEnded) return;
    if (this.isReadingSoon) return;
    this.isReadingSoon = true;
    process.nextTick(readBodyOf, this);
  }

  readBody(): void {
    const { early } = this;
    this.isReadingSoon = false;
    if (this.phase !== 'request' || !this.takesBody()) return;
    if (early !== null) {
      this.early = null;
      this.feed(early, early.byteLength, false);
    } else if (this.hasEnded) {
      this.destroy();
      return;
    }
    if (this.early === null) this.resume();
  }

  private feed(bytes: Buffer, end: number, isLent: boolean): void {
    const { body, readBuffer } = this;
    if (body === null) return;
    const next = body.feed(bytes, end, isLent ? readBuffer : null);
    if (body.isLetGo) readBuffer?.returned();
    if (body.fault !== null) this.malformed(body, body.fault);
    else if (body.isDone) {
      if (next < end) this.early = own(bytes.subarray(next, end), isLent);
      this.bodyDone();
    } else if (this.hasEnded) this.destroy();
    else if (body.discardedBytes > mostDroppedBytes) this.linger();
  }

  private malformed(body: InboundBody, fault: string): void {
    this.body = null;
    this.early = null;
    this.closes = true;
    if (this.answering) this.answering.bodyMalformed(fault);
    else this.linger();
    body.breakOff(new Error(fault));
  }

  private bodyDone(): void {
    // What the next bytes are read into must be nobody else's.
    if (this.isInRead) this.readBuffer?.rest();
    this.readBuffer = null;
    if (this.isAnswered) this.next();
    else if (!this.isFlushing) this.dueMs = Number.POSITIVE_INFINITY;
  }

  private flushed(): void {
    const { answering } = this;
    if (answering === null) return;
    this.answering = null;
    this.isFlushing = false;
    this.isAnswered = true;
    answering.answered();
    if (this.phase !== 'request') return;
    if (this.closes) {
      this.linger();
    } else if (this.body === null || this.body.isDone) {
      this.next();
    } else {
      // Read and thrown away where nobody reads it; who reads it now may go on, for a time.
      const { readMs, clock } = this.settings;
      this.dueMs = readMs > 0 ? this.headAtMs + readMs : clock.after(drainMs);
      if (!this.hasBodyBegun) this.body.destroy();
    }
  }

  private next(): void {
    const { settings } = this;
    this.phase = 'idle';
    this.halfClose?.rest();
    this.body = null;
    this.isAnswered = false;
    this.isBodyWanted = false;
    this.hasBodyBegun = false;
    this.isBodyDropped = false;
    this.waitsForContinue = false;
    this.dueMs = settings.idleMs > 0 ? settings.clock.after(settings.idleMs) : Number.POSITIVE_INFINITY;
    if (this.isTaking) return;
    const { early } = this;
    this.early = null;
    if (early !== null) this.readHeads(early, early.byteLength, false);
    else if (this.hasEnded) this.endOurs();
    if (this.early === null) this.resume();
  }

  private resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    (this.raw ?? this.socket).resume();
  }

  /**
   * Ends our side and reads what still comes for a while: closing at once could take the answer from the client. For
   * requests that were answered.
   */
  linger(): void {
    const { body } = this;
    if (this.phase !== 'request') return;
    this.phase = 'linger';
    this.halfClose?.rest();
    this.early = null;
    this.body = null;
    this.dueMs = this.settings.clock.after(lingerMs);
    this.endOurs();
    this.resume();
    body?.breakOff(new Error('the request was answered before its body was in'));
  }

  private endOurs(): void {
    this.writer.flush();
    this.socket.end();
  }

  private drop(bytes: number): void {
    this.droppedBytes += bytes;
    if (this.droppedBytes > mostDroppedBytes) this.destroy();
  }

  private clientEnded(): void {
    this.hasEnded = true;
    switch (this.phase) {
      case 'idle':
        this.endOurs();
        return;
      case 'head':
        this.destroy();
        return;
      case 'request':
        if (this.body !== null && !this.body.isDone && this.early === null) this.destroy();
        else this.watchForClient();
        return;
      case 'linger':
      case 'over':
    }
  }

  /** The client has ended its side and has not got its answer. */
  private watchForClient(): void {
    this.halfClose ??= new HalfClose(
      this.socket,
      () => this.reader.head.protocol === 'HTTP/1.1' && this.answering?.hasBegun === false,
    );
    this.halfClose.watch();
  }

  private requestOverdue(): void {
    const { answering, body } = this;
    const { readMs, clock } = this.settings;
    if (this.isFlushing) answering?.stopsReading();
    else if (this.isAnswered) this.linger();
    else if (body !== null && !body.isDone && readMs > 0 && clock.nowMs >= this.headAtMs + readMs) {
      this.dueMs = Number.POSITIVE_INFINITY;
      answering?.bodyLate();
    } else this.dueMs = Number.POSITIVE_INFINITY;
  }

  private closed(): void {
    const { answering, body } = this;
    this.leave();
    this.answering = null;
    answering?.gone();
    body?.breakOff(new Error('the client broke off its request'));
  }

  private leave(): void {
    this.phase = 'over';
    this.halfClose?.rest();
    this.body = null;
    this.settings.clock.forget(this);
    this.settings.onClosed(this);
  }
}

function own(bytes: Buffer, isLent: boolean): Buffer {
  return isLent ? Buffer.from(bytes) : bytes;
}
