import { plainAddress } from '../http/client-address.ts';
import type { TcpMiddlewareConfig } from '../model/stream.ts';
import { parseIpRanges } from '../rule/ip-ranges.ts';
import { SharedCounters } from '../shared/shared-counters.ts';

/** A TCP middleware made ready: it lets a connection in or does not. */
export interface Admission {
  /** Null: refused. Otherwise what to call once when the connection has ended. */
  admit(clientIp: string): (() => void) | null;
}

export const tcpMiddlewareTypes = ['inFlightConn', 'ipAllowList', 'ipWhiteList'] as const;
type TcpMiddlewareType = (typeof tcpMiddlewareTypes)[number];

/** What each type does, one sentence. */
export const tcpMiddlewareSummaries: Readonly<Record<TcpMiddlewareType, string>> = {
  inFlightConn: 'Lets each address have only so many connections at once.',
  ipAllowList: 'Lets in only connections from the addresses and networks that are listed.',
  ipWhiteList: 'The old name of ipAllowList.',
};

/** The types that a middleware is given; exactly one where it is right. */
export function tcpMiddlewareTypesOf(config: TcpMiddlewareConfig): readonly TcpMiddlewareType[] {
  return tcpMiddlewareTypes.filter((type) => config[type] !== undefined);
}

const nothing = (): void => undefined;

/**
 * Throws a readable Error where its options cannot be used. `counting`: what all workers count in, and the identity of
 * this middleware there; left out: it counts by itself.
 */
export function createAdmission(
  config: TcpMiddlewareConfig,
  counting: { readonly shared: SharedCounters; readonly identity: string } | null = null,
): Admission {
  const [type, second] = tcpMiddlewareTypesOf(config);
  if (type === undefined || second !== undefined) throw new Error('A middleware has exactly one type.');
  if (type === 'inFlightConn') return limitConnections(config.inFlightConn?.amount ?? 0, counting);
  const { sourceRange = [] } = config[type] ?? {};
  if (sourceRange.length === 0) throw new Error('sourceRange is empty: nobody would be let in.');
  const ranges = parseIpRanges(sourceRange);
  return { admit: (clientIp) => (ranges.contains(plainAddress(clientIp)) ? nothing : null) };
}

function limitConnections(amount: number, counting: Parameters<typeof createAdmission>[1]): Admission {
  if (amount <= 0) throw new Error('amount is missing or 0: nobody would be let in.');
  const { shared, identity } = counting ?? { shared: new SharedCounters(), identity: '' };
  const hash = shared.hashOf(identity);
  return {
    admit(clientIp) {
      const { high, low } = hash.of(clientIp);
      return shared.underWay.enter(high, low, amount) ? () => shared.underWay.leave(high, low) : null;
    },
  };
}
