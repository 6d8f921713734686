/** Where to listen: `host` is null for every address of the machine. */
export interface ListenAddress {
  readonly host: string | null;
  readonly port: number;
}

/** Reads `HOST:PORT`, `:PORT` and `[IPv6]:PORT` (a trailing `/tcp` as in Traefik); null where it is none of them. */
export function parseListenAddress(text: string): ListenAddress | null {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.]+)?)\]|([^:[\]/\s]*)):(\d{1,5})(?:\/tcp)?$/.exec(text.trim());
  if (match === null) return null;
  const port = Number(match[3]);
  if (port > 65_535) return null;
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' || host === '*' ? null : host, port };
}

export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
