import type { Socket } from 'node:net';
import type { Timed } from '../http1/inbound-clock.ts';
import type { LimitName } from '../model/limits.ts';
import { Allowance } from './allowance.ts';
import type { Http2Client, Http2Settings } from './contract.ts';
import { Deadlines } from './deadlines.ts';
import { FrameReader } from './frame-reader.ts';
import {
  errorCodes,
  frameFlags,
  frameTypes,
  lastStreamId,
  mostFrameBytes,
  mostWindowBytes,
  preface,
  readWord31,
} from './frames.ts';
import { HeaderBlock } from './header-block.ts';
import { HpackError } from './hpack-decoder.ts';
import { Lingering } from './lingering.ts';
import { Sender } from './sender.ts';
import { ourSettings, readSettings } from './settings.ts';
import { SocketReading } from './socket-reading.ts';
import { Streams } from './streams.ts';

/** What was gathered for a client that does not read, after which it is not read either. Bodies stop long before. */
const gatheredBytes = 256 * 1024;
/** How long the last requests may be on their way before the connection is closed to them. */
const drainMs = 1000;
/** What is sent for a request beside its fields and its body: frame heads, windows. */
const allowedPerRequest = 512;
/** Whoever sent requests for hours has not earned the right to a flood. */
const mostAllowedBytes = 16 * 1024 * 1024;
/** Bytes of a field block beyond those that it may come to when it is unpacked. */
const spareBlockBytes = 16 * 1024;

const drainPing = Buffer.from('draining');

const phases = { preface: 0, open: 1, lingering: 2, over: 3 } as const;
const goAways = { none: 0, announced: 1, final: 2 } as const;

/**
 * A client's connection of HTTP/2 (RFC 9113). Reads frames from the pieces that the socket gives, keeps the connection's
 * own rules, and leaves streams to {@link Streams} and what is sent to {@link Sender}.
 */
export class Http2Connection implements Timed {
  readonly socket: Socket;
  readonly sender: Sender;
  private readonly client: Http2Client;
  private readonly reading: SocketReading;
  private readonly settings: Http2Settings;
  private readonly reader = new FrameReader();
  private readonly block: HeaderBlock;
  private readonly streams: Streams;
  private readonly deadlines = new Deadlines();
  private readonly idle: Allowance;
  private readonly lingering: Lingering;
  private phase: number = phases.preface;
  private prefaceAt = 0;
  private hasSettings = false;
  private goAway: number = goAways.none;
  /** The client has said that it opens no more streams. */
  private isLeft = false;
  private isNamed = false;

  constructor(socket: Socket, client: Http2Client, settings: Http2Settings) {
    const { limits, clock } = settings;
    this.socket = socket;
    this.client = client;
    this.settings = settings;
    this.lingering = new Lingering(clock);
    this.idle = new Allowance(limits.http2IdleBurstBytes, limits.http2IdleBytesPerSecond, mostAllowedBytes);
    this.block = new HeaderBlock(settings.maxHeaderBytes + spareBlockBytes);
    this.sender = new Sender(socket, this, settings.maxEncoderTableBytes, this.idle);
    this.streams = new Streams(this, this.sender, client, settings, this.idle);
    clock.watch(this);
    this.headBegins();
    socket.on('error', () => undefined);
    socket.on('close', () => this.closed());
    socket.on('end', () => this.clientEnded());
    this.reading = new SocketReading(socket, (bytes) => this.take(bytes));
    this.streams.memory = this.reading.memory;
    this.greet();
  }

  /** No request is under way. */
  get isWaiting(): boolean {
    return this.streams.size === 0;
  }

  get dueMs(): number {
    const { outlet } = this.sender;
    return outlet.isWriting ? Math.min(this.deadlines.next, this.deadlines.written) : this.deadlines.next;
  }

