import type { Exposure } from '../contract/objects.ts';
import type { Connection } from './connection.ts';

/** Protection as it is kept: a password only as its hash. */
export type StoredProtection =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly username: string; readonly passwordHash: string }
  | { readonly kind: 'allowList'; readonly sourceRange: readonly string[] };

/** What was clicked, without what follows from the containers of the moment. */
export interface StoredExposure {
  readonly id: string;
  readonly name: string;
  readonly target: Readonly<Exposure['target']>;
  readonly host: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
  readonly protection: StoredProtection;
  readonly paused: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface ExposureRepository {
  /** Oldest first. */
  readonly list: () => readonly StoredExposure[];
  readonly get: (id: string) => StoredExposure | undefined;
  /** Adds it, or replaces the one with the same id. */
  readonly put: (exposure: StoredExposure) => void;
  readonly remove: (id: string) => boolean;
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly container: string;
  readonly compose_project: string | null;
  readonly compose_service: string | null;
  readonly host: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
  readonly protection: string;
  readonly paused: number;
  readonly created_at: number;
  readonly updated_at: number;
}

export function createExposureRepository(connection: Connection): ExposureRepository {
  const { db } = connection;
  const list = db.prepare<[], Row>('SELECT * FROM exposures ORDER BY created_at, id');
  const get = db.prepare<[string], Row>('SELECT * FROM exposures WHERE id = ?');
  const remove = db.prepare<[string]>('DELETE FROM exposures WHERE id = ?');
  const put = db.prepare<[Row]>(
    `INSERT INTO exposures VALUES (@id, @name, @container, @compose_project, @compose_service, @host, @port, @scheme,
       @protection, @paused, @created_at, @updated_at)
     ON CONFLICT (id) DO UPDATE SET name = @name, container = @container, compose_project = @compose_project,
       compose_service = @compose_service, host = @host, port = @port, scheme = @scheme, protection = @protection,
       paused = @paused, created_at = @created_at, updated_at = @updated_at`,
  );
  return {
    list: () => list.all().map(exposureOf),
    get: (id) => {
      const row = get.get(id);
      return row && exposureOf(row);
    },
    put: (exposure) => {
      connection.write(() => put.run(rowOf(exposure)));
    },
    remove: (id) => connection.write(() => remove.run(id).changes > 0),
  };
}

function exposureOf(row: Row): StoredExposure {
  return {
    id: row.id,
    name: row.name,
    target: { container: row.container, composeProject: row.compose_project, composeService: row.compose_service },
    host: row.host,
    port: row.port,
    scheme: row.scheme,
    protection: JSON.parse(row.protection) as StoredProtection,
    paused: row.paused === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rowOf(exposure: StoredExposure): Row {
  return {
    id: exposure.id,
    name: exposure.name,
    container: exposure.target.container,
    compose_project: exposure.target.composeProject,
    compose_service: exposure.target.composeService,
    host: exposure.host,
    port: exposure.port,
    scheme: exposure.scheme,
    protection: JSON.stringify(exposure.protection),
    paused: exposure.paused ? 1 : 0,
    created_at: exposure.createdAt,
    updated_at: exposure.updatedAt,
  };
}
