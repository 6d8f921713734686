import { isIP } from 'node:net';
import { isAbsolute, normalize } from 'node:path';
import type { SettingsPatch } from '../contract/objects.ts';
import { OperationError } from '../operations/error.ts';
import { compileTemplate, TemplateError } from '../providers/docker/template.ts';
import { validHost } from '../providers/gatehouse/validation.ts';
import { formatAddress, type ListenAddress, parseListenAddress } from '../runtime/address.ts';
import { isDomainFixed, isLanAddressFixed, type Override, overlaid } from './settings-overlay.ts';
import type { StaticConfiguration } from './static.ts';

export interface PatchContext {
  readonly base: StaticConfiguration;
  readonly effective: StaticConfiguration;
  readonly override: Override;
}

/** The overrides that hold after a patch, in canonical form. Throws OperationError INVALID, or CONFLICT for what is fixed. */
export function validPatch(patch: SettingsPatch, context: PatchContext): Override {
  const { base, override } = context;
  const next: Override = { ...override };
  if (patch.entryPoints !== undefined) next.entryPoints = entryPointsOf(patch.entryPoints, context);
  if (patch.docker !== undefined) next.docker = { ...override.docker, ...dockerOf(patch.docker, base) };
  if (patch.file !== undefined) {
    if (base.file.fixed) throw fixed('file.path');
    next.file = { path: filePathOf(patch.file.path) };
  }
  if (patch.domain !== undefined) {
    if (isDomainFixed(base)) throw fixed('domain');
    next.domain = domainOf(patch.domain);
  }
  if (patch.dashboard?.lanAddress !== undefined) {
    if (isLanAddressFixed(base)) throw fixed('dashboard.lanAddress');
    next.dashboard = { lanAddress: lanAddressOf(patch.dashboard.lanAddress) };
  }
  assertDistinct(overlaid(base, next), context.effective);
  return next;
}

type EntryPointPatch = NonNullable<SettingsPatch['entryPoints']>;

/** An address that is the base's own again is no override any more: the fallback port comes back with it. */
function entryPointsOf(patch: EntryPointPatch, { base, override }: PatchContext): EntryPointPatch {
  const addresses = new Map(Object.entries(override.entryPoints ?? {}));
  for (const [name, { address }] of Object.entries(patch)) {
    const entryPoint = base.entryPoints.find((candidate) => candidate.name === name);
    if (!entryPoint) {
      throw invalid('ENTRY_POINT_UNKNOWN', `There is no entry point ${name}.`, `entryPoints.${name}`);
    }
    if (entryPoint.origin !== 'default') throw fixed(`entryPoints.${name}`);
    const canonical = addressOf(address, `entryPoints.${name}`);
    if (canonical === entryPoint.address) addresses.delete(name);
    else addresses.set(name, { address: canonical });
  }
  return Object.fromEntries(addresses);
}

/** `8443` is accepted for `:8443`. */
function addressOf(text: string, field: string): string {
  const trimmed = text.trim();
  const address = parseListenAddress(/^\d+$/.test(trimmed) ? `:${trimmed}` : trimmed);
  const usable = address !== null && address.port > 0 && isBindable(address);
  if (!usable) {
    const message = `"${text}" is no address to listen on: write :PORT or ADDRESS:PORT, such as :8443 or 192.168.1.5:8443.`;
    throw invalid('ADDRESS_INVALID', message, field);
  }
  return address.host === null ? `:${address.port}` : formatAddress(address.host, address.port);
}

function isBindable({ host }: ListenAddress): boolean {
  return host === null || host === 'localhost' || isIP(host) !== 0;
}

function lanAddressOf(text: string | null): string | null {
  return text === null || text.trim() === '' ? null : addressOf(text, 'dashboard.lanAddress');
}

type DockerPatch = NonNullable<SettingsPatch['docker']>;

function dockerOf(patch: DockerPatch, base: StaticConfiguration): DockerPatch {
  const decided = Object.entries(patch).find(
    ([field, value]) => value !== undefined && base.docker.fixed.includes(field),
  );
  if (decided) throw fixed(`docker.${decided[0]}`);
  const { endpoint, exposedByDefault, defaultRule, network } = patch;
  return {
    ...(endpoint === undefined ? {} : { endpoint: endpointOf(endpoint) }),
    ...(exposedByDefault === undefined ? {} : { exposedByDefault }),
    ...(defaultRule === undefined ? {} : { defaultRule: defaultRuleOf(defaultRule) }),
    ...(network === undefined ? {} : { network: networkOf(network) }),
  };
}

