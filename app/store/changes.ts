import type { Change } from '../contract/objects.ts';
import type { Connection } from './connection.ts';
import type { StoredExposure } from './exposures.ts';
import type { StoredOverride } from './overrides.ts';

/** What takes a change back. Written with the change, read when somebody asks for it, perhaps after a restart. */
export type UndoStep =
  /** Undoes a creation. */
  | { readonly kind: 'exposure.remove'; readonly exposureId: string }
  /** Undoes a removal: the same id comes back. */
  | { readonly kind: 'exposure.restore'; readonly exposure: StoredExposure }
  /** Undoes an edit: only the fields it changed, and only where nobody has changed them since. */
  | {
      readonly kind: 'exposure.patch';
      readonly exposureId: string;
      readonly before: Partial<StoredExposure>;
      readonly after: Partial<StoredExposure>;
    }
  | { readonly kind: 'exposure.pausedAll'; readonly before: boolean }
  /** Undoes what was done to one override; null: there was none, or is none. */
  | { readonly kind: 'override'; readonly before: StoredOverride | null; readonly after: StoredOverride | null }
  /** Undoes a change of settings: stored sections, null where there was none. */
  | {
      readonly kind: 'settings';
      readonly before: Readonly<Record<string, unknown>>;
      readonly after: Readonly<Record<string, unknown>>;
    };

export interface StoredChange extends Omit<Change, 'undoable'> {
  readonly undo: UndoStep | null;
  readonly undoneAt: number | null;
}

export interface ChangeRepository {
  /** Beyond the bound the oldest go. */
  readonly add: (change: StoredChange) => void;
  /** Newest first. */
  readonly list: (limit: number) => readonly StoredChange[];
  readonly get: (id: string) => StoredChange | undefined;
  readonly markUndone: (id: string, at: number) => void;
}

interface Row {
  readonly id: string;
  readonly at: number;
  readonly actor: Change['actor'];
  readonly kind: Change['kind'];
  readonly subject: string;
  readonly details: string;
  readonly undo: string | null;
  readonly undone_at: number | null;
}

const columns = 'id, at, actor, kind, subject, details, undo, undone_at';

export function createChangeRepository(connection: Connection, maxRows: number): ChangeRepository {
  const { db } = connection;
  const add = db.prepare<[Row]>(
    `INSERT INTO changes (${columns}) VALUES (@id, @at, @actor, @kind, @subject, @details, @undo, @undone_at)`,
  );
  const trim = db.prepare<[number]>('DELETE FROM changes WHERE seq <= (SELECT max(seq) FROM changes) - ?');
  const list = db.prepare<[number], Row>(`SELECT ${columns} FROM changes ORDER BY seq DESC LIMIT ?`);
  const get = db.prepare<[string], Row>(`SELECT ${columns} FROM changes WHERE id = ?`);
  const markUndone = db.prepare<[number, string]>('UPDATE changes SET undone_at = ? WHERE id = ?');
  return {
    add: ({ undo, undoneAt, details, ...change }) => {
      // What happened by itself is news, not a decision: it need not hold up what follows from it.
      const write = change.actor === 'system' ? connection.writeLoosely : connection.write;
      write(() => {
        add.run({
          ...change,
          details: JSON.stringify(details),
          undo: undo === null ? null : JSON.stringify(undo),
          undone_at: undoneAt,
        });
        trim.run(maxRows);
      });
    },
    list: (limit) => list.all(limit).map(changeOf),
    get: (id) => {
      const row = get.get(id);
      return row && changeOf(row);
    },
    markUndone: (id, at) => {
      connection.write(() => markUndone.run(at, id));
    },
  };
}

function changeOf({ undone_at: undoneAt, undo, details, ...row }: Row): StoredChange {
  return {
    ...row,
    details: JSON.parse(details) as Change['details'],
    undo: undo === null ? null : (JSON.parse(undo) as UndoStep),
    undoneAt,
  };
}
