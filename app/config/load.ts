import path from 'node:path';
import { formatAddress, parseListenAddress } from '../runtime/address.ts';
import { withCompatibility } from './compatibility.ts';
import {
  endpointFault,
  endpointNameFault,
  endpointsOfVariable,
  namedEndpoint,
  withEndpoints,
} from './docker-endpoints.ts';
import {
  type CompatibilityMode,
  defaultStaticConfiguration,
  type StaticConfiguration,
  type StaticEntryPoint,
} from './static.ts';
import { readStatic, readStaticFile, type StaticIssue } from './static-read.ts';
import { compatibilityModes } from './static-schema.ts';
import { environmentSource, flagSource, type TraefikFlag } from './static-source.ts';

/** Flags of `gatehouse serve` that are static configuration, as they were given. */
export interface StaticFlags {
  readonly config?: string | undefined;
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  readonly dashboard?: string | undefined;
  /** `ENDPOINT` or "off" for the first, `NAME=ENDPOINT` for others. */
  readonly docker?: readonly string[] | undefined;
  readonly file?: string | undefined;
  readonly domain?: string | undefined;
  /** `secure` or `traefik`. */
  readonly compatibility?: string | undefined;
}

/** A flag, variable or file cannot be used. The message names it and says what would do. */
export class StaticConfigurationError extends Error {
  readonly issues: readonly StaticIssue[];

  constructor(message: string, issues: readonly StaticIssue[] = []) {
    super(message);
    this.name = 'StaticConfigurationError';
    this.issues = issues;
  }
}

export interface LoadedConfiguration {
  readonly configuration: StaticConfiguration;
  readonly warnings: readonly StaticIssue[];
}

const flagNames = ['config', 'http', 'https', 'dashboard', 'docker', 'file', 'domain', 'compatibility'] as const;

/** Flags with what the environment says in their stead: `GATEHOUSE_HTTP` for `--http`, and so on. Flags win. */
export function flagsWithEnvironment(
  flags: StaticFlags,
  env: Readonly<Record<string, string | undefined>>,
): StaticFlags {
  const given = (name: (typeof flagNames)[number]): StaticFlags[typeof name] => {
    const flag = flags[name];
    if (flag !== undefined && flag.length > 0) return flag;
    const variable = env[`GATEHOUSE_${name.toUpperCase()}`];
    if (variable === undefined || variable === '') return undefined;
    return name === 'docker' ? endpointsOfVariable(variable) : variable;
  };
  return Object.fromEntries(
    flagNames.map((name) => [name, given(name)] as const).filter(([, value]) => value !== undefined),
  );
}

/**
 * Puts together what holds at start: defaults, then one of Traefik's sources (as in Traefik: the file, else its flags,
 * else its variables), then Gatehouse's own flags and their variables.
 * Throws {@link StaticConfigurationError} where one of them cannot be used.
 */
export function loadStaticConfiguration(sources: {
  readonly flags: StaticFlags;
  /** Flags that are Traefik's. */
  readonly traefikFlags?: readonly TraefikFlag[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The file that `--config` names, read. */
  readonly file: { readonly path: string; readonly text: string } | null;
}): LoadedConfiguration {
  const flags = flagsWithEnvironment(sources.flags, sources.env);
  const { configuration: base, warnings } = fromTraefik(sources);
  const docker = flags.docker === undefined ? base.docker : dockerOf(base.docker, flags.docker);
  return {
    configuration: withCompatibility({
      ...base,
      entryPoints: withAddress(withAddress(base.entryPoints, false, 'http', flags.http), true, 'https', flags.https),
      docker,
      file: flags.file === undefined ? base.file : { path: path.resolve(flags.file), fixed: true },
      domain: flags.domain === undefined ? base.domain : domainOf(flags.domain),
      dashboard: flags.dashboard === undefined ? base.dashboard : dashboardOf(base.dashboard, flags.dashboard),
      ...(flags.compatibility === undefined ? {} : { compatibility: compatibilityOf(flags.compatibility) }),
    }),
    warnings,
  };
}

function fromTraefik({
  file,
  traefikFlags = [],
  env,
}: Parameters<typeof loadStaticConfiguration>[0]): LoadedConfiguration {
  const byFlag = flagSource(traefikFlags);
  const byVariable = environmentSource(env);
  const source = byFlag ?? byVariable;
  const reading = file ? readStaticFile(file.text, file.path) : source ? readStatic(source, 'flag') : null;
  if (!reading) return { configuration: defaultStaticConfiguration, warnings: [] };
  const errors = reading.issues.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    const what = file ? 'The configuration file cannot be used.' : 'The static configuration cannot be used.';
    const lines = errors.map(({ where, message }) => `${where}: ${message}`);
    throw new StaticConfigurationError(`${what}\n${lines.join('\n')}`, errors);
  }
  return {
    configuration: { ...defaultStaticConfiguration, ...reading.patch },
    warnings: [...reading.issues, ...passedOver(file?.path ?? null, byFlag !== null, byVariable !== null)],
  };
}

