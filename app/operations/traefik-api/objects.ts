import type { LoadBalancerConfig } from '../../../proxy/model/dynamic.ts';
import { localName, providerOf } from '../../../proxy/model/names.ts';
import type { EntryPointView, MiddlewareView, Problem, RouterView, ServiceView } from '../../contract/objects.ts';
import type { RuntimeRouter, RuntimeService } from '../../runtime/state.ts';

/** Gatehouse's objects in the shapes of Traefik's API (v3), so that what reads the one reads the other. */

export function entryPointOf(view: EntryPointView): Record<string, unknown> {
  const redirect = view.redirectTo;
  const http = {
    ...(redirect === null ? {} : { redirections: { entryPoint: { to: redirect, scheme: 'https', permanent: true } } }),
    ...(view.protocol === 'https' ? { tls: {} } : {}),
  };
  return { name: view.name, address: view.address, http, http2: { maxConcurrentStreams: 250 } };
}

export function routerOf(view: RouterView, runtime: RuntimeRouter | undefined): Record<string, unknown> {
  const config = runtime?.config;
  // As in Traefik, a service of the router's own provider is named without it.
  const service = providerOf(view.service) === view.provider ? localName(view.service) : view.service;
  return {
    entryPoints: config?.entryPoints ?? view.entryPoints,
    ...(view.middlewares.length > 0 ? { middlewares: view.middlewares } : {}),
    ...(view.children === undefined ? { service: config?.service ?? service } : {}),
    ...(view.parents === undefined ? {} : { parentRefs: view.parents }),
    rule: view.rule,
    priority: view.priority,
    ...(view.tls ? { tls: { options: 'default', ...config?.tls } } : {}),
    ...errorsOf(view),
    status: view.status,
    using: view.entryPoints,
  };
}

export function serviceOf(view: ServiceView, runtime: RuntimeService | undefined): Record<string, unknown> {
  const config = runtime?.config;
  const loadBalancer = config && 'loadBalancer' in config ? config.loadBalancer : undefined;
  return {
    ...(view.type === 'loadBalancer' ? { loadBalancer: loadBalancerOf(view, loadBalancer ?? {}) } : {}),
    ...composedOf(config),
    ...errorsOf(view),
    status: view.status,
    ...(view.usedBy.length > 0 ? { usedBy: view.usedBy } : {}),
    ...(view.servers.length > 0 ? serverStatusOf(view) : {}),
  };
}

/** The kinds that lead to other services, and the middlewares before any kind, as they were configured. */
function composedOf(config: RuntimeService['config'] | undefined): Record<string, unknown> {
  if (config === undefined || 'whoami' in config) return {};
  const { loadBalancer: _shownElsewhere, ...composed } = config;
  return composed;
}

export function serverStatusOf({ servers }: ServiceView): { serverStatus: Record<string, 'UP' | 'DOWN'> } {
  return {
    serverStatus: Object.fromEntries(
      servers.map(({ url, health }) => [withoutUserInfo(url), health === 'down' ? 'DOWN' : 'UP']),
    ),
  };
}

function loadBalancerOf(view: ServiceView, config: LoadBalancerConfig): Record<string, unknown> {
  const { healthCheck, ...rest } = config;
  return {
    ...rest,
    servers: view.servers.map(({ url, weight }) => ({
      url: withoutUserInfo(url),
      ...(weight === 1 ? {} : { weight }),
    })),
    strategy: config.strategy ?? 'wrr',
    ...(healthCheck ? { healthCheck: { ...healthCheck, ...maskedHeaders(healthCheck.headers) } } : {}),
    passHostHeader: view.passHostHeader,
    responseForwarding: { flushInterval: '100ms', ...config.responseForwarding },
  };
}

export function middlewareOf(view: MiddlewareView): Record<string, unknown> {
  return {
    // Views come with their secrets masked.
    [view.type]: view.options,
    ...errorsOf(view),
    status: view.status,
    ...(view.usedBy.length > 0 ? { usedBy: view.usedBy } : {}),
  };
}

export function errorsOf(view: { readonly status: string; readonly problems: readonly Problem[] }): {
  error?: string[];
} {
  if (view.status === 'enabled') return {};
  const wanted = view.problems.filter(({ severity }) => severity !== 'info').map(({ message }) => message);
  return wanted.length > 0 ? { error: wanted } : {};
}

/** Health checks may carry credentials. */
function maskedHeaders(headers: Readonly<Record<string, string>> | undefined): { headers?: Record<string, string> } {
  if (!headers) return {};
  const secret = /authorization|cookie|token|secret|password|key/i;
  return {
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, secret.test(name) ? '••••' : value]),
    ),
  };
}

function withoutUserInfo(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1');
}
