import type { Problem, ProblemCode } from '../contract/objects.ts';
import { childrenOf } from './judge-composed.ts';
import { isPaused } from './judgement.ts';
import type { RuntimeObject, RuntimeRouter, RuntimeService } from './state.ts';

/** What keeps visitors out, or might have: options that cannot be read may have been about it. */
const protection: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'MIDDLEWARE_UNKNOWN',
  'MIDDLEWARE_INVALID',
  'MIDDLEWARE_UNSUPPORTED',
  'MIDDLEWARE_LOOP',
  'TLS_OPTIONS_UNKNOWN',
  'TLS_OPTIONS_INVALID',
  'TLS_OPTIONS_CONFLICT',
  'OPTION_UNKNOWN',
  'OPTION_INVALID',
  'OPTION_UNSUPPORTED',
]);

/** Without these there is no telling which requests are a router's. */
const place: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'RULE_MISSING',
  'RULE_INVALID',
  'RULE_NEEDS_TLS',
  'ENTRY_POINT_UNKNOWN',
  'PARENT_UNKNOWN',
  'ROUTER_UNREACHABLE',
  'ROUTER_LOOP',
  'DEFINED_TWICE',
]);

/**
 * Why a disabled router keeps its place and refuses what comes: its protection cannot be built, and a router below it
 * must not take its requests. Null where it leaves, as in Traefik. `serviceFaults`: what is wrong behind it.
 */
export function closedReason(router: RuntimeObject, serviceFaults: () => readonly Problem[]): string | null {
  if (router.status !== 'disabled' || isPaused(router)) return null;
  const errors = router.problems.filter(({ severity }) => severity === 'error');
  if (errors.some(({ code }) => place.has(code))) return null;
  const fault = [...errors, ...serviceFaults()].find(
    ({ code, severity }) => severity === 'error' && protection.has(code),
  );
  return fault?.message ?? null;
}

/** It serves, or refuses in its place: visitors get to it. */
export function isInPlace({ status, closed }: Pick<RuntimeRouter, 'status' | 'closed'>): boolean {
  return status !== 'disabled' || closed !== undefined;
}

/** What is wrong with a service and all that it leads to: middlewares may stand before those, too. */
export function faultsOf(name: string, services: ReadonlyMap<string, RuntimeService>): readonly Problem[] {
  const found = new Set([name]);
  const problems: Problem[] = [];
  for (const each of found) {
    const service = services.get(each);
    if (service === undefined) continue;
    problems.push(...service.problems);
    for (const child of childrenOf(service.config, service.provider)) found.add(child.name);
  }
  return problems;
}
