import { RequestBody } from '../http/request-body.ts';
import type { StreamReader } from './contract.ts';
import type { StreamInput } from './stream-input.ts';

/** The body of a request on a stream. */
export class StreamBody extends RequestBody implements StreamReader {
  private readonly input: StreamInput;
  private readonly onFirstRead: (() => void) | null;

  /** `onFirstRead`: the client waits for a word to send it. */
  constructor(input: StreamInput, onFirstRead: (() => void) | null) {
    super();
    this.input = input;
    this.onFirstRead = onFirstRead;
    input.readBy(this);
  }

  override arrived(slice: Buffer): void {
    super.arrived(slice);
  }

  ended(): void {
    this.finish();
  }

  broken(error: Error): void {
    this.fail(error);
  }

  protected begin(): void {
    this.onFirstRead?.();
  }

  protected wanted(): void {
    this.input.want();
  }

  protected held(): void {
    this.input.hold();
  }

  protected discard(): void {
    this.input.drop();
  }
}
