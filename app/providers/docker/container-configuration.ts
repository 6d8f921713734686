import type { HttpConfiguration, RouterConfig } from '../../../proxy/model/dynamic.ts';
import { readBoolean } from '../../config/decode.ts';
import { decodeHttpElements, type ElementIssue, type ElementKind, issueProblem } from '../../config/http-elements.ts';
import type { MiddlewareTable } from '../../config/middleware-options.ts';
import type { Problem, Source } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import { composeOf, type InspectedContainer } from './container.ts';
import { type LabelServer, type LabelService, labelServiceSchema, loadBalancerOf } from './label-service.ts';
import { type LabelTree, labelTree } from './labels.ts';
import { type Reach, type ReachOptions, reachOf, type ServerAddress, serverAt, stateProblem } from './reach.ts';
import { compileTemplate, normalize, TemplateError } from './template.ts';

/** How labels are read (`providers.docker`). */
export interface DockerLabelOptions {
  readonly exposedByDefault: boolean;
  /** Go template of the rule of routers that name none. */
  readonly defaultRule: string;
  readonly network: string | null;
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
  readonly problems: readonly Problem[];
  readonly reach: Reach;
  /** Where requests go and the container's own port that was chosen, or null (then `problems` say why). */
  readonly server: (ServerAddress & { readonly containerPort: number }) | null;
}

/** Name of a container's default router and service, as Traefik makes it: `service-project` for Compose. */
export function serviceNameOf(container: InspectedContainer): string {
  const { project, service } = composeOf(container);
  return normalize(project !== null && service !== null ? `${service}_${project}` : container.name);
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
    problems: [],
    reach,
    server: null,
  };
  const refusal = enablement(container, tree, options);
  if (refusal) return { ...nothing, enabled: false, problems: refusal };
  const state = stateProblem(container);
  const gone = state?.code === 'CONTAINER_NOT_RUNNING' && readBoolean(tree.allowNonRunning ?? '') !== true;
  if (state && (gone || state.code === 'CONTAINER_STARTING')) return { ...nothing, problems: [state] };

  const general = generalProblems(container, tree);
  const elements = decodeHttpElements(tree.http, {
    strings: true,
    middlewareTable: context.middlewareTable,
    serviceSchema: labelServiceSchema,
  });
  const problemsOf = problemsByElement(elements.issues, tree);
  general.push(...problemsOf(null));
  const { routers, services, middlewares } = elements;
  const named = [routers, services, middlewares].some((members) => Object.keys(members).length > 0);
  // As in Traefik: a container that is labelled for TCP or UDP alone gets no HTTP router.
  if (!named && (tree.tcp !== null || tree.udp !== null)) return { ...nothing, problems: general };

  const source = (kind: ElementKind, name: string, exists: boolean): Source => ({
    kind: 'label',
    containerId: container.id,
    container: container.name,
    label: exists ? tree.labelOf(['http', kind, name]) : null,
  });
  const defaultName = serviceNameOf(container);
  const built = buildServices(Object.keys(services).length > 0 ? services : { [defaultName]: { loadBalancer: {} } }, {
    container,
    tree,
    reach,
    reachOptions,
    state: state ?? null,
  });
  const serviceElements = Object.fromEntries(
    [...built].map(([name, service]) => {
      const problems = [...problemsOf({ kind: 'services', name }), ...service.problems];
      // The only place where a transport's problems can be seen is the service that uses it.
      const transport = service.config.loadBalancer?.serversTransport;
      if (transport !== undefined) problems.push(...problemsOf({ kind: 'serversTransports', name: transport }));
      return [name, { config: service.config, source: source('services', name, name in services), problems }];
    }),
  );
  const made = buildRouters(routers, { container, defaultName, services: serviceElements, rule: options.defaultRule });
  general.push(...made.problems);
  const withSource = <Config>(kind: ElementKind, members: Readonly<Record<string, Config>>) =>
    Object.fromEntries(
      Object.entries(members).map(([name, config]) => [
        name,
        { config, source: source(kind, name, true), problems: problemsOf({ kind, name }) },
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
          source: source('routers', name, name in routers),
          problems: [...problemsOf({ kind: 'routers', name }), ...router.problems],
        },
      ]),
    ),
    services: serviceElements,
    middlewares: withSource('middlewares', middlewares),
    serversTransports: elements.serversTransports,
    problems: [...general, ...unique([...built.values()].flatMap((service) => service.problems))],
    reach,
    server: first?.server ?? null,
  };
}

