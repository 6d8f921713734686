/** A Docker endpoint's provider: `docker` the first, `docker-NAME` those that have a name of their own. */
export type DockerProviderName = 'docker' | `docker-${string}`;

export function dockerProviderName(endpoint: string | null): DockerProviderName {
  return endpoint === null ? 'docker' : `docker-${endpoint}`;
}

export function isDockerProvider(provider: string): provider is DockerProviderName {
  return provider === 'docker' || provider.startsWith('docker-');
}

/** The name of the endpoint; null for the first one, which has none, and for other providers. */
export function endpointOfProvider(provider: string): string | null {
  return provider.startsWith('docker-') ? provider.slice('docker-'.length) : null;
}

/** Of a container's name or id: `nas/photos` is `photos` of the endpoint `nas`. Docker itself allows no slash in either. */
export function nameAtEndpoint(endpoint: string | null, name: string): string {
  return endpoint === null ? name : `${endpoint}/${name}`;
}

/** Null: of the first endpoint. */
export function endpointOfContainer(name: string): string | null {
  const slash = name.indexOf('/');
  return slash < 0 ? null : name.slice(0, slash);
}

/** As its own daemon knows it. */
export function nameAtDaemon(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
