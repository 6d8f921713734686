import { plainAddress } from '../http/client-address.ts';
import type { TcpMiddlewareConfig } from '../model/stream.ts';
import { parseIpRanges } from '../rule/ip-ranges.ts';

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

/** Throws a readable Error where its options cannot be used. */
export function createAdmission(config: TcpMiddlewareConfig): Admission {
  const [type, second] = tcpMiddlewareTypesOf(config);
  if (type === undefined || second !== undefined) throw new Error('A middleware has exactly one type.');
  if (type === 'inFlightConn') return limitConnections(config.inFlightConn?.amount ?? 0);
  const { sourceRange = [] } = config[type] ?? {};
  if (sourceRange.length === 0) throw new Error('sourceRange is empty: nobody would be let in.');
  const ranges = parseIpRanges(sourceRange);
  return { admit: (clientIp) => (ranges.contains(plainAddress(clientIp)) ? nothing : null) };
}

function limitConnections(amount: number): Admission {
  if (amount <= 0) throw new Error('amount is missing or 0: nobody would be let in.');
  const open = new Map<string, number>();
  return {
    admit(clientIp) {
      const count = open.get(clientIp) ?? 0;
      if (count >= amount) return null;
      open.set(clientIp, count + 1);
      return () => {
        const left = (open.get(clientIp) ?? 1) - 1;
        if (left === 0) open.delete(clientIp);
        else open.set(clientIp, left);
      };
    },
  };
}
