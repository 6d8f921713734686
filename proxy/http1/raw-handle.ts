import type { Socket } from 'node:net';

/**
 * Reads and writes on a socket's handle, past Node's stream layer, which takes a third of the time that Node itself
 * spends on a small request. Nothing of this is documented: it is the only file that knows of it, and where Node has
 * changed (or Electron's Node differs) everything goes by the streams.
 */

/** What Node's streams are built on (`lib/internal/stream_base_commons.js`). */
interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest;
  /** Results of the last call, by the two indices. */
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
}

interface WriteRequest {
  handle?: StreamHandle | null;
  oncomplete?: () => void;
}

interface StreamHandle {
  onread: (this: StreamHandle, buffer?: ArrayBuffer) => Uint8Array | undefined;
  reading: boolean;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
  /** 0 or a negative error. */
  writeLatin1String(request: WriteRequest, text: string): number;
}

/** Takes what a socket receives. */
export interface RawReader {
  /** Where the next bytes are read into. */
  buffer(): Buffer;
  /** So many bytes stand at the begin of the buffer, which is read into again afterwards. */
  read(bytes: Buffer, length: number): void;
}

/** A socket that is read past its stream. Its events other than `data` come as always. */
export interface RawReading {
  pause(): void;
  resume(): void;
  /** Gives bytes to the stream, which holds them, and says when more may come. */
  push(bytes: Buffer): void;
  /** What comes from now on is the stream's again. */
  giveBack(): void;
}

const binding = findBinding();
/** Handles that have not taken all of what was written past their stream. */
const behind = new Set<StreamHandle>();
let spareRequest: WriteRequest | null = null;

/** Shapes that differ are no binding of ours. */
function findBinding(): StreamBinding | null {
  try {
    const { binding: find } = process as unknown as { readonly binding?: (name: string) => Partial<StreamBinding> };
    const found = find?.call(process, 'stream_wrap');
    const { WriteWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = found ?? {};
    if (typeof WriteWrap !== 'function' || !(streamBaseState instanceof Int32Array)) return null;
    if (kReadBytesOrError === undefined || streamBaseState[kReadBytesOrError] === undefined) return null;
    if (kLastWriteWasAsync === undefined || streamBaseState[kLastWriteWasAsync] === undefined) return null;
    return { WriteWrap, streamBaseState, kReadBytesOrError, kLastWriteWasAsync };
  } catch {
    return null;
  }
}

function handleOf(socket: Socket): StreamHandle | null {
  // oxlint-disable-next-line no-underscore-dangle -- Node's name for it
  return (socket as unknown as { readonly _handle?: StreamHandle | null })._handle ?? null;
}

/** TLS takes one write at a time and says when it is done; only its stream knows when that is. */
export function canWriteRaw(socket: Socket): boolean {
  const handle = handleOf(socket);
  const kind = handle?.constructor.name;
  return binding !== null && (kind === 'TCP' || kind === 'Pipe') && typeof handle?.writeLatin1String === 'function';
}

/**
 * Writes text in latin1. False: nothing was written, as something of the socket's own is waiting or broken, and the
 * stream is to do it. Only where {@link canWriteRaw} said so.
 */
export function writeRaw(socket: Socket, text: string): boolean {
  const handle = handleOf(socket);
  if (binding === null || handle === null || socket.writableLength > 0 || socket.writableCorked > 0) return false;
  if (socket.connecting || (behind.size > 0 && behind.has(handle))) return false;
  const request = spareRequest ?? new binding.WriteWrap();
  spareRequest = null;
  request.handle = handle;
  // What fails here fails again in the stream, which knows what to do.
  if (handle.writeLatin1String(request, text) !== 0) return false;
  if (binding.streamBaseState[binding.kLastWriteWasAsync] === 0) {
    request.handle = null;
    spareRequest = request;
    return true;
  }
  behind.add(handle);
  request.oncomplete = () => behind.delete(handle);
  return true;
}

/** Null: it has to be read by its events. To be called before anybody else reads from the socket. */
export function readRaw(socket: Socket, reader: RawReader): RawReading | null {
  const handle = handleOf(socket);
  if (binding === null || handle === null || socket.readableLength > 0 || socket.destroyed) return null;
  if (typeof handle.useUserBuffer !== 'function' || typeof handle.onread !== 'function') return null;
  return new HandleReading(socket, handle, reader, binding);
}

class HandleReading implements RawReading {
  private readonly socket: Socket;
  private readonly handle: StreamHandle;
  private readonly binding: StreamBinding;
  private reader: RawReader | null;
  private current: Buffer;

  constructor(socket: Socket, handle: StreamHandle, reader: RawReader, found: StreamBinding) {
    this.socket = socket;
    this.handle = handle;
    this.binding = found;
    this.reader = reader;
    this.current = reader.buffer();
    const { onread } = handle;
    handle.useUserBuffer(this.current);
    handle.onread = (buffer) => {
      const length = this.binding.streamBaseState[this.binding.kReadBytesOrError] as number;
      // The end, and errors.
      if (length <= 0) return onread.call(handle, buffer);
      return socket.destroyed ? undefined : this.received(length);
    };
    // A stream that is not read tells nobody of its end.
    socket.resume();
  }

  private received(length: number): Uint8Array | undefined {
    const { reader, current } = this;
    if (reader === null) {
      this.push(Buffer.from(current.subarray(0, length)));
      return undefined;
    }
    reader.read(current, length);
    const next = reader.buffer();
    if (next === current) return undefined;
    this.current = next;
    return next;
  }

  pause(): void {
    this.handle.reading = false;
    if (!this.socket.destroyed) this.handle.readStop();
  }

  resume(): void {
    this.handle.reading = true;
    if (!this.socket.destroyed) this.handle.readStart();
  }

  giveBack(): void {
    if (this.socket.destroyed) return;
    this.reader = null;
    if (!this.handle.reading) this.resume();
  }

  push(bytes: Buffer): void {
    if (!this.socket.push(bytes)) this.pause();
  }
}
