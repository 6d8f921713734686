import path from 'node:path';
import { durationMs } from '../../proxy/model/duration.ts';
import { constraintsFault } from '../providers/docker/constraints.ts';
import { compileTemplate, TemplateError } from '../providers/docker/template.ts';
import { endpointFault, endpointNameFault } from './docker-endpoints.ts';
import { nearestName } from './nearest.ts';
import {
  type ApiConfiguration,
  type DockerEndpointConfiguration,
  defaultStaticConfiguration,
  type HttpProviderConfiguration,
  type LogConfiguration,
  type Origin,
  type PingConfiguration,
  type StaticConfiguration,
  type StaticEntryPoint,
} from './static.ts';
import { entryPointsOf, type Report } from './static-entry-points.ts';
import { limitsOf } from './static-limits.ts';
import { resolversOf } from './static-resolvers.ts';
import { type StaticInput, staticSchema } from './static-schema.ts';
import { definitionOf } from './static-source.ts';

/** What a static source decides; what is absent keeps its default. */
export type StaticPatch = Partial<Omit<StaticConfiguration, 'domain' | 'dashboard'>>;

/** Options by their meaning here. */
export function patchOf(input: StaticInput, origin: Origin, report: Report): StaticPatch {
  const patch: StaticPatch = {
    ...providersOf(input, report),
    ...(input.api ? { api: apiOf(input.api, report) } : {}),
    ...(input.ping ? { ping: pingOf(input.ping) } : {}),
    ...(input.log ? { log: logOf(input.log) } : {}),
    ...metricsOf(input.metrics, report),
    ...(input.accessLog ? { accessLog: input.accessLog } : {}),
    ...(input.core?.defaultRuleSyntax ? { defaultRuleSyntax: input.core.defaultRuleSyntax } : {}),
    ...(input.serversTransport ? { serversTransport: transportOf(input.serversTransport) } : {}),
    ...(input.tcpServersTransport ? { tcpServersTransport: tcpTransportOf(input.tcpServersTransport) } : {}),
    ...(input.gatehouse?.compatibility ? { compatibility: input.gatehouse.compatibility } : {}),
    ...(input.gatehouse?.limits ? { limits: limitsOf(input.gatehouse.limits, report) } : {}),
    ...(input.certificatesResolvers
      ? {
          certificatesResolvers: resolversOf(input.certificatesResolvers, Object.keys(input.entryPoints ?? {}), report),
        }
      : {}),
  };
  const globally = { notAppendXForwardedFor: input.global?.notAppendXForwardedFor ?? false };
  const asked = input.entryPoints ? entryPointsOf(input.entryPoints, globally, origin, report) : null;
  const own = traefikEntryPoint(asked ?? defaultStaticConfiguration.entryPoints, patch, origin);
  return asked === null && own === null
    ? patch
    : { ...patch, entryPoints: [...(asked ?? defaultStaticConfiguration.entryPoints), ...(own ? [own] : [])] };
}

/** Traefik's own entry point, on :8080, for what is open on it. */
function traefikEntryPoint(
  entryPoints: readonly StaticEntryPoint[],
  { api, ping, metrics }: StaticPatch,
  origin: Origin,
): StaticEntryPoint | null {
  const wanted =
    api?.insecure === true ||
    [ping, metrics].some((each) => each?.manualRouting === false && each.entryPoint === 'traefik');
  const [base] = defaultStaticConfiguration.entryPoints;
  if (!wanted || !base || entryPoints.some(({ name }) => name === 'traefik')) return null;
  return { ...base, name: 'traefik', address: ':8080', origin, fallbackPort: null, redirectTo: null };
}

function providersOf({ providers }: StaticInput, report: Report): StaticPatch {
  if (!providers) return {};
  const { docker, file, http } = providers;
  const dynamic = file?.directory ?? file?.filename;
  if (file && dynamic === undefined) {
    report(['providers', 'file'], 'error', 'providers.file names neither a directory nor a filename.');
  }
  return {
    // As in Traefik: who lists providers lists all of them.
    docker: docker
      ? dockerOf(docker, report)
      : { ...defaultStaticConfiguration.docker, enabled: false, fixed: ['endpoint'] },
    ...(dynamic === undefined
      ? {}
      : { file: { path: path.resolve(dynamic), fixed: true, ...(file?.watch === false ? { watch: false } : {}) } }),
    ...(http ? httpOf(http, report) : {}),
    ...(providers.precedence ? precedenceOf(providers.precedence, report) : {}),
  };
}

