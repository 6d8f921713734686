import { type AnswerHead, answerBegin, foreignAnswer, parseAnswerHead } from './answer-head.ts';
import { ChunkedDecoder, type ChunkedSink } from './chunked.ts';
import { parseFields } from './field-lines.ts';

/** Is told what a server's bytes mean. It may call {@link AnswerReader.stop} at any time. */
export interface AnswerListener extends ChunkedSink {
  informational(head: AnswerHead): void;
  head(head: AnswerHead): void;
  /** The server switched protocols; the bytes after its head belong to the new one. */
  switched(head: AnswerHead, early: Buffer): void;
  /** `isClean`: the connection's next byte begins the next answer. `hasMore`: bytes came behind it already. */
  answered(trailers: string[], isClean: boolean, hasMore: boolean): void;
  malformed(detail: string): void;
}

const mostHeadBytes = 256 * 1024;
/** Answers before the answer; more of them are a flood. */
const mostInformational = 32;
/** As much as nearly every head has; a longer one, or a long body behind it, is decoded in further steps. */
const firstLookBytes = 2048;

const waiting = 0;
const inHead = 1;
const inLength = 2;
const inChunks = 3;
const untilClose = 4;
const stopped = 5;

/** Reads one server connection's bytes as answers (RFC 9112 §4, §6, §7), one after the other, each asked for. */
export class AnswerReader {
  /** A byte of the answer has come. */
  hasBegun = false;
  private readonly listener: AnswerListener;
  private state = waiting;
  private isHead = false;
  private mayUpgrade = false;
  private remaining = 0;
  private keepsOpen = false;
  private informational = 0;
  private decoder: ChunkedDecoder | null = null;
  /** Text of a head that came in several pieces. */
  private pieces: string[] | null = null;
  private piecesLength = 0;
  /** Its last characters: the end of the head may stand across pieces. */
  private tail = '';

  constructor(listener: AnswerListener) {
    this.listener = listener;
  }

  /** True while no answer is due. */
  get isWaiting(): boolean {
    return this.state === waiting;
  }

  /** A request is on its way; its answer is next. */
  expect(method: string, mayUpgrade: boolean): void {
    this.state = inHead;
    this.isHead = method === 'HEAD';
    this.mayUpgrade = mayUpgrade;
    this.hasBegun = false;
    this.informational = 0;
  }

  /** Reads nothing more. */
  stop(): void {
    this.state = stopped;
    this.decoder = null;
    this.pieces = null;
  }

  /** The server sends no more. True where that ends the answer as it should. */
  closed(): boolean {
    if (this.state !== untilClose) return false;
    this.finish([], false);
    return true;
  }

  read(bytes: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end) {
      switch (this.state) {
        case waiting:
          // Nobody asked: whoever trusted these bytes would give them to the wrong client.
          this.malformed('bytes that nothing asked for');
          return;
        case inHead:
          at = this.readHead(bytes, at, end);
          break;
        case inLength: {
          const next = Math.min(end, at + this.remaining);
          this.remaining -= next - at;
          this.listener.content(at === 0 && next === bytes.length ? bytes : bytes.subarray(at, next));
          at = next;
          if (this.remaining === 0 && this.state === inLength) this.finish([], at === end);
          if (this.isWaiting) return;
          break;
        }
        case inChunks:
          at = this.readChunks(bytes, at, end);
          if (this.isWaiting) return;
          break;
        case untilClose:
          this.listener.content(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
          return;
        default:
          return;
      }
    }
  }