  /**
   * Tells the client to send no more requests; those under way go on, and so do those that it has sent already. To be
   * called again and again.
   */
  close(): void {
    // Who has got its last answer long ago need not linger. Others may still be reading it from the system's memory, and
    // would lose the rest of it by whatever they send to a connection that is closed.
    if (this.phase === phases.lingering && this.socket.writableFinished && this.lingering.hasRested)
      this.socket.destroy();
    // Who has not begun yet may be about to ask, and knows only from then on what it is told.
    if (this.goAway !== goAways.none || this.phase !== phases.open) return;
    this.goAway = goAways.announced;
    this.deadlines.drain = this.settings.clock.after(drainMs);
    this.sender.goAway(lastStreamId, errorCodes.none);
    this.sender.ping(drainPing, 0, false);
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** A rule of the protocol was broken in a way that concerns the whole connection (RFC 9113 §5.4.1). */
  fail(code: number, limit: LimitName = 'http2-protocol'): void {
    if (this.phase >= phases.lingering) return;
    this.name(limit);
    this.sender.goAway(this.streams.lastId, code);
    this.finish(false);
    // Nothing that is still to be written is worth waiting for.
    this.deadlines.linger = this.lingering.begin(false);
  }

  /** A limit was met by somebody who is not to get another word. */
  cutOff(limit: LimitName): void {
    if (this.phase >= phases.lingering) return;
    this.name(limit);
    this.sender.goAway(this.streams.lastId, errorCodes.enhanceYourCalm);
    this.sender.outlet.flush();
    this.phase = phases.over;
    this.streams.closeAll();
    setImmediate(() => this.socket.destroy());
  }

  /** One stream less is open. */
  streamLeft(): void {
    if (this.streams.size > 0 || this.phase !== phases.open) return;
    this.lingering.rests();
    if (this.goAway === goAways.final) this.finish();
    else if (this.isLeft) this.leave();
    else this.rest();
  }

  beforeFlush(): void {
    this.streams.dismissEarlyAnswered();
  }

  writeBegins(): void {
    this.deadlines.written = this.stalledAfter();
  }

  hasRoom(): void {
    this.sender.pump();
    if (this.sender.outlet.gatheredBytes <= gatheredBytes) this.reading.resume();
  }

  overdue(): void {
    const { deadlines, settings, sender } = this;
    const { nowMs } = settings.clock;
    if (deadlines.linger <= nowMs) {
      this.socket.destroy();
    } else if (sender.outlet.isWriting && deadlines.written <= nowMs) {
      this.name('slow-reader');
      this.socket.destroy();
    } else if (deadlines.head <= nowMs) {
      // Who has not begun to ask is not slow, but not there.
      if (this.phase === phases.preface && this.prefaceAt === 0) this.socket.destroy();
      else this.fail(errorCodes.enhanceYourCalm, 'slow-head');
    } else if (deadlines.acknowledgement <= nowMs) {
      this.fail(errorCodes.settingsTimeout);
    } else if (deadlines.drain <= nowMs) {
      this.leave();
    } else if (deadlines.idle <= nowMs) {
      deadlines.idle = Number.POSITIVE_INFINITY;
      this.close();
    }
  }

  private greet(): void {
    const { clock, headMs } = this.settings;
    this.sender.settings(ourSettings(this.settings));
    this.streams.openConnectionWindow();
    this.deadlines.acknowledgement = clock.after(headMs);
  }

  private take(chunk: Buffer): void {
    if (this.phase >= phases.lingering) {
      this.drop(chunk.length);
      return;
    }
    try {
      this.readFrames(chunk);
    } catch (error) {
      // An exception in an event handler would end the worker.
      if (error instanceof HpackError) {
        this.fail(errorCodes.compression);
      } else {
        this.client.failed(error);
        this.fail(errorCodes.internal);
      }
    }
  }

  private readFrames(chunk: Buffer): void {
    const { reader, sender, deadlines } = this;
    const start = this.phase === phases.preface ? this.readPreface(chunk) : 0;
    let hasFrame = false;
    reader.feed(chunk, start);
    while (this.phase === phases.open && reader.next()) {
      hasFrame = true;
      this.frame();
    }
    // A field block has a bound of its own, and is judged once it is whole.
    if (!this.idle.take(chunk.length) && this.block.openStream === 0) this.cutOff('http2-idle-frames');
    if (this.phase !== phases.open) return;
    sender.pump();
    const isBehind = this.block.openStream !== 0 || !this.hasSettings;
    if (!isBehind && !reader.isHolding) deadlines.head = Number.POSITIVE_INFINITY;
    else if (deadlines.head === Number.POSITIVE_INFINITY || (hasFrame && !isBehind)) this.headBegins();
    if (sender.outlet.gatheredBytes > gatheredBytes) this.reading.pause();
  }

  /** From now on there is a time for it to be whole. */
  private headBegins(): void {
    this.deadlines.head = this.settings.clock.after(this.settings.headMs);
  }

  private readPreface(chunk: Buffer): number {
    const bytes = Math.min(preface.length - this.prefaceAt, chunk.length);
    if (chunk.compare(preface, this.prefaceAt, this.prefaceAt + bytes, 0, bytes) !== 0) {
      this.fail(errorCodes.protocol);
      return chunk.length;
    }
    this.prefaceAt += bytes;
    if (this.prefaceAt === preface.length) {
      this.phase = phases.open;
      this.rest();
    }
    return bytes;
  }

  private frame(): void {
    const { reader, block, streams } = this;
    const { type, stream, payloadBytes } = reader;
    if (payloadBytes > mostFrameBytes) {
      this.fail(errorCodes.frameSize);
      return;
    }
    if (type !== frameTypes.continuation ? block.openStream !== 0 : block.openStream !== stream || stream === 0) {
      this.fail(errorCodes.protocol);
      return;
    }
    if (!this.hasSettings && (type !== frameTypes.settings || (reader.flags & frameFlags.ack) !== 0)) {
      this.fail(errorCodes.protocol);
      return;
    }
    switch (type) {
      case frameTypes.data:
        streams.data(reader);
        return;
      case frameTypes.headers:
      case frameTypes.continuation:
        this.headers();
        return;
      case frameTypes.priority:
        streams.priority(reader);
        return;
      case frameTypes.resetStream:
        streams.resetByClient(reader);
        return;
      case frameTypes.settings:
        this.takeSettings();
        return;
      case frameTypes.ping:
        this.ping();
        return;
      case frameTypes.goAway:
        if (stream !== 0) this.fail(errorCodes.protocol);
        else if (payloadBytes < 8) this.fail(errorCodes.frameSize);
        else this.clientLeaves();
        return;
      case frameTypes.windowUpdate:
        this.windowUpdate();
        return;
      case frameTypes.pushPromise:
        this.fail(errorCodes.protocol);
        return;
      case frameTypes.priorityUpdate:
        if (stream !== 0) this.fail(errorCodes.protocol);
        else if (payloadBytes < 4) this.fail(errorCodes.frameSize);
        return;
      default:
      // Others are passed over (RFC 9113 §5.5).
    }
  }

  private headers(): void {
    const { reader, block, streams } = this;
    const code = block.take(reader);
    if (code !== errorCodes.none) {
      this.fail(code);
      return;
    }
    if (block.openStream !== 0) {
      if (reader.type === frameTypes.headers) this.headBegins();
      return;
    }
    const fault = streams.fieldBlock(reader.stream, block);
    if (fault !== errorCodes.none) this.fail(fault);
    else if (streams.hasAccepted) this.idle.give(block.end - block.start + allowedPerRequest);
    if (streams.size > 0) this.deadlines.idle = Number.POSITIVE_INFINITY;
    block.done();
  }

  private takeSettings(): void {
    const { reader, sender, streams } = this;
    if (reader.stream !== 0) {
      this.fail(errorCodes.protocol);
      return;
    }
    if ((reader.flags & frameFlags.ack) !== 0) {
      if (reader.payloadBytes !== 0) this.fail(errorCodes.frameSize);
      else if (this.deadlines.acknowledgement !== Number.POSITIVE_INFINITY) {
        this.deadlines.acknowledgement = Number.POSITIVE_INFINITY;
        streams.settingsAcknowledged();
      }
      return;
    }
    const changed = readSettings(reader.bytes, reader.start, reader.end);
    if (typeof changed === 'number') {
      this.fail(changed);
      return;
    }
    this.hasSettings = true;
    if (changed.headerTableSize >= 0) {
      sender.setTableBytes(changed.leastHeaderTableSize);
      sender.setTableBytes(changed.headerTableSize);
    }
    if (changed.initialWindowSize >= 0 && !streams.resizeWindows(changed.initialWindowSize)) {
      this.fail(errorCodes.flowControl);
      return;
    }
    sender.settingsAck();
  }

  private ping(): void {
    const { reader } = this;
    if (reader.stream !== 0) {
      this.fail(errorCodes.protocol);
    } else if (reader.payloadBytes !== 8) {
      this.fail(errorCodes.frameSize);
    } else if ((reader.flags & frameFlags.ack) === 0) {
      this.sender.ping(reader.bytes, reader.start, true);
    } else if (
      this.goAway === goAways.announced &&
      reader.bytes.compare(drainPing, 0, 8, reader.start, reader.end) === 0
    ) {
      this.leave();
    }
  }

  private windowUpdate(): void {
    const { reader, sender, streams } = this;
    if (reader.payloadBytes !== 4) {
      this.fail(errorCodes.frameSize);
      return;
    }
    const bytes = readWord31(reader.bytes, reader.start);
    if (reader.stream !== 0) {
      streams.windowUpdate(reader.stream, bytes);
    } else if (bytes === 0) {
      this.fail(errorCodes.protocol);
    } else {
      sender.window += bytes;
      if (sender.window > mostWindowBytes) this.fail(errorCodes.flowControl);
    }
  }

  private clientLeaves(): void {
    this.isLeft = true;
    if (this.streams.size === 0) this.leave();
  }

  /** Everything that the client had sent before it knew is in: it learns which request was the last. */
  private leave(): void {
    if (this.goAway === goAways.final || this.phase !== phases.open) return;
    this.goAway = goAways.final;
    this.streams.isClosedToNew = true;
    this.deadlines.drain = Number.POSITIVE_INFINITY;
    this.sender.goAway(this.streams.lastId, errorCodes.none);
    if (this.streams.size === 0) this.finish();
  }

  /** Nothing is under way. */
  private rest(): void {
    const { idleMs, clock } = this.settings;
    if (idleMs > 0 && this.goAway === goAways.none) this.deadlines.idle = clock.after(idleMs);
  }

  /** Ends our side once all is written; what still comes is dropped, so that the client gets to read its end. */
  private finish(isPatient = true): void {
    this.phase = phases.lingering;
    this.deadlines.clear();
    this.deadlines.linger = this.stalledAfter();
    this.streams.closeAll();
    this.socket.once('finish', () => {
      this.deadlines.linger = this.lingering.begin(isPatient);
    });
    this.sender.outlet.end();
    this.reading.resume();
  }

  private drop(bytes: number): void {
    const dueMs = this.lingering.drop(bytes, this.deadlines.linger);
    if (dueMs === null) this.socket.destroy();
    else this.deadlines.linger = dueMs;
  }

  private clientEnded(): void {
    if (this.phase < phases.lingering) this.finish(false);
  }

  private closed(): void {
    this.phase = phases.over;
    this.settings.clock.forget(this);
    this.streams.closeAll();
    this.sender.outlet.forget();
    this.client.closed();
  }

  private stalledAfter(): number {
    const { stalledMs, clock } = this.settings;
    return stalledMs > 0 ? clock.after(stalledMs) : Number.POSITIVE_INFINITY;
  }

  /** The first limit that was met is the reason; what follows from it is not told. */
  private name(limit: LimitName): void {
    if (this.isNamed) return;
    this.isNamed = true;
    this.client.note(limit);
  }
}
