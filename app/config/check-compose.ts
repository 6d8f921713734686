import { middlewareTable } from '../../proxy/middleware/table.ts';
import type { Problem } from '../contract/objects.ts';
import { configurationOf, type InspectedContainer } from '../providers/docker/configuration.ts';
import type { Publication } from '../providers/provider.ts';
import type { ComposeFile } from './check-compose-reach.ts';
import {
  type CheckFinding,
  type CheckSurroundings,
  judged,
  originsOf,
  resolversNamed,
  said,
} from './check-findings.ts';
import { resolverFinding, type StaticFacts } from './check-static.ts';
import { entriesOf, interpolated, isUnknown, labelsIn, memberOf, textOf } from './compose-values.ts';
import type { Place } from './placed-text.ts';
import { defaultStaticConfiguration } from './static.ts';

interface Label {
  readonly name: string;
  readonly value: string;
  readonly place: Place;
  /** Its value depends on a variable of which nothing is known. */
  readonly isUnknown: boolean;
  /** Of the value's first letter; null where it is not on one line with the file's text as it is. */
  readonly valuePlace: Place | null;
}

interface Labelled {
  readonly file: string;
  readonly service: string;
  readonly container: InspectedContainer;
  readonly labels: readonly Label[];
}

/** The services with labels of all files, as if their containers ran, and what they ask for. */
export interface ComposeLabels {
  readonly labelled: readonly Labelled[];
  readonly publication: Publication;
  readonly findings: readonly CheckFinding[];
}

/** Null where no service has labels of Traefik's. */
export function readComposeLabels(
  files: readonly ComposeFile[],
  statics: readonly StaticFacts[],
): ComposeLabels | null {
  const labelled: Labelled[] = [];
  const names = new Set<string>();
  for (const { path: file, yaml } of files) {
    for (const [service, definition] of entriesOf(memberOf(yaml.value, 'services'))) {
      const labels = labelsOf({ path: file, yaml }, service, memberOf(definition, 'labels'));
      if (!labels.some(({ name }) => name.toLowerCase().startsWith('traefik.'))) continue;
      let name = service;
      for (let count = 2; names.has(name); count += 1) name = `${service}-${count}`;
      names.add(name);
      labelled.push({ file, service, container: containerOf(name, definition, labels), labels });
    }
  }
  if (labelled.length === 0) return null;
  const docker = statics.length === 1 ? (statics[0]?.docker ?? null) : null;
  const { publication, containers } = configurationOf(
    labelled.map(({ container }) => container),
    {
      exposedByDefault: true,
      defaultRule: docker?.defaultRule ?? defaultStaticConfiguration.docker.defaultRule,
      network: null,
      ...(docker?.constraints === undefined ? {} : { constraints: docker.constraints }),
    },
    { middlewareTable, addresses: { kind: 'direct' } },
  );
  const findings = containers.flatMap(({ containerId, problems }) => {
    const own = labelled.find(({ container }) => container.id === containerId);
    if (own === undefined) return [];
    return problems.flatMap((problem) => {
      if (isOfTheMachine(problem.code)) return [];
      const label = find(own.labels, String(problem.details['place'] ?? 'traefik.enable')) ?? own.labels[0];
      return [{ file: own.file, ...(label?.place ?? start), ...said(problem, `service ${own.service}`) }];
    });
  });
  return { labelled, publication, findings };
}

const start: Place = { line: 1, column: 1 };

