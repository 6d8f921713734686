import type { RoutingSnapshot } from '../model/snapshot.ts';
import { defaultTlsOptions, type TlsOptionsSnapshot } from '../model/tls.ts';

/** TLS options and a text that tells them from all others. */
export interface KeyedOptions {
  readonly key: string;
  readonly options: TlsOptionsSnapshot;
}

/** Which TLS options hold for which host: at the handshake by the name the client sends, then by each request's Host. */
export interface TlsPolicy {
  optionsFor(entryPoint: string, host: string): KeyedOptions;
  /** By qualified name; the default ones where there are none of that name. */
  named(name: string): KeyedOptions;
  /** False: all hosts of the entry point have the default options. */
  differs(entryPoint: string): boolean;
}

export function createTlsPolicy(snapshot: Pick<RoutingSnapshot, 'tlsOptions' | 'tlsHosts'> | null): TlsPolicy {
  const byName = new Map<string, KeyedOptions>();
  for (const [name, options] of Object.entries(snapshot?.tlsOptions ?? {})) byName.set(name, keyed(options));
  const standard = byName.get('default') ?? keyed(defaultTlsOptions);
  const hosts = new Map<string, ReadonlyMap<string, KeyedOptions>>();
  for (const [entryPoint, names] of Object.entries(snapshot?.tlsHosts ?? {})) {
    const own = Object.entries(names).map(([host, name]) => [host, byName.get(name) ?? standard] as const);
    if (own.length > 0) hosts.set(entryPoint, new Map(own));
  }
  return {
    optionsFor: (entryPoint, host) => hosts.get(entryPoint)?.get(host) ?? standard,
    named: (name) => byName.get(name) ?? standard,
    differs: (entryPoint) => hosts.has(entryPoint),
  };
}

function keyed(options: TlsOptionsSnapshot): KeyedOptions {
  return { key: JSON.stringify(options), options };
}
