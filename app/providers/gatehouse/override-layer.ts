import type { MiddlewareConfig } from '../../../proxy/model/dynamic.ts';
import { localName, providerOf } from '../../../proxy/model/names.ts';
import type { StoredOverride } from '../../store/overrides.ts';
import type { ObjectOrigin, Origins, Override, Publication } from '../provider.ts';
import { middlewareOf } from './configuration.ts';

const origin: ObjectOrigin = { source: { kind: 'internal' }, problems: [] };
const noOrigins: Origins = { routers: {}, services: {}, middlewares: {} };

/** The provider's publication with its layer over other providers' objects. */
export function withOverrides(publication: Publication, overrides: readonly StoredOverride[]): Publication {
  if (overrides.length === 0) return publication;
  const httpGuards = guardsOf(overrides.filter(({ protocol }) => protocol === undefined));
  const tcpGuards = guardsOf(overrides.filter(({ protocol }) => protocol === 'tcp'));
  const { http = {}, tcp = {} } = publication.configuration;
  const { udp = noOrigins, tcp: tcpOrigins = noOrigins } = publication.streamOrigins ?? {};
  return {
    ...publication,
    configuration: {
      ...publication.configuration,
      http: { ...http, middlewares: { ...http.middlewares, ...httpGuards } },
      ...(Object.keys(tcpGuards).length === 0
        ? {}
        : { tcp: { ...tcp, middlewares: { ...tcp.middlewares, ...tcpGuards } } }),
    },
    origins: withOrigins(publication.origins, httpGuards),
    streamOrigins: { tcp: withOrigins(tcpOrigins, tcpGuards), udp },
    overrides: overrides.map(layerOf),
  };
}

function guardsOf(overrides: readonly StoredOverride[]): Record<string, MiddlewareConfig> {
  return Object.fromEntries(
    overrides.flatMap((override) => {
      const guard = guardOf(override);
      return guard === null ? [] : [[guard.name, guard.config] as const];
    }),
  );
}

function withOrigins(origins: Origins, guards: Readonly<Record<string, unknown>>): Origins {
  const own = Object.fromEntries(Object.keys(guards).map((name) => [name, origin]));
  return { ...origins, middlewares: { ...origins.middlewares, ...own } };
}

/** The override as the runtime lays it over what its provider says. */
export function layerOf(override: StoredOverride): Override {
  const { object, protocol, name, host, middlewares, servers, healthCheckPath, paused, seen } = override;
  const guard = guardOf(override);
  return {
    object,
    ...(protocol === undefined ? {} : { protocol }),
    name,
    host,
    middlewares,
    guard: guard === null ? null : `${guard.name}@gatehouse`,
    servers,
    healthCheckPath,
    paused,
    seen,
  };
}

/** The middleware that an override's protection makes. No exposed app can have such a name: theirs have no dots. */
function guardOf({
  object,
  name,
  protection,
}: StoredOverride): { readonly name: string; readonly config: MiddlewareConfig } | null {
  if (protection === null) return null;
  return middlewareOf(`${object}.${localName(name)}.${providerOf(name) ?? ''}`, protection) ?? null;
}
