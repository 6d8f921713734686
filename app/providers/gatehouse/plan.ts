import { endpointOfContainer, nameAtDaemon } from '../../contract/docker-name.ts';
import type { ExposurePlan, Problem, Protection } from '../../contract/objects.ts';
import type { ExposureInput } from '../../operations/context.ts';
import { OperationError } from '../../operations/error.ts';
import { problem } from '../../problem.ts';
import type { RuntimeState } from '../../runtime/state.ts';
import type { StoredExposure } from '../../store/exposures.ts';
import { composeOf, type InspectedContainer } from '../docker/container.ts';
import { type Reach, reachOf, serverAt } from '../docker/reach.ts';
import { middlewareName, ruleOf, type Surroundings, urlOf } from './configuration.ts';
import { findContainer } from './target.ts';
import {
  assertNameFree,
  holderOfHost,
  hostTaken,
  validHost,
  validName,
  validPort,
  validProtection,
} from './validation.ts';
import { schemeOf, wellKnownPort } from './well-known-ports.ts';

/** What a proposal is made from. */
export interface PlanContext extends Surroundings {
  readonly exposures: readonly StoredExposure[];
  readonly runtime: RuntimeState;
  readonly domain: string;
  /** The address that opens a host, with its port where that is not HTTPS' own. */
  readonly urlOfHost: (host: string) => string;
}

/**
 * Proposes how a container could be exposed. What is wrong with a field that was given stands among the problems, with
 * `details.field` and `details.reason`. Throws OperationError only where the container is not found.
 */
export function planExposure(input: ExposureInput, context: PlanContext): ExposurePlan {
  const container = findContainer(input.container, context.containers);
  const reachOptions = context.reach(endpointOfContainer(container.name));
  const reach = reachOf(container, reachOptions);
  const problems: Problem[] = reach.problems.filter(({ code }) => code !== 'CONTAINER_NO_PORT');
  const check = <T>(work: () => T, otherwise: T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      problems.push(problemOf(error));
      return otherwise;
    }
  };

  const proposed = proposedName(container, context);
  const name = input.name === undefined ? proposed : check(() => freeName(input.name ?? '', context), input.name);
  const host =
    input.host === undefined
      ? check(() => freeHost(`${hostLabel(name)}.${context.domain}`, context), `${name}.${context.domain}`)
      : check(() => freeHost(input.host ?? '', context), input.host);
  const ports = candidatePorts(container, reach);
  const port = input.port === undefined ? chosenPort(container, reach) : check(() => validPort(input.port ?? 0), null);
  if (port === null && input.port === undefined) problems.push(noPort(container, ports));
  const scheme = input.scheme ?? (port === null ? 'http' : schemeOf(container.image, port));
  const asked = input.protection ?? { kind: 'none' };
  const protection = withoutPassword(check(() => validProtection(asked), asked));
  const server = port === null ? null : serverAt(container, port, reachOptions);
  return {
    containerId: container.id,
    container: container.name,
    name,
    host,
    port,
    ports,
    scheme,
    protection,
    problems,
    preview: {
      url: context.urlOfHost(host),
      rule: ruleOf(host),
      entryPoint: context.entryPoint,
      middlewares: protection.kind === 'none' ? [] : [`${middlewareName(name, protection.kind)}@gatehouse`],
      service: `${name}@gatehouse`,
      serverUrl: server === null ? null : urlOf(scheme, server),
    },
  };
}

export function withoutPassword(protection: Protection): Protection {
  return protection.kind === 'password' ? { kind: 'password', username: protection.username } : protection;
}

function freeName(text: string, { exposures }: PlanContext): string {
  const name = validName(text);
  assertNameFree(name, undefined, exposures);
  return name;
}

function freeHost(text: string, context: PlanContext): string {
  const host = validHost(text);
  const holder = holderOfHost(host, undefined, context);
  if (holder !== undefined) throw hostTaken(host, holder);
  return host;
}

/** Compose services that say what they do in their app, not which app it is. */
const genericServices: ReadonlySet<string> = new Set([
  'app',
  'web',
  'webapp',
  'server',
  'frontend',
  'main',
  'ui',
  'www',
]);

/** A name from the container's own, or the next one of the kind `photos-2` where name or host are taken. */
function proposedName(container: InspectedContainer, context: PlanContext): string {
  const { project, service } = composeOf(container);
  const generic = service === null || genericServices.has(service.toLowerCase());
  const base = dnsSafe(
    service === null ? nameAtDaemon(container.name) : generic && project !== null ? project : service,
  );
  const taken = (name: string): boolean =>
    context.exposures.some((exposure) => exposure.name === name) ||
    holderOfHost(`${name}.${context.domain}`, undefined, context) !== undefined;
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken(name)) return name;
  }
}

function dnsSafe(text: string): string {
  const name = text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replaceAll(/^-+|-+$/g, '');
  return name === '' ? 'app' : name;
}

/** While a name is being typed wrong, the host still follows what can be read of it. */
function hostLabel(name: string): string {
  return dnsSafe(name);
}

function labelledPort(container: InspectedContainer): { readonly port: number; readonly label: string } | undefined {
  for (const [label, value] of Object.entries(container.labels)) {
    const port = Number(value);
    if (/^traefik\.http\.services\..+\.loadbalancer\.server\.port$/i.test(label) && port >= 1 && port <= 65_535) {
      return { port, label };
    }
  }
  return undefined;
}

function candidatePorts(container: InspectedContainer, reach: Reach): { port: number; reason: string }[] {
  const candidates: { port: number; reason: string }[] = [];
  const add = (port: number, reason: string): void => {
    if (!candidates.some((candidate) => candidate.port === port)) candidates.push({ port, reason });
  };
  const labelled = labelledPort(container);
  if (labelled) add(labelled.port, `named by the label ${labelled.label}`);
  const known = wellKnownPort(container.image);
  if (known) add(known.port, `where ${container.image} has its page`);
  for (const { port, reason } of reach.ports) add(port, reason);
  return candidates;
}

/** The label's, else the only one exposed, else the image's well-known one; null where the person must choose. */
function chosenPort(container: InspectedContainer, reach: Reach): number | null {
  const labelled = labelledPort(container);
  if (labelled) return labelled.port;
  const [first, second] = reach.ports;
  if (first && !second) return first.port;
  const known = wellKnownPort(container.image);
  return known?.port ?? null;
}

function noPort(container: InspectedContainer, ports: readonly { readonly port: number }[]): Problem {
  const several = ports.map(({ port }) => port).join(', ');
  return problem(
    'CONTAINER_NO_PORT',
    'error',
    ports.length === 0
      ? `${container.name} exposes no port, so it cannot be told where its page is.`
      : `${container.name} exposes several ports (${several}), and it cannot be told which one has its page.`,
    'Choose a port.',
    { container: container.name, field: 'port', reason: 'PORT_REQUIRED' },
  );
}

function problemOf(error: OperationError): Problem {
  const code = error.details['reason'] === 'HOST_TAKEN' ? 'RULE_DUPLICATE' : 'OPTION_INVALID';
  return problem(code, 'error', error.message, null, { ...error.details });
}
