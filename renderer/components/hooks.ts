import { useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';

export function useMediaQuery(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = window.matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => window.matchMedia(query).matches,
  );
}

/** Room for a detail beside its list. Keep in step with `--breakpoint-split`. */
export function useWide(): boolean {
  return useMediaQuery('(min-width: 1160px)');
}

const minuteListeners = new Set<() => void>();
let coarseNow = Date.now();
setInterval(() => {
  coarseNow = Date.now();
  for (const listener of minuteListeners) listener();
}, 5000);

/** The time, as fine as relative times need it: every five seconds, one timer for the page. */
export function useNow(): number {
  return useSyncExternalStore(
    (listener) => {
      minuteListeners.add(listener);
      return () => {
        minuteListeners.delete(listener);
      };
    },
    () => coarseNow,
  );
}

export function useLocale(): string {
  return useTranslation().i18n.language;
}

/** True once `pending` has lasted: nothing is shown for what takes under 300 ms. */
export function useSlow(pending: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!pending) return undefined;
    const timer = setTimeout(() => setSlow(true), 300);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [pending]);
  return pending && slow;
}

/** The value once it has stood still for so long. */
export function useSettled<T>(value: T, delayMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return settled;
}
