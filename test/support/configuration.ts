import { defaultStaticConfiguration } from '../../app/config/static.ts';
import type { Problem } from '../../app/contract/objects.ts';
import { internalPublication } from '../../app/providers/internal/publication.ts';
import type { ObjectOrigin, Publication } from '../../app/providers/provider.ts';
import { buildRuntime } from '../../app/runtime/merge.ts';
import type { RuntimeState } from '../../app/runtime/state.ts';
import { buildViews, emptyViews, type Health, type Views } from '../../app/runtime/views.ts';
import type { DynamicConfiguration, HttpConfiguration } from '../../proxy/model/dynamic.ts';

/** What the engine would make of this as a file, beside its own whoami. */
export function runtimeOf(
  http: HttpConfiguration,
  problems: Readonly<Record<string, readonly Problem[]>> = {},
  streams: Pick<DynamicConfiguration, 'tcp' | 'udp'> = {},
): RuntimeState {
  const file = filePublication(http, problems);
  return buildRuntime(
    [internalPublication(), { ...file, configuration: { ...file.configuration, ...streams } }],
    defaultStaticConfiguration.entryPoints,
    1,
  );
}

function filePublication(
  http: HttpConfiguration,
  problems: Readonly<Record<string, readonly Problem[]>> = {},
): Publication {
  const originsOf = (objects: Readonly<Record<string, unknown>> | undefined): Record<string, ObjectOrigin> =>
    Object.fromEntries(
      Object.keys(objects ?? {}).map((name) => [
        name,
        { source: { kind: 'file', path: 'dynamic.yml', line: 1, column: 1 }, problems: problems[name] ?? [] },
      ]),
    );
  return {
    provider: 'file',
    configuration: { http },
    origins: {
      routers: originsOf(http.routers),
      services: originsOf(http.services),
      middlewares: originsOf(http.middlewares),
    },
  };
}

/** What clients see of it. */
export function viewsOf(state: RuntimeState, health: Health = { down: {}, reasons: {} }): Views {
  const ports: Readonly<Record<string, number>> = { web: 8080, websecure: 8443 };
  const entryPoints = defaultStaticConfiguration.entryPoints.map((entryPoint) => ({
    entryPoint,
    tls: entryPoint.tls,
    bound: { host: '0.0.0.0', port: ports[entryPoint.name] ?? 0 },
    problems: [],
  }));
  return buildViews(
    { state, entryPoints, health, containers: [], exposures: [], pausedAll: false, unbuilt: new Map() },
    emptyViews,
  );
}
