/**
 * Options that Traefik v3 knows and Gatehouse does not serve yet. `ignored`: everything else works without it;
 * `refused`: leaving it out would change what is let through, or where requests go.
 */
export type UnsupportedEffect = 'ignored' | 'refused';

/** Keys are paths in Traefik's spelling, with `*` for a name. */
const unsupportedOptions: Readonly<Record<string, UnsupportedEffect>> = {
  'http.serversTransports.*.peerCertSANs': 'refused',
  'http.serversTransports.*.spiffe': 'refused',
  'tcp.serversTransports.*.tls.peerCertSANs': 'refused',
  'tcp.serversTransports.*.tls.spiffe': 'refused',
  'tls.stores.*.defaultGeneratedCert': 'ignored',
};

const effects: ReadonlyMap<string, UnsupportedEffect> = new Map(
  Object.entries(unsupportedOptions).map(([path, effect]) => [path.toLowerCase(), effect]),
);

/** All of them, for documents; `*` stands for a name. */
export function unsupportedOptionPaths(): readonly { readonly path: string; readonly effect: UnsupportedEffect }[] {
  return Object.entries(unsupportedOptions).map(([path, effect]) => ({ path, effect }));
}

/** What leaving an option out means, or null where Traefik does not know it either. */
export function unsupportedEffect(path: readonly (string | number)[]): UnsupportedEffect | null {
  return effects.get(patternOf(path)) ?? null;
}

function patternOf(path: readonly (string | number)[]): string {
  const parts = path.map((part) => String(part).toLowerCase());
  if (parts.length > 2 && ['http', 'tcp', 'udp', 'tls'].includes(parts[0] ?? '')) parts[2] = '*';
  return parts.join('.');
}
