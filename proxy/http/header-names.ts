/**
 * Header fields that end at this proxy and are not passed on, in either direction (RFC 9110 §7.6.1, and those that
 * older software uses in the same way). Names are lower case.
 */
const hopByHopNames = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

const hopByHopLengths = new Set([...hopByHopNames].map((name) => name.length));

/** True where a field of this name, in any case, concerns one connection only. */
export function isHopByHop(name: string): boolean {
  return hopByHopLengths.has(name.length) && hopByHopNames.has(name.toLowerCase());
}

/**
 * True where a lower-case name says where a request came from, in the form that proxies use or in one that a server
 * behind may take for it: CGI and WSGI turn `-`, `_` and often `.` into the same character.
 */
export function isForwardingName(lowerName: string): boolean {
  const first = lowerName.charCodeAt(0);
  if (first !== 0x78 && first !== 0x66) return false;
  const name = isAliased(lowerName) ? lowerName.replaceAll(/[_.]/g, '-') : lowerName;
  return name.startsWith('x-forwarded') || name === 'x-real-ip' || name === 'x-scheme' || name === 'forwarded';
}

/** True where a name is written with `_` or `.`, which some servers read as `-`. */
export function isAliased(lowerName: string): boolean {
  return lowerName.includes('_') || lowerName.includes('.');
}

/** True for `transfer_encoding` and its like: a server that reads `_` as `-` would see another end of the request. */
export function isFramingAlias(lowerName: string): boolean {
  const first = lowerName.charCodeAt(0);
  if ((first !== 0x63 && first !== 0x74) || !isAliased(lowerName)) return false;
  const name = lowerName.replaceAll(/[_.]/g, '-');
  return name === 'content-length' || name === 'transfer-encoding';
}

/** The lower-case names that a `Connection` field nominates. */
export function connectionOptions(value: string): string[] {
  return value
    .toLowerCase()
    .split(',')
    .map((option) => option.trim())
    .filter((option) => option !== '');
}
