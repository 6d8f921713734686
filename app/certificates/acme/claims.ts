import type { StaticEntryPoint } from '../../config/static.ts';
import { viewKey } from '../../contract/view-key.ts';
import { isInPlace } from '../../runtime/closed.ts';
import type { RuntimeState } from '../../runtime/state.ts';
import type { Claim, Domain } from './plan.ts';

/**
 * Who wants certificates by ACME: routers that name a resolver or stand at an entry point that does, and those that were
 * clicked, which have `usual` where there is one.
 */
export function claimsOf(
  state: RuntimeState,
  entryPoints: readonly StaticEntryPoint[],
  usual: string | null,
): readonly Claim[] {
  const byName = new Map(entryPoints.map((each) => [each.name, each]));
  const claims: Claim[] = [];
  const add = (router: string | null, tls: AskedTls | undefined, hosts: readonly string[]): boolean => {
    const resolver = tls?.certResolver ?? '';
    if (resolver === '') return false;
    claims.push({ router, resolver, domains: tls?.domains ?? [], hosts });
    return true;
  };
  for (const router of state.routers.values()) {
    if (!isInPlace(router)) continue;
    const own = add(router.name, router.config.tls, router.hosts);
    if (own || router.config.tls !== undefined) continue;
    const at = router.entryPoints.map((name) => byName.get(name)).filter((each) => each !== undefined);
    const given = at.map(({ routerTls }) => add(router.name, routerTls, router.hosts)).some(Boolean);
    const isSecure = router.tls || at.some(({ tls }) => tls);
    if (!given && isSecure && router.provider === 'gatehouse' && usual !== null) {
      add(router.name, { certResolver: usual }, router.hosts);
    }
  }
  for (const router of state.streams.tcp.routers.values()) {
    if (!isInPlace(router) || router.tls !== 'terminate') continue;
    add(viewKey({ protocol: 'tcp', name: router.name }), router.config.tls, router.hosts);
  }
  for (const { routerTls } of entryPoints) {
    if (routerTls?.domains && routerTls.domains.length > 0) add(null, routerTls, []);
  }
  return claims;
}

interface AskedTls {
  readonly certResolver?: string | undefined;
  readonly domains?: readonly Domain[] | undefined;
}
