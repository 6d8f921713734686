import { domainToASCII } from 'node:url';

/** A name as providers are asked for it: lower case, in ASCII (RFC 5891), without the dot at its end. */
export function plainName(name: string): string {
  const trimmed = name.trim().replace(/\.$/, '').toLowerCase();
  // `_` and `*` are allowed in DNS, and `domainToASCII` leaves them; it gives '' for what is no name.
  if (/^[\x21-\x7e]*$/.test(trimmed)) return trimmed;
  return domainToASCII(trimmed) || trimmed;
}

/** Whether a name is the zone itself or lies below it. */
function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** The zone that holds a name: the longest that it ends with. */
export function closestZone<Zone extends { readonly name: string }>(
  name: string,
  zones: readonly Zone[],
): Zone | undefined {
  const wanted = plainName(name);
  return zones
    .filter((zone) => isWithin(wanted, plainName(zone.name)))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** The part of a name before its zone: '' for the zone itself. */
export function relativeName(name: string, zone: string): string {
  const wanted = plainName(name);
  const end = plainName(zone);
  return wanted === end ? '' : wanted.slice(0, -(end.length + 1));
}

/** The full name of a part before its zone, where '' and '@' are the zone itself. */
export function absoluteName(part: string, zone: string): string {
  return part === '' || part === '@' ? plainName(zone) : plainName(`${part}.${zone}`);
}

/** The name and all names above it, without top level ones: `a.b.org`, `b.org`. */
export function candidateZones(name: string): readonly string[] {
  const labels = plainName(name).split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}

/** As in a zone file: in quotes, in parts of at most 255 bytes (RFC 1035, section 3.3.14). */
export function quotedText(value: string): string {
  const parts = value.match(/[\s\S]{1,255}/g) ?? [''];
  return parts.map((part) => `"${part.replaceAll(/["\\]/g, '\\$&')}"`).join(' ');
}

/** What a zone file's text means; text without quotes is itself. */
export function unquotedText(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('"')) return trimmed;
  const parts = trimmed.match(/"(?:[^"\\]|\\[\s\S])*"/g) ?? [];
  return parts
    .map((part) =>
      part
        .slice(1, -1)
        .replaceAll(/\\(\d{3})/g, (_, code: string) => String.fromCharCode(Number(code)))
        .replaceAll(/\\([\s\S])/g, '$1'),
    )
    .join('');
}
