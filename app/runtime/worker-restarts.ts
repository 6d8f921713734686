import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';

/** Workers that died and were replaced: mentioned for a while. */
export interface WorkerRestarts {
  readonly note: (reason: string) => void;
  readonly problems: () => readonly Problem[];
}

const shownMs = 10 * 60_000;

export function createWorkerRestarts(now: () => number): WorkerRestarts {
  let recent: readonly { readonly at: number; readonly reason: string }[] = [];
  return {
    note: (reason) => {
      recent = [...recent, { at: now(), reason }];
    },
    problems: () => {
      recent = recent.filter(({ at }) => now() - at < shownMs);
      const last = recent.at(-1);
      return last === undefined ? [] : [restarted(recent.length, last.reason)];
    },
  };
}

function restarted(count: number, reason: string): Problem {
  return problem(
    'WORKER_RESTARTED',
    'warning',
    `A worker of the proxy stopped and was replaced${count === 1 ? '' : ` (${count} times)`}: ${reason}. Connections that it held were cut.`,
    'The engine log has the details. If it happens again, please report it.',
    { count, reason },
  );
}
