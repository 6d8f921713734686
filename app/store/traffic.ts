import type { Connection } from './connection.ts';

/** One minute of one entry point, one service, or everything. */
export interface TrafficRollup {
  /** Start of the minute, milliseconds since 1970. */
  readonly minute: number;
  readonly scope: 'total' | 'entryPoint' | 'service';
  /** Entry point or qualified service; empty for `total`. */
  readonly name: string;
  readonly requests: number;
  readonly errors: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Counts per bucket of `latencyBucketsMs`; one more for what is slower. */
  readonly latency: readonly number[];
}

export interface TrafficRepository {
  /** Replaces what is kept of the same minute, scope and name; drops what is older than 25 hours. */
  readonly upsert: (batch: readonly TrafficRollup[]) => void;
  /** Ascending by minute. */
  readonly load: (sinceMs: number) => readonly TrafficRollup[];
}

interface Row {
  readonly minute: number;
  readonly scope: TrafficRollup['scope'];
  readonly name: string;
  readonly requests: number;
  readonly errors: number;
  readonly request_bytes: number;
  readonly response_bytes: number;
  readonly latency: string;
}

const keptMs = 25 * 3_600_000;

export function createTrafficRepository(connection: Connection, now: () => number): TrafficRepository {
  const { db } = connection;
  const put = db.prepare('INSERT OR REPLACE INTO traffic VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const load = db.prepare<[number], Row>('SELECT * FROM traffic WHERE minute >= ? ORDER BY minute');
  const trim = db.prepare<[number]>('DELETE FROM traffic WHERE minute < ?');
  return {
    upsert: (batch) => {
      if (batch.length === 0) return;
      connection.writeLoosely(() => {
        for (const rollup of batch) {
          const { minute, scope, name, requests, errors, requestBytes, responseBytes, latency } = rollup;
          put.run(minute, scope, name, requests, errors, requestBytes, responseBytes, JSON.stringify(latency));
        }
        trim.run(now() - keptMs);
      });
    },
    load: (sinceMs) =>
      load.all(sinceMs).map((row) => ({
        minute: row.minute,
        scope: row.scope,
        name: row.name,
        requests: row.requests,
        errors: row.errors,
        requestBytes: row.request_bytes,
        responseBytes: row.response_bytes,
        latency: JSON.parse(row.latency) as number[],
      })),
  };
}
