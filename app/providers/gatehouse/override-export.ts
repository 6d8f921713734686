import { stringify } from 'yaml';
import type { MiddlewareConfig } from '../../../proxy/model/dynamic.ts';
import { localName, providerOf } from '../../../proxy/model/names.ts';
import { isDockerProvider } from '../../contract/docker-name.ts';
import type { OverrideExport } from '../../contract/objects.ts';
import type { RuntimeRouter, RuntimeService, RuntimeState } from '../../runtime/state.ts';

/**
 * An object with its override, as text to paste where it comes from: then the override can go. The middlewares that
 * were made here come along; a password comes as its hash.
 */
export function exportObject(
  kind: 'router' | 'service',
  object: RuntimeRouter | RuntimeService,
  state: RuntimeState,
): OverrideExport {
  const name = localName(object.name);
  const isPaused = object.overridden?.fields.includes('paused') ?? false;
  const given = kind === 'router' && 'entryPoints' in object ? routerOptions(object) : serviceOptions(object);
  const own = ownMiddlewares(given.middlewares, name, state);
  const rename = (provider: string) => (reference: string) =>
    own.get(reference)?.name ?? (providerOf(reference) === provider ? localName(reference) : reference);
  const middlewares = Object.fromEntries([...own.values()].map((each) => [each.name, each.config]));

  const docker = isDockerProvider(object.provider);
  const labels = isPaused
    ? ['traefik.enable=false']
    : [
        'traefik.enable=true',
        ...labelsOf(
          `traefik.http.${kind}s.${name}`,
          withNames(given, rename(docker ? object.provider : 'docker'), docker),
        ),
        ...Object.entries(middlewares).flatMap(([each, config]) =>
          labelsOf(`traefik.http.middlewares.${each}`, config as Options),
        ),
      ];
  const entry = { [name]: withNames(given, rename('file'), object.provider === 'file') };
  const file = isPaused
    ? `# ${name} is paused: leave it out.\n`
    : stringify(
        { http: { [`${kind}s`]: entry, ...(own.size === 0 ? {} : { middlewares }) } },
        { lineWidth: 0, defaultStringType: 'PLAIN' },
      );
  return { labels, compose: composeOf(labels), file };
}

type Options = { readonly [option: string]: unknown };

interface Given {
  readonly middlewares: readonly string[];
  readonly service: string | null;
  readonly options: Options;
}

function routerOptions({ config, rule, middlewares, service }: RuntimeRouter): Given {
  const { entryPoints, priority, tls, ruleSyntax, observability } = config;
  const options = {
    rule,
    ...(entryPoints === undefined ? {} : { entryPoints }),
    ...(priority === undefined ? {} : { priority }),
    ...(ruleSyntax === undefined ? {} : { ruleSyntax }),
    ...(observability === undefined ? {} : { observability }),
    ...(tls === undefined ? {} : { tls }),
  };
  return { middlewares, service, options };
}

/** Of a service only what can be edited: its servers come from the container or the file. */
function serviceOptions({ config, provider }: RuntimeRouter | RuntimeService): Given {
  const names = 'middlewares' in config ? (config.middlewares ?? []) : [];
  const middlewares = names.map((name) => (name.includes('@') ? name : `${name}@${provider}`));
  return { middlewares, service: null, options: {} };
}

/** Names as they are written in the provider that the text is for; a service of its own name is found without. */
function withNames(
  { middlewares, service, options }: Given,
  rename: (name: string) => string,
  isHome: boolean,
): Options {
  return {
    ...options,
    ...(middlewares.length === 0 ? {} : { middlewares: middlewares.map(rename) }),
    ...(service === null ? {} : { service: isHome ? localName(service) : service }),
  };
}

/** Those that an override made. Their names get a form that any provider can read. */
function ownMiddlewares(
  names: readonly string[],
  object: string,
  { middlewares }: RuntimeState,
): ReadonlyMap<string, { readonly name: string; readonly config: MiddlewareConfig }> {
  const own = names.flatMap((name) => {
    const middleware = middlewares.get(name);
    if (middleware?.provider !== 'gatehouse') return [];
    const suffix = middleware.type === 'basicAuth' ? 'password' : 'allow-list';
    return [[name, { name: `${object}-${suffix}`, config: middleware.config }] as const];
  });
  return new Map(own);
}

function labelsOf(prefix: string, options: Options): string[] {
  return Object.entries(options).flatMap(([option, value]) => {
    const name = `${prefix}.${option.toLowerCase()}`;
    if (Array.isArray(value)) {
      return value.every((item) => typeof item !== 'object')
        ? [`${name}=${value.join(',')}`]
        : value.flatMap((item, i) => labelsOf(`${name}[${i}]`, item as Options));
    }
    if (typeof value === 'object' && value !== null) {
      const below = labelsOf(name, value as Options);
      return below.length === 0 ? [`${name}=true`] : below;
    }
    return [`${name}=${String(value)}`];
  });
}

/** Compose puts variables in place of `$NAME`, so a dollar is written twice (https://docs.docker.com/compose). */
function composeOf(labels: readonly string[]): string {
  return `labels:\n${labels.map((label) => `  - ${JSON.stringify(label.replaceAll('$', '$$$$'))}\n`).join('')}`;
}