type DockerInput = NonNullable<NonNullable<StaticInput['providers']>['docker']>;

function dockerOf(docker: DockerInput, report: Report): StaticConfiguration['docker'] {
  const defaults = defaultStaticConfiguration.docker;
  if (docker.exposedByDefault === undefined) {
    report(
      ['providers', 'docker'],
      'warning',
      'providers.docker.exposedByDefault is not set, so every container is exposed, as Traefik does it. ' +
        'Set it to false to expose only what is labelled or clicked.',
    );
  }
  return {
    enabled: true,
    endpoint: docker.endpoint ?? defaults.endpoint,
    exposedByDefault: docker.exposedByDefault ?? true,
    defaultRule: docker.defaultRule ?? defaults.defaultRule,
    network: docker.network ?? defaults.network,
    ...daemonOptions(docker, ['providers', 'docker'], report),
    ...(docker.endpoints ? { endpoints: endpointsOf(docker.endpoints, report) } : {}),
    fixed: [
      'exposedByDefault',
      ...(['endpoint', 'network', 'defaultRule'] as const).filter((name) => docker[name] !== undefined),
    ],
  };
}

type EndpointInput = Omit<DockerInput, 'endpoints'>;

/** What is not there where nothing is said of it; reports what cannot be used. */
function daemonOptions(
  docker: EndpointInput,
  at: readonly string[],
  report: Report,
): Omit<DockerEndpointConfiguration, 'endpoint'> {
  if (docker.defaultRule !== undefined) judgeTemplate(docker.defaultRule, [...at, 'defaultRule'], report);
  const fault = constraintsFault(docker.constraints ?? '');
  if (fault !== null) {
    const place = [...at, 'constraints'];
    report(place, 'error', `${place.join('.')} cannot be used: ${fault}`);
  }
  const requestTimeoutMs = durationMs(docker.httpClientTimeout, 0);
  const kept = (
    ['constraints', 'useBindPortIP', 'allowEmptyServices', 'watch', 'tls', 'username', 'password'] as const
  ).filter((name) => docker[name] !== undefined);
  return {
    ...Object.fromEntries(kept.map((name) => [name, docker[name]])),
    ...(requestTimeoutMs > 0 ? { requestTimeoutMs } : {}),
  };
}

function endpointsOf(
  endpoints: NonNullable<DockerInput['endpoints']>,
  report: Report,
): Readonly<Record<string, DockerEndpointConfiguration>> {
  const made: Record<string, DockerEndpointConfiguration> = {};
  for (const [name, given] of Object.entries(endpoints)) {
    const at = ['providers', 'docker', 'endpoints', name];
    const nameFault = endpointNameFault(name);
    if (nameFault !== null) report(at, 'error', `providers.docker.endpoints: ${nameFault}`);
    const { endpoint = '', exposedByDefault, defaultRule, network } = given;
    const fault = endpointFault(endpoint);
    if (fault !== null)
      report(given.endpoint === undefined ? at : [...at, 'endpoint'], 'error', `${at.join('.')}: ${fault}`);
    made[name] = {
      endpoint,
      ...(exposedByDefault === undefined ? {} : { exposedByDefault }),
      ...(defaultRule === undefined ? {} : { defaultRule }),
      ...(network === undefined ? {} : { network }),
      ...daemonOptions(given, at, report),
    };
  }
  return made;
}

function judgeTemplate(rule: string, at: readonly string[], report: Report): void {
  try {
    compileTemplate(rule);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    report(at, 'error', `The default rule cannot be used: ${error.message}.`);
  }
}

type HttpInput = NonNullable<NonNullable<StaticInput['providers']>['http']>;

function httpOf(http: HttpInput, report: Report): { httpProvider?: HttpProviderConfiguration } {
  const endpoint = http.endpoint ?? '';
  if (!/^https?:\/\/[^\s/]/i.test(endpoint) || !URL.canParse(endpoint)) {
    const message = `providers.http.endpoint must be a URL that begins with http:// or https://, not "${endpoint}".`;
    report(['providers', 'http', 'endpoint'], 'error', message);
    return {};
  }
  return {
    httpProvider: {
      endpoint,
      pollIntervalMs: Math.max(100, durationMs(http.pollInterval, 5000)),
      pollTimeoutMs: durationMs(http.pollTimeout, 5000) || 5000,
      headers: http.headers ?? {},
      tls: http.tls ?? null,
      maxResponseBodyBytes: http.maxResponseBodySize ?? -1,
    },
  };
}

