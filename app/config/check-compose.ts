import { middlewareTable } from '../../proxy/middleware/table.ts';
import { configurationOf, type InspectedContainer } from '../providers/docker/configuration.ts';
import { composeMistakes } from './check-compose-mistakes.ts';
import { type CheckFinding, judged, originsOf, said } from './check-findings.ts';
import type { Place, PlacedText } from './placed-text.ts';
import { defaultStaticConfiguration } from './static.ts';

interface Label {
  readonly name: string;
  readonly value: string;
  readonly place: Place;
  /** Of the value's first letter; null where it is not on one line with the file's text as it is. */
  readonly valuePlace: Place | null;
}

/** Checks the labels of every service as if its container ran. */
export function checkCompose(yaml: PlacedText, file: string): CheckFinding[] {
  const services = member(yaml.value, 'services');
  if (typeof services !== 'object' || services === null) return [];
  const labelled: { container: InspectedContainer; labels: readonly Label[] }[] = [];
  for (const [name, service] of Object.entries(services)) {
    const labels = labelsOf(yaml, name, member(service, 'labels'));
    if (!labels.some((label) => label.name.toLowerCase().startsWith('traefik.'))) continue;
    labelled.push({ container: containerOf(name, service, labels), labels });
  }
  const { publication, containers } = configurationOf(
    labelled.map(({ container }) => container),
    { exposedByDefault: true, defaultRule: defaultStaticConfiguration.docker.defaultRule, network: null },
    { middlewareTable, addresses: { kind: 'direct' } },
  );
  const findings: CheckFinding[] = composeMistakes(yaml, file);
  const reported = new Set<string>();
  const add = (finding: CheckFinding): void => {
    const key = `${finding.line}:${finding.column} ${finding.message}`;
    if (!reported.has(key)) findings.push(finding);
    reported.add(key);
  };
  const labelsFor = (id: string): readonly Label[] =>
    labelled.find(({ container }) => container.id === id)?.labels ?? [];
  const known = (['http', 'tcp', 'udp'] as const).flatMap((protocol) =>
    (['routers', 'services', 'middlewares'] as const).flatMap((kind) =>
      Object.entries(originsOf(publication, protocol)?.[kind] ?? {}).flatMap(([name, { source, problems }]) =>
        problems.map((problem) => ({ source, problem, subject: `${kind.slice(0, -1)} ${name}` })),
      ),
    ),
  );
  const beyond = judged(publication).map(({ protocol, kind, name, problem }) => ({
    source: originsOf(publication, protocol)?.[kind][name]?.source,
    problem,
    subject: `${kind.slice(0, -1)} ${name}`,
  }));
  for (const { source, problem, subject } of [...known, ...beyond]) {
    if (source?.kind !== 'label' || isOfTheMachine(problem.code)) continue;
    const labels = labelsFor(source.containerId);
    const about = problem.details['place'] ?? ruleLabel(problem.code, source.label);
    const label = find(labels, String(about ?? '')) ?? find(labels, source.label ?? '') ?? labels[0];
    const position = problem.code === 'RULE_INVALID' ? Number(problem.details['position'] ?? 0) : undefined;
    const place =
      position !== undefined && label?.valuePlace
        ? { ...label.valuePlace, column: label.valuePlace.column + position }
        : (label?.place ?? { line: 1, column: 1 });
    add({ file, ...place, ...said(problem, subject) });
  }
  for (const decision of containers) {
    const labels = labelsFor(decision.containerId);
    for (const problem of decision.problems) {
      if (isOfTheMachine(problem.code)) continue;
      const label = find(labels, String(problem.details['place'] ?? 'traefik.enable')) ?? labels[0];
      add({ file, ...(label?.place ?? { line: 1, column: 1 }), ...said(problem, `service ${decision.containerId}`) });
    }
  }
  return findings;
}

/** Ports, networks and health are not in the file, or only in part. */
function isOfTheMachine(code: string): boolean {
  return code.startsWith('CONTAINER_');
}

function ruleLabel(code: string, label: string | null): string | null {
  return code === 'RULE_INVALID' && label !== null ? label.replace(/^((?:[^.]+\.){3}[^.]+).*$/, '$1.rule') : null;
}

function find(labels: readonly Label[], name: string): Label | undefined {
  return labels.find((label) => label.name.toLowerCase() === name.toLowerCase());
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** Labels as a list of `NAME=VALUE`, or as a map. */
function labelsOf(yaml: PlacedText, service: string, raw: unknown): Label[] {
  const base = ['services', service, 'labels'];
  if (Array.isArray(raw)) {
    return raw.map((item, index) => {
      const text = String(item);
      const equals = text.indexOf('=');
      const name = equals < 0 ? text : text.slice(0, equals);
      const start = yaml.valuePlaceOf([...base, index]);
      return {
        name,
        value: equals < 0 ? '' : interpolated(text.slice(equals + 1)),
        place: yaml.placeOf([...base, index]),
        valuePlace: start && { line: start.line, column: start.column + name.length + 1 },
      };
    });
  }
  if (typeof raw !== 'object' || raw === null) return [];
  return Object.entries(raw).map(([name, value]) => ({
    name,
    value: interpolated(value === null ? '' : String(value)),
    place: yaml.placeOf([...base, name]),
    valuePlace: yaml.valuePlaceOf([...base, name]),
  }));
}

/** Compose writes a dollar as two; variables stand for what is not known here, a word that fits in most places. */
function interpolated(value: string): string {
  return value.replaceAll(
    /\$\$|\$\{([A-Za-z_]\w*)(?::?[-?+]([^}]*))?\}|\$([A-Za-z_]\w*)/g,
    (all, _braced, fallback?: string) => (all === '$$' ? '$' : (fallback ?? 'variable')),
  );
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
    networkMode: member(service, 'network_mode') === 'host' ? 'host' : 'bridge',
    // What the image exposes is not in the file: one port stands for it.
    networks: [{ name: 'bridge', address: '192.0.2.1', address6: '' }],
    ports: [{ port: 80, protocol: 'tcp', published: [] }],
  };
}
