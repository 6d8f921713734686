/** Shares turns out between targets by weight, evenly spread. */
export interface Turns<T> {
  /** The next one of those that may have it; null where none may. */
  next(mayHaveIt: (target: T) => boolean): T | null;
}

/** Targets of weight 0 never have a turn. */
export function createTurns<T>(targets: readonly { readonly target: T; readonly weight: number }[]): Turns<T> {
  const places = targets
    .filter(({ weight }) => weight > 0)
    .map(({ target, weight }) => ({ target, step: 1 / weight, deadline: 1 / weight }));
  let now = 0;
  return {
    next(mayHaveIt) {
      let first: (typeof places)[number] | null = null;
      for (const place of places) {
        if (!mayHaveIt(place.target)) continue;
        // One that was away takes its place among the others; it does not make up for what it missed.
        if (place.deadline < now) place.deadline = now;
        if (first === null || place.deadline < first.deadline) first = place;
      }
      if (first === null) return null;
      now = first.deadline;
      first.deadline += first.step;
      return first.target;
    },
  };
}
