const tails = new Map<string, Promise<unknown>>();

/**
 * Runs changes of one zone after each other, whoever asks: most providers' changes are read, change, write, and two at
 * once would lose one.
 */
export async function inTurn<Result>(key: string, signal: AbortSignal, run: () => Promise<Result>): Promise<Result> {
  const before = tails.get(key) ?? Promise.resolve();
  const mine = before.then(() => {
    signal.throwIfAborted();
    return run();
  });
  const tail = mine.catch(() => undefined);
  tails.set(key, tail);
  try {
    return await mine;
  } finally {
    if (tails.get(key) === tail) tails.delete(key);
  }
}
