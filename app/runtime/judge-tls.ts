import { qualify } from '../../proxy/model/names.ts';
import type { RoutingSnapshot } from '../../proxy/model/snapshot.ts';
import type { ConfiguredTls } from '../certificates/configured.ts';
import { nearestName } from '../config/nearest.ts';
import type { StaticEntryPoint } from '../config/static.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import type { RuntimeRouter } from './state.ts';

/** Which TLS options hold where. */
export interface TlsJudgement {
  readonly problems: ReadonlyMap<string, readonly Problem[]>;
  readonly hosts: NonNullable<RoutingSnapshot['tlsHosts']>;
  /** Routers that serve only who came by these options, since no host leads to them. */
  readonly required: ReadonlyMap<string, string>;
  readonly options: NonNullable<RoutingSnapshot['tlsOptions']>;
}

/** Qualified name of the TLS options that a router asks for at an entry point; null where it has no TLS there. */
export function tlsOptionsOf(router: RuntimeRouter, entryPoint: StaticEntryPoint): string | null {
  const { tls } = router.config;
  if (tls === undefined && !entryPoint.tls) return null;
  const name = (tls === undefined ? entryPoint.routerTls?.options : tls.options) ?? '';
  return name === '' || name === 'default' || name === 'default@internal' ? 'default' : qualify(name, router.provider);
}

/**
 * As in Traefik, a host has the options of the routers that name it, and the default ones where these differ. What would
 * let in visitors whom the options keep out is disabled instead, unless all is to be as in Traefik.
 */
export function judgeTls(
  routers: ReadonlyMap<string, RuntimeRouter>,
  entryPoints: readonly StaticEntryPoint[],
  configured: ConfiguredTls,
  asTraefik = false,
): TlsJudgement {
  const options: Record<string, NonNullable<RoutingSnapshot['tlsOptions']>[string]> = Object.create(null);
  for (const [name, { snapshot }] of configured.options) if (snapshot) options[name] = snapshot;
  const problems = new Map<string, Problem[]>();
  const hosts: Record<string, Record<string, string>> = Object.create(null);
  const required = new Map<string, string>();
  if (configured.options.size === 0 && !asksForOptions(routers, entryPoints)) {
    return { problems, hosts, required, options };
  }

  const note = (router: string, found: Problem): void => {
    const list = problems.get(router) ?? [];
    problems.set(router, list);
    if (!list.some(({ code }) => code === found.code)) list.push(found);
  };
  const asksClients = (name: string): boolean => !asTraefik && (options[name]?.clientAuth ?? null) !== null;

  for (const entryPoint of entryPoints) {
    const byHost = new Map<string, Map<string, string[]>>();
    for (const router of routers.values()) {
      if (!router.entryPoints.includes(entryPoint.name)) continue;
      const name = tlsOptionsOf(router, entryPoint);
      if (name === null) continue;
      const fault = optionsFault(name, configured);
      if (fault !== null) {
        note(router.name, fault);
        continue;
      }
      if (router.hosts.length === 0 && name !== 'default') {
        note(router.name, withoutHost(name, asksClients(name)));
        if (asksClients(name)) required.set(router.name, name);
      }
      for (const host of router.hosts) {
        const names = byHost.get(host) ?? new Map<string, string[]>();
        byHost.set(host, names.set(name, [...(names.get(name) ?? []), router.name]));
      }
    }
    const own: Record<string, string> = Object.create(null);
    for (const [host, names] of byHost) {
      const [only = 'default'] = names.keys();
      if (names.size === 1) {
        if (only !== 'default') own[host.toLowerCase()] = only;
        continue;
      }
      for (const [name, users] of names) {
        for (const user of users) note(user, conflict(host, entryPoint.name, [...names.keys()], asksClients(name)));
      }
    }
    if (Object.keys(own).length > 0) hosts[entryPoint.name] = own;
  }
  return { problems, hosts, required, options };
}

function asksForOptions(
  routers: ReadonlyMap<string, RuntimeRouter>,
  entryPoints: readonly StaticEntryPoint[],
): boolean {
  if (entryPoints.some(({ routerTls }) => routerTls?.options !== undefined)) return true;
  for (const { config } of routers.values()) if (config.tls?.options !== undefined) return true;
  return false;
}

/** Why options cannot be used; null where they can. The default ones need not be defined. */
export function optionsFault(name: string, configured: ConfiguredTls): Problem | null {
  const known = configured.options.get(name);
  if (known === undefined) {
    if (name === 'default') return null;
    const nearest = nearestName(name, configured.options.keys());
    return problem(
      'TLS_OPTIONS_UNKNOWN',
      'error',
      `The TLS options ${name} do not exist, and serving without them could let in visitors whom they keep out.`,
      nearest === null
        ? 'Define them in a file under tls.options, or take tls.options out.'
        : `Did you mean ${nearest}?`,
      nearest === null ? { options: name } : { options: name, nearest },
    );
  }
  if (known.reason === null) return null;
  return problem(
    'TLS_OPTIONS_INVALID',
    'error',
    `The TLS options ${name} cannot be used: ${known.reason}. Nobody is let in without them.`,
    `Mend the options ${name}.`,
    { options: name, reason: known.reason },
  );
}

function conflict(host: string, entryPoint: string, names: readonly string[], keepsOut: boolean): Problem {
  const all = names.toSorted((a, b) => (a < b ? -1 : 1)).join(', ');
  return problem(
    'TLS_OPTIONS_CONFLICT',
    keepsOut ? 'error' : 'warning',
    `Routers give the host ${host} several TLS options at ${entryPoint} (${all}), so the default ones are used.${keepsOut ? ' Those would let in visitors whom this router keeps out.' : ''}`,
    'Give all routers of the host the same tls.options.',
    { host, entryPoint, options: all },
  );
}

function withoutHost(name: string, keepsOut: boolean): Problem {
  return problem(
    'TLS_OPTIONS_NO_HOST',
    'warning',
    `The rule names no host, so the TLS options ${name} cannot be chosen for it.${keepsOut ? ' It serves only visitors who came by them for another host.' : ''}`,
    'Name the host in the rule with Host(…), or put the options in as the default ones.',
    { options: name },
  );
}
