import type { Socket } from 'node:net';
import type { ClientLimits, LimitName } from '../model/limits.ts';
import type { SharedCounters } from '../shared/shared-counters.ts';
import { networkOf, plainAddress } from './client-address.ts';
import { remoteKey } from './connection.ts';

/** Who knows what a connection is busy with. */
export interface ConnectionOwner {
  /** It waits for its client, who may come again: nothing is lost when it is closed. */
  readonly isWaiting: boolean;
}

interface Held {
  readonly socket: Socket;
  readonly clientIp: string;
  owner: ConnectionOwner | null;
  /** It has carried a request. */
  isProven: boolean;
  readonly sinceMs: number;
}

interface GateOptions {
  readonly limits: Pick<ClientLimits, 'connections' | 'connectionsPerAddress' | 'http2StreamsPerAddress'>;
  readonly workers: number;
  readonly shared: SharedCounters;
  readonly note: (limit: LimitName, clientIp: string) => void;
}

/** Connections that are looked at to find one that is idle; the next search goes on after them. */
const mostLooks = 64;
/** A client that connects to ask has asked by then, with a handshake before it. */
const slowToAskMs = 3000;

/**
 * Lets in as many connections as there is room for. Where there is none, one makes room that was opened some time ago
 * and never used, then one that is idle, then the oldest that was not used yet: those who hold connections pay, those
 * who use them do not.
 */
export class ConnectionGate {
  private readonly most: number;
  private readonly options: GateOptions;
  private readonly hash: ReturnType<SharedCounters['hashOf']>;
  /** By entry point and {@link remoteKey}; those without a request stand in the order of their coming. */
  private readonly unproven = new Map<string, Held>();
  private readonly proven = new Map<string, Held>();
  /** Open streams by client's network. */
  private readonly streams = new Map<string, number>();

  constructor(options: GateOptions) {
    const { limits, workers } = options;
    this.options = options;
    this.most = limits.connections === 0 ? Number.POSITIVE_INFINITY : Math.ceil(limits.connections / workers);
    this.hash = options.shared.hashOf('connections');
  }

  get size(): number {
    return this.unproven.size + this.proven.size;
  }

  /** False: there is no room, and the connection is closed. `isTrusted`: whether many clients may be behind an address. */
  admit(socket: Socket, entryPoint: string, isTrusted: (address: string) => boolean): boolean {
    const { limits, shared, note } = this.options;
    const clientIp = plainAddress(socket.remoteAddress ?? '');
    const isBounded = limits.connectionsPerAddress > 0 && !isTrusted(clientIp);
    const { high, low } = isBounded ? this.hash.of(networkOf(clientIp)) : { high: 0, low: 0 };
    if (isBounded && !shared.connections.enter(high, low, limits.connectionsPerAddress)) {
      note('connections-per-address', clientIp);
      socket.resetAndDestroy();
      return false;
    }
    if (this.size >= this.most && !this.makeRoom()) {
      if (isBounded) shared.connections.leave(high, low);
      note('connections', clientIp);
      socket.resetAndDestroy();
      return false;
    }
    const key = keyOf(socket, entryPoint);
    const held: Held = { socket, clientIp, owner: null, isProven: false, sinceMs: performance.now() };
    this.unproven.set(key, held);
    socket.once('close', () => {
      if (isBounded) shared.connections.leave(high, low);
      const map = held.isProven ? this.proven : this.unproven;
      if (map.get(key) === held) map.delete(key);
    });
    return true;
  }

  /** The connection is in the hands of this; `socket` may be the TLS connection on it. */
  owns(socket: Socket, entryPoint: string, owner: ConnectionOwner): void {
    const key = keyOf(socket, entryPoint);
    const held = this.unproven.get(key) ?? this.proven.get(key);
    if (held) held.owner = owner;
  }

  /** The connection carries a request, or is passed on whole. */
  proves(socket: Socket, entryPoint: string): void {
    const key = keyOf(socket, entryPoint);
    const held = this.unproven.get(key);
    if (!held) return;
    this.unproven.delete(key);
    held.isProven = true;
    this.proven.set(key, held);
  }

  /** Closes those of an entry point that have had time to ask and did not: a stop need not wait for them. */
  closeUnused(entryPoint: string): void {
    const nowMs = performance.now();
    for (const [key, { socket, sinceMs }] of this.unproven) {
      if (nowMs - sinceMs <= slowToAskMs) break;
      if (key.startsWith(`${entryPoint} `)) socket.destroy();
    }
  }

  /** A stream of HTTP/2 opens, one of many that its client may have; false: it has too many. */
  enterStream(network: string): boolean {
    const open = this.streams.get(network) ?? 0;
    if (open >= this.options.limits.http2StreamsPerAddress) return false;
    this.streams.set(network, open + 1);
    return true;
  }

  /** Once for each {@link enterStream} that was true. */
  leaveStream(network: string): void {
    const open = this.streams.get(network) ?? 0;
    if (open <= 1) this.streams.delete(network);
    else this.streams.set(network, open - 1);
  }

  private makeRoom(): boolean {
    const [oldest] = this.unproven.values();
    if (oldest && performance.now() - oldest.sinceMs > slowToAskMs) return this.evictOldest();
    let looks = Math.min(mostLooks, this.proven.size);
    for (const [key, held] of this.proven) {
      if (looks === 0) break;
      looks -= 1;
      this.proven.delete(key);
      if (held.owner?.isWaiting) {
        this.evict(held);
        return true;
      }
      this.proven.set(key, held);
    }
    return this.evictOldest();
  }

  private evictOldest(): boolean {
    for (const [key, held] of this.unproven) {
      this.unproven.delete(key);
      this.evict(held);
      return true;
    }
    return false;
  }

  private evict({ socket, clientIp }: Held): void {
    this.options.note('connections', clientIp);
    socket.resetAndDestroy();
  }
}

function keyOf(socket: Socket, entryPoint: string): string {
  return `${entryPoint} ${remoteKey(socket)}`;
}
