import { type ConfiguredTls, createTlsFiles } from '../../app/certificates/configured.ts';
import { parseDynamicFile } from '../../app/config/dynamic-file.ts';
import { defaultStaticConfiguration, type StaticEntryPoint } from '../../app/config/static.ts';
import { filePublication } from '../../app/providers/file/publication.ts';
import { internalPublication } from '../../app/providers/internal/publication.ts';
import type { Publication } from '../../app/providers/provider.ts';
import { buildRuntime } from '../../app/runtime/merge.ts';
import { toRoutingSnapshot } from '../../app/runtime/snapshot.ts';
import type { RuntimeState } from '../../app/runtime/state.ts';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import type { RoutingSnapshot } from '../../proxy/model/snapshot.ts';

/** Sections of dynamic configuration, as a file has them. */
export type RawConfiguration = Readonly<Record<string, unknown>>;

export interface StateOptions {
  readonly precedence?: readonly string[];
  /** Names of the entry points that there are. */
  readonly entryPoints?: readonly string[];
  /** They take datagrams. */
  readonly isUdp?: boolean;
  /** What entry points add to routers, by name. */
  readonly defaults?: Readonly<Record<string, EntryPointDefaults>>;
  readonly defaultRuleSyntax?: 'v2' | 'v3';
}

export interface EntryPointDefaults extends Pick<Partial<StaticEntryPoint>, 'middlewares' | 'routerTls' | 'tls'> {
  readonly accessLogs?: boolean;
}

export interface Built {
  readonly state: RuntimeState;
  readonly snapshot: RoutingSnapshot;
  readonly tls: ConfiguredTls;
}

/**
 * What the engine would make of these configurations by provider, and what workers would be given of it. All are read
 * as files are: JSON is YAML. Names of providers that Gatehouse does not have stand for any.
 */
export function buildState(
  configurations: Readonly<Record<string, RawConfiguration>>,
  options: StateOptions = {},
): Built {
  const publications = Object.entries(configurations).map(([provider, raw]) => publicationOf(provider, [raw]));
  const entryPoints = (options.entryPoints ?? ['web', 'websecure']).map((name) => {
    const { accessLogs, ...defaults } = options.defaults?.[name] ?? {};
    const wire = accessLogs === undefined ? {} : { wire: { accessLogs } };
    return { ...entryPointNamed(name, options.isUdp ?? false), ...defaults, ...wire };
  });
  const files = createTlsFiles({ onChanged: () => undefined });
  const tls = files.read(publications);
  files.stop();
  const state = buildRuntime([internalPublication(), ...publications], entryPoints, 1, undefined, {
    precedence: options.precedence ?? [],
    tls,
    ...(options.defaultRuleSyntax === undefined ? {} : { defaultRuleSyntax: options.defaultRuleSyntax }),
  });
  return {
    tls,
    state,
    snapshot: toRoutingSnapshot(state, entryPoints, { pausedAll: false }),
  };
}

/** Several files of one provider as it publishes them. */
export function publicationOf(provider: string, files: readonly RawConfiguration[]): Publication {
  const named = files.map((raw, index) => ({
    path: `${index}.yml`,
    file: parseDynamicFile(JSON.stringify(withoutInternal(raw)), middlewareTable),
  }));
  const { publication } = filePublication(named);
  return { ...publication, provider: provider as Publication['provider'] };
}

/** Keys that start with `_` are set by Traefik's code. An integer beyond a double's is text in a vector. */
function withoutInternal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutInternal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith('_'))
      .map(([key, member]) => [key, withoutInternal(member)]),
  );
}

function entryPointNamed(name: string, isUdp: boolean): StaticEntryPoint {
  const [web] = defaultStaticConfiguration.entryPoints;
  if (!web) throw new Error('There are no default entry points.');
  return { ...web, name, redirectTo: null, tls: false, ...(isUdp ? { transport: 'udp' as const } : {}) };
}

/**
 * Objects by kind, whose names may be qualified, as configurations by provider; names that are not belong to `own`.
 */
export function byProvider(
  section: string,
  kinds: Readonly<Record<string, Readonly<Record<string, unknown>> | null | undefined>>,
  own = 'file',
): Record<string, RawConfiguration> {
  const result: Record<string, Record<string, Record<string, Record<string, unknown>>>> = { [own]: {} };
  for (const [kindName, members] of Object.entries(kinds)) {
    for (const [name, config] of Object.entries(members ?? {})) {
      const at = name.lastIndexOf('@');
      const provider = at < 0 ? own : name.slice(at + 1);
      const sections = (result[provider] ??= {});
      const kindsOf = (sections[section] ??= {});
      const membersOf = (kindsOf[kindName] ??= {});
      membersOf[at < 0 ? name : name.slice(0, at)] = config;
    }
  }
  return result;
}
