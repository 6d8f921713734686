import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib';
import type { ResponseHead, ResponseSink } from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { Coding } from './accept-encoding.ts';
import { PassingSink } from './passing-sink.ts';

export interface CompressionPlan {
  readonly coding: Coding;
  /** Shorter answers are sent as they are. */
  readonly minBytes: number;
  readonly accepts: (headers: HeaderList) => boolean;
}

/** What has been written is sent on after so long, though the compressor would rather wait for more. */
const flushAfterMs = 100;

type Compressor = ReturnType<typeof createCompressor>;

/**
 * Compresses an answer on its way to the client. Until it is known whether the answer is long enough, its head and
 * first bytes wait here; after that, what the client does not take makes the server wait.
 */
export class CompressingSink extends PassingSink {
  readonly #plan: CompressionPlan;
  readonly #signal: AbortSignal;
  #state: 'start' | 'deciding' | 'passing' | 'compressing' | 'over' = 'start';
  #head: ResponseHead | null = null;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #compressor: Compressor | null = null;
  #flushesEachWrite = false;
  #flushTimer: NodeJS.Timeout | null = null;
  readonly #drainListeners = new Set<() => void>();

  constructor(inner: ResponseSink, plan: CompressionPlan, signal: AbortSignal) {
    super(inner);
    this.#plan = plan;
    this.#signal = signal;
  }

  override head(head: ResponseHead): void {
    const { headers, status } = head;
    if (!mayCompress(status, headers) || !this.#plan.accepts(headers)) return this.#pass(head);
    addVary(headers);
    this.#head = head;
    const lengthText = headers.get('content-length');
    if (lengthText !== undefined && Number(lengthText) < this.#plan.minBytes) return this.#pass(head);
    this.#state = 'deciding';
    this.#flushesEachWrite = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '');
    // An event stream's head must not wait for the first event.
    if (lengthText !== undefined || this.#flushesEachWrite) this.#compress();
  }

  override get isFlushed(): boolean {
    return this.#state === 'passing' && super.isFlushed;
  }

  override write(chunk: Uint8Array): boolean {
    switch (this.#state) {
      case 'passing':
        return this.inner.write(chunk);
      case 'compressing':
        return this.#feed(chunk);
      case 'deciding':
        this.#held.push(chunk);
        this.#heldBytes += chunk.byteLength;
        if (this.#heldBytes >= this.#plan.minBytes) return this.#compress();
        this.#flushSoon();
        return true;
      case 'start':
      case 'over':
        return true;
      default:
        return this.#state satisfies never;
    }
  }

  override onDrain(listener: () => void): void {
    this.#drainListeners.add(listener);
    if (this.#state === 'passing') this.inner.onDrain(listener);
  }

  override end(trailers?: HeaderList): void {
    this.#stopTimer();
    if (this.#state === 'over') return;
    if (this.#state === 'compressing') {
      this.#state = 'over';
      // A digest of the plain bytes is none of these.
      trailers?.deleteWhere((name) => describesPlainBytes.has(name));
      this.#compressor?.once('end', () => this.inner.end(trailers));
      this.#compressor?.end();
      return;
    }
    if (this.#state === 'deciding' && this.#head) {
      this.#pass(this.#head);
      for (const chunk of this.#held) this.inner.write(chunk);
      this.#held = [];
    }
    this.#state = 'over';
    this.inner.end(trailers);
  }

  override abort(error: Error): void {
    this.#release();
    this.inner.abort(error);
  }

  #pass(head: ResponseHead): void {
    this.#state = 'passing';
    this.inner.head(head);
    for (const listener of this.#drainListeners) this.inner.onDrain(listener);
  }

  #compress(): boolean {
    const compressor = createCompressor(this.#plan.coding);
    const resume = (): void => void compressor.resume();
    compressor.on('data', (chunk: Buffer) => {
      if (this.inner.write(chunk)) return;
      compressor.pause();
      this.inner.onDrain(resume);
    });
    compressor.on('drain', () => {
      for (const listener of this.#drainListeners) listener();
    });
    compressor.on('error', (error) => this.abort(error));
    this.#signal.addEventListener('abort', () => this.#release(), { once: true });
    this.#compressor = compressor;
    this.#state = 'compressing';
    if (this.#head) {
      markCompressed(this.#head.headers, this.#plan.coding);
      this.inner.head(this.#head);
    }
    let isReady = true;
    for (const chunk of this.#held) isReady = this.#feed(chunk);
    this.#held = [];
    return isReady;
  }

  #feed(chunk: Uint8Array): boolean {
    const isReady = this.#compressor?.write(chunk) ?? true;
    if (this.#flushesEachWrite) this.#flush();
    else this.#flushSoon();
    return isReady;
  }

  #flushSoon(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = null;
      if (this.#state === 'deciding') this.#compress();
      this.#flush();
    }, flushAfterMs).unref();
  }

  #flush(): void {
    if (this.#state === 'compressing') this.#compressor?.flush(flushKinds[this.#plan.coding]);
  }

  #stopTimer(): void {
    if (this.#flushTimer) clearTimeout(this.#flushTimer);
    this.#flushTimer = null;
  }

  #release(): void {
    this.#state = 'over';
    this.#stopTimer();
    this.#held = [];
    this.#compressor?.destroy();
  }
}

const flushKinds: Readonly<Record<Coding, number>> = {
  gzip: constants.Z_SYNC_FLUSH,
  br: constants.BROTLI_OPERATION_FLUSH,
  zstd: constants.ZSTD_e_flush,
};

/** Levels for answers made on the fly: Brotli's own default would take a hundred times as long. */
function createCompressor(coding: Coding) {
  switch (coding) {
    case 'gzip':
      return createGzip({ level: 5 });
    case 'br':
      return createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
    case 'zstd':
      return createZstdCompress();
    default:
      return coding satisfies never;
  }
}

/** A part of an answer, an answer without a body, and one that is encoded or forbids it stay as they are. */
function mayCompress(status: number, headers: HeaderList): boolean {
  if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) return false;
  const encoding = headers.get('content-encoding');
  if (encoding !== undefined && encoding !== '' && encoding.toLowerCase() !== 'identity') return false;
  if (headers.has('content-range')) return false;
  return !/\bno-transform\b/i.test(headers.getAll('cache-control').join(','));
}

function addVary(headers: HeaderList): void {
  const vary = headers.getAll('vary').join(',').toLowerCase();
  if (!/(?:^|[\s,])(?:accept-encoding|\*)(?:$|[\s,])/.test(vary)) headers.append('Vary', 'Accept-Encoding');
}

function markCompressed(headers: HeaderList, coding: Coding): void {
  headers.deleteWhere((name) => describesPlainBytes.has(name));
  headers.set('Content-Encoding', coding);
  const etag = headers.get('etag');
  // Other bytes of the same thing: only a weak validator still holds (RFC 9110 §8.8.1).
  if (etag?.startsWith('"')) headers.set('ETag', `W/${etag}`);
}

const describesPlainBytes = new Set([
  'content-length',
  'content-encoding',
  'accept-ranges',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
]);
