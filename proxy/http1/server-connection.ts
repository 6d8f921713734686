import type { Socket } from 'node:net';
import type { AnswerHead } from './answer-head.ts';
import { type AnswerListener, AnswerReader } from './answer-reader.ts';
import { BodySender } from './body-sender.ts';
import { canWriteRaw, type RawReader, type RawReading, readRaw, writeRaw } from './raw-handle.ts';
import { ReadBuffer } from './read-buffer.ts';
import { writeRequestHead } from './request-head.ts';
import { flushAtTurnEnd, type Holding } from './turn-end.ts';
import {
  mayRepeat,
  type UpstreamCall,
  UpstreamError,
  type UpstreamHandler,
  type UpstreamRequest,
} from './upstream-call.ts';

/** Where a connection belongs. */
interface ConnectionOwner {
  /** 0: no bound. */
  readonly headTimeoutMs: number;
  /** Connections are not used twice. */
  readonly closesEach: boolean;
  /** It is ready for another request. */
  released(connection: ServerConnection): void;
  /** It can be used no more, or is somebody else's from now on. Called once. */
  gone(connection: ServerConnection): void;
  /** The server closed a kept connection in the moment that it was used again, and never looked at this request. */
  repeat(request: UpstreamRequest, handler: UpstreamHandler): void;
}

const credentials = /^(?:ntlm|negotiate)\b/i;

/** A connection to a server on HTTP/1.1, with one request at a time. */
export class ServerConnection implements UpstreamCall, AnswerListener, Holding, RawReader {
  /** Requests that were answered on it. */
  answers = 0;
  /** The client's connection for which alone it may be used; null: any. */
  client: object | null = null;
  /** While it waits in its pool: until when (`performance.now()`). */
  idleUntilMs = 0;
  /** For how long the server says that it keeps it; null where it does not say. */
  keepMs: number | null = null;
  private readonly readBuffer = new ReadBuffer();
  private readonly owner: ConnectionOwner;
  private readonly reader = new AnswerReader(this);
  private socket: Socket | null = null;
  private raw: RawReading | null = null;
  private isRaw = false;
  /** The head of a request without a body, until the turn ends. */
  private held = '';
  private request: UpstreamRequest | null = null;
  private handler: UpstreamHandler | null = null;
  private sender: BodySender | null = null;
  private isPaused = false;
  private isGone = false;
  /** Its requests carried credentials that sign in the connection, but for no client in particular. */
  private isSpent = false;
  private hasHead = false;
  /** What was read last stands in a buffer that is read into again. */
  private isReused = false;
  private headTimer: NodeJS.Timeout | null = null;
  private awaitsHead = false;
  private readonly onData = (chunk: Buffer): void => this.read(chunk, chunk.byteLength);
  private readonly onEnd = (): void => this.serverEnded();
  private readonly onError = (error: Error): void => this.fail(error);
  private readonly onClose = (): void => this.fail(closed('before it answered'));
  private readonly onDrain = (): void => this.sender?.drained();

  constructor(owner: ConnectionOwner) {
    this.owner = owner;
  }

  /** Takes a connected socket. */
  attach(socket: Socket): void {
    this.socket = socket;
    this.isRaw = canWriteRaw(socket);
    this.raw = readRaw(socket, this);
    if (this.raw === null) socket.on('data', this.onData);
    socket.on('end', this.onEnd).on('error', this.onError).on('close', this.onClose).on('drain', this.onDrain);
    if (socket.destroyed) this.fail(closed('before it answered'));
  }

  get isOpen(): boolean {
    return !this.isGone && this.socket !== null && !this.socket.destroyed;
  }

