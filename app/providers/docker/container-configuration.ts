import type { HttpConfiguration, RouterConfig } from '../../../proxy/model/dynamic.ts';
import { RuleError } from '../../../proxy/rule/rule-error.ts';
import { readBoolean } from '../../config/decode.ts';
import { decodeHttpElements, type ElementIssue, type ElementKind, issueProblem } from '../../config/http-elements.ts';
import type { MiddlewareTable } from '../../config/middleware-options.ts';
import { nameAtDaemon } from '../../contract/docker-name.ts';
import type { Problem, Source } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import { compileConstraints } from './constraints.ts';
import { composeOf, type InspectedContainer } from './container.ts';
import { buildRouters } from './container-routers.ts';
import { type BuiltService, buildServices } from './container-services.ts';
import { buildStreams, type ContainerStreams, noStreams } from './container-streams.ts';
import { labelServiceSchema } from './label-service.ts';
import { type LabelTree, labelTree } from './labels.ts';
import { type Reach, type ReachOptions, reachOf, stateProblem } from './reach.ts';
import { normalize } from './template.ts';

/** How labels are read (`providers.docker`). */
export interface DockerLabelOptions {
  readonly exposedByDefault: boolean;
  /** Go template of the rule of routers that name none. */
  readonly defaultRule: string;
  readonly network: string | null;
  /** Traefik's expression over labels, see constraints.ts. */
  readonly constraints?: string;
  /** A published port of one address of the machine stands in for the container's own. */
  readonly useBindPortIP?: boolean;
  /** Containers that are not healthy keep their routers; their services are empty. */
  readonly allowEmptyServices?: boolean;
}

/** What is known beside the containers and the options. */
export interface ConfigurationContext {
  readonly middlewareTable: MiddlewareTable;
  readonly addresses: ReachOptions['addresses'];
  readonly networkDrivers?: ReachOptions['networkDrivers'];
}

/** One object of one container, with where it comes from and what is wrong with it. */
export interface Element<Config> {
  readonly config: Config;
  readonly source: Source;
  readonly problems: readonly Problem[];
}

/** What one container's labels ask for. */
export interface ContainerConfiguration {
  readonly container: InspectedContainer;
  readonly enabled: boolean;
  /** False: the container cannot answer now; its routers give way to those of its replicas. */
  readonly serving: boolean;
  readonly routers: Readonly<Record<string, Element<RouterConfig>>>;
  readonly services: Readonly<Record<string, Element<NonNullable<HttpConfiguration['services']>[string]>>>;
  readonly middlewares: Readonly<Record<string, Element<NonNullable<HttpConfiguration['middlewares']>[string]>>>;
  readonly serversTransports: NonNullable<HttpConfiguration['serversTransports']>;
  readonly streams: ContainerStreams;
  readonly problems: readonly Problem[];
  readonly reach: Reach;
  /** Where requests go and the container's own port that was chosen, or null (then `problems` say why). */
  readonly server: BuiltService['server'];
}

/** Name of a container's default router and service, as Traefik makes it: `service-project` for Compose. */
function serviceNameOf(container: InspectedContainer): string {
  const { project, service } = composeOf(container);
  return normalize(project !== null && service !== null ? `${service}_${project}` : nameAtDaemon(container.name));
}

