import { join } from 'node:path';
import type { Problem } from '../contract/objects.ts';
import type { AccessStore } from '../operations/context.ts';
import { createAccessRepository } from './access.ts';
import { type CertificateRepository, createCertificateRepository } from './certificates.ts';
import { type ChangeRepository, createChangeRepository } from './changes.ts';
import { createConnection } from './connection.ts';
import { prepareDataDir } from './data-dir.ts';
import { createExposureRepository, type ExposureRepository } from './exposures.ts';
import { openDatabase } from './open.ts';
import { createOverrideRepository, type OverrideRepository } from './overrides.ts';
import { createRequestRepository, type RequestRepository } from './requests.ts';
import { createSettingsRepository, type SettingsRepository } from './settings.ts';
import { createTrafficRepository, type TrafficRepository } from './traffic.ts';

export interface Store {
  readonly requests: RequestRepository;
  readonly traffic: TrafficRepository;
  readonly exposures: ExposureRepository;
  readonly overrides: OverrideRepository;
  readonly certificates: CertificateRepository;
  readonly changes: ChangeRepository;
  readonly settings: SettingsRepository;
  readonly access: AccessStore;
  /** What went wrong when it was opened, and what keeps it from writing now. */
  readonly problems: readonly Problem[];
  /** Several writes that stand or fall together. Throws as a write does. */
  readonly transaction: <T>(work: () => T) => T;
  /** May be called twice. */
  readonly close: () => void;
}

export interface StoreOptions {
  readonly now?: () => number;
  readonly maxRequests?: number;
  readonly maxChanges?: number;
}

/**
 * Opens `gatehouse.db` in the data folder, which is made where it is not there. Throws StoreError where it cannot be
 * used. A damaged file is set aside, what can be read of it is kept, and `problems` says so.
 */
export function openStore(dataDir: string, options: StoreOptions = {}): Store {
  const now = options.now ?? Date.now;
  prepareDataDir(dataDir);
  const opened = openDatabase(join(dataDir, 'gatehouse.db'), now);
  const connection = createConnection(opened.db);
  return {
    requests: createRequestRepository(connection, options.maxRequests ?? 100_000),
    traffic: createTrafficRepository(connection, now),
    exposures: createExposureRepository(connection),
    overrides: createOverrideRepository(connection),
    certificates: createCertificateRepository(connection),
    changes: createChangeRepository(connection, options.maxChanges ?? 10_000),
    settings: createSettingsRepository(connection),
    access: createAccessRepository(connection),
    get problems() {
      return [...opened.problems, ...connection.problems()];
    },
    transaction: connection.write,
    close: () => {
      opened.db.close();
    },
  };
}
