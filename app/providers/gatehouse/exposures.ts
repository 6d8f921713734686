import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Change, Exposure, Protection } from '../../contract/objects.ts';
import type { Actor, EngineContext, ExposureChanged } from '../../operations/context.ts';
import { OperationError } from '../../operations/error.ts';
import type { RuntimeState } from '../../runtime/state.ts';
import type { UndoStep } from '../../store/changes.ts';
import type { StoredExposure, StoredProtection } from '../../store/exposures.ts';
import type { Store } from '../../store/store.ts';
import type { Publication } from '../provider.ts';
import type { Changes } from './changes.ts';
import { type ExposureConfiguration, exposureConfiguration, type Surroundings } from './configuration.ts';
import { type PlanContext, planExposure } from './plan.ts';
import { protectionToStore } from './protection.ts';
import { findContainer, targetOf } from './target.ts';
import { createExposureUndo, type ExposureUndo } from './undo.ts';
import { assertNameFree, holderOfHost, hostTaken, validHost, validName, validPort } from './validation.ts';
import { exposureView } from './view.ts';

export interface ExposuresOptions {
  readonly store: Pick<Store, 'exposures' | 'settings'>;
  readonly changes: Pick<Changes, 'recordWith'>;
  readonly surroundings: () => Surroundings;
  readonly runtime: () => RuntimeState;
  readonly domain: () => string;
  /** The address that opens a host, with its port where that is not HTTPS' own. */
  readonly urlOfHost: (host: string) => string;
  /** Resolves when the workers serve it. */
  readonly publish: (publication: Publication) => Promise<void>;
  /** Resolves when the workers serve nothing but internal routes, or everything again. */
  readonly publishPausedAll: (paused: boolean) => Promise<void>;
  /** Called after exposures were written; must not throw. */
  readonly onChanged?: () => void;
  readonly now?: () => number;
  /** bcrypt's; each step doubles the work. */
  readonly passwordCost?: number;
}

export interface Exposures {
  readonly operations: EngineContext['exposures'];
  readonly pausedAll: () => boolean;
  /** To be called at the start, and when containers or entry points have changed. Publishes only what is new. */
  readonly refresh: () => Promise<void>;
  readonly planUndo: ExposureUndo;
}

const settingsSection = 'exposure';

