import type { MiddlewareView, RouterView, ServiceView, Snapshot } from '../../contract/objects.ts';
import type { RuntimeState } from '../../runtime/state.ts';
import { errorsOf, serverStatusOf } from './objects.ts';

/** TCP and UDP objects in the shapes of Traefik's API (v3). */

type Area = 'tcp' | 'udp';
type StreamKind = 'routers' | 'services' | 'middlewares';
type View = RouterView | ServiceView | MiddlewareView;

export interface ListedStream {
  readonly view: View;
  readonly item: () => Record<string, unknown>;
}

/** Null for kinds that Traefik's API does not have there. */
export function streamItems(
  area: Area,
  kind: string,
  snapshot: Snapshot,
  { streams }: RuntimeState,
): readonly ListedStream[] | null {
  const named = (view: View, item: Record<string, unknown>) => ({ ...item, name: view.name, provider: view.provider });
  switch (kind as StreamKind) {
    case 'routers':
      return own(snapshot.routers, area).map((view) => ({
        view,
        item: () => named(view, routerOf(area, view, streams[area].routers.get(view.name)?.config)),
      }));
    case 'services':
      return own(snapshot.services, area).map((view) => ({
        view,
        item: () => ({
          ...named(view, serviceOf(view, streams[area].services.get(view.name)?.config)),
          type: view.type.toLowerCase(),
        }),
      }));
    case 'middlewares':
      if (area === 'udp') return null;
      return own(snapshot.middlewares, area).map((view) => ({
        view,
        item: () => ({ ...named(view, middlewareOf(view)), type: view.type.toLowerCase() }),
      }));
    default:
      return null;
  }
}

/** What `/api/rawdata` holds of TCP and UDP: kinds of which there is none are left out. */
export function streamRawData(snapshot: Snapshot, runtime: RuntimeState): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const area of ['tcp', 'udp'] as const) {
    for (const [kind, key] of [
      ['routers', 'Routers'],
      ['middlewares', 'Middlewares'],
      ['services', 'Services'],
    ] as const) {
      const items = streamItems(area, kind, snapshot, runtime) ?? [];
      if (items.length === 0) continue;
      result[`${area}${key}`] = Object.fromEntries(
        items.map(({ view, item }) => {
          const { name, provider: _provider, type: _type, ...rest } = item();
          return [name ?? view.name, rest];
        }),
      );
    }
  }
  return result;
}

interface Counts {
  readonly total: number;
  readonly warnings: number;
  readonly errors: number;
}

/** Counts by status of the objects of one protocol. */
export function countsOf(views: readonly View[], protocol: Area | undefined): Counts {
  const ofProtocol = views.filter((view) => view.protocol === protocol);
  return {
    total: ofProtocol.length,
    warnings: ofProtocol.filter(({ status }) => status === 'warning').length,
    errors: ofProtocol.filter(({ status }) => status === 'disabled').length,
  };
}

function own<T extends View>(views: readonly T[], area: Area): readonly T[] {
  return views.filter(({ protocol }) => protocol === area);
}

function routerOf(area: Area, view: RouterView, config: object | undefined): Record<string, unknown> {
  const { entryPoints, middlewares, service, rule, priority } = view;
  return {
    entryPoints,
    ...(middlewares.length > 0 ? { middlewares } : {}),
    service: config && 'service' in config ? config.service : service,
    ...(area === 'tcp' ? { rule, priority } : {}),
    ...(config && 'tls' in config && config.tls !== undefined
      ? { tls: { passthrough: false, ...(config.tls as object) } }
      : {}),
    ...errorsOf(view),
    status: view.status,
    using: entryPoints,
  };
}

function serviceOf(view: ServiceView, config: object | undefined): Record<string, unknown> {
  return {
    ...config,
    ...errorsOf(view),
    status: view.status,
    ...(view.usedBy.length > 0 ? { usedBy: view.usedBy } : {}),
    ...(view.healthCheck === null ? {} : serverStatusOf(view)),
  };
}

function middlewareOf(view: MiddlewareView): Record<string, unknown> {
  return {
    [view.type]: view.options,
    ...errorsOf(view),
    status: view.status,
    ...(view.usedBy.length > 0 ? { usedBy: view.usedBy } : {}),
  };
}
