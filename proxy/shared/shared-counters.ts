import { createHmac, randomBytes } from 'node:crypto';
import type { SharedMemory, SharedRegions } from '../model/shared-memory.ts';
import { KeyedHash } from './keyed-hash.ts';
import { NonceSlots, nonceSlotsBytes } from './nonce-slots.ts';
import { RateTable, rateTableBytes } from './rate-table.ts';
import { clearUnderWay, UnderWay, underWayBytes } from './under-way.ts';

export function allocateSharedMemory(workers: number): SharedMemory {
  return {
    rates: new SharedArrayBuffer(rateTableBytes),
    underWay: new SharedArrayBuffer(underWayBytes(workers)),
    connections: new SharedArrayBuffer(underWayBytes(workers)),
    nonces: new SharedArrayBuffer(nonceSlotsBytes),
    secret: randomBytes(32),
    startedAtMs: monotonicMs(),
  };
}

/** Forgets what a worker that has ended had under way. */
export function forgetWorker({ underWay, connections }: SharedMemory, worker: number): void {
  clearUnderWay(underWay, worker);
  clearUnderWay(connections, worker);
}

/**
 * One worker's way to what all of them count in. Keys are made of an identity (kind, name and configuration of what
 * counts), so that counts outlive snapshots and workers for as long as a configuration reads the same.
 */
export class SharedCounters {
  readonly #memory: SharedMemory | null;
  readonly #secret: Uint8Array;
  readonly #worker: number;
  readonly #clockOffsetMs: number;
  #regions: SharedRegions = new Map();
  readonly #ownRegions = new Map<string, SharedArrayBuffer>();
  #rates: RateTable | null = null;
  #underWay: UnderWay | null = null;
  #connections: UnderWay | null = null;
  #nonces: NonceSlots | null = null;

  /** Without memory it counts for itself, in memory that it takes when something is counted. */
  constructor(memory: SharedMemory | null = null, worker = 0) {
    this.#memory = memory;
    this.#secret = memory?.secret ?? randomBytes(32);
    this.#worker = memory === null ? 0 : worker;
    this.#clockOffsetMs = monotonicMs() - performance.now() - (memory?.startedAtMs ?? 0);
  }

  /** Milliseconds, monotonic; the same in all workers. */
  readonly now = (): number => performance.now() + this.#clockOffsetMs;

  get rates(): RateTable {
    this.#rates ??= new RateTable(this.#memory?.rates ?? new SharedArrayBuffer(rateTableBytes));
    return this.#rates;
  }

  get underWay(): UnderWay {
    this.#underWay ??= new UnderWay(this.#memory?.underWay ?? new SharedArrayBuffer(underWayBytes(1)), this.#worker);
    return this.#underWay;
  }

  get connections(): UnderWay {
    this.#connections ??= new UnderWay(
      this.#memory?.connections ?? new SharedArrayBuffer(underWayBytes(1)),
      this.#worker,
    );
    return this.#connections;
  }

  get nonces(): NonceSlots {
    this.#nonces ??= new NonceSlots(this.#memory?.nonces ?? new SharedArrayBuffer(nonceSlotsBytes));
    return this.#nonces;
  }

  /** 32 bytes, the same in all workers. */
  secretOf(identity: string): Buffer {
    return createHmac('sha256', this.#secret).update(identity).digest();
  }

  /** Hashes of texts for an identity. */
  hashOf(identity: string): KeyedHash {
    return new KeyedHash(this.secretOf(identity));
  }

  /** Zeroed at first. The engine gives it with the snapshot; where it does not, the worker counts for itself. */
  region(identity: string, bytes: number): SharedArrayBuffer {
    const given = this.#regions.get(identity) ?? this.#ownRegions.get(identity);
    if (given !== undefined && given.byteLength >= bytes) return given;
    const own = new SharedArrayBuffer(bytes);
    this.#ownRegions.set(identity, own);
    return own;
  }

  /** Before a snapshot is built: the memory of what counts in it. */
  useRegions(regions: SharedRegions): void {
    this.#regions = regions;
  }
}

/** Performance counters of threads begin with each thread; the system's clock is one for all. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
