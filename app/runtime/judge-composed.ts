import type { ServiceConfig } from '../../proxy/model/dynamic.ts';
import { qualify } from '../../proxy/model/names.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { brokenMiddleware, unknownMiddleware } from './judge-middleware.ts';
import type { RuntimeMiddleware, RuntimeService } from './state.ts';

/** A service that another leads to. */
export interface Child {
  /** Qualified. */
  readonly name: string;
  readonly role: 'weighted' | 'main' | 'mirror' | 'fallback';
  /** Weight, or percent of a mirror; null for the others. */
  readonly share: number | null;
}

export const serviceKinds = ['loadBalancer', 'weighted', 'highestRandomWeight', 'mirroring', 'failover'] as const;

/** The kinds that a service is given; exactly one where it is right. */
export function kindsOf(config: ServiceConfig): readonly (typeof serviceKinds)[number][] {
  return serviceKinds.filter((kind) => config[kind] !== undefined);
}

/** The services that one leads to, in the order in which they are written. */
export function childrenOf(config: RuntimeService['config'], provider: string): readonly Child[] {
  if ('whoami' in config) return [];
  const child = (name: string, role: Child['role'], share: number | null): Child => ({
    name: qualify(name, provider),
    role,
    share,
  });
  const { weighted, highestRandomWeight, mirroring, failover } = config;
  const shares = weighted?.services ?? highestRandomWeight?.services ?? [];
  return [
    ...shares.map(({ name, weight = 1 }) => child(name, 'weighted', weight)),
    ...(mirroring?.service === undefined ? [] : [child(mirroring.service, 'main', null)]),
    ...(mirroring?.mirrors ?? []).map(({ name, percent = 0 }) => child(name, 'mirror', percent)),
    ...(failover?.service === undefined ? [] : [child(failover.service, 'main', null)]),
    ...(failover?.fallback === undefined ? [] : [child(failover.fallback, 'fallback', null)]),
  ];
}

/** Qualified names of the middlewares that stand before a service. */
export function serviceMiddlewares(config: RuntimeService['config'], provider: string): readonly string[] {
  return 'whoami' in config ? [] : (config.middlewares ?? []).map((name) => qualify(name, provider));
}

/** What is wrong with a composed service by itself. */
export function composedProblems(config: ServiceConfig): readonly Problem[] {
  const { weighted, highestRandomWeight, mirroring, failover } = config;
  const missing = (option: string): Problem =>
    problem('SERVICE_INVALID', 'error', `It does not say its ${option}.`, `Name a service as ${option}.`, { option });
  const shared = weighted ?? highestRandomWeight;
  if (shared && (shared.services ?? []).length === 0) return [missing('services')];
  if (mirroring && !mirroring.service) return [missing('mirroring.service')];
  if (failover && !failover.service) return [missing('failover.service')];
  if (failover && !failover.fallback) return [missing('failover.fallback')];
  return [];
}

/** Children and middlewares that are unknown, broken, or lead back; found by walking from the service. */
export function referenceProblems(
  service: RuntimeService,
  services: ReadonlyMap<string, RuntimeService>,
  middlewares: ReadonlyMap<string, RuntimeMiddleware>,
  suggest: { readonly service: (name: string) => string | null; readonly middleware: (name: string) => string | null },
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const name of serviceMiddlewares(service.config, service.provider)) {
    const middleware = middlewares.get(name);
    if (middleware === undefined) problems.push(unknownMiddleware(name, suggest.middleware(name)));
    else if (middleware.status === 'disabled') problems.push(brokenMiddleware(name, middleware.problems));
  }
  const seen = new Set<string>();
  const visit = (current: RuntimeService, path: readonly string[]): void => {
    for (const { name } of childrenOf(current.config, current.provider)) {
      const child = services.get(name);
      if (path.includes(name)) {
        const road = [...path, name].join(' → ');
        problems.push(
          problem('SERVICE_LOOP', 'error', `The service leads back to itself: ${road}.`, 'Take one of them out.', {
            road,
          }),
        );
      } else if (child === undefined) {
        const nearest = suggest.service(name);
        problems.push(
          problem(
            'SERVICE_UNKNOWN',
            'error',
            `The service ${name} does not exist.`,
            nearest === null ? 'Define it, or name another.' : `Did you mean ${nearest}?`,
            nearest === null ? { service: name } : { service: name, nearest },
          ),
        );
      } else if (!seen.has(name)) {
        seen.add(name);
        if (child.status === 'disabled') {
          const reason = child.problems.find(({ severity }) => severity === 'error')?.message ?? '';
          problems.push(
            problem('SERVICE_INVALID', 'error', `Its service ${name} is disabled: ${reason}`, `Mend ${name}.`, {
              service: name,
              reason,
            }),
          );
        }
        for (const middleware of serviceMiddlewares(child.config, child.provider)) {
          const known = middlewares.get(middleware);
          if (known === undefined) problems.push(unknownMiddleware(middleware, suggest.middleware(middleware)));
          else if (known.status === 'disabled') problems.push(brokenMiddleware(middleware, known.problems));
        }
        visit(child, [...path, name]);
      }
    }
  };
  visit(service, [service.name]);
  if (problems.length === 0) problems.push(...uncheckedChildren(service, services));
  return problems;
}

/** It is to go by its children's health, and one of them has none. */
function uncheckedChildren(service: RuntimeService, services: ReadonlyMap<string, RuntimeService>): readonly Problem[] {
  const { config } = service;
  if ('whoami' in config) return [];
  const own = config.weighted ?? config.highestRandomWeight ?? config.mirroring ?? config.failover;
  const switches = config.failover !== undefined && config.failover.errors === undefined;
  return childrenOf(config, service.provider)
    .filter(({ role }) => (own?.healthCheck !== undefined && role !== 'mirror') || (switches && role === 'main'))
    .filter(({ name }) => {
      const child = services.get(name);
      return child !== undefined && !isChecked(child);
    })
    .map(({ name }) =>
      problem(
        'SERVICE_UNCHECKED',
        'warning',
        `It goes by the health of ${name}, which has no health check, so ${name} always counts as up.`,
        `Give ${name} a healthCheck.`,
        { service: name },
      ),
    );
}

function isChecked({ config }: RuntimeService): boolean {
  if ('whoami' in config) return false;
  const { loadBalancer, weighted, highestRandomWeight, mirroring, failover } = config;
  if (loadBalancer) return loadBalancer.healthCheck !== undefined || loadBalancer.passiveHealthCheck !== undefined;
  return (weighted ?? highestRandomWeight ?? mirroring ?? failover)?.healthCheck !== undefined;
}