/** What was clicked: kept in the store, published as the provider `gatehouse`. */
export function createExposures(options: ExposuresOptions): Exposures {
  const { store, changes } = options;
  const now = options.now ?? Date.now;
  let list = store.exposures.list();
  let configuration: ExposureConfiguration | undefined;

  const storedPausedAll = (): boolean => {
    const section = store.settings.get(settingsSection);
    return typeof section === 'object' && section !== null && 'pausedAll' in section && section.pausedAll === true;
  };
  let isPausedAll = storedPausedAll();
  const pausedAll = (): boolean => isPausedAll;

  const refresh = async (): Promise<void> => {
    const next = exposureConfiguration(list, options.surroundings());
    const isNew = !isDeepStrictEqual(next.publication, configuration?.publication);
    configuration = next;
    if (isNew) await options.publish(next.publication);
  };

  /** After a write: what the store has is what is served. */
  const settle = async (): Promise<void> => {
    list = store.exposures.list();
    await refresh();
    options.onChanged?.();
  };

  const settlePausedAll = async (): Promise<void> => {
    isPausedAll = storedPausedAll();
    await options.publishPausedAll(isPausedAll);
    options.onChanged?.();
  };

  const viewOf = (exposure: StoredExposure): Exposure =>
    exposureView(exposure, {
      standings: configuration?.standings ?? new Map(),
      runtime: options.runtime(),
      pausedAll: pausedAll(),
      urlOfHost: options.urlOfHost,
    });

  const planContext = (): PlanContext => ({
    ...options.surroundings(),
    exposures: list,
    runtime: options.runtime(),
    domain: options.domain(),
    urlOfHost: options.urlOfHost,
  });

  const find = (idOrName: string): StoredExposure => {
    const found = list.find(({ id }) => id === idOrName) ?? list.find(({ name }) => name === idOrName.toLowerCase());
    if (found) return found;
    throw new OperationError('NOT_FOUND', `There is no exposed app ${idOrName}.`, {
      reason: 'EXPOSURE_UNKNOWN',
      exposure: idOrName,
    });
  };

  /** That name and host are free, as things are at this moment. */
  const assertFree = ({ id, name, host }: Pick<StoredExposure, 'id' | 'name' | 'host'>): void => {
    assertNameFree(name, id, list);
    const holder = holderOfHost(host, id, planContext());
    if (holder !== undefined) throw hostTaken(host, holder);
  };

  const storedProtection = (protection: Protection, kept?: StoredProtection): Promise<StoredProtection> =>
    protectionToStore(protection, kept, options.passwordCost);

  const create = async (input: Parameters<typeof planExposure>[0], actor: Actor): Promise<ExposureChanged> => {
    const plan = planExposure(input, planContext());
    const port = input.port === undefined ? plan.port : validPort(input.port);
    if (port === null) {
      throw new OperationError('INVALID', `Choose a port: ${plan.container} does not tell where its page is.`, {
        reason: 'PORT_REQUIRED',
        field: 'port',
        container: plan.container,
      });
    }
    const id = randomUUID();
    const name = validName(plan.name);
    const host = validHost(plan.host);
    assertFree({ id, name, host });
    const protection = await storedProtection(input.protection ?? { kind: 'none' });
    // Hashing takes a moment, in which another may have taken them.
    assertFree({ id, name, host });
    const target = targetOf(findContainer(plan.containerId, options.surroundings().containers));
    const at = Math.trunc(now());
    const exposure: StoredExposure = {
      id,
      name,
      target,
      host,
      port,
      scheme: plan.scheme,
      protection,
      paused: false,
      createdAt: at,
      updatedAt: at,
    };
    const change = changes.recordWith(
      {
        actor,
        kind: 'exposure.created',
        subject: `${name}@gatehouse`,
        details: { host, port, container: target.container, protection: protection.kind },
      },
      { kind: 'exposure.remove', exposureId: id },
      () => store.exposures.put(exposure),
    );
    await settle();
    return { exposure: viewOf(exposure), changeId: change.id };
  };

  const patch = async (
    exposure: StoredExposure,
    after: Partial<StoredExposure>,
    change: Pick<Change, 'actor' | 'kind' | 'details'>,
  ): Promise<ExposureChanged> => {
    const before = Object.fromEntries(
      Object.keys(after).map((field) => [field, exposure[field as keyof StoredExposure]]),
    ) as Partial<StoredExposure>;
    const next: StoredExposure = { ...exposure, ...after, updatedAt: Math.trunc(now()) };
    const undo: UndoStep = { kind: 'exposure.patch', exposureId: exposure.id, before, after };
    const recorded = changes.recordWith({ ...change, subject: `${next.name}@gatehouse` }, undo, () =>
      store.exposures.put(next),
    );
    await settle();
    return { exposure: viewOf(next), changeId: recorded.id };
  };

  const update: EngineContext['exposures']['update'] = async (id, input, actor) => {
    const hashed = input.protection && (await storedProtection(input.protection, find(id).protection));
    // Looked up again: hashing takes a moment.
    const exposure = find(id);
    const wanted: Partial<StoredExposure> = {
      ...(input.name === undefined ? {} : { name: validName(input.name) }),
      ...(input.host === undefined ? {} : { host: validHost(input.host) }),
      ...(input.port === undefined ? {} : { port: validPort(input.port) }),
      ...(input.scheme === undefined ? {} : { scheme: input.scheme }),
      ...(hashed === undefined ? {} : { protection: hashed }),
    };
    const changed = Object.fromEntries(
      Object.entries(wanted).filter(
        ([field, value]) => !isDeepStrictEqual(value, exposure[field as keyof StoredExposure]),
      ),
    ) as Partial<StoredExposure>;
    if (changed.name !== undefined || changed.host !== undefined) assertFree({ ...exposure, ...changed });
    const details = { fields: Object.keys(changed).join(', '), host: changed.host ?? exposure.host };
    return patch(exposure, changed, { actor, kind: 'exposure.updated', details });
  };

  const setPaused = (id: string, paused: boolean, actor: Actor): Promise<ExposureChanged> => {
    const exposure = find(id);
    const kind = paused ? 'exposure.paused' : 'exposure.resumed';
    return patch(exposure, { paused }, { actor, kind, details: { host: exposure.host } });
  };

  const writePausedAll = (paused: boolean): void => store.settings.put(settingsSection, { pausedAll: paused });

  const setPausedAll = async (paused: boolean, actor: Actor): Promise<{ readonly changeId: string }> => {
    const change = changes.recordWith(
      { actor, kind: paused ? 'exposure.pausedAll' : 'exposure.resumedAll', subject: 'gatehouse', details: {} },
      { kind: 'exposure.pausedAll', before: pausedAll() },
      () => writePausedAll(paused),
    );
    await settlePausedAll();
    return { changeId: change.id };
  };

  const remove = async (idOrName: string, actor: Actor): Promise<{ readonly changeId: string }> => {
    const exposure = find(idOrName);
    const change = changes.recordWith(
      {
        actor,
        kind: 'exposure.removed',
        subject: `${exposure.name}@gatehouse`,
        details: { host: exposure.host, container: exposure.target.container },
      },
      { kind: 'exposure.restore', exposure },
      () => store.exposures.remove(exposure.id),
    );
    await settle();
    return { changeId: change.id };
  };

  return {
    operations: {
      list: () => list.map(viewOf),
      plan: (input) => planExposure(input, planContext()),
      create,
      update,
      pause: (id, actor) => Promise.resolve().then(() => setPaused(id, true, actor)),
      resume: (id, actor) => Promise.resolve().then(() => setPaused(id, false, actor)),
      remove,
      pauseAll: (actor) => setPausedAll(true, actor),
      resumeAll: (actor) => setPausedAll(false, actor),
    },
    pausedAll,
    refresh,
    planUndo: createExposureUndo({
      get: (id) => store.exposures.get(id),
      put: store.exposures.put,
      remove: store.exposures.remove,
      assertFree,
      settle,
      pausedAll,
      writePausedAll,
      settlePausedAll,
    }),
  };
}
