import type { RouterConfig, ServiceConfig } from '../../proxy/model/dynamic.ts';
import type { TcpRouterConfig, TcpServiceConfig, UdpRouterConfig, UdpServiceConfig } from '../../proxy/model/stream.ts';
import { RuleError } from '../../proxy/rule/rule-error.ts';
import { type Token, tokenise } from '../../proxy/rule/tokenise.ts';
import type { OverrideField } from '../contract/objects.ts';
import type { Override } from '../providers/provider.ts';
import type { Overridden, Published } from './judgement.ts';
import { haveServersChanged, type MatchedServer, matchServers } from './override-servers.ts';
import { same } from './same.ts';

/** A router as somebody wants it. What its provider says stays known. */
export function overrideRouter(item: Published<RouterConfig>, wanted: Override): Published<RouterConfig> {
  const { config } = item;
  const { host } = wanted;
  return {
    ...item,
    config: {
      ...config,
      ...(host === null ? {} : { rule: ruleForHost(config.rule ?? '', host) }),
      ...wantedMiddlewares(wanted, config.middlewares),
    },
    overridden: overriddenRouter(wanted, config.rule, config.middlewares),
  };
}

/** As {@link overrideRouter}; its host is the name that clients send in their TLS hello. */
export function overrideTcpRouter(item: Published<TcpRouterConfig>, wanted: Override): Published<TcpRouterConfig> {
  const { config } = item;
  const { host } = wanted;
  return {
    ...item,
    config: {
      ...config,
      ...(host === null ? {} : { rule: ruleForServerName(config.rule ?? '', host) }),
      ...wantedMiddlewares(wanted, config.middlewares),
    },
    overridden: overriddenRouter(wanted, config.rule, config.middlewares),
  };
}

/** Of a router for datagrams, which has neither host nor middlewares, only whether it is paused. */
export function overrideUdpRouter(item: Published<UdpRouterConfig>, wanted: Override): Published<UdpRouterConfig> {
  return { ...item, overridden: overriddenRouter(wanted, '', []) };
}

/** A service as somebody wants it: what stands before it, whatever router leads there, and its servers. */
export function overrideService(item: Published<ServiceConfig>, wanted: Override): Published<ServiceConfig> {
  const { config, provider } = item;
  const { loadBalancer } = config;
  const servers = loadBalancer?.servers ?? [];
  const matched = matchedOf(
    servers.map(({ url = '' }) => url),
    wanted,
    provider,
  );
  const path = wanted.healthCheckPath;
  const { healthCheck, ...unchecked } = loadBalancer ?? {};
  return {
    ...item,
    config: {
      ...config,
      ...wantedMiddlewares(wanted, config.middlewares),
      ...(loadBalancer === undefined
        ? {}
        : {
            loadBalancer: {
              ...(path === '' ? unchecked : loadBalancer),
              ...(path === null || path === '' ? {} : { healthCheck: { ...healthCheck, path } }),
              ...(wanted.paused || wanted.servers !== null
                ? {
                    servers: servers.flatMap((server, place) => {
                      const edit = matched[place]?.edit;
                      if (wanted.paused || edit?.paused === true) return [];
                      return {
                        ...server,
                        ...((edit?.address ?? null) === null ? {} : { url: edit?.address ?? '' }),
                        ...((edit?.weight ?? null) === null ? {} : { weight: edit?.weight ?? 1 }),
                      };
                    }),
                  }
                : {}),
            },
          }),
    },
    overridden: {
      ...overriddenService(
        wanted,
        matched,
        {
          servers: servers.map(({ url = '', weight = 1 }) => ({ server: url, weight })),
          healthCheckPath: healthCheckPathOf(loadBalancer),
        },
        config.middlewares,
      ),
      changed:
        isChanged(wanted, '', config.middlewares, matched, provider) ||
        (path !== null && healthCheckPathOf(loadBalancer) !== (wanted.seen.healthCheckPath ?? null)),
    },
  };
}

/** The path that a load balancer's health check asks for; null where none is made by path. */
export function healthCheckPathOf(loadBalancer: ServiceConfig['loadBalancer']): string | null {
  const { healthCheck } = loadBalancer ?? {};
  return healthCheck === undefined ? null : (healthCheck.path ?? '/');
}

