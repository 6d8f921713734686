/** What decides which of two routers is tried first. */
export interface Ranked {
  readonly name: string;
  readonly rule: string;
  readonly priority: number;
  /** Place of its provider in `providers.precedence`, from 0; left out for those that are not named there. */
  readonly providerRank?: number;
}

/** Orders routers as they are tried: the highest priority first, then by provider, the longest rule, and the name. */
export function byPrecedence(a: Ranked, b: Ranked): number {
  return (
    b.priority - a.priority ||
    rankOf(a) - rankOf(b) ||
    b.rule.length - a.rule.length ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  );
}

function rankOf({ providerRank = Number.MAX_SAFE_INTEGER }: Ranked): number {
  return providerRank;
}
