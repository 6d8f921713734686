/**
 * Header fields that end at this proxy and are not passed on, in either direction (RFC 9110 §7.6.1, and those that
 * older software uses in the same way). Names are lower case.
 */
const hopByHopNames = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
];

/** By their length, which tells most other names apart from them at once. */
const hopByHopByLength: (readonly string[])[] = [];
for (const name of hopByHopNames) hopByHopByLength[name.length] = [...(hopByHopByLength[name.length] ?? []), name];

/** True where a field of this name, in any case, concerns one connection only. */
export function isHopByHop(name: string): boolean {
  const candidates = hopByHopByLength[name.length];
  if (candidates === undefined) return false;
  const first = name.charCodeAt(0) | 0x20;
  for (const candidate of candidates) {
    if (candidate.charCodeAt(0) === first && candidate === name.toLowerCase()) return true;
  }
  return false;
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

const keepAlive = ['keep-alive'];
const close = ['close'];

/** The lower-case names that a `Connection` field nominates. */
export function connectionOptions(value: string): readonly string[] {
  if (value === 'keep-alive') return keepAlive;
  if (value === 'close') return close;
  return value
    .toLowerCase()
    .split(',')
    .map((option) => option.trim())
    .filter((option) => option !== '');
}
