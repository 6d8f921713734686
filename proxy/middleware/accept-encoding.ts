export const codings = ['gzip', 'br', 'zstd'] as const;
export type Coding = (typeof codings)[number];

export interface Negotiation {
  /** In the order in which they are preferred where the client does not care. */
  readonly supported: readonly Coding[];
  /** For clients that accept anything, or say nothing. */
  readonly fallback: Coding | null;
}

interface Candidate {
  readonly coding: Coding | '*' | 'identity';
  readonly weight: number;
  /** Lower is preferred where weights are equal. */
  readonly place: number;
}

/**
 * The coding to answer in, or null for none: the client's weights first, then the order of `supported`
 * (RFC 9110 §12.5.3). A client that sends no Accept-Encoding gets the fallback.
 */
export function negotiateCoding(fields: readonly string[], { supported, fallback }: Negotiation): Coding | null {
  if (fields.length === 0) return fallback;
  const candidates: Candidate[] = [];
  for (const item of fields.join(',').split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const weight = weightOf(parameters);
    if (weight === 0) continue;
    if (name === '*') candidates.push({ coding: '*', weight, place: -1 });
    else if (name === 'identity') candidates.push({ coding: 'identity', weight, place: supported.length });
    else {
      const place = supported.findIndex((coding) => coding === name);
      const coding = supported[place];
      if (coding !== undefined) candidates.push({ coding, weight, place });
    }
  }
  candidates.sort((a, b) => b.weight - a.weight || a.place - b.place);
  const best = candidates[0]?.coding ?? 'identity';
  if (best === 'identity') return null;
  return best === '*' ? (fallback ?? supported[0] ?? null) : best;
}

function weightOf(parameters: readonly string[]): number {
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  if (quality === undefined) return 1;
  const weight = Number(quality.slice(2));
  return weight >= 0 && weight <= 1 ? weight : 0;
}
