/**
 * Options that Traefik v3 knows and Gatehouse does not serve yet. `ignored`: everything else works without it;
 * `refused`: leaving it out would change what is let through, or where requests go.
 */
export type UnsupportedEffect = 'ignored' | 'refused';

/** Keys are paths in Traefik's spelling, lower case, with `*` for a name. */
const unsupportedOptions: Readonly<Record<string, UnsupportedEffect>> = {
  'http.routers.*.parentrefs': 'refused',
  'http.routers.*.rulesyntax': 'ignored',
  'http.serverstransports.*.certificates': 'refused',
  'http.serverstransports.*.ciphersuites': 'refused',
  'http.serverstransports.*.minversion': 'refused',
  'http.serverstransports.*.maxversion': 'ignored',
  'http.serverstransports.*.peercerturi': 'refused',
  'http.serverstransports.*.peercertsans': 'refused',
  'http.serverstransports.*.spiffe': 'refused',
  'http.serverstransports.*.forwardingtimeouts.readidletimeout': 'ignored',
  'http.serverstransports.*.forwardingtimeouts.pingtimeout': 'ignored',
  'tcp.serverstransports.*.tls.peercertsans': 'refused',
  'tcp.serverstransports.*.tls.spiffe': 'refused',
};

/** What leaving an option out means, or null where Traefik does not know it either. */
export function unsupportedEffect(path: readonly (string | number)[]): UnsupportedEffect | null {
  return unsupportedOptions[patternOf(path)] ?? null;
}

function patternOf(path: readonly (string | number)[]): string {
  const parts = path.map((part) => String(part).toLowerCase());
  if (parts.length > 2 && ['http', 'tcp', 'udp'].includes(parts[0] ?? '')) parts[2] = '*';
  return parts.join('.');
}