/** Reads one container by itself. Pure; replicas are put together by the merge. */
export function containerConfiguration(
  container: InspectedContainer,
  options: DockerLabelOptions,
  context: ConfigurationContext,
  containers: readonly InspectedContainer[],
): ContainerConfiguration {
  const reachOptions: ReachOptions = {
    network: options.network,
    useBindPortIP: options.useBindPortIP ?? false,
    addresses: context.addresses,
    networkDrivers: context.networkDrivers,
    containers,
  };
  const tree = labelTree(container.labels);
  const reach = reachOf(container, reachOptions);
  const nothing: ContainerConfiguration = {
    container,
    enabled: true,
    serving: false,
    routers: {},
    services: {},
    middlewares: {},
    serversTransports: {},
    streams: noStreams,
    problems: [],
    reach,
    server: null,
  };
  const refusal = enablement(container, tree, options);
  if (refusal) return { ...nothing, enabled: false, problems: refusal };
  const state = stateProblem(container);
  const gone = state?.code === 'CONTAINER_NOT_RUNNING' && readBoolean(tree.allowNonRunning ?? '') !== true;
  const starting = state?.code === 'CONTAINER_STARTING' && options.allowEmptyServices !== true;
  if (state && (gone || starting)) return { ...nothing, problems: [state] };

  // What cannot be read at all could have been what keeps a router closed.
  const unreadable = malformedProblems(container, tree);
  const general = [...unreadable, ...generalProblems(container, tree)];
  const elements = decodeHttpElements(tree.http, {
    strings: true,
    middlewareTable: context.middlewareTable,
    serviceSchema: labelServiceSchema,
  });
  const problemsOf = (element: ElementIssue['element']) => elementProblems(elements.issues, element, tree);
  general.push(...problemsOf(null));
  const { routers, services, middlewares } = elements;
  const named = [routers, services, middlewares].some((members) => Object.keys(members).length > 0);
  const source = (protocol: 'http' | 'tcp' | 'udp', kind: ElementKind, name: string, exists: boolean): Source => ({
    kind: 'label',
    containerId: container.id,
    container: container.name,
    label: exists ? tree.labelOf([protocol, kind, name]) : null,
  });
  const defaultName = serviceNameOf(container);
  const streams = buildStreams({
    container,
    reach,
    reachOptions,
    state,
    allowEmpty: options.allowEmptyServices ?? false,
    tree,
    defaultName,
    unreadable,
    source,
    problemsOf: (issues, element) => elementProblems(issues, element, tree),
  });
  general.push(...streams.problems);
  // As in Traefik: a container that is labelled for TCP or UDP alone gets no HTTP router.
  if (!named && streams.named) {
    const built = [...Object.values(streams.tcp.services), ...Object.values(streams.udp.services)];
    const problems = [...general, ...unique(built.flatMap((service) => service.problems))];
    return { ...nothing, serving: state === null, streams, problems };
  }

  if (!named && tree.enable === null && state === null && reach.ports.length === 0) {
    // Exposed only because everything is: a database without a port is no fault.
    const message = `${container.name} exposes no TCP port, so it is left alone.`;
    return {
      ...nothing,
      problems: [problem('CONTAINER_NO_PORT', 'info', message, null, { container: container.name })],
    };
  }

  const built = buildServices(Object.keys(services).length > 0 ? services : { [defaultName]: { loadBalancer: {} } }, {
    container,
    reach,
    reachOptions,
    state,
    allowEmpty: options.allowEmptyServices ?? false,
  });
  const serviceElements = Object.fromEntries(
    [...built].map(([name, service]) => {
      const problems = [...problemsOf({ kind: 'services', name }), ...service.problems];
      // The only place where a transport's problems can be seen is the service that uses it.
      const transport = service.config.loadBalancer?.serversTransport;
      if (transport !== undefined) problems.push(...problemsOf({ kind: 'serversTransports', name: transport }));
      return [name, { config: service.config, source: source('http', 'services', name, name in services), problems }];
    }),
  );
  const made = buildRouters(routers, { container, defaultName, services: serviceElements, rule: options.defaultRule });
  general.push(...made.problems);
  const withSource = <Config>(kind: ElementKind, members: Readonly<Record<string, Config>>) =>
    Object.fromEntries(
      Object.entries(members).map(([name, config]) => [
        name,
        { config, source: source('http', kind, name, true), problems: problemsOf({ kind, name }) },
      ]),
    );
  const first = [...built.values()].find(({ server }) => server !== null);
  return {
    container,
    enabled: true,
    serving: state === null,
    routers: Object.fromEntries(
      Object.entries(made.routers).map(([name, router]) => [
        name,
        {
          config: router.config,
          source: source('http', 'routers', name, name in routers),
          problems: [...problemsOf({ kind: 'routers', name }), ...router.problems, ...unreadable],
        },
      ]),
    ),
    services: serviceElements,
    middlewares: withSource('middlewares', middlewares),
    serversTransports: elements.serversTransports,
    streams,
    problems: [...general, ...unique([...built.values()].flatMap((service) => service.problems))],
    reach,
    server: first?.server ?? null,
  };
}

