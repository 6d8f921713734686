import type { MiddlewareConfig } from '../../../proxy/model/dynamic.ts';
import { localName, providerOf } from '../../../proxy/model/names.ts';
import type { StoredOverride } from '../../store/overrides.ts';
import type { ObjectOrigin, Override, Publication } from '../provider.ts';
import { middlewareOf } from './configuration.ts';

/** The provider's publication with its layer over other providers' objects. */
export function withOverrides(publication: Publication, overrides: readonly StoredOverride[]): Publication {
  if (overrides.length === 0) return publication;
  const guards = overrides.flatMap((override) => {
    const guard = guardOf(override);
    return guard === null ? [] : [guard];
  });
  const { http = {} } = publication.configuration;
  const origin: ObjectOrigin = { source: { kind: 'internal' }, problems: [] };
  const names = guards.map(({ name }) => name);
  return {
    ...publication,
    configuration: {
      ...publication.configuration,
      http: {
        ...http,
        middlewares: {
          ...http.middlewares,
          ...Object.fromEntries(guards.map(({ name, config }) => [name, config])),
        },
      },
    },
    origins: {
      ...publication.origins,
      middlewares: {
        ...publication.origins.middlewares,
        ...Object.fromEntries(names.map((name) => [name, origin])),
      },
    },
    overrides: overrides.map(layerOf),
  };
}

function layerOf(override: StoredOverride): Override {
  const { object, name, host, middlewares, paused } = override;
  const guard = guardOf(override);
  return { object, name, host, middlewares, paused, guard: guard === null ? null : `${guard.name}@gatehouse` };
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
