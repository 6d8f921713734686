/** A server's address. IPv6 hosts stand without brackets. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT` and `[IPv6]:PORT`; null where it is neither. */
export function parseServerAddress(text: string): ServerAddress | null {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.]+)?)\]|([^:[\]/\s@]+)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) return null;
  return { host: match[1] ?? match[2] ?? '', port };
}