/** Traefik's names of providers, beside those that exist only here. */
function precedenceOf(names: readonly string[], report: Report): { precedence?: readonly string[] } {
  const { providers } = staticSchema.shape;
  const definition = definitionOf(providers);
  const shape = definition.type === 'object' ? Object.keys(definition.shape) : [];
  const apart = ['providersThrottleDuration', 'precedence', 'plugin'];
  const known = ['kubernetes', 'gatehouse', 'internal', ...shape.filter((name) => !apart.includes(name))];
  const lower = new Map(known.map((name) => [name.toLowerCase(), name]));
  const precedence: string[] = [];
  for (const [index, name] of names.entries()) {
    const found = lower.get(name.toLowerCase());
    if (found !== undefined) precedence.push(found);
    else {
      const at = ['providers', 'precedence', index];
      report(at, 'error', `providers.precedence: there is no provider "${name}".`, nearestName(name, known));
    }
  }
  return { precedence };
}

function apiOf(api: NonNullable<StaticInput['api']>, report: Report): ApiConfiguration {
  const basePath = api.basePath ?? '/';
  if (!/^\/(?:[\w.~-]+(?:\/[\w.~-]+)*\/?)?$/.test(basePath)) {
    const message = `api.basePath must be a path such as "/gatehouse", not "${basePath}".`;
    report(['api', 'basePath'], 'error', message);
  }
  return {
    insecure: api.insecure ?? false,
    dashboard: api.dashboard ?? true,
    basePath: basePath === '/' ? '/' : basePath.replace(/\/$/, ''),
  };
}

function pingOf(ping: NonNullable<StaticInput['ping']>): PingConfiguration {
  return {
    entryPoint: ping.entryPoint ?? 'traefik',
    manualRouting: ping.manualRouting ?? false,
    terminatingStatus: ping.terminatingStatusCode ?? 503,
  };
}

const logLevels: Readonly<Record<string, LogConfiguration['level']>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
  panic: 'error',
};

function logOf(log: NonNullable<StaticInput['log']>): LogConfiguration {
  return {
    level: logLevels[(log.level ?? 'ERROR').toLowerCase()] ?? 'error',
    format: log.format ?? 'common',
    filePath: log.filePath === undefined || log.filePath === '' ? null : path.resolve(log.filePath),
    ...(log.maxSize ? { maxBytes: log.maxSize * 1_000_000 } : {}),
    ...(log.maxBackups ? { keep: log.maxBackups } : {}),
  };
}

/** Traefik's default buckets, seconds. */
const defaultBuckets = [0.1, 0.3, 1.2, 5];

function metricsOf(
  metrics: StaticInput['metrics'],
  report: Report,
): { readonly metrics?: NonNullable<StaticConfiguration['metrics']> } {
  const prometheus = metrics?.prometheus;
  if (!prometheus) return {};
  const headerLabels = prometheus.headerLabels ?? {};
  for (const label of Object.keys(headerLabels)) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(label) && !label.startsWith('__') && !ownLabels.has(label)) continue;
    const message = `metrics.prometheus.headerLabels: "${label}" cannot be a label. Write letters, digits and "_", and none of ${[...ownLabels].join(', ')}.`;
    report(['metrics', 'prometheus', 'headerLabels', label], 'error', message);
  }
  return {
    metrics: {
      buckets: [...new Set(prometheus.buckets ?? defaultBuckets)].toSorted((a, b) => a - b),
      byEntryPoint: prometheus.addEntryPointsLabels ?? true,
      byRouter: prometheus.addRoutersLabels ?? false,
      byService: prometheus.addServicesLabels ?? true,
      headerLabels,
      internals: metrics.addInternals ?? false,
      entryPoint: prometheus.entryPoint ?? 'traefik',
      manualRouting: prometheus.manualRouting ?? false,
    },
  };
}

const ownLabels: ReadonlySet<string> = new Set([
  'code',
  'method',
  'protocol',
  'entrypoint',
  'router',
  'service',
  'url',
  'le',
]);

function tcpTransportOf({
  tls,
  ...transport
}: NonNullable<StaticInput['tcpServersTransport']>): NonNullable<StaticConfiguration['tcpServersTransport']> {
  if (!tls) return transport;
  const { spiffe: _spiffe, ...checked } = tls;
  return { ...transport, tls: checked };
}

function transportOf({
  spiffe: _spiffe,
  ...transport
}: NonNullable<StaticInput['serversTransport']>): NonNullable<StaticConfiguration['serversTransport']> {
  return transport;
}
