export const codings = ['gzip', 'br', 'zstd'] as const;
export type Coding = (typeof codings)[number];

export interface Negotiation {
  /** In the order in which they are preferred where the client does not care. */
  readonly supported: readonly Coding[];
  /** For clients that accept anything, or say nothing. */
  readonly fallback: Coding | null;
}

export interface AcceptableCoding {
  readonly coding: Coding | '*' | 'identity';
  /** Above 0, at most 1. */
  readonly weight: number;
}

/** What a client accepts of what is supported, in the order of its fields. */
export function acceptableCodings(fields: readonly string[], supported: readonly Coding[]): AcceptableCoding[] {
  return fields
    .join(',')
    .split(',')
    .flatMap((item) => {
      const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      const weight = weightOf(parameters);
      const coding = name === '*' || name === 'identity' ? name : supported.find((each) => each === name);
      return weight === 0 || coding === undefined ? [] : [{ coding, weight }];
    });
}

/**
 * The coding to answer in, or null for none: the client's weights first, then the order of `supported`
 * (RFC 9110 §12.5.3). A client that sends no Accept-Encoding gets the fallback.
 */
export function negotiateCoding(fields: readonly string[], { supported, fallback }: Negotiation): Coding | null {
  if (fields.length === 0) return fallback;
  /** Lower is preferred where weights are equal. */
  const placeOf = ({ coding }: AcceptableCoding): number =>
    coding === '*' ? -1 : coding === 'identity' ? supported.length : supported.indexOf(coding);
  const [first] = acceptableCodings(fields, supported).toSorted(
    (a, b) => b.weight - a.weight || placeOf(a) - placeOf(b),
  );
  const best = first?.coding ?? 'identity';
  if (best === 'identity') return null;
  return best === '*' ? (fallback ?? supported[0] ?? null) : best;
}

function weightOf(parameters: readonly string[]): number {
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  if (quality === undefined) return 1;
  const weight = Number(quality.slice(2));
  return weight >= 0 && weight <= 1 ? weight : 0;
}
