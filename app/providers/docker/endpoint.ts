import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir, hostname, platform, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ClientTls } from '../../config/static.ts';
import type { ReachOptions } from './reach.ts';

/** One place where a Docker daemon may answer. */
export interface DockerEndpoint {
  /** `unix://PATH`, `npipe://PATH`, `tcp://HOST:PORT`; others are refused when connecting. */
  readonly url: string;
  /** Why it is tried, a phrase in English such as "the Docker context desktop-linux". */
  readonly why: string;
  readonly tls: DockerTls | null;
  /** What the configuration says beside the address. */
  readonly access?: DockerAccess;
}

/** How a configured daemon is spoken to. */
export interface DockerAccess {
  /** Instead of what the environment says. */
  readonly tls?: ClientTls | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly requestTimeoutMs?: number | undefined;
}

export interface DockerTls {
  /** Folder with ca.pem, cert.pem and key.pem; what is missing is left out. */
  readonly dir: string;
  readonly verify: boolean;
}

/** What the search looks at; handed in so that tests own it. */
export interface EndpointSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  readonly platform: NodeJS.Platform;
  /** Null on Windows. */
  readonly uid: number | null;
  readonly hostname: string;
  readonly exists: (path: string) => boolean;
  /** Null where the file cannot be read. */
  readonly readText: (path: string) => string | null;
}

export function systemSurroundings(): EndpointSurroundings {
  return {
    env: process.env,
    homeDir: homedir(),
    platform: platform(),
    uid: platform() === 'win32' ? null : userInfo().uid,
    hostname: hostname(),
    exists: existsSync,
    readText: (path) => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return null;
      }
    },
  };
}

/**
 * Where to look for Docker, the likeliest first. What was named (by option or `DOCKER_HOST`) is the only candidate;
 * else the chosen Docker context, then every known socket that exists. Empty: there is no Docker.
 */
export function findEndpoints(explicit: string | null, surroundings: EndpointSurroundings): readonly DockerEndpoint[] {
  const { env } = surroundings;
  if (explicit !== null && explicit !== '') {
    return [{ url: withScheme(explicit), why: 'the configured endpoint', tls: environmentTls(surroundings) }];
  }
  const fromEnvironment = env['DOCKER_HOST'];
  if (fromEnvironment) {
    return [{ url: withScheme(fromEnvironment), why: 'DOCKER_HOST', tls: environmentTls(surroundings) }];
  }
  const context = contextEndpoint(surroundings);
  const sockets = knownSockets(surroundings)
    .filter(({ path }) => surroundings.platform === 'win32' || surroundings.exists(path))
    .map(({ path, why }) => ({ url: socketUrl(path), why, tls: null }));
  const candidates = context ? [context, ...sockets] : sockets;
  return candidates.filter(({ url }, index) => candidates.findIndex((other) => other.url === url) === index);
}