/** Null: the container is to be exposed. */
function enablement(container: InspectedContainer, tree: LabelTree, options: DockerLabelOptions): Problem[] | null {
  const written = tree.enable?.trim() ?? '';
  const enabled = written === '' ? options.exposedByDefault : readBoolean(written);
  if (enabled === true) return null;
  const details = { container: container.name };
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

function generalProblems(container: InspectedContainer, tree: LabelTree): Problem[] {
  const problems = tree.malformed.map((label) =>
    problem(
      'OPTION_INVALID',
      'error',
      `The label ${label} cannot be read: its parts are names with dots between them.`,
      'Check its spelling.',
      { container: container.name, place: label },
    ),
  );
  for (const [kind, label] of [
    ['TCP', tree.tcp],
    ['UDP', tree.udp],
  ] as const) {
    if (label === null) continue;
    const message = `${container.name} has ${kind} labels (${label}). ${kind} routers come later; the HTTP ones work.`;
    problems.push(problem('OPTION_UNSUPPORTED', 'warning', message, null, { container: container.name, place: label }));
  }
  return problems;
}

function problemsByElement(
  issues: readonly ElementIssue[],
  tree: LabelTree,
): (element: ElementIssue['element']) => Problem[] {
  return (element) =>
    issues
      .filter((issue) => issue.element?.kind === element?.kind && issue.element?.name === element?.name)
      .map((issue) => issueProblem(issue, `The label ${tree.labelOf(issue.path)}`));
}

interface BuiltService {
  readonly config: { readonly loadBalancer?: ReturnType<typeof loadBalancerOf> };
  readonly problems: readonly Problem[];
  readonly server: ContainerConfiguration['server'];
}

interface ServiceContext {
  readonly container: InspectedContainer;
  readonly tree: LabelTree;
  readonly reach: Reach;
  readonly reachOptions: ReachOptions;
  readonly state: Problem | null;
}

function buildServices(
  services: Readonly<Record<string, LabelService>>,
  context: ServiceContext,
): Map<string, BuiltService> {
  return new Map(Object.entries(services).map(([name, service]) => [name, buildService(name, service, context)]));
}

function buildService(name: string, service: LabelService, context: ServiceContext): BuiltService {
  const { container, reach, state } = context;
  // Its own options could not be read, which is reported with them.
  if (!service.loadBalancer) return { config: {}, problems: [], server: null };
  const found: LabelServer = service.loadBalancer.server ?? {};
  const empty = { config: { loadBalancer: loadBalancerOf(service, []) }, server: null };
  if (state) {
    // As in Traefik an unhealthy container gives way to other routers. The rest stays, and says that it is down.
    const severity = state.code === 'CONTAINER_UNHEALTHY' ? 'error' : 'warning';
    return { ...empty, problems: [{ ...state, severity }] };
  }
  const portLabel = `traefik.http.services.${name}.loadbalancer.server.port`;
  if (found.url !== undefined && found.url !== '') {
    if (found.port === undefined && (found.scheme ?? '') === '') {
      return { config: { loadBalancer: loadBalancerOf(service, [found.url]) }, problems: [], server: null };
    }
    const message = `The service ${name} of ${container.name} has a server URL, and beside it a port or scheme.`;
    const fix = 'Keep the URL, or keep port and scheme.';
    return { ...empty, problems: [problem('SERVICE_INVALID', 'error', message, fix, { service: name })] };
  }
  const blocking = reach.problems.filter(
    ({ severity, code }) => severity === 'error' && code !== 'CONTAINER_UNREACHABLE',
  );
  const notes = reach.problems.filter(({ severity }) => severity !== 'error');
  const port = found.port ?? reach.ports[0]?.port;
  if (port === undefined) {
    const message = `${container.name} exposes no TCP port, so there is nothing to send requests to.`;
    const fix = `Say which port it listens on: ${portLabel}=PORT`;
    const problems = [...blocking, problem('CONTAINER_NO_PORT', 'error', message, fix, { container: container.name })];
    return { ...empty, problems };
  }
  const server = serverAt(container, port, context.reachOptions);
  if (!server) {
    const problems = blocking.length > 0 ? blocking : [notPublished(container, port)];
    return { ...empty, problems };
  }
  const problems = [...notes];
  if (found.port === undefined && reach.ports.length > 1) problems.push(portChosen(container, reach, port, portLabel));
  const scheme = found.scheme === undefined || found.scheme === '' ? 'http' : found.scheme;
  if (scheme !== 'http' && scheme !== 'https') {
    const message = `The service ${name} of ${container.name} asks for the scheme "${scheme}"; servers are reached by http or https.`;
    problems.push(problem('OPTION_UNSUPPORTED', 'error', message, null, { service: name, scheme }));
  }
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  return {
    config: { loadBalancer: loadBalancerOf(service, [`${scheme}://${host}:${server.port}`]) },
    problems,
    server: { ...server, containerPort: port },
  };
}

function portChosen(container: InspectedContainer, reach: Reach, port: number, label: string): Problem {
  const all = reach.ports.map((candidate) => candidate.port).join(', ');
  return problem(
    'CONTAINER_PORT_CHOSEN',
    'info',
    `${container.name} exposes several ports (${all}); the lowest, ${port}, is used.`,
    `Another one is chosen by the label ${label}=PORT.`,
    { container: container.name, port, label },
  );
}

function notPublished(container: InspectedContainer, port: number): Problem {
  return problem(
    'CONTAINER_UNREACHABLE',
    'error',
    `Port ${port} of ${container.name} is not published, and this Docker does not let the machine reach container addresses.`,
    `Publish it: start the container with -p 127.0.0.1:${port}:${port} (in Compose: ports: ["127.0.0.1:${port}:${port}"]).`,
    { container: container.name, port },
  );
}

interface RouterContext {
  readonly container: InspectedContainer;
  readonly defaultName: string;
  readonly services: Readonly<Record<string, { readonly problems: readonly Problem[] }>>;
  readonly rule: string;
}

/** States in which a route stays and its visitors are told that the service is down. */
const downCodes: ReadonlySet<Problem['code']> = new Set([
  'CONTAINER_PAUSED',
  'CONTAINER_RESTARTING',
  'CONTAINER_NOT_RUNNING',
]);

interface MadeRouter {
  readonly config: RouterConfig;
  readonly problems: readonly Problem[];
}

function buildRouters(
  routers: Readonly<Record<string, RouterConfig>>,
  context: RouterContext,
): { routers: Record<string, MadeRouter>; problems: Problem[] } {
  const serviceNames = Object.keys(context.services);
  let wanted = routers;
  if (Object.keys(routers).length === 0) {
    if (serviceNames.length > 1) return { routers: {}, problems: [tooManyServices(context, null, serviceNames)] };
    wanted = { [context.defaultName]: {} };
  }
  const made: Record<string, MadeRouter> = {};
  for (const [name, router] of Object.entries(wanted)) {
    const problems: Problem[] = [];
    const { rule, service, ...rest } = router;
    const ruled = rule === undefined || rule === '' ? defaultRuleFor(context, name, problems) : rule;
    let chosen = service === undefined || service === '' ? serviceNames[0] : service;
    if ((service === undefined || service === '') && serviceNames.length > 1) {
      chosen = undefined;
      problems.push(tooManyServices(context, name, serviceNames));
    }
    // A router whose only server cannot be reached says so itself: that is where people look first.
    const target = chosen === undefined ? undefined : context.services[chosen];
    problems.push(
      ...(target?.problems ?? []).filter(({ code, severity }) => severity === 'error' || downCodes.has(code)),
    );
    const config: RouterConfig = {
      ...rest,
      ...(ruled === undefined ? {} : { rule: ruled }),
      ...(chosen === undefined ? {} : { service: chosen }),
    };
    made[name] = { config, problems };
  }
  return { routers: made, problems: [] };
}

function tooManyServices(context: RouterContext, router: string | null, services: readonly string[]): Problem {
  const name = router ?? context.defaultName;
  return problem(
    'SERVICE_AMBIGUOUS',
    router === null ? 'warning' : 'error',
    router === null
      ? `${context.container.name} has the services ${services.join(', ')} and no router that says which to send to.`
      : `The router ${router} of ${context.container.name} does not say which of the services ${services.join(', ')} it sends to.`,
    `Add the label traefik.http.routers.${name}.service=${services[0] ?? 'NAME'}.`,
    { container: context.container.name, router: name },
  );
}

function defaultRuleFor(context: RouterContext, router: string, problems: Problem[]): string | undefined {
  const { container } = context;
  const details = { container: container.name, router };
  const label = `traefik.http.routers.${router}.rule`;
  try {
    const rule = compileTemplate(context.rule)({
      Name: context.defaultName,
      ContainerName: container.name,
      Labels: container.labels,
    });
    if (rule.trim() !== '') return rule;
    const message = `The router ${router} of ${container.name} has no rule, and there is no default rule.`;
    problems.push(problem('RULE_MISSING', 'error', message, `Add the label ${label}=Host(\`…\`).`, details));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const message = `The default rule ${context.rule} cannot be used for ${container.name}: ${error.message}.`;
    problems.push(
      problem('RULE_INVALID', 'error', message, `Correct it in Settings, or add the label ${label}.`, details),
    );
  }
  return undefined;
}

function unique(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((item) => [item.message, item])).values()];
}