function endpointOf(text: string | null): string | null {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return null;
  const endpoint = trimmed.startsWith('/') ? `unix://${trimmed}` : trimmed;
  if (/^(unix:\/\/\/|npipe:\/\/\/\/|tcp:\/\/)[^\s]+$/.test(endpoint)) return endpoint;
  const message = `"${trimmed}" is no Docker endpoint: write one such as unix:///var/run/docker.sock or tcp://HOST:2375.`;
  throw invalid('ENDPOINT_INVALID', message, 'docker.endpoint');
}

function defaultRuleOf(text: string): string {
  const rule = text.trim();
  if (rule === '') throw invalid('RULE_INVALID', 'The default rule is empty.', 'docker.defaultRule');
  try {
    compileTemplate(rule);
    return rule;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw invalid('RULE_INVALID', `The default rule cannot be used: ${error.message}`, 'docker.defaultRule');
  }
}

function networkOf(text: string | null): string | null {
  const network = text?.trim() ?? '';
  if (network === '') return null;
  if (/^[a-zA-Z0-9][\w.-]*$/.test(network)) return network;
  throw invalid('NETWORK_INVALID', `"${network}" cannot be the name of a Docker network.`, 'docker.network');
}

function filePathOf(text: string | null): string | null {
  const path = text?.trim() ?? '';
  if (path === '') return null;
  if (isAbsolute(path) && !path.includes('\0')) return normalize(path);
  throw invalid(
    'PATH_INVALID',
    `"${path}" is no whole path: write one such as /etc/gatehouse/dynamic.yml.`,
    'file.path',
  );
}

function domainOf(text: string): string {
  try {
    return validHost(text.trim().replace(/^\./, ''));
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    throw invalid('DOMAIN_INVALID', `"${text}" is no domain: write one such as home.example.org.`, 'domain');
  }
}

/** Two parts cannot listen on one port. Clashes that were there before are not this patch's fault. */
function assertDistinct(next: StaticConfiguration, previous: StaticConfiguration): void {
  const known = new Set(clashes(previous).map(({ key }) => key));
  const found = clashes(next).find(({ key }) => !known.has(key));
  if (!found) return;
  throw new OperationError('INVALID', `${found.first} and ${found.second} cannot both listen on port ${found.port}.`, {
    reason: 'ADDRESS_TAKEN',
    field: found.second,
    other: found.first,
    port: found.port,
  });
}

interface Clash {
  readonly key: string;
  readonly first: string;
  readonly second: string;
  readonly port: number;
}

function clashes({ entryPoints, dashboard }: StaticConfiguration): Clash[] {
  const listeners = [
    { name: 'the dashboard', address: dashboard.address },
    { name: 'the dashboard on the local network', address: dashboard.lanAddress ?? '' },
    ...entryPoints,
  ].flatMap(({ name, address }) => {
    const parsed = parseListenAddress(address);
    return parsed === null || parsed.port === 0 ? [] : [{ name, ...parsed }];
  });
  const found: Clash[] = [];
  for (const [index, first] of listeners.entries()) {
    for (const second of listeners.slice(index + 1)) {
      if (first.port !== second.port || !overlap(first, second)) continue;
      const key = `${first.name} ${second.name} ${first.port}`;
      found.push({ key, first: first.name, second: second.name, port: first.port });
    }
  }
  return found;
}

function overlap(a: ListenAddress, b: ListenAddress): boolean {
  return isAny(a) || isAny(b) || a.host === b.host;
}

function isAny({ host }: ListenAddress): boolean {
  return host === null || host === '0.0.0.0' || host === '::';
}

function invalid(reason: string, message: string, field: string): OperationError {
  return new OperationError('INVALID', message, { reason, field });
}

function fixed(field: string): OperationError {
  return new OperationError(
    'CONFLICT',
    `${field} is decided by a flag or by the configuration file; change it there.`,
    {
      reason: 'SETTING_FIXED',
      field,
    },
  );
}
