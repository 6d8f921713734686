import type { ServerEdit } from '../contract/objects.ts';
import { viewKey } from '../contract/view-key.ts';
import type { Connection } from './connection.ts';
import type { StoredProtection } from './exposures.ts';

/** What somebody wants otherwise than labels or files have it. Null: as they have it. */
export interface StoredOverride {
  readonly id: string;
  readonly object: 'router' | 'service';
  /** Left out: HTTP. */
  readonly protocol?: 'tcp' | 'udp';
  /** Qualified name of what it stands over, such as `photos@docker`. */
  readonly name: string;
  readonly host: string | null;
  readonly middlewares: readonly string[] | null;
  readonly protection: StoredProtection | null;
  readonly servers: readonly ServerEdit[] | null;
  /** Empty: no health check is made. */
  readonly healthCheckPath: string | null;
  readonly paused: boolean;
  /** What labels or files said when it was made, so that it can be told when they say something else. */
  readonly seen: OverriddenFacts;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface OverriddenFacts {
  /** Empty for a service. */
  readonly rule: string;
  readonly middlewares: readonly string[];
  /** Addresses, in order. Left out for a router. */
  readonly servers?: readonly string[];
  /** Null: no health check by path. Left out for a router. */
  readonly healthCheckPath?: string | null;
}

export interface OverrideRepository {
  /** Oldest first. */
  readonly list: () => readonly StoredOverride[];
  readonly get: (id: string) => StoredOverride | undefined;
  /** Adds it, or replaces the one with the same id. */
  readonly put: (override: StoredOverride) => void;
  readonly remove: (id: string) => boolean;
}

interface Row {
  readonly id: string;
  readonly object: 'router' | 'service';
  readonly name: string;
  readonly wanted: string;
  readonly seen: string;
  readonly created_at: number;
  readonly updated_at: number;
}

type Wanted = Pick<StoredOverride, 'host' | 'middlewares' | 'protection' | 'servers' | 'healthCheckPath' | 'paused'>;

/** Those that were kept before servers could be edited do not speak of them. */
type KeptWanted = Omit<Wanted, 'servers' | 'healthCheckPath'> & Partial<Wanted>;

/** An override as it was kept, perhaps by an older version, as it is now. */
export function wholeOverride<T extends KeptWanted>(kept: T): T & Wanted {
  return { servers: null, healthCheckPath: null, ...kept };
}

export function createOverrideRepository(connection: Connection): OverrideRepository {
  const { db } = connection;
  const list = db.prepare<[], Row>('SELECT * FROM overrides ORDER BY created_at, id');
  const get = db.prepare<[string], Row>('SELECT * FROM overrides WHERE id = ?');
  const remove = db.prepare<[string]>('DELETE FROM overrides WHERE id = ?');
  const put = db.prepare<[Row]>(
    `INSERT INTO overrides VALUES (@id, @object, @name, @wanted, @seen, @created_at, @updated_at)
     ON CONFLICT (id) DO UPDATE SET wanted = @wanted, seen = @seen, updated_at = @updated_at`,
  );
  return {
    list: () => list.all().map(overrideOf),
    get: (id) => {
      const row = get.get(id);
      return row && overrideOf(row);
    },
    put: (override) => {
      connection.write(() => put.run(rowOf(override)));
    },
    remove: (id) => connection.write(() => remove.run(id).changes > 0),
  };
}

/** In the row, TCP and UDP stand before the name: names of each protocol are apart. */
function overrideOf({ id, object, name: key, wanted, seen, created_at, updated_at }: Row): StoredOverride {
  const space = key.indexOf(' ');
  const protocol =
    space === -1 ? {} : { protocol: key.slice(0, space) === 'udp' ? ('udp' as const) : ('tcp' as const) };
  return {
    id,
    object,
    ...protocol,
    name: key.slice(space + 1),
    ...wholeOverride(JSON.parse(wanted) as KeptWanted),
    seen: JSON.parse(seen) as OverriddenFacts,
    createdAt: created_at,
    updatedAt: updated_at,
  };
}

function rowOf(override: StoredOverride): Row {
  const { id, object, host, middlewares, protection, servers, healthCheckPath, paused, seen } = override;
  const wanted: Wanted = { host, middlewares, protection, servers, healthCheckPath, paused };
  return {
    id,
    object,
    name: viewKey(override),
    wanted: JSON.stringify(wanted),
    seen: JSON.stringify(seen),
    created_at: override.createdAt,
    updated_at: override.updatedAt,
  };
}