/** What is wrong with what labels ask for, among everything else that is here. */
export function judgedLabels(
  { labelled, publication, findings: ofContainers }: ComposeLabels,
  surroundings: CheckSurroundings,
): CheckFinding[] {
  const findings: CheckFinding[] = [];
  const reported = new Set<string>();
  const add = (finding: CheckFinding): void => {
    const key = `${finding.file}:${finding.line}:${finding.column} ${finding.message}`;
    if (!reported.has(key)) findings.push(finding);
    reported.add(key);
  };
  const known = (['http', 'tcp', 'udp'] as const).flatMap((protocol) =>
    (['routers', 'services', 'middlewares'] as const).flatMap((kind) =>
      Object.entries(originsOf(publication, protocol)?.[kind] ?? {}).flatMap(([name, { source, problems }]) =>
        problems.map((problem) => ({ source, problem, subject: `${kind.slice(0, -1)} ${name}` })),
      ),
    ),
  );
  const beyond = judged(publication, surroundings).map(({ protocol, kind, name, problem }) => ({
    source: originsOf(publication, protocol)?.[kind][name]?.source,
    problem,
    subject: `${kind.slice(0, -1)} ${name}`,
  }));
  for (const { source, problem, subject } of [...known, ...beyond]) {
    if (source?.kind !== 'label' || isOfTheMachine(problem.code) || problem.code === 'RESOLVER_UNKNOWN') continue;
    const own = labelled.find(({ container }) => container.id === source.containerId);
    if (own === undefined) continue;
    const about = problem.details['place'] ?? optionLabel(problem.code, source.label);
    const label = find(own.labels, String(about ?? '')) ?? find(own.labels, source.label ?? '') ?? own.labels[0];
    if (label?.isUnknown) continue;
    const position = problem.code === 'RULE_INVALID' ? Number(problem.details['position'] ?? 0) : undefined;
    const place =
      position !== undefined && label?.valuePlace
        ? { ...label.valuePlace, column: label.valuePlace.column + position }
        : (label?.place ?? start);
    add({ file: own.file, ...place, ...said(problem, subject) });
  }
  for (const finding of ofContainers) add(finding);
  if (surroundings.statics.length === 0) return findings;
  const resolvers = surroundings.statics.flatMap((each) => each.resolvers);
  for (const { protocol, name, resolver } of resolversNamed(publication)) {
    if (resolvers.includes(resolver)) continue;
    const wanted = `traefik.${protocol}.routers.${name}.tls.certresolver`;
    const own = labelled.find(({ labels }) => find(labels, wanted) !== undefined);
    const place = own && find(own.labels, wanted)?.place;
    if (own && place) add(resolverFinding(own.file, place, `router ${name}`, resolver, resolvers));
  }
  return findings;
}

/** Ports, networks and health are not in the file, or only in part. */
function isOfTheMachine(code: string): boolean {
  return code.startsWith('CONTAINER_');
}

/** The label that a problem of a router is about, as far as its code tells. */
const optionOf: Partial<Record<Problem['code'], string>> = {
  RULE_INVALID: 'rule',
  SERVICE_UNKNOWN: 'service',
  MIDDLEWARE_UNKNOWN: 'middlewares',
  ENTRY_POINT_UNKNOWN: 'entrypoints',
};

function optionLabel(code: Problem['code'], label: string | null): string | null {
  const option = optionOf[code];
  return option === undefined || label === null ? null : label.replace(/^((?:[^.]+\.){3}[^.]+).*$/, `$1.${option}`);
}

function find(labels: readonly Label[], name: string): Label | undefined {
  return labels.find((label) => label.name.toLowerCase() === name.toLowerCase());
}

function labelsOf({ yaml }: ComposeFile, service: string, raw: unknown): Label[] {
  const isList = Array.isArray(raw);
  return labelsIn(raw, ['services', service, 'labels']).map(({ name, value, path }) => {
    const at = yaml.valuePlaceOf(path);
    return {
      name,
      value: interpolated(value),
      isUnknown: isUnknown(value),
      place: yaml.placeOf(path),
      valuePlace: at && isList ? { line: at.line, column: at.column + name.length + 1 } : at,
    };
  });
}

function containerOf(name: string, service: unknown, labels: readonly Label[]): InspectedContainer {
  return {
    // Names are unique in a file, so they serve as ids here.
    id: name,
    name,
    image: '',
    state: 'running',
    health: 'none',
    exitCode: 0,
    createdAt: 0,
    startedAt: 0,
    labels: Object.fromEntries(labels.map((label) => [label.name, label.value])),
    networkMode: textOf(memberOf(service, 'network_mode')) === 'host' ? 'host' : 'bridge',
    // What the image exposes is not in the file: one port stands for it.
    networks: [{ name: 'bridge', address: '192.0.2.1', address6: '' }],
    ports: [{ port: 80, protocol: 'tcp', published: [] }],
  };
}
