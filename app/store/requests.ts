import type { RequestRecord } from '../../proxy/model/request-record.ts';
import type { LogFilter } from '../operations/context.ts';
import type { Connection } from './connection.ts';

export interface RequestRepository {
  /** In the order they came. Beyond the bound the oldest go. */
  readonly insert: (records: readonly RequestRecord[]) => void;
  /** Newest first. `before` is the id of the last record of the page before. */
  readonly query: (input: {
    readonly filter?: LogFilter | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  }) => { readonly records: readonly RequestRecord[]; readonly more: boolean };
  readonly get: (id: string) => RequestRecord | undefined;
  readonly count: () => number;
  /** Keeps the newest `keep` records; says how many went. */
  readonly trim: (keep: number) => number;
}

interface Row {
  readonly id: string;
  readonly entry_point: string;
  readonly host: string;
  readonly target: string;
  readonly client_ip: string;
  readonly router: string | null;
  readonly service: string | null;
  readonly status: number;
  readonly rest: string;
}

const columns = 'id, entry_point, host, target, client_ip, router, service, status, rest';

export function createRequestRepository(connection: Connection, maxRows: number): RequestRepository {
  const { db } = connection;
  const add = db.prepare(
    `INSERT INTO requests (id, entry_point, host, target, client_ip, router, service, status, status_class, rest)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const get = db.prepare<[string], Row>(`SELECT ${columns} FROM requests WHERE id = ? ORDER BY seq DESC LIMIT 1`);
  const seqOf = db.prepare<[string], { seq: number }>(
    'SELECT seq FROM requests WHERE id = ? ORDER BY seq DESC LIMIT 1',
  );
  const count = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM requests');
  // The row numbers have next to no gaps, so a bound on them is a bound on rows, without counting.
  const trim = db.prepare<[number]>('DELETE FROM requests WHERE seq <= (SELECT max(seq) FROM requests) - ?');

  return {
    insert: (records) => {
      if (records.length === 0) return;
      connection.writeLoosely(() => {
        for (const record of records) {
          const { id, entryPoint, host, target, clientIp, router, service, status, ...rest } = record;
          const statusClass = Math.floor(status / 100);
          add.run(id, entryPoint, host, target, clientIp, router, service, status, statusClass, JSON.stringify(rest));
        }
        trim.run(maxRows);
      });
    },
    query: ({ filter, before, limit }) => {
      const where = conditionsOf(filter ?? {});
      if (before !== undefined) {
        const row = seqOf.get(before);
        // Trimmed away: what was older went before it.
        if (!row) return { records: [], more: false };
        where.push({ sql: 'seq < ?', values: [row.seq] });
      }
      const sql = where.length === 0 ? '' : `WHERE ${where.map((condition) => condition.sql).join(' AND ')}`;
      const rows = db
        .prepare<unknown[], Row>(`SELECT ${columns} FROM requests ${sql} ORDER BY seq DESC LIMIT ?`)
        .all(...where.flatMap((condition) => condition.values), limit + 1);
      return { records: rows.slice(0, limit).map(recordOf), more: rows.length > limit };
    },
    get: (id) => {
      const row = get.get(id);
      return row && recordOf(row);
    },
    count: () => count.get()?.n ?? 0,
    trim: (keep) => connection.writeLoosely(() => trim.run(keep).changes),
  };
}

function recordOf(row: Row): RequestRecord {
  return {
    ...(JSON.parse(row.rest) as Omit<RequestRecord, 'id'>),
    id: row.id,
    entryPoint: row.entry_point,
    host: row.host,
    target: row.target,
    clientIp: row.client_ip,
    router: row.router,
    service: row.service,
    status: row.status,
  };
}

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

function conditionsOf(filter: LogFilter): Condition[] {
  const conditions: Condition[] = [];
  const equal = (column: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') conditions.push({ sql: `${column} = ?`, values: [value] });
  };
  equal('router', filter.router);
  equal('service', filter.service);
  equal('host', filter.host?.toLowerCase());
  equal('client_ip', filter.clientIp);
  equal('entry_point', filter.entryPoint);
  if (filter.status !== undefined && filter.status !== '') {
    conditions.push({ sql: 'status_class = ?', values: [Number(filter.status.slice(0, 1))] });
    if (!filter.status.endsWith('xx')) conditions.push({ sql: '+status = ?', values: [Number(filter.status)] });
  }
  if (filter.text !== undefined && filter.text !== '') {
    const pattern = `%${filter.text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    const searched = ['host', 'target', 'client_ip', 'router', 'service'];
    conditions.push({
      sql: `(${searched.map((column) => String.raw`${column} LIKE ? ESCAPE '\'`).join(' OR ')})`,
      values: searched.map(() => pattern),
    });
  }
  return conditions;
}
