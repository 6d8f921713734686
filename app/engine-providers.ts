import type { DynamicConfiguration } from '../proxy/model/dynamic.ts';
import { resolvedEndpoints } from './config/docker-endpoints.ts';
import type { StaticConfiguration } from './config/static.ts';
import { type DockerProviderName, dockerProviderName } from './contract/docker-name.ts';
import type { ProviderView } from './contract/objects.ts';
import type { Log } from './log.ts';
import { createDockerProvider, type DockerObservation, type DockerProvider } from './providers/docker/provider.ts';
import { createFileProvider } from './providers/file/provider.ts';
import type { Provider, ProviderHost, Publication } from './providers/provider.ts';
import { same } from './runtime/same.ts';

export interface ProviderSetOptions {
  readonly publish: (publication: Publication) => void;
  readonly retract: (provider: Publication['provider']) => void;
  readonly onView: () => void;
  /** Null: that Docker is not looked at any more. */
  readonly onContainers: (provider: DockerProviderName, observation: DockerObservation | null) => void;
  readonly log: Log;
}

/** The providers that watch something outside: started, replaced and stopped as the configuration says. */
export interface ProviderSet {
  readonly views: () => readonly ProviderView[];
  /** Resolves when each provider has told its first state, or why there is none. */
  readonly apply: (configuration: StaticConfiguration) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const emptyConfiguration: DynamicConfiguration = {};

export function createProviderSet(options: ProviderSetOptions): ProviderSet {
  const { log } = options;
  const startedAt = Date.now();
  const inside = (name: ProviderView['name']): ProviderView => ({
    name,
    state: 'connected',
    where: '',
    version: '',
    since: startedAt,
    problems: [],
  });
  const off = (name: ProviderView['name']): ProviderView => ({ ...inside(name), state: 'off', since: Date.now() });
  const views = new Map<ProviderView['name'], ProviderView>([
    ['docker', off('docker')],
    ['file', off('file')],
    ['gatehouse', inside('gatehouse')],
    ['internal', inside('internal')],
  ]);
  let docker: DockerProvider | null = null;
  let dockerOptions: StaticConfiguration['docker'] | null = null;
  const named = new Map<string, DockerProvider>();
  let file: Provider | null = null;
  let filePath: string | null = null;
  let http: Provider | null = null;

  const show = (view: ProviderView): void => {
    if (same(views.get(view.name), view)) return;
    views.set(view.name, view);
    options.onView();
  };
  /** What a provider says after it was replaced counts no more. */
  const hostFor = (isCurrent: () => boolean): ProviderHost => ({
    publish: (publication) => {
      if (isCurrent()) options.publish(publication);
    },
    report: (view) => {
      if (isCurrent()) show(view);
    },
  });

  const applyDocker = async (next: StaticConfiguration['docker']): Promise<void> => {
    if (same(dockerOptions, next)) return;
    dockerOptions = next;
    if (docker !== null && next.enabled) {
      docker.update(next);
      return;
    }
    const before = docker;
    docker = null;
    await before?.stop();
    if (!next.enabled) {
      show(off('docker'));
      if (before === null) return;
      options.onContainers('docker', null);
      options.retract('docker');
      return;
    }
    const made: DockerProvider = createDockerProvider({
      host: hostFor(() => docker === made),
      options: next,
      onContainers: (observation) => {
        if (docker === made) options.onContainers('docker', observation);
      },
      log,
    });
    docker = made;
    await made.start();
  };

  /** Only static configuration names them, so each is started once; what they leave to the first may change. */
  const applyEndpoints = async (configured: StaticConfiguration['docker']): Promise<void> => {
    await Promise.all(
      [...resolvedEndpoints(configured)].map(async ([name, next]) => {
        const known = named.get(name);
        if (known !== undefined) {
          known.update(next);
          return;
        }
        const made = createDockerProvider({
          name,
          host: hostFor(() => true),
          options: next,
          onContainers: (observation) => options.onContainers(dockerProviderName(name), observation),
          log,
        });
        named.set(name, made);
        await made.start();
      }),
    );
  };

  const applyFile = async ({ path, watch }: StaticConfiguration['file']): Promise<void> => {
    if (path === filePath) return;
    filePath = path;
    const before = file;
    file = null;
    await before?.stop();
    if (path === null) {
      show(off('file'));
      options.retract('file');
      return;
    }
    // What the old path gave is gone, even where the new one cannot be read.
    if (before !== null) {
      const origins = { routers: {}, services: {}, middlewares: {} };
      options.publish({ provider: 'file', configuration: emptyConfiguration, origins });
    }
    const made: Provider = createFileProvider({
      host: hostFor(() => file === made),
      path,
      ...(watch === false ? { watch } : {}),
      log,
    });
    file = made;
    await made.start();
  };

  /** Only static configuration names it, so it is started once. */
  const applyHttp = async (httpOptions: StaticConfiguration['httpProvider']): Promise<void> => {
    if (httpOptions === undefined || http !== null) return;
    // Its HTTP client is large, and few installations have such a provider.
    const { createHttpProvider } = await import('./providers/http/provider.ts');
    http = createHttpProvider({ host: hostFor(() => true), options: httpOptions, log });
    await http.start();
  };

  return {
    views: () => [...views.values()],
    apply: async (configuration) => {
      await Promise.all([
        applyDocker(configuration.docker),
        applyEndpoints(configuration.docker),
        applyFile(configuration.file),
        applyHttp(configuration.httpProvider),
      ]);
    },
    stop: async () => {
      const running = [docker, ...named.values(), file, http].filter((provider) => provider !== null);
      docker = null;
      file = null;
      await Promise.all(running.map((provider) => provider.stop()));
    },
  };
}
