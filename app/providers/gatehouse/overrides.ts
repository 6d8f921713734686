import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Override as OverrideView } from '../../contract/objects.ts';
import type { Actor, EngineContext, OverrideInput, OverrideTarget } from '../../operations/context.ts';
import { OperationError } from '../../operations/error.ts';
import { fieldsOf } from '../../runtime/override.ts';
import type { RuntimeState } from '../../runtime/state.ts';
import type { UndoStep } from '../../store/changes.ts';
import { type OverriddenFacts, type StoredOverride, wholeOverride } from '../../store/overrides.ts';
import type { Store } from '../../store/store.ts';
import type { Publication } from '../provider.ts';
import type { Changes, UndoPlan } from './changes.ts';
import { assertNoConflict } from './override-conflict.ts';
import { exportObject } from './override-export.ts';
import { withOverrides } from './override-layer.ts';
import {
  assertEditable,
  type Below,
  editableFields,
  factsBelow,
  overridableOf,
  serversBelow,
  unknownObject,
} from './override-target.ts';
import { isNothing, wantedAfter } from './override-wanted.ts';
import { protectionToStore, shownProtection } from './protection.ts';

export interface Overrides {
  readonly operations: EngineContext['overrides'];
  /** Publishes what the provider has otherwise, with the layer over other providers on it. */
  readonly publish: (publication: Publication) => Promise<void>;
  readonly planUndo: (step: Extract<UndoStep, { kind: 'override' }>) => UndoPlan;
}