/** As {@link overrideService}, for what TCP and UDP have: servers. */
export function overrideStreamService<Config extends TcpServiceConfig | UdpServiceConfig>(
  item: Published<Config>,
  wanted: Override,
): Published<Config> {
  const { config, provider } = item;
  const { loadBalancer } = config;
  const servers = loadBalancer?.servers ?? [];
  const matched = matchedOf(
    servers.map(({ address = '' }) => address),
    wanted,
    provider,
  );
  const edited = servers.flatMap((server, place) => {
    const edit = matched[place]?.edit;
    if (wanted.paused || edit?.paused === true) return [];
    return (edit?.address ?? null) === null ? server : { ...server, address: edit?.address ?? '' };
  });
  return {
    ...item,
    config: loadBalancer === undefined ? config : { ...config, loadBalancer: { ...loadBalancer, servers: edited } },
    overridden: {
      ...overriddenService(wanted, matched, {
        servers: servers.map(({ address = '' }) => ({ server: address, weight: 1 })),
        healthCheckPath: null,
      }),
      changed: isChanged(wanted, '', undefined, matched, provider),
    },
  };
}

function wantedMiddlewares(
  { guard, middlewares }: Override,
  below: readonly string[] = [],
): { readonly middlewares?: string[] } {
  if (middlewares === null && guard === null) return {};
  return { middlewares: [...(guard === null ? [] : [guard]), ...(middlewares ?? below)] };
}

function matchedOf(
  servers: readonly string[],
  { servers: edits, seen }: Override,
  provider: string,
): readonly MatchedServer[] {
  return matchServers(servers, edits ?? [], seen.servers ?? [], provider);
}

function overriddenRouter(wanted: Override, rule = '', middlewares: readonly string[] = []): Overridden {
  const changed = rule !== wanted.seen.rule || !same(middlewares, wanted.seen.middlewares);
  return { rule, middlewares, fields: fieldsOf(wanted), changed };
}

function overriddenService(
  wanted: Override,
  matched: readonly MatchedServer[],
  below: NonNullable<Overridden['below']>,
  middlewares: readonly string[] = [],
): Omit<Overridden, 'changed'> {
  const edits = matched.flatMap(({ edit }) => edit ?? []);
  return { rule: '', middlewares, fields: fieldsOf(wanted), below, edits };
}

function isChanged(
  { seen, servers: edits }: Override,
  rule: string,
  middlewares: readonly string[] = [],
  matched: readonly MatchedServer[],
  provider: string,
): boolean {
  const servers = matched.map(({ server }) => server);
  return (
    rule !== seen.rule ||
    !same(middlewares, seen.middlewares) ||
    haveServersChanged(servers, edits ?? [], seen.servers ?? [], provider)
  );
}

/** What somebody has edited, in the order in which it is told. */
export function fieldsOf(
  wanted: Pick<Override, 'host' | 'middlewares' | 'servers' | 'healthCheckPath' | 'paused'> &
    ({ readonly guard: unknown } | { readonly protection: unknown }),
): OverrideField[] {
  const guard = 'guard' in wanted ? wanted.guard : wanted.protection;
  return [
    ...(wanted.host === null ? [] : ['host' as const]),
    ...(wanted.middlewares === null ? [] : ['middlewares' as const]),
    ...(guard === null ? [] : ['protection' as const]),
    ...(wanted.servers === null ? [] : ['servers' as const]),
    ...(wanted.healthCheckPath === null ? [] : ['healthCheckPath' as const]),
    ...(wanted.paused ? ['paused' as const] : []),
  ];
}

/**
 * The rule for another host: each matcher of hosts gives way, and paths, methods and the rest stay. A rule without one
 * is narrowed to the host; one that cannot be read is replaced.
 */
export function ruleForHost(rule: string, host: string): string {
  return ruleFor(rule, `Host(\`${host}\`)`, /^host(?:header|regexp)?$/i);
}

/** The same for the rule of a TCP router. */
export function ruleForServerName(rule: string, host: string): string {
  return ruleFor(rule, `HostSNI(\`${host}\`)`, /^hostsni(?:regexp)?$/i);
}

function ruleFor(rule: string, own: string, hostMatcher: RegExp): string {
  let tokens: Token[];
  try {
    tokens = tokenise(rule);
  } catch (error) {
    if (error instanceof RuleError) return own;
    throw error;
  }
  const places = tokens.flatMap((token, i) => {
    const isHost = token.kind === 'name' && hostMatcher.test(token.text);
    // What a rule keeps out stays out.
    if (!isHost || tokens[i - 1]?.kind === '!' || tokens[i + 1]?.kind !== '(') return [];
    const close = tokens.slice(i).find(({ kind }) => kind === ')');
    return close === undefined ? [] : [{ from: token.position, to: close.end }];
  });
  if (places.length === 0) return rule.trim() === '' ? own : `${own} && (${rule})`;
  let next = '';
  let at = 0;
  for (const { from, to } of places) {
    next += `${rule.slice(at, from)}${own}`;
    at = to;
  }
  next += rule.slice(at);
  const alternatives = next.split('||').map((part) => part.trim());
  return alternatives.every((part) => part === own) ? own : next;
}
