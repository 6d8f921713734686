/** Learns from visitors' requests which servers fail: Traefik's passive health check. */
export interface FailureWatch {
  /** A request that could not be answered, or was answered with 5xx. */
  failed(url: string): void;
  succeeded(url: string): void;
  /** It failed so often within the window that it is left alone for as long as the window is. */
  isFailing(url: string): boolean;
  readonly failing: () => readonly string[];
  readonly state: FailureState;
}

interface FailureState {
  readonly settings: string;
  /** When requests failed, oldest first. */
  readonly failedAt: Map<string, number[]>;
  /** Until when a server is left alone. */
  readonly restsUntil: Map<string, number>;
}

export function createFailureWatch(
  settings: { readonly failureWindowMs: number; readonly maxFailedAttempts: number },
  now: () => number,
  previous?: FailureWatch | null,
  onChange: () => void = () => undefined,
): FailureWatch {
  const { failureWindowMs, maxFailedAttempts } = settings;
  const key = JSON.stringify(settings);
  const state: FailureState =
    previous?.state.settings === key ? previous.state : { settings: key, failedAt: new Map(), restsUntil: new Map() };
  const { failedAt, restsUntil } = state;

  const isFailing = (url: string): boolean => {
    const until = restsUntil.get(url);
    if (until === undefined) return false;
    if (now() < until) return true;
    restsUntil.delete(url);
    onChange();
    return false;
  };

  return {
    state,
    isFailing,
    failing: () => [...restsUntil.keys()].filter(isFailing),
    succeeded: (url) => void failedAt.delete(url),
    failed(url) {
      const nowMs = now();
      const recent = (failedAt.get(url) ?? []).filter((at) => nowMs - at < failureWindowMs);
      recent.push(nowMs);
      if (recent.length < maxFailedAttempts) {
        failedAt.set(url, recent);
        return;
      }
      failedAt.delete(url);
      const isNew = !restsUntil.has(url);
      restsUntil.set(url, nowMs + failureWindowMs);
      if (!isNew) return;
      onChange();
      // It may be that nobody asks for it again.
      setTimeout(() => isFailing(url), failureWindowMs + 1).unref();
    },
  };
}