/** What was edited in routers and services that come from labels and files. Those are never written to. */
export function createOverrides(options: {
  readonly store: Pick<Store, 'overrides'>;
  readonly changes: Pick<Changes, 'recordWith'>;
  readonly runtime: () => RuntimeState;
  /** Resolves when the workers serve it. */
  readonly publish: (publication: Publication) => Promise<void>;
  /** Called after overrides were written; must not throw. */
  readonly onChanged?: () => void;
  readonly now?: () => number;
  readonly passwordCost?: number;
}): Overrides {
  const { store, changes, runtime } = options;
  const now = options.now ?? Date.now;
  let list = store.overrides.list();
  let base: Publication | null = null;

  const publish = async (publication: Publication): Promise<void> => {
    base = publication;
    await options.publish(withOverrides(publication, list));
  };
  /** After a write: what the store has is what is served. */
  const settle = async (): Promise<void> => {
    list = store.overrides.list();
    if (base !== null) await publish(base);
    options.onChanged?.();
  };

  const known = ({ object, protocol, name }: OverrideTarget): StoredOverride | undefined =>
    list.find((each) => each.object === object && each.protocol === protocol && each.name === name);

  const viewOf = (override: StoredOverride): OverrideView => {
    const { id, object, protocol, name, host, middlewares, protection, servers, healthCheckPath, paused } = override;
    const target = overridableOf(override, runtime());
    return {
      id,
      object,
      ...(protocol === undefined ? {} : { protocol }),
      name,
      host,
      middlewares: middlewares === null ? null : [...middlewares],
      protection: protection === null ? null : shownProtection(protection),
      servers: servers === null ? null : [...servers],
      healthCheckPath,
      paused,
      createdAt: override.createdAt,
      updatedAt: override.updatedAt,
      state: target === undefined ? 'waiting' : target.item.overridden?.changed === true ? 'changed' : 'applied',
    };
  };

  const set = async (input: OverrideInput, actor: Actor) => {
    const protection =
      input.protection === undefined || input.protection === null
        ? input.protection
        : await protectionToStore(input.protection, known(input)?.protection, options.passwordCost);
    // Looked up after hashing, which takes a moment.
    const before = known(input) ?? null;
    const target = overridableOf(input, runtime());
    if (target === undefined && before === null) throw unknownObject(input);
    if (target !== undefined) assertEditable(target);
    const below = factsBelow(target);
    const wanted = wantedAfter(input, protection, before, target, below);
    const takesMore = wanted.host !== (before?.host ?? null) || (before?.paused === true && !wanted.paused);
    if (takesMore && input.allowConflict !== true && target !== undefined && below !== null) {
      assertNoConflict(target, below, wanted, runtime());
    }
    const at = Math.trunc(now());
    const { object, protocol, name } = input;
    const after: StoredOverride | null = isNothing(wanted)
      ? null
      : {
          id: before?.id ?? randomUUID(),
          object,
          ...(protocol === undefined ? {} : { protocol }),
          name,
          ...wanted,
          seen: seenOf(object, below) ?? before?.seen ?? { rule: '', middlewares: [] },
          createdAt: before?.createdAt ?? at,
          updatedAt: at,
        };
    const changeId = await write(before, after, name, actor);
    return { override: after === null ? null : viewOf(after), changeId };
  };

  const write = async (
    before: StoredOverride | null,
    after: StoredOverride | null,
    name: string,
    actor: Actor,
  ): Promise<string> => {
    const change = changes.recordWith(
      {
        actor,
        kind: after === null ? 'override.removed' : 'override.set',
        subject: name,
        details: after === null ? {} : { fields: fieldsOf(after).join(', '), host: after.host ?? '' },
      },
      { kind: 'override', before, after },
      () => put(after, before),
    );
    await settle();
    return change.id;
  };

  const put = (next: StoredOverride | null, instead: StoredOverride | null): void => {
    if (next !== null) store.overrides.put(next);
    else if (instead !== null) store.overrides.remove(instead.id);
  };

  return {
    operations: {
      list: () => list.map(viewOf),
      plan: (asked) => {
        const target = overridableOf(asked, runtime());
        const below = factsBelow(target);
        if (target === undefined || below === null) throw unknownObject(asked);
        assertEditable(target);
        const override = known(asked);
        return {
          override: override === undefined ? null : viewOf(override),
          hosts: 'hosts' in target.item ? [...target.item.hosts] : [],
          rule: below.rule,
          middlewares: [...below.middlewares],
          servers: [...serversBelow(target)],
          healthCheckPath: below.healthCheckPath,
          editable: [...editableFields(target)],
        };
      },
      set,
      remove: async (target, actor) => {
        const before = known(target);
        if (before === undefined) {
          throw new OperationError('NOT_FOUND', `${target.name} is as its provider has it: nothing is overridden.`, {
            reason: 'OVERRIDE_UNKNOWN',
            name: target.name,
          });
        }
        return { changeId: await write(before, null, target.name, actor) };
      },
      export: (target) => {
        const found = overridableOf(target, runtime());
        if (found === undefined) throw unknownObject(target);
        return exportObject(found, runtime());
      },
    },
    publish,
    planUndo: (step) => {
      const before = step.before && wholeOverride(step.before);
      const after = step.after && wholeOverride(step.after);
      const id = before?.id ?? after?.id ?? '';
      const current = store.overrides.get(id) ?? null;
      const name = before?.name ?? after?.name ?? '';
      const rival = before === null ? undefined : known(before);
      if (!isDeepStrictEqual(current, after) || (rival !== undefined && rival.id !== id)) {
        throw new OperationError('CONFLICT', `What is overridden of ${name} has been changed again since.`, {
          reason: 'CHANGED_SINCE',
          exposure: name,
          field: 'override',
        });
      }
      return { write: () => put(before, after), settle, inverse: { kind: 'override', before: after, after: before } };
    },
  };
}

/** What is kept of what labels or files say, to tell later whether they say something else. */
function seenOf(object: OverrideTarget['object'], below: Below | null): OverriddenFacts | null {
  if (below === null) return null;
  const { rule, middlewares, servers, healthCheckPath } = below;
  return object === 'router' ? { rule, middlewares } : { rule, middlewares, servers, healthCheckPath };
}
