import type {
  EngineStatus,
  EntryPointView,
  ObjectStatus,
  Problem,
  ProviderView,
  RouterView,
} from '../contract/objects.ts';
import type { Views } from './views.ts';

export interface StatusSources {
  readonly version: string;
  readonly startedAt: number;
  readonly starting: boolean;
  /** Of the engine itself and of its parts, apart from entry points and providers, which carry their own. */
  readonly problems: readonly Problem[];
  readonly entryPoints: readonly EntryPointView[];
  readonly providers: readonly ProviderView[];
  readonly views: Views;
  readonly dashboard: EngineStatus['dashboard'];
  readonly dataDir: string;
  readonly workers: number;
  readonly pausedAll: boolean;
  readonly certificateAuthority: EngineStatus['certificateAuthority'];
}

export function engineStatus(sources: StatusSources): EngineStatus {
  const { views, starting, pausedAll, problems, entryPoints, providers } = sources;
  const counts = {
    openApps: pausedAll ? 0 : openApps(views.routers.values()),
    containers: views.containers.size,
    routers: countOf(views.routers.values()),
    services: countOf(views.services.values()),
    middlewares: countOf(views.middlewares.values()),
  };
  const attention =
    problems.some(matters) ||
    entryPoints.some((each) => each.listening === null || each.problems.some(matters)) ||
    providers.some((each) => each.state === 'lost' || each.state === 'failed' || each.problems.some(matters)) ||
    [counts.routers, counts.services, counts.middlewares].some(({ warnings, errors }) => warnings + errors > 0);
  return {
    version: sources.version,
    startedAt: sources.startedAt,
    health: starting ? 'starting' : pausedAll ? 'paused' : attention ? 'attention' : 'well',
    problems: [...problems],
    entryPoints: [...entryPoints],
    providers: [...providers],
    counts,
    dashboard: sources.dashboard,
    dataDir: sources.dataDir,
    workers: sources.workers,
    pausedAll,
    certificateAuthority: sources.certificateAuthority,
  };
}

function matters({ severity }: Problem): boolean {
  return severity !== 'info';
}

function countOf(objects: Iterable<{ readonly status: ObjectStatus }>): EngineStatus['counts']['routers'] {
  let total = 0;
  let warnings = 0;
  let errors = 0;
  for (const { status } of objects) {
    total += 1;
    if (status === 'warning') warnings += 1;
    if (status === 'disabled') errors += 1;
  }
  return { total, warnings, errors };
}

/** Distinct hosts that answer now, Gatehouse's own left out. */
function openApps(routers: Iterable<RouterView>): number {
  const hosts = new Set<string>();
  for (const { provider, status, urls, hosts: own } of routers) {
    if (provider === 'internal' || status === 'disabled' || urls.length === 0) continue;
    for (const host of own) hosts.add(host);
  }
  return hosts.size;
}
