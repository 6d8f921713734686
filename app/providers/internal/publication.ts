import type { HttpConfiguration, RouterConfig } from '../../../proxy/model/dynamic.ts';
import type { ApiConfiguration, MetricsConfiguration, PingConfiguration } from '../../config/static.ts';
import type { InternalService } from '../../runtime/state.ts';
import type { Publication } from '../provider.ts';

const origin = { source: { kind: 'internal' }, problems: [] } as const;

/** What static configuration turns on among Traefik's internal routers and services. */
export interface InternalOptions {
  readonly api?: ApiConfiguration | undefined;
  readonly ping?: PingConfiguration | undefined;
  readonly metrics?: MetricsConfiguration | undefined;
}

/** Above every priority that a router of labels or files can reasonably have, as Traefik has it. */
const highest = Number.MAX_SAFE_INTEGER;

/**
 * What Gatehouse always serves: whoami, which shows that the road works before there is any container; and the routers
 * that Traefik makes for `api.insecure`, `ping` and `metrics.prometheus`. Their services are built in; the runtime adds them.
 */
export function internalPublication({ api, ping, metrics }: InternalOptions = {}): Publication {
  const routers: Record<string, RouterConfig> = {
    whoami: { rule: 'Host(`whoami.localhost`)', service: 'whoami@internal' },
  };
  if (api?.insecure) {
    const base = api.basePath === '/' ? '' : api.basePath;
    const entryPoints = ['traefik'];
    const rule = `PathPrefix(\`${base}/api\`)`;
    routers['api'] = { entryPoints, rule, service: 'api@internal', priority: highest - 1 };
    if (api.dashboard) {
      const all = `PathPrefix(\`${base}/\`)`;
      routers['dashboard'] = { entryPoints, rule: all, service: 'dashboard@internal', priority: highest - 2 };
    }
  }
  if (ping && !ping.manualRouting) {
    const rule = 'PathPrefix(`/ping`)';
    routers['ping'] = { entryPoints: [ping.entryPoint], rule, service: 'ping@internal', priority: highest };
  }
  if (metrics && !metrics.manualRouting) {
    const rule = 'PathPrefix(`/metrics`)';
    routers['prometheus'] = {
      entryPoints: [metrics.entryPoint],
      rule,
      service: 'prometheus@internal',
      priority: highest,
    };
  }
  const http: HttpConfiguration = { routers };
  const origins = Object.fromEntries(Object.keys(routers).map((name) => [name, origin]));
  return {
    provider: 'internal',
    configuration: { http },
    origins: { routers: origins, services: {}, middlewares: {} },
  };
}

export function internalServicesOf({ api, ping, metrics }: InternalOptions): InternalService[] {
  return [
    ...(api ? (['api'] as const) : []),
    ...(api?.dashboard ? (['dashboard'] as const) : []),
    ...(ping ? (['ping'] as const) : []),
    ...(metrics ? (['prometheus'] as const) : []),
  ];
}
