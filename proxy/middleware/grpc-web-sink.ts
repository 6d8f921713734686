import { Transform, type TransformCallback } from 'node:stream';
import type { ResponseHead, ResponseSink } from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import { PassingSink } from './passing-sink.ts';

/** Marks a frame that holds trailers (gRPC-Web protocol, "Message framing"). */
const trailerFrame = 0x80;

/** Turns a gRPC answer into gRPC-Web: trailers go at the end of the body, where a browser can read them. */
export class GrpcWebSink extends PassingSink {
  readonly #isText: boolean;
  readonly #change: (head: ResponseHead) => void;

  constructor(inner: ResponseSink, isText: boolean, change: (head: ResponseHead) => void) {
    super(inner);
    this.#isText = isText;
    this.#change = change;
  }

  override head(head: ResponseHead): void {
    head.headers.deleteWhere((name) => name === 'content-length' || name === 'trailer');
    this.#change(head);
    this.inner.head(head);
  }

  override write(chunk: Uint8Array): boolean {
    // Each piece is encoded by itself: readers of the text form take several, one after the other.
    return this.inner.write(this.#isText ? Buffer.from(Buffer.from(chunk).toString('base64')) : chunk);
  }

  override end(trailers?: HeaderList): void {
    const lines = [...(trailers ?? [])].map(([name, value]) => `${name.toLowerCase()}: ${value}\r\n`).join('');
    // An answer without trailers said all in its head.
    if (lines !== '') {
      const text = Buffer.from(lines, 'latin1');
      const frame = Buffer.alloc(5 + text.byteLength);
      frame.writeUInt8(trailerFrame, 0);
      frame.writeUInt32BE(text.byteLength, 1);
      text.copy(frame, 5);
      this.write(frame);
    }
    this.inner.end();
  }
}

/** Decodes base64 as it comes in; pieces may each be padded. */
export class Base64Decoder extends Transform {
  #rest = '';

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    const text = this.#rest + chunk.toString('latin1').replaceAll(/\s/g, '');
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    const groups = text.slice(0, whole).match(/[^=]+={0,2}/g) ?? [];
    const decoded = groups.map((group) => Buffer.from(group, 'base64'));
    callback(null, Buffer.concat(decoded));
  }

  override _flush(callback: TransformCallback): void {
    callback(null, Buffer.from(this.#rest, 'base64'));
  }
}
