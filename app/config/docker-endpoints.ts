import type { DockerEndpointConfiguration, StaticConfiguration } from './static.ts';

/** Null: an endpoint may have this name. It becomes part of the names of its provider and containers. */
export function endpointNameFault(name: string): string | null {
  return /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/.test(name)
    ? null
    : `"${name}" cannot be the name of an endpoint: write up to 32 of a-z, 0-9 and "-", such as nas.`;
}

/** Null: it is where a daemon could be. */
export function endpointFault(endpoint: string): string | null {
  if (/^(?:(?:unix|npipe|tcp|http|https):\/\/.|\/.)/i.test(endpoint)) return null;
  if (/^ssh:/i.test(endpoint))
    return `${endpoint}: Docker over SSH is not supported; forward its socket, or use tcp://.`;
  return endpoint === ''
    ? 'it names no endpoint, such as tcp://nas:2375.'
    : `"${endpoint}" is no Docker endpoint: write one such as unix:///var/run/docker.sock or tcp://HOST:2375.`;
}

/** `NAME=ENDPOINT`; null where it names none. An endpoint by itself has a slash or colon before any `=`. */
export function namedEndpoint(text: string): { readonly name: string; readonly endpoint: string } | null {
  const match = /^([^/:=]*)=(.*)$/.exec(text);
  return match ? { name: match[1] ?? '', endpoint: match[2] ?? '' } : null;
}

/** What a variable says of several: `unix:///run/docker.sock,nas=tcp://nas:2375`. */
export function endpointsOfVariable(text: string): readonly string[] {
  return text.split(/,(?=[^/:=,]*=)/).map((each) => each.trim());
}

/** Puts endpoints over those that are there, by name. */
export function withEndpoints(
  before: Readonly<Record<string, DockerEndpointConfiguration>> | undefined,
  named: readonly { readonly name: string; readonly endpoint: string }[],
): Readonly<Record<string, DockerEndpointConfiguration>> {
  return {
    ...before,
    ...Object.fromEntries(named.map(({ name, endpoint }) => [name, { ...before?.[name], endpoint }])),
  };
}

/** Each named endpoint with what it leaves to the first. What identifies us to a daemon is shown to no other. */
export function resolvedEndpoints({
  endpoints = {},
  enabled: _enabled,
  fixed: _fixed,
  tls: _tls,
  username: _username,
  password: _password,
  ...shared
}: StaticConfiguration['docker']): ReadonlyMap<
  string,
  DockerEndpointConfiguration & Omit<StaticConfiguration['docker'], 'enabled' | 'endpoint' | 'endpoints' | 'fixed'>
> {
  return new Map(Object.entries(endpoints).map(([name, own]) => [name, { ...shared, ...own }]));
}