/** Traefik reads one source. That another one says something too is a trap. */
function passedOver(file: string | null, hasFlags: boolean, hasVariables: boolean): StaticIssue[] {
  const chosen = file === null ? 'flags' : `the file ${file}`;
  const left = [...(file !== null && hasFlags ? ['flags'] : []), ...(hasVariables ? ['TRAEFIK_ variables'] : [])];
  if (left.length === 0 || (file === null && !hasFlags)) return [];
  const message = `Static configuration comes from ${chosen} alone, as in Traefik; its ${left.join(' and ')} are left out.`;
  return [{ where: 'gatehouse serve', line: 1, column: 1, severity: 'warning', message, suggestion: null }];
}

/** Sets the address of the first entry point of that kind; adds Gatehouse's own where a file has none. */
function withAddress(
  entryPoints: readonly StaticEntryPoint[],
  tls: boolean,
  flag: 'http' | 'https',
  given: string | undefined,
): readonly StaticEntryPoint[] {
  if (given === undefined) return entryPoints;
  const address = addressOf(`--${flag}`, given);
  const usual = tls ? 'websecure' : 'web';
  const chosen =
    entryPoints.find(({ name }) => name === usual) ?? entryPoints.find((entryPoint) => entryPoint.tls === tls);
  if (chosen) {
    return entryPoints.map((entryPoint) =>
      entryPoint === chosen ? { ...entryPoint, address, origin: 'flag', fallbackPort: null } : entryPoint,
    );
  }
  const added = defaultStaticConfiguration.entryPoints.find(({ name }) => name === usual);
  return added ? [...entryPoints, { ...added, address, origin: 'flag', fallbackPort: null }] : entryPoints;
}

/** `8080` is accepted for `:8080`. */
function addressOf(flag: string, given: string): string {
  const address = parseListenAddress(/^\d+$/.test(given) ? `:${given}` : given);
  if (!address) {
    throw new StaticConfigurationError(`${flag} ${given}: write :PORT or HOST:PORT, such as :8443 or 127.0.0.1:8443.`);
  }
  return formatAddress(address.host ?? '', address.port);
}

function dockerOf(base: StaticConfiguration['docker'], given: readonly string[]): StaticConfiguration['docker'] {
  const named = given.flatMap((text) => namedEndpoint(text) ?? []);
  for (const { name, endpoint } of named) {
    const fault = endpointNameFault(name) ?? endpointFault(endpoint);
    if (fault !== null) throw new StaticConfigurationError(`--docker ${name}=${endpoint}: ${fault}`);
    if (named.filter((other) => other.name === name).length > 1) {
      throw new StaticConfigurationError(`--docker ${name}=${endpoint}: there are two endpoints ${name}.`);
    }
  }
  const [first, second] = given.filter((text) => namedEndpoint(text) === null);
  if (second !== undefined) {
    throw new StaticConfigurationError(`--docker ${second}: give endpoints beside the first a name: NAME=${second}.`);
  }
  const own = first === undefined ? base : firstDockerOf(base, first);
  return named.length === 0 ? own : { ...own, endpoints: withEndpoints(base.endpoints, named) };
}

function firstDockerOf(base: StaticConfiguration['docker'], given: string): StaticConfiguration['docker'] {
  const fixed = [...new Set([...base.fixed, 'endpoint'])];
  if (given === 'off') return { ...base, enabled: false, fixed };
  const endpoint = given.startsWith('/') ? `unix://${given}` : given;
  if (!/^(?:unix|npipe|tcp|http|https|ssh):\/\/./.test(endpoint)) {
    throw new StaticConfigurationError(
      `--docker ${given}: write an endpoint such as unix:///var/run/docker.sock or tcp://HOST:2375, or "off".`,
    );
  }
  return { ...base, enabled: true, endpoint, fixed };
}

function compatibilityOf(given: string): CompatibilityMode {
  const mode = compatibilityModes.find((each) => each === given.toLowerCase());
  if (mode === undefined) {
    throw new StaticConfigurationError(`--compatibility ${given}: write ${compatibilityModes.join(' or ')}.`);
  }
  return mode;
}

function domainOf(given: string): string {
  const domain = given.toLowerCase().replace(/^\.|\.$/g, '');
  if (!/^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(domain)) {
    throw new StaticConfigurationError(`--domain ${given}: write a domain such as home.example.org.`);
  }
  return domain;
}

/** Plain HTTP never leaves the machine: an address that others can reach is served over HTTPS, once a password is set. */
function dashboardOf(base: StaticConfiguration['dashboard'], given: string): StaticConfiguration['dashboard'] {
  const address = addressOf('--dashboard', given);
  const { host, port } = parseListenAddress(address) ?? { host: null, port: 0 };
  if (host === null) return { ...base, address: `127.0.0.1:${port}`, addressFixed: true };
  if (/^(?:localhost|::1|127\.\d+\.\d+\.\d+)$/.test(host)) return { ...base, address, addressFixed: true };
  return { ...base, lanAddress: address };
}
