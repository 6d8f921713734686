import type { CertificateView, ResolverView } from '../contract/certificates.ts';
import type { Change, EngineStatus, Exposure, ProviderView, Snapshot } from '../contract/objects.ts';
import type { EventHub } from './event-hub.ts';
import { same } from './same.ts';
import { buildViews, type Delta, deltaOf, emptyViews, isEmptyDelta, type ViewSources, type Views } from './views.ts';

export type SystemChange = Omit<Change, 'id' | 'at' | 'undoable'>;

export interface PictureOptions {
  readonly hub: EventHub;
  /** The present state of all parts. */
  readonly sources: () => ViewSources;
  /** Made after the views; those that say the same keep their identity. */
  readonly certificates: (views: Views) => readonly CertificateView[];
  readonly resolvers: () => readonly ResolverView[];
  readonly status: (views: Views) => EngineStatus;
  readonly changes: () => readonly Change[];
  /** Told of what happened by itself: routers that broke or recovered, containers that came or went. */
  readonly onSystemChange: (change: SystemChange) => void;
}

/** What all clients see: assembled when something has changed, sent as what differs. */
export interface Picture {
  /** Something has changed. Many calls in one turn of the event loop make one new picture. */
  readonly touch: () => void;
  readonly snapshot: () => Snapshot;
  /** From now on, what appears or breaks is news; before, it was only found. */
  readonly beginNews: () => void;
  readonly close: () => void;
}

/** More of one kind at once is one event for a person, such as a compose project that goes down. */
const mostNewsAtOnce = 20;

export function createPicture(options: PictureOptions): Picture {
  const { hub } = options;
  let views: Views = emptyViews;
  let exposures: readonly Exposure[] = [];
  let certificates: ReadonlyMap<string, CertificateView> = new Map();
  let resolvers: readonly ResolverView[] = [];
  let status: EngineStatus | null = null;
  let stale = true;
  let scheduled: NodeJS.Immediate | null = null;
  let newsFrom = false;

  const refresh = (): EngineStatus => {
    stale = false;
    const sources = options.sources();
    const before = views;
    views = buildViews(sources, before);
    const containers = deltaOf(before.containers, views.containers);
    if (!isEmptyDelta(containers)) hub.emit({ topic: 'containers', containers });
    const routers = deltaOf(before.routers, views.routers);
    const services = deltaOf(before.services, views.services);
    const middlewares = deltaOf(before.middlewares, views.middlewares);
    if (![routers, services, middlewares].every((delta: Delta<unknown>) => isEmptyDelta(delta))) {
      hub.emit({ topic: 'routing', routers, services, middlewares });
    }
    if (!same(exposures, sources.exposures)) {
      exposures = sources.exposures;
      hub.emit({ topic: 'exposures', exposures: [...exposures] });
    }
    const nextCertificates = new Map(options.certificates(views).map((each) => [each.id, each]));
    const nextResolvers = options.resolvers();
    const changed = deltaOf(certificates, nextCertificates);
    if (!isEmptyDelta(changed) || !same(resolvers, nextResolvers)) {
      hub.emit({ topic: 'certificates', certificates: changed, resolvers: [...nextResolvers] });
    }
    certificates = nextCertificates;
    resolvers = nextResolvers;
    const nextStatus = options.status(views);
    if (status === null || !same(status, nextStatus)) {
      const providersBefore = status?.providers ?? [];
      status = nextStatus;
      hub.emit({ topic: 'status', status });
      if (newsFrom)
        for (const change of providerNews(providersBefore, status.providers)) options.onSystemChange(change);
    }
    if (newsFrom) {
      const news = [...routerNews(before, views), ...containerNews(before, views)];
      for (const change of news.slice(0, mostNewsAtOnce)) options.onSystemChange(change);
    }
    return status;
  };

  return {
    touch: () => {
      stale = true;
      scheduled ??= setImmediate(() => {
        scheduled = null;
        if (stale) refresh();
      });
    },
    snapshot: () => {
      const current = stale || status === null ? refresh() : status;
      return {
        revision: hub.revision(),
        status: current,
        containers: [...views.containers.values()],
        routers: [...views.routers.values()],
        services: [...views.services.values()],
        middlewares: [...views.middlewares.values()],
        exposures: [...exposures],
        certificates: [...certificates.values()],
        resolvers: [...resolvers],
        changes: [...options.changes()],
      };
    },
    beginNews: () => {
      if (stale) refresh();
      newsFrom = true;
    },
    close: () => {
      if (scheduled !== null) clearImmediate(scheduled);
      scheduled = null;
    },
  };
}

function routerNews(before: Views, after: Views): SystemChange[] {
  const news: SystemChange[] = [];
  for (const [name, router] of after.routers) {
    const known = before.routers.get(name);
    if (known === router) continue;
    const wasBroken = known?.status === 'disabled';
    const isBroken = router.status === 'disabled';
    if (isBroken && !wasBroken) {
      const reason = router.problems.find(({ severity }) => severity === 'error')?.message ?? '';
      news.push({ actor: 'system', kind: 'router.broke', subject: name, details: { reason } });
    } else if (wasBroken && !isBroken) {
      news.push({ actor: 'system', kind: 'router.recovered', subject: name, details: {} });
    }
  }
  return news;
}

/** By name: a container that is recreated was never away. */
function containerNews(before: Views, after: Views): SystemChange[] {
  if (before.containers === after.containers) return [];
  const namesBefore = new Map([...before.containers.values()].map(({ name, image }) => [name, image]));
  const namesAfter = new Map([...after.containers.values()].map(({ name, image }) => [name, image]));
  const news: SystemChange[] = [];
  for (const [subject, image] of namesAfter) {
    if (!namesBefore.has(subject))
      news.push({ actor: 'system', kind: 'container.appeared', subject, details: { image } });
  }
  for (const [subject, image] of namesBefore) {
    if (!namesAfter.has(subject)) news.push({ actor: 'system', kind: 'container.gone', subject, details: { image } });
  }
  return news;
}

function providerNews(before: readonly ProviderView[], after: readonly ProviderView[]): SystemChange[] {
  const news: SystemChange[] = [];
  for (const { name, state, where } of after) {
    const known = before.find((each) => each.name === name)?.state;
    if (known === undefined || known === state) continue;
    if (state === 'lost') news.push({ actor: 'system', kind: 'provider.lost', subject: name, details: { where } });
    if (state === 'connected' && (known === 'lost' || known === 'failed')) {
      news.push({ actor: 'system', kind: 'provider.connected', subject: name, details: { where } });
    }
  }
  return news;
}
