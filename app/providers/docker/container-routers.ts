import type { RouterConfig } from '../../../proxy/model/dynamic.ts';
import { nameAtDaemon } from '../../contract/docker-name.ts';
import type { Problem } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import type { InspectedContainer } from './container.ts';
import { compileTemplate, TemplateError } from './template.ts';

export interface RouterContext {
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

export interface MadeRouter {
  readonly config: RouterConfig;
  readonly problems: readonly Problem[];
}

/** The routers of one container, or the default one, with service and rule filled in. */
export function buildRouters(
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
      ContainerName: nameAtDaemon(container.name),
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
