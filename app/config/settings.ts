import { isDeepStrictEqual } from 'node:util';
import type { Settings, SettingsPatch } from '../contract/objects.ts';
import type { Actor } from '../operations/context.ts';
import { OperationError } from '../operations/error.ts';
import type { Changes, UndoPlan } from '../providers/gatehouse/changes.ts';
import type { UndoStep } from '../store/changes.ts';
import type { Store } from '../store/store.ts';
import { type Override, overlaid, overridesOf, sections } from './settings-overlay.ts';
import { validPatch } from './settings-validation.ts';
import type { StaticConfiguration } from './static.ts';

export interface SettingsOptions {
  /** What defaults, flags and file say. */
  readonly base: StaticConfiguration;
  readonly store: Pick<Store, 'settings' | 'access'>;
  readonly changes: Pick<Changes, 'recordWith'>;
}

/** Called after settings were written. An update resolves when its listeners have. */
export type SettingsListener = (effective: StaticConfiguration, previous: StaticConfiguration) => Promise<void>;

export interface SettingsPart {
  readonly get: () => Settings;
  /** What holds: the base with what the dashboard's settings say, except where a flag or file decided. */
  readonly effective: () => StaticConfiguration;
  /** Throws OperationError INVALID or CONFLICT before anything is written. */
  readonly update: (patch: SettingsPatch, actor: Actor) => Promise<Settings>;
  readonly onChange: (listener: SettingsListener) => () => void;
  readonly planUndo: (step: Extract<UndoStep, { kind: 'settings' }>) => UndoPlan;
}

export function createSettings(options: SettingsOptions): SettingsPart {
  const { base, store } = options;
  const listeners = new Set<SettingsListener>();
  const read = (): Override => overridesOf((section) => store.settings.get(section));
  let effective = overlaid(base, read());

  const settle = async (): Promise<void> => {
    const previous = effective;
    effective = overlaid(base, read());
    await Promise.all([...listeners].map((listener) => listener(effective, previous)));
  };

  const writeSections = (values: Readonly<Record<string, unknown>>): void => {
    for (const [section, value] of Object.entries(values)) {
      if (value === null) store.settings.remove(section);
      else store.settings.put(section, value);
    }
  };

  return {
    get: () => settingsOf(effective, store.access.passwordHash() !== null),
    effective: () => effective,
    update: async (patch, actor) => {
      const before = read();
      const after = validPatch(patch, { base, effective, override: before });
      const changed = sections.filter((section) => !isDeepStrictEqual(before[section], after[section]));
      if (changed.length > 0) {
        const pick = (from: Override): Record<string, unknown> =>
          Object.fromEntries(changed.map((section) => [section, from[section] ?? null]));
        options.changes.recordWith(
          { actor, kind: 'settings.updated', subject: 'settings', details: { sections: changed.join(', ') } },
          { kind: 'settings', before: pick(before), after: pick(after) },
          () => writeSections(pick(after)),
        );
        await settle();
      }
      return settingsOf(effective, store.access.passwordHash() !== null);
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    planUndo: ({ before, after }) => {
      const moved = Object.entries(after).find(
        ([section, value]) => !isDeepStrictEqual(store.settings.get(section) ?? null, value),
      );
      if (moved) {
        throw new OperationError('CONFLICT', `These settings (${moved[0]}) have been changed again since.`, {
          reason: 'CHANGED_SINCE',
          field: moved[0],
        });
      }
      return {
        write: () => writeSections(before),
        settle,
        inverse: { kind: 'settings', before: after, after: before },
      };
    },
  };
}

function settingsOf(configuration: StaticConfiguration, passwordSet: boolean): Settings {
  const { docker, file, domain, dashboard } = configuration;
  return {
    entryPoints: configuration.entryPoints.map(({ name, address, origin, redirectTo }) => ({
      name,
      address,
      origin,
      redirectTo: redirectTo?.to ?? null,
    })),
    docker: {
      endpoint: docker.endpoint,
      exposedByDefault: docker.exposedByDefault,
      defaultRule: docker.defaultRule,
      network: docker.network,
      fixed: [...docker.fixed],
    },
    file: { ...file },
    domain,
    dashboard: { ...dashboard, passwordSet },
  };
}
