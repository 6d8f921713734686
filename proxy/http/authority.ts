interface Authority {
  /** Lower case, without port, brackets and trailing dot. */
  readonly host: string;
  /** Digits, or empty where the authority names no port. */
  readonly port: string;
}

const namePattern = /^([a-z0-9._~-]*)(?::(\d{0,5}))?$/;
const ipv6Pattern = /^\[([0-9a-f:.]+)\](?::(\d{0,5}))?$/;
const cacheLimit = 2000;
const cache = new Map<string, Authority | null>();

/**
 * Reads a Host field or `:authority` (RFC 9110 §7.2, RFC 3986 §3.2). Null where it is not a name or address with an
 * optional port: user information, percent-encoding, spaces and everything else that readers disagree about.
 */
export function parseAuthority(text: string): Authority | null {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const parsed = parse(text);
  // Clients choose the keys, so the cache starts over instead of growing.
  if (cache.size >= cacheLimit) cache.clear();
  if (text.length <= 260) cache.set(text, parsed);
  return parsed;
}

function parse(text: string): Authority | null {
  const lower = text.toLowerCase();
  // A letter such as the Kelvin sign becomes ASCII when lowered; what was not ASCII before is refused.
  if (lower.length !== text.length || !/^[\x21-\x7e]*$/.test(text)) return null;
  const match = lower.startsWith('[') ? ipv6Pattern.exec(lower) : namePattern.exec(lower);
  if (!match) return null;
  const port = match[2] ?? '';
  if (port !== '' && Number(port) > 65_535) return null;
  const name = match[1] ?? '';
  const host = name.endsWith('.') ? name.slice(0, -1) : name;
  if (host.length > 255 || host.startsWith('.') || host.endsWith('.') || host.includes('..')) return null;
  return { host, port };
}

/**
 * As Traefik reads it: what is no name or address with an optional port is the host as it stands, in lower case. Null
 * where it holds what cannot stand in a Host field at all (RFC 3986 §3.2.2).
 */
export function parseAnyAuthority(text: string): Authority | null {
  const parsed = parseAuthority(text);
  if (parsed !== null || !/^[!$%&'()*+,\-./0-9:;=A-Z[\]_a-z~]*$/.test(text)) return parsed;
  return { host: text.toLowerCase(), port: '' };
}