/** Null: the container is to be exposed. */
function enablement(container: InspectedContainer, tree: LabelTree, options: DockerLabelOptions): Problem[] | null {
  const written = tree.enable?.trim() ?? '';
  const enabled = written === '' ? options.exposedByDefault : readBoolean(written);
  const details = { container: container.name };
  if (enabled === true) return isSelected(container, options) ? null : [notSelected(options, details)];
  if (enabled === undefined) {
    const message = `The label traefik.enable of ${container.name} is true or false, not "${written}"; the container is not exposed.`;
    return [problem('OPTION_INVALID', 'error', message, 'Write traefik.enable=true.', details)];
  }
  const message =
    written === ''
      ? `${container.name} has no label traefik.enable=true, and containers are not exposed by default.`
      : `${container.name} has the label traefik.enable=${written}.`;
  const fix = 'Expose it here, or give it the label traefik.enable=true.';
  return [problem('CONTAINER_NOT_ENABLED', 'info', message, fix, details)];
}

function isSelected({ labels }: InspectedContainer, { constraints = '' }: DockerLabelOptions): boolean {
  if (constraints === '') return true;
  try {
    return compileConstraints(constraints)(labels);
  } catch (error) {
    // It is judged at start; what cannot be read selects nothing.
    if (error instanceof RuleError) return false;
    throw error;
  }
}

function notSelected({ constraints = '' }: DockerLabelOptions, details: { readonly container: string }): Problem {
  const message = `${details.container} does not meet the constraints of the Docker provider: ${constraints}`;
  const fix = 'Give it the labels that they ask for, or change providers.docker.constraints.';
  return problem('CONTAINER_NOT_SELECTED', 'info', message, fix, { ...details, constraints });
}

function malformedProblems(container: InspectedContainer, tree: LabelTree): Problem[] {
  return tree.malformed.map((label) =>
    problem(
      'OPTION_INVALID',
      'error',
      `The label ${label} cannot be read: its parts are names with dots between them.`,
      'Check its spelling.',
      { container: container.name, place: label },
    ),
  );
}

function generalProblems(container: InspectedContainer, tree: LabelTree): Problem[] {
  const misplaced = tree.misplaced.map(({ label, suggestion }) =>
    problem(
      'OPTION_UNKNOWN',
      'warning',
      `The label ${label} is not read${suggestion === null ? ': labels like it were Traefik 1’s' : ''}.`,
      suggestion === null ? 'Write it as traefik.http.routers.NAME.rule and so on.' : `Did you mean "${suggestion}"?`,
      { container: container.name, place: label, ...(suggestion === null ? {} : { suggestion }) },
    ),
  );
  const [store] = tree.tlsStores;
  if (store === undefined) return misplaced;
  const message = `The label ${store} is not read: TLS options, stores and certificates are defined in files.`;
  const details = { container: container.name, place: store };
  return [...misplaced, problem('OPTION_UNSUPPORTED', 'warning', message, null, details)];
}

function elementProblems(
  issues: readonly ElementIssue[],
  element: ElementIssue['element'],
  tree: LabelTree,
): Problem[] {
  return (issuesByElement(issues).get(keyOf(element)) ?? []).map((issue) =>
    issueProblem(issue, `The label ${tree.labelOf(issue.path)}`),
  );
}

/** Sorted once for each list: it is asked once for each of maybe thousands of routers. */
const sortedIssues = new WeakMap<readonly ElementIssue[], ReadonlyMap<string, readonly ElementIssue[]>>();

function issuesByElement(issues: readonly ElementIssue[]): ReadonlyMap<string, readonly ElementIssue[]> {
  let sorted = sortedIssues.get(issues);
  if (!sorted) {
    sorted = Map.groupBy(issues, ({ element }) => keyOf(element));
    sortedIssues.set(issues, sorted);
  }
  return sorted;
}

function keyOf(element: ElementIssue['element']): string {
  return element ? `${element.kind} ${element.name}` : '';
}

function unique(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((item) => [item.message, item])).values()];
}
