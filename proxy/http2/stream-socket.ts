import { Duplex } from 'node:stream';
import type { StreamReader } from './contract.ts';
import { errorCodes } from './frames.ts';
import type { Http2Stream } from './stream.ts';
import type { StreamInput } from './stream-input.ts';

const none: readonly string[] = [];

/** A stream as a connection that bytes go over both ways (RFC 8441 §5). */
export class StreamSocket extends Duplex implements StreamReader {
  private readonly stream: Http2Stream;
  private readonly input: StreamInput;
  private written: (() => void) | null = null;

  /** `input`: the stream's own. */
  constructor(stream: Http2Stream, input: StreamInput) {
    super({ allowHalfOpen: true });
    this.stream = stream;
    this.input = input;
    stream.isSocket = true;
    input.readBy(this);
  }

  arrived(slice: Buffer): void {
    if (!this.push(slice)) this.input.hold();
  }

  ended(): void {
    this.push(null);
  }

  broken(error: Error): void {
    this.destroy(error);
  }

  /** What was written last is on its way. */
  drained(): void {
    const { written } = this;
    this.written = null;
    written?.();
  }

  override _read(): void {
    this.input.want();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.stream.isClosed) done(new Error('the stream is closed'));
    else if (this.stream.write(chunk)) done();
    else this.written = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.stream.finish(none);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.input.drop();
    this.stream.reset(errorCodes.cancel);
    done(error);
  }
}
