import type { EntryPointWire } from '../model/snapshot.ts';
import type { PathForm } from '../rule/path.ts';

/** How an entry point reads requests, compiled from its options. */
export interface RequestReading {
  readonly underscoreHeaders: 'keep' | 'delete' | 'reject';
  /** Lower-case names that `Connection` may nominate and that middlewares still see. */
  readonly connectionFields: ReadonlySet<string>;
  /** Escapes that end a request where its path holds one; null: none. */
  readonly refusedEscapes: RegExp | null;
  /** What leaves a path open to more than one reading; null where nothing is allowed beyond the default. */
  readonly stillDoubtful: RegExp | null;
  /** Left out: the usual form. */
  readonly pathForm?: PathForm;
  /** Requests are read as Traefik reads them, also where that is less safe. */
  readonly asTraefik: boolean;
  /** What a semicolon in a query becomes. */
  readonly querySemicolon: '&' | '%3B';
  readonly appendForwardedFor: boolean;
  /** See `setForwardingFields`. */
  readonly addSchemeFields: boolean;
}

/** The escapes that servers read in different ways, see `otherReadings`. */
const doubtfulEscapes = ['%2F', '%5C', '%2E', '%3B', '%3F', '%23', '%25'];

/** Matches no path. */
const nothing = /(?!)/;

export function requestReading(wire: EntryPointWire): RequestReading {
  const { refused = [], allowed = [] } = wire.encodedCharacters ?? {};
  const asTraefik = wire.asTraefik === true;
  const keepsDots = wire.sanitizePath === false;
  const left = doubtfulEscapes.filter((escape) => !allowed.includes(escape));
  return {
    underscoreHeaders: wire.underscoreHeaders ?? 'keep',
    connectionFields: new Set(wire.connectionFields),
    refusedEscapes: refused.length === 0 ? null : new RegExp(refused.join('|'), 'i'),
    stillDoubtful: asTraefik
      ? nothing
      : allowed.length === 0 && !keepsDots
        ? null
        : new RegExp([...left, ...(keepsDots ? [] : ['//'])].join('|'), 'i'),
    ...(asTraefik || keepsDots ? { pathForm: { keepsDots, allowsNul: asTraefik } } : {}),
    asTraefik,
    querySemicolon: wire.encodeQuerySemicolons ? '%3B' : '&',
    appendForwardedFor: wire.notAppendXForwardedFor !== true,
    addSchemeFields: wire.addXForwardedSchemeHeaders === true,
  };
}
