/** Takes the content of a chunked body. A slice is a view of the bytes that were read and lives as long as they do. */
export interface ChunkedSink {
  content(slice: Buffer): void;
}

/** Bytes of size lines beyond what their chunks are worth; who exceeds them sends extensions without end. */
const mostExcessBytes = 16 * 1024;
/** Digits of a chunk's size, zeros in front included. */
const mostSizeDigits = 16;
const mostTrailerBytes = 16 * 1024;

const cr = 0x0d;
const lf = 0x0a;

const states = {
  sizeStart: 0,
  size: 1,
  extension: 2,
  sizeLf: 3,
  data: 4,
  dataCr: 5,
  dataLf: 6,
  trailerStart: 7,
  trailer: 8,
  trailerLf: 9,
  lastLf: 10,
  done: 11,
} as const;

/** Values of hexadecimal digits by their character code; 255 for what is none. */
const hexValues = new Uint8Array(256).fill(255);
for (let n = 0; n < 16; n += 1) {
  const digit = n.toString(16);
  hexValues[digit.charCodeAt(0)] = n;
  hexValues[digit.toUpperCase().charCodeAt(0)] = n;
}

/**
 * Reads a chunked body (RFC 9112 §7.1), strictly: a size is hexadecimal digits and nothing else, lines end with CRLF,
 * extensions and trailers are bounded and extensions are left out. What another reader could frame differently is a
 * fault, after which nothing more is read.
 */
export class ChunkedDecoder {
  /** What is wrong with the body, in words; null while all is well. */
  fault: string | null = null;
  /** Lines of the trailer section as they came, each with its CRLF; complete once the body is done. */
  trailerLines = '';
  private state: number = states.sizeStart;
  private size = 0;
  private digits = 0;
  private lineBytes = 0;
  private excessBytes = 0;
  private trailerBytes = 0;

  /** The last chunk and the trailers were read. */
  get isDone(): boolean {
    return this.state === states.done;
  }

  /**
   * Reads `bytes` from `start` to `end` and gives the index after the last byte that belongs to the body. It reads all
   * unless the body ends before, or has a fault.
   */
  decode(bytes: Buffer, start: number, end: number, sink: ChunkedSink): number {
    let at = start;
    while (at < end && this.fault === null) {
      switch (this.state) {
        case states.data: {
          const next = Math.min(end, at + this.size);
          this.size -= next - at;
          if (this.size === 0) this.state = states.dataCr;
          sink.content(at === 0 && next === bytes.length ? bytes : bytes.subarray(at, next));
          at = next;
          break;
        }
        case states.trailer: {
          at = this.readTrailer(bytes, at, end);
          break;
        }
        case states.done:
          return at;
        default:
          this.step(bytes[at] as number);
          at += 1;
      }
    }
    return at;
  }

  private step(byte: number): void {
    switch (this.state) {
      case states.sizeStart:
      case states.size:
        this.stepSize(byte);
        return;
      case states.extension:
        this.lineBytes += 1;
        if (byte === cr) this.state = states.sizeLf;
        else if ((byte < 0x20 && byte !== 0x09) || byte >= 0x7f)
          this.fault = 'a control character in a chunk extension';
        else if (this.lineBytes > mostExcessBytes) this.fault = 'chunk extensions without end';
        return;
      case states.sizeLf:
        if (byte === lf) this.beginChunk();
        else this.fault = 'a bare CR in a chunk size line';
        return;
      case states.dataCr:
        if (byte === cr) this.state = states.dataLf;
        else this.fault = 'a chunk is longer than its size';
        return;
      case states.dataLf:
        if (byte === lf) this.state = states.sizeStart;
        else this.fault = 'no LF after a chunk';
        return;
      case states.trailerStart:
        if (byte === cr) {
          this.state = states.lastLf;
        } else {
          this.state = states.trailer;
          this.addTrailer(String.fromCharCode(byte));
          if (byte === lf) this.fault = 'a bare LF in the trailers';
        }
        return;
      case states.trailerLf:
        if (byte === lf) {
          this.state = states.trailerStart;
          this.addTrailer('\r\n');
        } else {
          this.fault = 'a bare CR in the trailers';
        }
        return;
      case states.lastLf:
        if (byte === lf) this.state = states.done;
        else this.fault = 'no LF at the end of the trailers';
        return;
    }
  }

  private stepSize(byte: number): void {
    const digit = hexValues[byte] as number;
    if (digit !== 255) {
      this.state = states.size;
      this.digits += 1;
      this.lineBytes += 1;
      this.size = this.size * 16 + digit;
      if (this.digits > mostSizeDigits || this.size > Number.MAX_SAFE_INTEGER)
        this.fault = 'a chunk size that is too large';
    } else if (this.digits === 0) {
      this.fault = 'a chunk without a size';
    } else if (byte === cr) {
      this.state = states.sizeLf;
    } else if (byte === 0x3b) {
      this.state = states.extension;
    } else {
      this.fault = byte === lf ? 'a chunk size line that ends with a bare LF' : 'a chunk size that is not hexadecimal';
    }
  }

  /** Long extensions are weighed against the content that they come with, so that a long body may have some. */
  private beginChunk(): void {
    this.excessBytes = Math.max(0, this.excessBytes + this.lineBytes - 16 - 2 * this.size);
    if (this.excessBytes > mostExcessBytes) {
      this.fault = 'chunk extensions without end';
      return;
    }
    this.digits = 0;
    this.lineBytes = 0;
    this.state = this.size === 0 ? states.trailerStart : states.data;
  }

  private readTrailer(bytes: Buffer, at: number, end: number): number {
    let next = at;
    while (next < end) {
      const byte = bytes[next] as number;
      if (byte === cr || byte === lf) break;
      next += 1;
    }
    if (next > at) this.addTrailer(bytes.toString('latin1', at, next));
    if (next === end) return next;
    if (bytes[next] === cr) this.state = states.trailerLf;
    else this.fault = 'a bare LF in the trailers';
    return next + 1;
  }

  private addTrailer(text: string): void {
    this.trailerBytes += text.length;
    if (this.trailerBytes > mostTrailerBytes) this.fault = 'trailers that are too long';
    else this.trailerLines += text;
  }
}

/** The line that begins a chunk of so many bytes, which must be more than 0; the chunk is followed by CRLF. */
export function chunkSizeLine(bytes: number): string {
  return `${bytes.toString(16)}\r\n`;
}

/** What ends a chunked body, with its trailers (alternately names and values). */
export function lastChunk(trailers: readonly string[] = []): string {
  let text = '0\r\n';
  for (let i = 0; i < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
  return `${text}\r\n`;
}
