import { randomUUID } from 'node:crypto';
import type { Change } from '../../contract/objects.ts';
import type { Actor, EngineContext } from '../../operations/context.ts';
import { OperationError } from '../../operations/error.ts';
import type { StoredChange, UndoStep } from '../../store/changes.ts';
import type { Store } from '../../store/store.ts';

export type NewChange = Omit<Change, 'id' | 'at' | 'undoable'>;

/** What taking a change back comes to, worked out before anything is written. */
export interface UndoPlan {
  /** Joins the transaction that also marks the change as undone. */
  readonly write: () => void;
  /** Makes it so, after it is written. */
  readonly settle: () => Promise<void>;
  /** What takes the undoing back. */
  readonly inverse: UndoStep;
}

export interface Changes {
  readonly list: EngineContext['changes']['list'];
  readonly undo: EngineContext['changes']['undo'];
  /** Notes a fact. Where it cannot be kept, it is told all the same; the store reports why. */
  readonly record: EngineContext['changes']['record'];
  /** Writes something together with the note of it and what takes it back: both or neither. Throws as the store does. */
  readonly recordWith: (change: NewChange, undo: UndoStep, write: () => void) => Change;
}

export interface ChangesOptions {
  readonly store: Pick<Store, 'changes' | 'transaction'>;
  readonly now?: () => number;
  /** Changes that were added or are no longer undoable. Must not throw. */
  readonly onChanged?: (changes: readonly Change[]) => void;
  /** Throws OperationError CONFLICT where things have moved on. */
  readonly planUndo: (step: UndoStep) => UndoPlan;
}

export function createChanges(options: ChangesOptions): Changes {
  const { store } = options;
  const now = options.now ?? Date.now;
  const tell = (...changes: readonly StoredChange[]): void => options.onChanged?.(changes.map(changeOf));
  const newChange = (change: NewChange, undo: UndoStep | null): StoredChange => ({
    ...change,
    id: randomUUID(),
    at: Math.trunc(now()),
    undo,
    undoneAt: null,
  });

  return {
    list: (limit) => store.changes.list(limit).map(changeOf),
    record: (change) => {
      const stored = newChange(change, null);
      try {
        store.changes.add(stored);
      } catch (error) {
        if (!(error instanceof OperationError)) throw error;
      }
      tell(stored);
      return changeOf(stored);
    },
    recordWith: (change, undo, write) => {
      const stored = newChange(change, undo);
      store.transaction(() => {
        write();
        store.changes.add(stored);
      });
      tell(stored);
      return changeOf(stored);
    },
    undo: async (id, actor) => {
      const change = undoable(store.changes.get(id), id);
      const plan = options.planUndo(change.undo);
      const undone = newChange(undoneChange(change, actor), plan.inverse);
      store.transaction(() => {
        plan.write();
        store.changes.markUndone(id, undone.at);
        store.changes.add(undone);
      });
      tell({ ...change, undoneAt: undone.at }, undone);
      await plan.settle();
      return changeOf(undone);
    },
  };
}

function undoneChange({ id, kind, subject }: StoredChange, actor: Actor): NewChange {
  return { actor, kind: 'change.undone', subject, details: { change: id, kind } };
}

function undoable(change: StoredChange | undefined, id: string): StoredChange & { readonly undo: UndoStep } {
  if (!change) {
    throw new OperationError('NOT_FOUND', 'There is no such change any more.', { reason: 'CHANGE_UNKNOWN', id });
  }
  const { undo } = change;
  if (change.undoneAt !== null) {
    throw new OperationError('CONFLICT', 'This change has been undone already.', { reason: 'ALREADY_UNDONE', id });
  }
  if (undo === null) {
    throw new OperationError('CONFLICT', 'This change cannot be undone.', { reason: 'NOT_UNDOABLE', id });
  }
  return { ...change, undo };
}

function changeOf({ undo, undoneAt, ...change }: StoredChange): Change {
  return { ...change, undoable: undo !== null && undoneAt === null };
}
