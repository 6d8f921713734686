import type { ProxyRequest } from '../http/exchange.ts';
import type { StickyCookieConfig } from '../model/dynamic.ts';
import type { Strategy } from '../model/snapshot.ts';
import { createStickyCookie } from './sticky-cookie.ts';

/** One of those among whom requests are shared out: a server, or a whole service. */
export interface Member {
  readonly key: string;
  /** Members of weight 0 take nothing. */
  readonly weight: number;
  /** Takes only clients that hold its cookie. */
  readonly isFenced: boolean;
  readonly isUp: () => boolean;
}

/** How many answers count for the average time to an answer. */
const samples = 100;

/** Where a member stands. Handed on when its service is built anew. */
export class Place {
  readonly weight: number;
  /** The virtual time at which it is its turn again. A turn takes 1 divided by its weight. */
  deadline: number;
  inFlight = 0;
  private answerMs: number[] = [];
  private oldest = 0;
  private sumMs = 0;

  constructor(weight: number, deadline: number) {
    this.weight = weight;
    this.deadline = deadline;
  }

  answeredAfter(durationMs: number): void {
    this.sumMs += durationMs - (this.answerMs[this.oldest] ?? 0);
    this.answerMs[this.oldest] = durationMs;
    this.oldest = (this.oldest + 1) % samples;
  }

  /** The lower, the sooner it is likely to answer. 0 while nothing is known. */
  get slowness(): number {
    const { length } = this.answerMs;
    return length === 0 ? 0 : ((this.sumMs / length) * (1 + this.inFlight)) / this.weight;
  }
}

export interface Seat<M extends Member> {
  readonly member: M;
  readonly place: Place;
}

export interface Picked<M extends Member> extends Seat<M> {
  /** A `Set-Cookie` value for the answer, or null. */
  readonly setCookie: string | null;
}

export interface Chooser<M extends Member> {
  /** Null where no member takes requests. */
  pick(request: ProxyRequest): Picked<M> | null;
  readonly places: ReadonlyMap<string, Place>;
}

interface ChooserOptions<M extends Member> {
  /** Qualified name of the service, from which its cookie is named. */
  readonly name: string;
  readonly strategy: Strategy;
  readonly sticky: StickyCookieConfig | null;
  readonly members: readonly M[];
  readonly previous?: ReadonlyMap<string, Place> | undefined;
  /** A number from 0 to below its argument. */
  readonly random?: (below: number) => number;
}

/** Shares requests out among members by a strategy; a client with a cookie stays at its member while that is up. */
export function createChooser<M extends Member>(options: ChooserOptions<M>): Chooser<M> {
  const { name, strategy, previous, random = (below) => Math.floor(Math.random() * below) } = options;
  const seats = new Map<string, Seat<M>>();
  const places = new Map<string, Place>();
  let now = earliestTurn(previous);
  for (const member of options.members) {
    if (member.weight <= 0) continue;
    const before = previous?.get(member.key);
    const place = before?.weight === member.weight ? before : new Place(member.weight, now + 1 / member.weight);
    places.set(member.key, place);
    seats.set(member.key, { member, place });
  }
  const all = [...seats.values()];
  const sticky = options.sticky && createStickyCookie(name, options.sticky, [...seats.keys()]);
  const isFree = ({ member }: Seat<M>): boolean => !member.isFenced && member.isUp();

  /** The member whose deadline is the earliest, which spreads each one's turns evenly. */
  const inTurn = (among: readonly Seat<M>[]): Seat<M> | null => {
    let first: Seat<M> | null = null;
    let isOneDown = false;
    for (const seat of among) {
      if (!isFree(seat)) isOneDown = true;
      else if (first === null || seat.place.deadline < first.place.deadline) first = seat;
    }
    if (first === null) return null;
    now = Math.max(now, first.place.deadline);
    for (const { member, place } of isOneDown ? all : []) {
      // One that comes back takes its turn among the others; it does not make up for what it missed.
      if (place.deadline <= now && !member.isUp()) place.deadline = now + 1 / place.weight;
    }
    first.place.deadline += 1 / first.place.weight;
    return first;
  };

  const next = (request: ProxyRequest): Seat<M> | null => {
    switch (strategy) {
      case 'wrr':
        return inTurn(all);
      case 'p2c':
        return lessBusyOfTwo(all.filter(isFree), random);
      case 'hrw':
        return highestRandomWeight(all.filter(isFree), request.clientIp);
      case 'leasttime': {
        const free = all.filter(isFree);
        const least = Math.min(...free.map(({ place }) => place.slowness));
        return inTurn(free.filter(({ place }) => place.slowness === least));
      }
    }
  };

  return {
    places,
    pick(request) {
      const kept = sticky?.read(request);
      const seat = kept && seats.get(kept.url);
      if (kept && seat?.member.isUp()) {
        return { ...seat, setCookie: kept.outdated && sticky ? sticky.write(kept.url) : null };
      }
      const chosen = next(request);
      if (chosen === null) return null;
      return { ...chosen, setCookie: sticky ? sticky.write(chosen.member.key) : null };
    },
  };
}

/** Two at random; the one with fewer requests under way. */
function lessBusyOfTwo<M extends Member>(free: readonly Seat<M>[], random: (below: number) => number): Seat<M> | null {
  if (free.length < 2) return free[0] ?? null;
  const first = random(free.length);
  const draw = random(free.length - 1);
  const second = draw >= first ? draw + 1 : draw;
  const [a, b] = [free[first], free[second]];
  return (b && a && b.place.inFlight < a.place.inFlight ? b : a) ?? null;
}

/** Each client has its own order of members, so that a member which goes or comes moves only its own clients. */
function highestRandomWeight<M extends Member>(free: readonly Seat<M>[], clientIp: string): Seat<M> | null {
  let best: Seat<M> | null = null;
  let highest = 0;
  for (const seat of free) {
    const score = (1 / -Math.log(Number(fnv1a(clientIp + spreadKey(seat.member))) / 2 ** 64)) * seat.member.weight;
    if (best === null || score > highest) {
      best = seat;
      highest = score;
    }
  }
  return best;
}

/** The last bytes of what is hashed hardly move the result, and URLs of servers differ in just those. */
function spreadKey(member: Member): string {
  let key = spreadKeys.get(member);
  if (key === undefined) {
    key = fnv1a(member.key).toString(16);
    spreadKeys.set(member, key);
  }
  return key;
}

const spreadKeys = new WeakMap<Member, string>();

/** FNV-1a, 64 bits. */
function fnv1a(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

function earliestTurn(places: ReadonlyMap<string, Place> | undefined): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const place of places?.values() ?? []) earliest = Math.min(earliest, place.deadline - 1 / place.weight);
  return Number.isFinite(earliest) ? earliest : 0;
}
