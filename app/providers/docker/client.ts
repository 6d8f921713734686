import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { inspect } from 'node:util';
import type Docker from 'dockerode';
import type { ContainerInspectInfo, DockerOptions } from 'dockerode';
import { clientTlsFiles } from '../client-tls.ts';
import { loadDockerode } from './dockerode.ts';
import type { DaemonInfo, DockerAccess, DockerEndpoint } from './endpoint.ts';

/** The oldest API that has everything used here (Docker 20.10), and the newest that was tried. */
const oldestApi = '1.41';
const newestApi = '1.52';

const requestTimeoutMs = 15_000;
/** The first answer takes no work. */
const versionTimeoutMs = 5000;

/** One connection's view of a daemon. Requests fail when it is closed. */
export interface DockerClient {
  /** Such as "Docker 28.2.2 (API 1.50)". */
  readonly version: string;
  readonly containerIds: () => Promise<readonly string[]>;
  /** Null: there is no such container any more. */
  readonly inspect: (id: string) => Promise<ContainerInspectInfo | null>;
  /** Network name → driver; empty where a socket proxy refuses it. */
  readonly networkDrivers: () => Promise<Readonly<Record<string, string>>>;
  readonly info: () => Promise<DaemonInfo | null>;
  /** Resolves when the daemon has begun to send; the stream ends when the connection does. */
  readonly events: () => Promise<Readable>;
  readonly ping: () => Promise<void>;
  readonly close: () => void;
}

/** Docker was reached, or named, in a way that cannot work: no retry helps until someone changes something. */
export class DockerUnsupportedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DockerUnsupportedError';
  }
}

/**
 * Connects and agrees on an API version. Throws Node's or dockerode's error where nobody answers as Docker does.
 * Aborting the signal closes the client.
 */
export async function connectDocker(endpoint: DockerEndpoint, abort: AbortSignal): Promise<DockerClient> {
  const Dockerode = loadDockerode();
  const closing = new AbortController();
  const close = (): void => {
    abort.removeEventListener('abort', close);
    closing.abort();
    agent.destroy();
  };
  const { options, agent } = connectionOptions(endpoint);
  const signal = (timeoutMs = endpoint.access?.requestTimeoutMs ?? requestTimeoutMs): AbortSignal =>
    AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]);
  abort.addEventListener('abort', close, { once: true });
  if (abort.aborted) close();
  try {
    const unversioned = new Dockerode(options);
    const answer = versionAnswer(await asked(unversioned).version({ abortSignal: signal(versionTimeoutMs) }));
    const docker: Docker = new Dockerode({ ...options, version: `v${agreedApi(answer, endpoint)}` });
    return clientOf(docker, answer, { signal, closing: closing.signal, close });
  } catch (error) {
    close();
    throw error;
  }
}

function clientOf(
  docker: Docker,
  answer: VersionAnswer,
  { signal, closing, close }: { signal: () => AbortSignal; closing: AbortSignal; close: () => void },
): DockerClient {
  return {
    version: `${answer.engine} ${answer.version} (API ${answer.api})`,
    containerIds: async () => {
      const containers = await docker.listContainers({ all: true, abortSignal: signal() });
      return containers.map(({ Id }) => Id);
    },
    inspect: async (id) => {
      try {
        return await docker.getContainer(id).inspect({ abortSignal: signal() });
      } catch (error) {
        if (statusOf(error) === 404) return null;
        throw error;
      }
    },
    networkDrivers: async () => {
      try {
        const networks = await docker.listNetworks({ abortSignal: signal() });
        return Object.fromEntries(networks.map(({ Name, Driver }) => [Name, Driver]));
      } catch (error) {
        if (statusOf(error) === undefined) throw error;
        return {};
      }
    },
    info: async () => {
      try {
        const info = recordOf(await asked(docker).info({ abortSignal: signal() }));
        const securityOptions = info['SecurityOptions'];
        return {
          operatingSystem: textOf(info['OperatingSystem']),
          securityOptions: Array.isArray(securityOptions) ? securityOptions.map(String) : [],
          name: textOf(info['Name']),
        };
      } catch (error) {
        if (statusOf(error) === undefined) throw error;
        return null;
      }
    },
    events: async () =>
      (await docker.getEvents({
        filters: JSON.stringify({ type: ['container', 'network'] }),
        abortSignal: closing,
      })) as Readable,
    ping: async () => {
      await asked(docker).ping({ abortSignal: signal() });
    },
    close,
  };
}

type Ask = (options: { abortSignal: AbortSignal }) => Promise<unknown>;

/** dockerode's types do not know that these take options. */
function asked(docker: Docker): { readonly version: Ask; readonly info: Ask; readonly ping: Ask } {
  return docker;
}

