import { localName } from '../../proxy/model/names.ts';
import { nearestName } from '../config/nearest.ts';

/** How many suggestions one build looks for: a whole file that is missing must not make a publication slow. */
const mostSuggestions = 100;

/** Nearest names among those that there are, each wanted name looked up once. */
export function suggester(candidates: () => Iterable<string>): (wanted: string) => string | null {
  const known = new Map<string, string | null>();
  return (wanted) => {
    const before = known.get(wanted);
    if (before !== undefined) return before;
    const nearest =
      known.size < mostSuggestions ? (sameElsewhere(wanted, candidates()) ?? nearestName(wanted, candidates())) : null;
    known.set(wanted, nearest);
    return nearest;
  };
}

/** The same name of another provider: people leave `@file` out. */
function sameElsewhere(wanted: string, candidates: Iterable<string>): string | null {
  const name = localName(wanted);
  for (const candidate of candidates) if (localName(candidate) === name) return candidate;
  return null;
}
