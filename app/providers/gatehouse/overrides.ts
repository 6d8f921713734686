import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { isDockerProvider } from '../../contract/docker-name.ts';
import type { Override as OverrideView } from '../../contract/objects.ts';
import type { EngineContext, OverrideInput, OverrideTarget } from '../../operations/context.ts';
import { OperationError } from '../../operations/error.ts';
import type { RuntimeRouter, RuntimeService, RuntimeState } from '../../runtime/state.ts';
import type { UndoStep } from '../../store/changes.ts';
import type { OverriddenFacts, StoredOverride } from '../../store/overrides.ts';
import type { Store } from '../../store/store.ts';
import type { Publication } from '../provider.ts';
import type { Changes, UndoPlan } from './changes.ts';
import { exportObject } from './override-export.ts';
import { withOverrides } from './override-layer.ts';
import { protectionToStore, shownProtection } from './protection.ts';
import { validHost } from './validation.ts';

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

  const known = ({ object, name }: OverrideTarget): StoredOverride | undefined =>
    list.find((each) => each.object === object && each.name === name);

  const viewOf = (override: StoredOverride): OverrideView => {
    const below = factsBelow(objectOf(override, runtime()));
    const { id, object, name, host, middlewares, protection, paused, createdAt, updatedAt } = override;
    return {
      id,
      object,
      name,
      host,
      middlewares: middlewares === null ? null : [...middlewares],
      protection: protection === null ? null : shownProtection(protection),
      paused,
      createdAt,
      updatedAt,
      state: below === null ? 'waiting' : isDeepStrictEqual(below, override.seen) ? 'applied' : 'changed',
    };
  };

  const set = async (input: OverrideInput, actor: Parameters<EngineContext['overrides']['set']>[1]) => {
    const protection =
      input.protection === undefined || input.protection === null
        ? input.protection
        : await protectionToStore(input.protection, known(input)?.protection, options.passwordCost);
    // Looked up after hashing, which takes a moment.
    const before = known(input) ?? null;
    const object = objectOf(input, runtime());
    if (object === undefined && before === null) throw unknownObject(input);
    if (object !== undefined) assertEditable(object);
    if (input.object === 'service' && ((input.host ?? null) !== null || input.paused === true)) {
      throw new OperationError('INVALID', 'A service has no host and no pause: edit the routers that lead to it.', {
        reason: 'OVERRIDE_OF_SERVICE',
        field: (input.host ?? null) === null ? 'paused' : 'host',
        name: input.name,
      });
    }
    const at = Math.trunc(now());
    const wanted = {
      host: valueOf(input.host === undefined || input.host === null ? input.host : validHost(input.host), before?.host),
      middlewares: valueOf(input.middlewares, before?.middlewares),
      protection: valueOf(protection?.kind === 'none' ? null : protection, before?.protection),
      paused: input.paused ?? before?.paused ?? false,
    };
    const isNothing =
      wanted.host === null && wanted.middlewares === null && wanted.protection === null && !wanted.paused;
    const after: StoredOverride | null = isNothing
      ? null
      : {
          id: before?.id ?? randomUUID(),
          object: input.object,
          name: input.name,
          ...wanted,
          seen: factsBelow(object) ?? before?.seen ?? { rule: '', middlewares: [] },
          createdAt: before?.createdAt ?? at,
          updatedAt: at,
        };
    const changeId = await write(before, after, input.name, actor);
    return { override: after === null ? null : viewOf(after), changeId };
  };

  const write = async (
    before: StoredOverride | null,
    after: StoredOverride | null,
    name: string,
    actor: Parameters<EngineContext['overrides']['set']>[1],
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
      plan: (target) => {
        const object = objectOf(target, runtime());
        const below = factsBelow(object);
        if (object === undefined || below === null) throw unknownObject(target);
        assertEditable(object);
        const override = known(target);
        return {
          override: override === undefined ? null : viewOf(override),
          hosts: 'hosts' in object ? [...object.hosts] : [],
          rule: below.rule,
          middlewares: [...below.middlewares],
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
        const object = objectOf(target, runtime());
        if (object === undefined) throw unknownObject(target);
        return exportObject(target.object, object, runtime());
      },
    },
    publish,
    planUndo: ({ before, after }) => {
      const id = before?.id ?? after?.id ?? '';
      const current = store.overrides.get(id) ?? null;
      const name = before?.name ?? after?.name ?? '';
      const rival =
        before === null ? undefined : list.find((each) => each.name === name && each.object === before.object);
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

function fieldsOf({ host, middlewares, protection, paused }: StoredOverride): string[] {
  return [
    ...(host === null ? [] : ['host']),
    ...(middlewares === null ? [] : ['middlewares']),
    ...(protection === null ? [] : ['protection']),
    ...(paused ? ['paused'] : []),
  ];
}

/** Left out: as before. */
function valueOf<T>(given: T | null | undefined, before: T | null | undefined): T | null {
  return given === undefined ? (before ?? null) : given;
}

function objectOf({ object, name }: OverrideTarget, state: RuntimeState): RuntimeRouter | RuntimeService | undefined {
  return object === 'router' ? state.routers.get(name) : state.services.get(name);
}

/** What its provider says of it; null where it is not there. */
function factsBelow(object: RuntimeRouter | RuntimeService | undefined): OverriddenFacts | null {
  if (object === undefined) return null;
  if (object.overridden !== undefined) {
    const { rule, middlewares } = object.overridden;
    return { rule, middlewares };
  }
  const { config } = object;
  const middlewares = 'middlewares' in config ? (config.middlewares ?? []) : [];
  return { rule: 'rule' in object ? (object.config.rule ?? '') : '', middlewares };
}

function assertEditable({ provider, name }: RuntimeRouter | RuntimeService): void {
  if (isDockerProvider(provider) || provider === 'file') return;
  throw new OperationError(
    'INVALID',
    provider === 'gatehouse'
      ? `${name} was made here: edit the app itself.`
      : `${name} is Gatehouse's own and cannot be overridden.`,
    { reason: provider === 'gatehouse' ? 'OVERRIDE_OF_OWN' : 'OVERRIDE_OF_INTERNAL', name },
  );
}

function unknownObject({ object, name }: OverrideTarget): OperationError {
  return new OperationError('NOT_FOUND', `There is no ${object} ${name}.`, { reason: 'OBJECT_UNKNOWN', object, name });
}
