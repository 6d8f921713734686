import { isDeepStrictEqual } from 'node:util';
import { OperationError } from '../../operations/error.ts';
import type { UndoStep } from '../../store/changes.ts';
import type { StoredExposure } from '../../store/exposures.ts';
import type { UndoPlan } from './changes.ts';

export type ExposureUndoStep = Exclude<UndoStep, { kind: 'settings' | 'override' }>;
export type ExposureUndo = (step: ExposureUndoStep) => UndoPlan;

export interface ExposureUndoOptions {
  readonly get: (id: string) => StoredExposure | undefined;
  readonly put: (exposure: StoredExposure) => void;
  readonly remove: (id: string) => void;
  /** Throws OperationError where name or host have been taken meanwhile. */
  readonly assertFree: (exposure: StoredExposure) => void;
  readonly settle: () => Promise<void>;
  readonly pausedAll: () => boolean;
  readonly writePausedAll: (paused: boolean) => void;
  readonly settlePausedAll: () => Promise<void>;
}

export function createExposureUndo(options: ExposureUndoOptions): ExposureUndo {
  const { settle } = options;
  const existing = (id: string): StoredExposure => {
    const exposure = options.get(id);
    if (exposure) return exposure;
    throw new OperationError('CONFLICT', 'The exposed app is not there any more.', {
      reason: 'EXPOSURE_GONE',
      exposure: id,
    });
  };

  return (step) => {
    switch (step.kind) {
      case 'exposure.remove': {
        const exposure = existing(step.exposureId);
        return {
          write: () => options.remove(exposure.id),
          settle,
          inverse: { kind: 'exposure.restore', exposure },
        };
      }
      case 'exposure.restore': {
        const { exposure } = step;
        if (options.get(exposure.id)) {
          throw new OperationError('CONFLICT', `${exposure.name} is there again already.`, {
            reason: 'EXPOSURE_THERE',
            exposure: exposure.name,
          });
        }
        options.assertFree(exposure);
        return {
          write: () => options.put(exposure),
          settle,
          inverse: { kind: 'exposure.remove', exposureId: exposure.id },
        };
      }
      case 'exposure.patch': {
        const { exposureId, before, after } = step;
        const exposure = existing(exposureId);
        const moved = Object.entries(after).find(
          ([field, value]) => !isDeepStrictEqual(exposure[field as keyof StoredExposure], value),
        );
        if (moved) {
          throw new OperationError('CONFLICT', `The ${moved[0]} of ${exposure.name} has been changed again since.`, {
            reason: 'CHANGED_SINCE',
            exposure: exposure.name,
            field: moved[0],
          });
        }
        const restored = { ...exposure, ...before };
        if (before.name !== undefined || before.host !== undefined) options.assertFree(restored);
        return {
          write: () => options.put(restored),
          settle,
          inverse: { kind: 'exposure.patch', exposureId, before: after, after: before },
        };
      }
      case 'exposure.pausedAll':
        break;
    }
    const { before } = step;
    const inverse = { kind: 'exposure.pausedAll', before: options.pausedAll() } as const;
    return { write: () => options.writePausedAll(before), settle: options.settlePausedAll, inverse };
  };
}