function recordOf(raw: unknown): Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The HTTP status of an answer that refused a request; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

interface VersionAnswer {
  readonly engine: string;
  readonly version: string;
  readonly api: string;
  readonly oldestApi: string;
}

function versionAnswer(raw: unknown): VersionAnswer {
  const answer = recordOf(raw);
  const api = textOf(answer['ApiVersion']);
  if (api === '') throw new DockerUnsupportedError('What answers there is not Docker.');
  const components = JSON.stringify(answer['Components'] ?? '');
  return {
    engine: components.includes('Podman') ? 'Podman' : 'Docker',
    version: textOf(answer['Version']),
    api,
    oldestApi: textOf(answer['MinAPIVersion']) || '1.0',
  };
}

/** The newest version that both know. A daemon whose oldest is newer than ours is asked in that one. */
export function agreedApi(
  answer: Pick<VersionAnswer, 'api' | 'oldestApi' | 'version' | 'engine'>,
  endpoint: DockerEndpoint,
): string {
  if (compareVersions(answer.api, oldestApi) < 0) {
    throw new DockerUnsupportedError(
      `${answer.engine} ${answer.version} at ${endpoint.url} is too old: it speaks API ${answer.api}, and ${oldestApi} (Docker 20.10) is needed.`,
    );
  }
  if (compareVersions(answer.oldestApi, newestApi) > 0) return answer.oldestApi;
  return compareVersions(answer.api, newestApi) > 0 ? newestApi : answer.api;
}

function compareVersions(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

/** What dockerode is given for an endpoint. Throws DockerUnsupportedError. */
export function connectionOptions(endpoint: DockerEndpoint): { options: DockerOptions; agent: HttpAgent } {
  // dockerode reads DOCKER_HOST and its like by itself: every option is given, so that none of that counts.
  const none = {
    host: undefined,
    port: undefined,
    socketPath: undefined,
    pathPrefix: undefined,
    timeout: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  };
  const socketPath = /^(?:unix|npipe):\/\/(.+)$/i.exec(endpoint.url)?.[1];
  if (socketPath !== undefined) {
    const agent = unprinted(new HttpAgent({ keepAlive: true }));
    return { options: { ...none, socketPath, protocol: 'http', agent } as unknown as DockerOptions, agent };
  }
  const match = /^(tcp|http|https):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/i.exec(endpoint.url);
  if (!match) {
    const why = /^ssh:/i.test(endpoint.url) ? 'Docker over SSH is not supported' : 'this is no Docker endpoint';
    throw new DockerUnsupportedError(
      `${endpoint.url}: ${why}. Endpoints are unix:///PATH, npipe:////./pipe/NAME and tcp://HOST:PORT.`,
    );
  }
  const own = endpoint.access?.tls;
  const secure = own !== undefined || endpoint.tls !== null || match[1]?.toLowerCase() === 'https';
  const files = own ? clientTlsFiles(own) : endpoint.tls ? tlsFiles(endpoint.tls.dir) : {};
  const verify = own ? own.insecureSkipVerify !== true : (endpoint.tls?.verify ?? true);
  const agent = unprinted(
    secure
      ? new HttpsAgent({ keepAlive: true, ...files, rejectUnauthorized: verify })
      : new HttpAgent({ keepAlive: true }),
  );
  const options = {
    ...none,
    host: (match[2] ?? '').replace(/^\[|\]$/g, ''),
    port: Number(match[3] ?? (secure ? 2376 : 2375)),
    protocol: secure ? 'https' : 'http',
    agent,
    ...credentials(endpoint.access),
  };
  return { options: options as unknown as DockerOptions, agent };
}

/**
 * dockerode writes down the options of each request, whether anybody reads that or not: an agent with all its sockets
 * and what waits for them takes 10 ms and more each time.
 */
function unprinted<Agent extends HttpAgent>(agent: Agent): Agent {
  return Object.defineProperty(agent, inspect.custom, { value: () => 'agent' });
}

function credentials({ username, password }: DockerAccess = {}): { headers?: Record<string, string> } {
  if (username === undefined && password === undefined) return {};
  const basic = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  return { headers: { Authorization: `Basic ${basic}` } };
}

function tlsFiles(dir: string): { ca?: string; cert?: string; key?: string } {
  const files: { ca?: string; cert?: string; key?: string } = {};
  for (const kind of ['ca', 'cert', 'key'] as const) {
    try {
      files[kind] = readFileSync(join(dir, `${kind}.pem`), 'utf8');
    } catch (error) {
      // A client certificate is optional; what is there must be readable.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return files;
}
