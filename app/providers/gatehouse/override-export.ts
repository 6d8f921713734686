import { stringify } from 'yaml';
import type { MiddlewareConfig } from '../../../proxy/model/dynamic.ts';
import { localName, providerOf } from '../../../proxy/model/names.ts';
import type { TcpMiddlewareConfig } from '../../../proxy/model/stream.ts';
import { isDockerProvider } from '../../contract/docker-name.ts';
import type { OverrideExport } from '../../contract/objects.ts';
import { isPaused } from '../../runtime/judgement.ts';
import type { RuntimeState } from '../../runtime/state.ts';
import { serviceForFile, serviceForLabels } from './override-export-service.ts';
import type { Overridable } from './override-target.ts';

/**
 * An object with its override, as text to paste where it comes from: then the override can go. The middlewares that
 * were made here come along; a password comes as its hash.
 */
export function exportObject(target: Overridable, state: RuntimeState): OverrideExport {
  const { item } = target;
  const name = localName(item.name);
  const [protocol, kind] = target.kind.split(' ') as ['http' | 'tcp' | 'udp', 'router' | 'service'];
  const own = ownMiddlewares(target, name, state);
  const rename =
    (provider: string): Rename =>
    (reference) => {
      const whole = reference.includes('@') ? reference : `${reference}@${item.provider}`;
      return own.get(whole)?.name ?? (providerOf(whole) === provider ? localName(whole) : whole);
    };
  const middlewares = Object.fromEntries([...own.values()].map((each) => [each.name, each.config]));
  const isDocker = isDockerProvider(item.provider);
  const forLabels = { rename: rename(isDocker ? item.provider : 'docker'), isHome: isDocker };
  const forFile = { rename: rename('file'), isHome: item.provider === 'file' };
  const object =
    kind === 'router' ? routerOptions : (each: Overridable, reader: Reader) => serviceForLabels(each, reader.rename);

  const labels = [
    'traefik.enable=true',
    ...labelsOf(`traefik.${protocol}.${kind}s.${name}`, object(target, forLabels)),
    ...Object.entries(middlewares).flatMap(([each, config]) =>
      labelsOf(`traefik.${protocol}.middlewares.${each}`, config as Options),
    ),
  ];
  const entry = kind === 'router' ? routerOptions(target, forFile) : serviceForFile(target, forFile.rename);
  const file = stringify(
    { [protocol]: { [`${kind}s`]: { [name]: entry }, ...(own.size === 0 ? {} : { middlewares }) } },
    { lineWidth: 0, defaultStringType: 'PLAIN' },
  );
  if (!isPaused(item)) return { labels, compose: composeOf(labels), file };
  return kind === 'router'
    ? pausedRouter(name, protocol)
    : { labels: [], compose: `# ${name} is paused: labels cannot say that.\n`, file };
}

/** Of a container, only all routers can be turned off by a label; an HTTP router with no such entry point is off alone. */
function pausedRouter(name: string, protocol: string): OverrideExport {
  const labels = ['traefik.enable=false'];
  const what = protocol === 'http' ? name : `${name} (${protocol.toUpperCase()})`;
  return { labels, compose: composeOf(labels), file: `# ${what} is paused: leave it out.\n` };
}

export type Rename = (name: string) => string;
export type Options = { readonly [option: string]: unknown };

/** How names are written in the provider that the text is for. */
interface Reader {
  readonly rename: Rename;
  /** It comes from there: a service of its own name is found without provider. */
  readonly isHome: boolean;
}

function routerOptions(target: Overridable, { rename, isHome }: Reader): Options {
  const { item, kind } = target;
  if (kind !== 'http router' && kind !== 'tcp router' && kind !== 'udp router') return {};
  const { config, service } = item;
  const { entryPoints } = config;
  const options: Record<string, unknown> = kind === 'udp router' ? {} : { rule: item.rule };
  if (entryPoints !== undefined) options['entryPoints'] = entryPoints;
  if (kind !== 'udp router') {
    const { priority, ruleSyntax, tls } = item.config;
    if (priority !== undefined) options['priority'] = priority;
    if (ruleSyntax !== undefined) options['ruleSyntax'] = ruleSyntax;
    if ('observability' in item.config && item.config.observability !== undefined) {
      options['observability'] = item.config.observability;
    }
    if (tls !== undefined) options['tls'] = tls;
    if (item.middlewares.length > 0) options['middlewares'] = item.middlewares.map(rename);
  }
  if (service !== '') options['service'] = isHome ? localName(service) : service;
  return options;
}

type OwnMiddleware = { readonly name: string; readonly config: MiddlewareConfig | TcpMiddlewareConfig };

/** Those that an override made. Their names get a form that any provider can read. */
function ownMiddlewares(
  { kind, item }: Overridable,
  object: string,
  { middlewares, streams }: RuntimeState,
): ReadonlyMap<string, OwnMiddleware> {
  const known = kind.startsWith('tcp') ? streams.tcp.middlewares : middlewares;
  const names =
    'middlewares' in item
      ? item.middlewares
      : 'middlewares' in item.config && item.config.middlewares !== undefined
        ? item.config.middlewares
        : [];
  const own = names.flatMap((name): [string, OwnMiddleware][] => {
    const middleware = known.get(name);
    if (middleware?.provider !== 'gatehouse') return [];
    const suffix = middleware.type === 'basicAuth' ? 'password' : 'allow-list';
    return [[name, { name: `${object}-${suffix}`, config: middleware.config }]];
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
