import type { DownServers } from '../../proxy/model/snapshot.ts';
import type { Health } from './views.ts';

/** What workers learned from visitors' requests: servers that fail and are left alone for a while. */
export interface FailingServers {
  /** Replaces what one worker has told. */
  readonly note: (worker: number, servers: DownServers) => void;
  /** The checks' view with these servers added. */
  readonly over: (checked: Health) => Health;
}

const reason = "Visitors' requests to it failed, so it is left alone for a while.";

export function createFailingServers(onChange: () => void): FailingServers {
  const byWorker = new Map<number, DownServers>();
  return {
    note(worker, servers) {
      const was = byWorker.get(worker);
      if (Object.keys(servers).length > 0) byWorker.set(worker, servers);
      else byWorker.delete(worker);
      if (was !== undefined || Object.keys(servers).length > 0) onChange();
    },
    over(checked) {
      if (byWorker.size === 0) return checked;
      const down: Record<string, readonly string[]> = Object.assign(Object.create(null), checked.down);
      const reasons: Record<string, Readonly<Record<string, string>>> = Object.assign(
        Object.create(null),
        checked.reasons,
      );
      for (const servers of byWorker.values()) {
        for (const [service, urls] of Object.entries(servers)) {
          down[service] = [...new Set([...(down[service] ?? []), ...urls])];
          const failing = Object.fromEntries(urls.map((url) => [url, reason]));
          // What a check says is more exact.
          reasons[service] = { ...failing, ...reasons[service] };
        }
      }
      return { down, reasons };
    },
  };
}
