import type { Connection } from './connection.ts';

/** One JSON value by section. Whoever owns a section knows its shape, and reads it with care. */
export interface SettingsRepository {
  readonly get: (section: string) => unknown;
  readonly put: (section: string, value: unknown) => void;
  readonly remove: (section: string) => void;
}

export function createSettingsRepository(connection: Connection): SettingsRepository {
  const { db } = connection;
  const get = db.prepare<[string], { value: string }>('SELECT value FROM settings WHERE section = ?');
  const put = db.prepare<[string, string]>('INSERT OR REPLACE INTO settings (section, value) VALUES (?, ?)');
  const remove = db.prepare<[string]>('DELETE FROM settings WHERE section = ?');
  return {
    get: (section) => {
      const row = get.get(section);
      return row ? (JSON.parse(row.value) as unknown) : undefined;
    },
    put: (section, value) => {
      connection.write(() => put.run(section, JSON.stringify(value)));
    },
    remove: (section) => {
      connection.write(() => remove.run(section));
    },
  };
}
