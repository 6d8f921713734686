import type { Exchange } from '../http/exchange.ts';

/** Resolves after the delay with false, or with true as soon as the client is gone. */
export function holdBack(exchange: Exchange, delayMs: number): Promise<boolean> {
  const { signal } = exchange;
  return new Promise((resolve) => {
    const onGone = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onGone);
      resolve(false);
    }, delayMs);
    if (signal.aborted) onGone();
    else signal.addEventListener('abort', onGone, { once: true });
  });
}
