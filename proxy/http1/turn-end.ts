/** Something that holds back what it writes. */
export interface Holding {
  /** Writes it. */
  flush(): void;
}

/** Others who wait for their bytes wait no longer than it takes to handle so many events. More of them save no more. */
const mostHolding = 4;

let holding: Holding[] = [];
let isScheduled = false;

/**
 * Has it written once the events that came in together have been dealt with. One write after the other wakes the
 * programs at the other ends once for many of them, where writes with work between them wake them for each.
 */
export function flushAtTurnEnd(holder: Holding): void {
  if (holding.length >= mostHolding) flushAll();
  holding.push(holder);
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(endTurn);
}

/** Writes what is held back at once. */
export function endTurn(): void {
  isScheduled = false;
  flushAll();
}

function flushAll(): void {
  const all = holding;
  holding = [];
  for (const holder of all) holder.flush();
}