  /** Sends a request. It must be open and wait for one. */
  send(request: UpstreamRequest, handler: UpstreamHandler): void {
    const { socket } = this;
    if (socket === null) return;
    this.request = request;
    this.handler = handler;
    this.hasHead = false;
    this.keepMs = null;
    const { method, body, upgrade } = request;
    let head: ReturnType<typeof writeRequestHead>;
    try {
      head = writeRequestHead(request, this.owner.closesEach);
    } catch (error) {
      this.handler = null;
      this.release();
      handler.failed(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (signsInConnection(request.fields, 'authorization')) this.bind(request);
    this.reader.expect(method, upgrade !== null);
    if (body === null || head.bodyBytes === 0) {
      this.held = head.text;
      flushAtTurnEnd(this);
      this.bodySent();
    } else if (Buffer.isBuffer(body)) {
      socket.cork();
      socket.write(head.text, 'latin1');
      socket.write(body);
      socket.uncork();
      this.bodySent();
    } else {
      this.sender = new BodySender(socket, body, head.bodyBytes, request.trailers, this);
      this.sender.start(head.text);
    }
  }

  flush(): void {
    const { socket, held } = this;
    this.held = '';
    if (held === '' || socket === null || !socket.writable || (this.isRaw && writeRaw(socket, held))) return;
    socket.write(held, 'latin1');
  }

  buffer(): Buffer {
    return this.readBuffer.next();
  }

  /** Reads what stands at the beginning of `bytes`. */
  read(bytes: Buffer, length: number): void {
    this.isReused = bytes === this.readBuffer.current;
    try {
      this.reader.read(bytes, 0, length);
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  abort(): void {
    this.handler = null;
    this.destroy();
  }

  pause(): void {
    this.isPaused = true;
    (this.raw ?? this.socket)?.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (this.handler?.isFlushed === true) this.readBuffer.returned();
    (this.raw ?? this.socket)?.resume();
  }

  /** Closes it at once; a request on it is given up without a word. */
  destroy(): void {
    this.reader.stop();
    this.sender?.stop();
    this.sender = null;
    if (this.headTimer) clearTimeout(this.headTimer);
    this.headTimer = null;
    this.awaitsHead = false;
    this.socket?.destroy();
    if (this.isGone) return;
    this.isGone = true;
    this.owner.gone(this);
  }

  /** Closes it at once; a request on it fails with this error. */
  break(error: Error): void {
    this.fail(error);
  }

  informational({ status, fields }: AnswerHead): void {
    this.handler?.informational(status, fields);
  }

  head({ status, fields, connectionFields, keepMs }: AnswerHead): void {
    this.hasHead = true;
    this.awaitsHead = false;
    this.keepMs = keepMs;
    if (status === 401 && this.request && signsInConnection(fields, 'www-authenticate')) this.bind(this.request);
    this.handler?.head(status, fields, connectionFields);
  }

  content(slice: Buffer): void {
    const { handler } = this;
    if (handler === null) return;
    if (!this.isReused || slice.byteLength <= handler.copiesBytes) {
      handler.data(slice);
      return;
    }
    handler.data(this.readBuffer.lend(slice));
    if (handler.isFlushed) this.readBuffer.returned();
  }

  answered(trailers: string[], isClean: boolean, hasMore: boolean): void {
    const { handler } = this;
    this.handler = null;
    this.request = null;
    this.answers += 1;
    this.readBuffer.rest();
    // Answered before the request was sent in full: the rest is not wanted, and the server may be in the middle of it.
    const isWhole = this.sender === null || this.sender.isSent;
    if (isClean && isWhole && !this.isSpent && !this.owner.closesEach && this.isOpen) {
      this.sender = null;
      handler?.ended(trailers);
      this.release();
    } else {
      this.destroy();
      handler?.ended(trailers, hasMore);
    }
  }

  switched({ fields, connectionFields }: AnswerHead, early: Buffer): void {
    const { handler, socket } = this;
    this.handler = null;
    this.isGone = true;
    this.owner.gone(this);
    if (handler === null || socket === null) {
      socket?.destroy();
      return;
    }
    socket.off('data', this.onData).off('end', this.onEnd).off('drain', this.onDrain);
    socket.off('error', this.onError).off('close', this.onClose);
    this.raw?.giveBack();
    socket.pause();
    if (early.byteLength > 0) socket.unshift(early);
    handler.upgraded(fields, connectionFields, socket);
  }

  malformed(detail: string): void {
    this.fail(new UpstreamError('SERVER_MALFORMED', `the server sent ${detail}`));
  }

  bodySent(): void {
    const { headTimeoutMs } = this.owner;
    if (headTimeoutMs === 0 || this.hasHead) return;
    this.awaitsHead = true;
    if (this.headTimer) this.headTimer.refresh();
    else {
      this.headTimer = setTimeout(() => {
        if (!this.awaitsHead) return;
        this.fail(new UpstreamError('SERVER_HEAD_TIMEOUT', `no answer came within ${headTimeoutMs / 1000} s`));
      }, headTimeoutMs);
    }
  }

  bodyFailed(error: Error): void {
    this.fail(error);
  }

  private serverEnded(): void {
    if (this.reader.closed()) return;
    this.fail(closed(this.hasHead ? 'before its answer was complete' : 'before it answered'));
  }

  private release(): void {
    this.resume();
    if (this.isOpen) this.owner.released(this);
  }

  private fail(error: Error): void {
    const { handler, request } = this;
    const isUntouched = this.answers > 0 && !this.reader.hasBegun;
    const isUnsent = this.held !== '';
    this.handler = null;
    this.request = null;
    this.destroy();
    if (handler === null || request === null) return;
    if (isUntouched && isConnectionEnd(error) && (isUnsent || mayRepeat(request))) this.owner.repeat(request, handler);
    else handler.failed(error);
  }

  /** Some schemes sign in a connection rather than a request: it must carry nobody else's from now on. */
  private bind(request: UpstreamRequest): void {
    if (request.client === null) this.isSpent = true;
    else this.client = request.client;
  }
}

function closed(when: string): UpstreamError {
  return new UpstreamError('SERVER_CLOSED', `the server closed the connection ${when}`);
}

function isConnectionEnd(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'SERVER_CLOSED' || code === 'ECONNRESET' || code === 'EPIPE';
}

function signsInConnection(fields: readonly string[], lowerName: string): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.length !== lowerName.length || !credentials.test(fields[i + 1] as string)) continue;
    if (name.toLowerCase() === lowerName) return true;
  }
  return false;
}
