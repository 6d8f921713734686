import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ServerAddress } from './message/exchange.ts';

/** A name server as people write it. */
export interface ServerPlace {
  readonly host: string;
  readonly port: number;
}

/** `host`, `host:port`, `[IPv6]:port` or an IPv6 address alone; null for anything else. */
export function parseServer(text: string, usualPort = 53): ServerPlace | null {
  const trimmed = text.trim();
  if (isIP(trimmed) !== 0) return { host: trimmed, port: usualPort };
  const match = /^(?:\[([^\]]+)\]|([^:\s[\]]+))(?::(\d{1,5}))?$/.exec(trimmed);
  if (!match) return null;
  const host = match[1] ?? match[2] ?? '';
  const port = match[3] === undefined ? usualPort : Number(match[3]);
  if (match[1] !== undefined && isIP(host) !== 6) return null;
  return port >= 1 && port <= 65_535 ? { host, port } : null;
}

/** All addresses of a server, IPv4 first. Throws where its name has none. */
export async function addressesOf({ host, port }: ServerPlace): Promise<readonly ServerAddress[]> {
  if (isIP(host) !== 0) return [{ address: host, port }];
  const found = await lookup(host, { all: true, order: 'ipv4first' });
  return found.map(({ address }) => ({ address, port }));
}