function withScheme(endpoint: string): string {
  if (/^[a-z]+:\/\//i.test(endpoint)) return endpoint;
  return endpoint.startsWith('/') ? `unix://${endpoint}` : `tcp://${endpoint}`;
}

function socketUrl(path: string): string {
  return path.startsWith('//./pipe/') ? `npipe://${path}` : `unix://${path}`;
}

function environmentTls({ env, homeDir }: EndpointSurroundings): DockerTls | null {
  const verify = (env['DOCKER_TLS_VERIFY'] ?? '') !== '';
  if (!verify && !env['DOCKER_CERT_PATH']) return null;
  return { dir: env['DOCKER_CERT_PATH'] || join(homeDir, '.docker'), verify };
}

/** The context that `docker context use` or DOCKER_CONTEXT chose; null for the default one, which is the socket. */
function contextEndpoint(surroundings: EndpointSurroundings): DockerEndpoint | null {
  const { env, homeDir, readText } = surroundings;
  const configDir = env['DOCKER_CONFIG'] || join(homeDir, '.docker');
  const chosen = env['DOCKER_CONTEXT'] || textAt(parse(readText(join(configDir, 'config.json'))), ['currentContext']);
  if (!chosen || chosen === 'default') return null;
  // Docker names a context's folder by the SHA-256 of its name.
  const folder = createHash('sha256').update(chosen).digest('hex');
  const meta = parse(readText(join(configDir, 'contexts', 'meta', folder, 'meta.json')));
  const url = textAt(meta, ['Endpoints', 'docker', 'Host']);
  if (!url) return null;
  const tlsDir = join(configDir, 'contexts', 'tls', folder, 'docker');
  const skipVerify = valueAt(meta, ['Endpoints', 'docker', 'SkipTLSVerify']) === true;
  return {
    url,
    why: `the Docker context ${chosen}`,
    tls: surroundings.exists(tlsDir) ? { dir: tlsDir, verify: !skipVerify } : null,
  };
}

function parse(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    // A broken Docker configuration is Docker's to report; the sockets are still there.
    return null;
  }
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

function textAt(value: unknown, path: readonly string[]): string | null {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : null;
}

function knownSockets(surroundings: EndpointSurroundings): { path: string; why: string }[] {
  const { env, homeDir, uid } = surroundings;
  if (surroundings.platform === 'win32') {
    return [
      { path: '//./pipe/docker_engine', why: 'the Docker pipe' },
      { path: '//./pipe/dockerDesktopLinuxEngine', why: "Docker Desktop's pipe" },
      { path: '//./pipe/podman-machine-default', why: "Podman's pipe" },
    ];
  }
  const runtimeDir = env['XDG_RUNTIME_DIR'] || `/run/user/${uid ?? 0}`;
  return [
    { path: '/var/run/docker.sock', why: 'the Docker socket' },
    { path: join(runtimeDir, 'docker.sock'), why: 'the socket of rootless Docker' },
    { path: join(homeDir, '.docker/run/docker.sock'), why: "Docker Desktop's socket" },
    { path: join(homeDir, '.docker/desktop/docker.sock'), why: "Docker Desktop's socket" },
    { path: join(homeDir, '.orbstack/run/docker.sock'), why: "OrbStack's socket" },
    { path: join(homeDir, '.colima/default/docker.sock'), why: "Colima's socket" },
    { path: join(homeDir, '.rd/docker.sock'), why: "Rancher Desktop's socket" },
    { path: join(runtimeDir, 'podman/podman.sock'), why: "Podman's socket" },
    { path: '/run/podman/podman.sock', why: "Podman's socket" },
  ];
}

/** What `docker info` says that decides how containers are reached. All absent where a socket proxy refuses it. */
export interface DaemonInfo {
  readonly operatingSystem: string;
  readonly securityOptions: readonly string[];
  /** The daemon's own host name. */
  readonly name: string;
}

/** Whether container addresses answer from here, or only published ports do, and on which host. */
export function addressesOf(
  endpointUrl: string,
  info: DaemonInfo | null,
  surroundings: Pick<EndpointSurroundings, 'platform' | 'hostname'>,
): ReachOptions['addresses'] {
  const remote = /^tcp:\/\/(\[[^\]]+\]|[^:/]+)/i.exec(endpointUrl)?.[1]?.replace(/^\[|\]$/g, '');
  const loopback = remote !== undefined && (remote === 'localhost' || remote === '::1' || remote.startsWith('127.'));
  // A socket proxy on this machine is as good as the socket.
  const isHere = remote === undefined || loopback || (info !== null && info.name === surroundings.hostname);
  if (!isHere) return { kind: 'published', host: remote };
  const system = info?.operatingSystem ?? '';
  if (system.includes('OrbStack')) return { kind: 'direct' };
  const behindVm = system.includes('Docker Desktop') || surroundings.platform !== 'linux';
  const rootless = info?.securityOptions.some((option) => /(^|=)rootless\b/.test(option)) ?? false;
  return behindVm || rootless ? { kind: 'published', host: '127.0.0.1' } : { kind: 'direct' };
}