  private readHead(bytes: Buffer, at: number, end: number): number {
    this.hasBegun = true;
    if (this.pieces === null) {
      let text = bytes.toString('latin1', at, Math.min(end, at + firstLookBytes));
      let headEnd = text.indexOf('\r\n\r\n');
      if (headEnd < 0 && end - at > firstLookBytes) {
        text = bytes.toString('latin1', at, end);
        headEnd = text.indexOf('\r\n\r\n', firstLookBytes - 3);
      }
      if (headEnd >= 0) return this.takeHead(text, headEnd + 2, bytes, at + headEnd + 4, end);
      this.pieces = [];
      this.piecesLength = 0;
      this.tail = '';
      this.keepPiece(text);
    } else {
      const piece = bytes.toString('latin1', at, end);
      const found = (this.tail + piece).indexOf('\r\n\r\n');
      if (found >= 0) {
        const before = this.piecesLength;
        const headEnd = before - this.tail.length + found;
        const text = this.pieces.join('') + piece;
        this.pieces = null;
        return this.takeHead(text, headEnd + 2, bytes, at + headEnd + 4 - before, end);
      }
      this.keepPiece(piece);
    }
    if (this.isForeign()) this.malformed(foreignAnswer);
    else if (this.piecesLength > mostHeadBytes) this.malformed(`a head of more than ${mostHeadBytes / 1024} KiB`);
    return end;
  }

  /** What is no answer from its first byte on may never come to an end. */
  private isForeign(): boolean {
    const begin = this.pieces?.[0] ?? '';
    const text = begin.length < answerBegin.length ? (this.pieces ?? []).join('') : begin;
    return !text.startsWith(answerBegin.slice(0, text.length));
  }

  private keepPiece(piece: string): void {
    this.pieces?.push(piece);
    this.piecesLength += piece.length;
    this.tail = (this.tail + piece).slice(-3);
  }

  private takeHead(text: string, headEnd: number, bytes: Buffer, next: number, end: number): number {
    const head = parseAnswerHead(text, headEnd);
    if (typeof head === 'string') {
      this.malformed(head);
      return end;
    }
    const { status } = head;
    if (status < 200) {
      if (status === 101) {
        this.switch(head, bytes.subarray(next, end));
        return end;
      }
      this.informational += 1;
      if (this.informational > mostInformational) this.malformed('interim answers without end');
      else if (status !== 100) this.listener.informational(head);
      return next;
    }
    this.keepsOpen = head.keepsOpen;
    this.listener.head(head);
    if (this.state !== inHead) return end;
    if (this.isHead || status === 204 || status === 304 || head.contentLength === 0) {
      // Some servers send content where there can be none, and mean no harm.
      this.finish([], next === end, false);
      return end;
    }
    if (head.isChunked) {
      this.state = inChunks;
      this.decoder = new ChunkedDecoder();
    } else if (head.contentLength > 0) {
      this.state = inLength;
      this.remaining = head.contentLength;
    } else {
      this.state = untilClose;
    }
    return next;
  }

  private switch(head: AnswerHead, early: Buffer): void {
    if (!this.mayUpgrade) {
      this.malformed('an upgrade that nothing asked for');
      return;
    }
    this.stop();
    this.listener.switched(head, early);
  }

  private readChunks(bytes: Buffer, at: number, end: number): number {
    const { decoder } = this;
    if (decoder === null) return end;
    const next = decoder.decode(bytes, at, end, this.listener);
    if (this.state !== inChunks) return end;
    if (decoder.fault !== null) {
      this.malformed(decoder.fault);
      return end;
    }
    if (!decoder.isDone) return next;
    const trailers: string[] = [];
    const { trailerLines } = decoder;
    const fault = trailerLines === '' ? null : parseFields(trailerLines, 0, trailerLines.length, trailers);
    if (fault === null) this.finish(trailers, next === end);
    else this.malformed(fault.detail);
    return next;
  }

  private finish(trailers: string[], isWhole: boolean, hasMore = !isWhole): void {
    const isBounded = this.state !== untilClose;
    const isClean = isWhole && this.keepsOpen && isBounded;
    this.state = waiting;
    this.decoder = null;
    this.listener.answered(trailers, isClean, isBounded && hasMore);
  }

  private malformed(detail: string): void {
    this.stop();
    this.listener.malformed(detail);
  }
}
