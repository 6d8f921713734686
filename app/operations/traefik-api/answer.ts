import { isDockerProvider } from '../../contract/docker-name.ts';
import type { Snapshot } from '../../contract/objects.ts';
import type { RuntimeState } from '../../runtime/state.ts';
import { entryPointOf, middlewareOf, routerOf, serviceOf } from './objects.ts';
import { pageOf } from './page.ts';
import { countsOf, streamItems, streamRawData } from './streams.ts';

export interface TraefikApiState {
  readonly snapshot: Snapshot;
  readonly runtime: RuntimeState;
}

export interface TraefikApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Answers `GET /api/…` as Traefik v3 does; null for addresses that its API does not have. */
export function answerTraefikApi(url: URL, state: TraefikApiState): TraefikApiAnswer | null {
  const { snapshot } = state;
  const [root, ...parts] = url.pathname.split('/').slice(1);
  if (root !== 'api') return null;
  const [area = '', kind = '', ...rest] = parts;
  // Names may hold a slash (`app@kubernetes/default`), encoded or not.
  const name = decode(area === 'entrypoints' ? [kind, ...rest].join('/') : rest.join('/'));
  if (name === null) return failure(400, 'invalid name');

  switch (area) {
    case 'version':
      if (parts.length > 1) return null;
      return ok({
        Version: snapshot.status.version,
        Codename: 'gatehouse',
        startDate: new Date(snapshot.status.startedAt).toISOString(),
      });
    case 'overview':
      return parts.length > 1 ? null : ok(overview(snapshot));
    case 'rawdata':
      return parts.length > 1 ? null : ok(rawData(state));
    case 'entrypoints':
      return list(
        url,
        name,
        'entry point',
        snapshot.status.entryPoints.map((view) => ({
          view: { ...view, status: 'enabled' },
          item: () => entryPointOf(view),
        })),
        () => [],
      );
    case 'http':
      return http(kind, name, url, state);
    case 'tcp':
    case 'udp':
      return streams(area, kind, name, url, state);
    default:
      return null;
  }
}

function http(kind: string, name: string, url: URL, { snapshot, runtime }: TraefikApiState): TraefikApiAnswer | null {
  const service = url.searchParams.get('serviceName');
  const middleware = url.searchParams.get('middlewareName');
  switch (kind) {
    case 'routers': {
      const routers = httpOnly(snapshot.routers)
        .filter((view) => service === null || service === '' || view.service === service)
        .filter((view) => middleware === null || middleware === '' || view.middlewares.includes(middleware));
      const items = routers.map((view) => ({
        view,
        item: () => ({
          ...routerOf(view, runtime.routers.get(view.name)),
          name: view.name,
          provider: view.provider,
        }),
      }));
      return list(url, name, 'router', items, (view) => [view.rule]);
    }
    case 'services': {
      const items = httpOnly(snapshot.services).map((view) => ({
        view,
        item: () => ({
          ...serviceOf(view, runtime.services.get(view.name)),
          name: view.name,
          provider: view.provider,
          ...(view.type === 'whoami' || view.type === 'unknown' ? {} : { type: view.type.toLowerCase() }),
        }),
      }));
      return list(url, name, 'service', items, () => []);
    }
    case 'middlewares': {
      const items = httpOnly(snapshot.middlewares).map((view) => ({
        view,
        item: () => ({
          ...middlewareOf(view),
          name: view.name,
          provider: view.provider,
          type: view.type.toLowerCase(),
        }),
      }));
      return list(url, name, 'middleware', items, () => []);
    }
    default:
      return null;
  }
}

function streams(
  area: 'tcp' | 'udp',
  kind: string,
  name: string,
  url: URL,
  { snapshot, runtime }: TraefikApiState,
): TraefikApiAnswer | null {
  const items = streamItems(area, kind, snapshot, runtime);
  return items && list(url, name, kind.slice(0, -1), items, (view) => ('rule' in view ? [view.rule] : []));
}

function httpOnly<T extends { readonly protocol?: 'tcp' | 'udp' | undefined }>(views: readonly T[]): readonly T[] {
  return views.filter(({ protocol }) => protocol === undefined);
}

interface Listed {
  readonly name: string;
  readonly status: string;
}

function list<T extends Listed>(
  url: URL,
  name: string,
  kind: string,
  items: readonly { readonly view: T; readonly item: () => Record<string, unknown> }[],
  searchedBesidesName: (view: T) => readonly string[],
): TraefikApiAnswer {
  if (name !== '') {
    const found = items.find(({ view }) => view.name === name);
    return found ? ok(found.item()) : failure(404, `${kind} not found: ${name}`);
  }
  const query = url.searchParams;
  const search = (query.get('search') ?? '').toLowerCase();
  const status = (query.get('status') ?? '').toLowerCase();
  const descending = query.get('direction') === 'desc';
  const wanted = items
    .filter(({ view }) => status === '' || view.status === status)
    .filter(({ view }) => [view.name, ...searchedBesidesName(view)].some((text) => text.toLowerCase().includes(search)))
    .map(({ item }) => item())
    .toSorted((a, b) => (descending ? -1 : 1) * compare(a, b, query.get('sortBy') ?? 'name'));
  const page = pageOf(wanted, query);
  if (page.kind === 'invalid') return failure(400, page.message);
  return { status: 200, body: page.items, headers: { 'X-Next-Page': String(page.nextPage) } };
}

function compare(a: Record<string, unknown>, b: Record<string, unknown>, by: string): number {
  const left = a[by];
  const right = b[by];
  const order =
    typeof left === 'number' && typeof right === 'number' ? left - right : compareText(textOf(left), textOf(right));
  return order === 0 ? compareText(textOf(a['name']), textOf(b['name'])) : order;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.join(',') : '';
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function overview({ status, routers, services, middlewares }: Snapshot): Record<string, unknown> {
  const counts = (protocol?: 'tcp' | 'udp') => ({
    routers: countsOf(routers, protocol),
    services: countsOf(services, protocol),
    middlewares: countsOf(middlewares, protocol),
  });
  const { middlewares: _none, ...udp } = counts('udp');
  const names = { docker: 'Docker', file: 'File', http: 'HTTP', gatehouse: 'Gatehouse', internal: 'Internal' } as const;
  return {
    http: counts(),
    tcp: counts('tcp'),
    udp,
    features: {
      tracing: '',
      metrics: services.some(({ name }) => name === 'prometheus@internal') ? 'Prometheus' : '',
      accessLog: true,
    },
    providers: [
      ...new Set(
        status.providers
          .filter(({ name, state }) => state !== 'off' && name !== 'internal')
          .map(({ name }) => (isDockerProvider(name) ? names.docker : names[name])),
      ),
    ],
  };
}

function rawData({ snapshot, runtime }: TraefikApiState): Record<string, unknown> {
  return {
    routers: Object.fromEntries(
      httpOnly(snapshot.routers).map((view) => [view.name, routerOf(view, runtime.routers.get(view.name))]),
    ),
    middlewares: Object.fromEntries(httpOnly(snapshot.middlewares).map((view) => [view.name, middlewareOf(view)])),
    services: Object.fromEntries(
      httpOnly(snapshot.services).map((view) => [view.name, serviceOf(view, runtime.services.get(view.name))]),
    ),
    ...streamRawData(snapshot, runtime),
  };
}

function ok(body: unknown): TraefikApiAnswer {
  return { status: 200, body, headers: {} };
}

function failure(status: number, message: string): TraefikApiAnswer {
  return { status, body: { message }, headers: {} };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
