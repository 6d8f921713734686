import { z } from 'zod';
import { decodeHttpElements } from '../../app/config/http-elements.ts';
import { decodeTcpElements, decodeUdpElements } from '../../app/config/stream-elements.ts';
import { tcpLabelServiceSchema, udpLabelServiceSchema } from '../../app/providers/docker/container-streams.ts';
import { labelServiceSchema } from '../../app/providers/docker/label-service.ts';
import { labelTree } from '../../app/providers/docker/labels.ts';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { comparable, withoutEmptySections } from './configuration.ts';
import { kind, Missing, NotApplicable } from './vector.ts';

const labels = z.record(z.string(), z.string());
type Labels = z.infer<typeof labels>;

interface Decoded {
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly issues: readonly string[];
}

/** The labels as the Docker provider reads them, before servers are found. */
function decodeLabels(told: Labels): Decoded {
  const tree = labelTree(told);
  if (Object.keys(told).some((name) => name.toLowerCase().startsWith('traefik.tls.'))) {
    // Known, and answered with a warning.
    if (tree.tlsStores.length === 0) throw new Missing('labels of the section tls are not known');
    throw new NotApplicable('certificates of TLS stores by ACME');
  }
  const http = decodeHttpElements(tree.http, { strings: true, middlewareTable, serviceSchema: labelServiceSchema });
  const tcp = decodeTcpElements(tree.tcp, { strings: true, serviceSchema: tcpLabelServiceSchema });
  const udp = decodeUdpElements(tree.udp, { strings: true, serviceSchema: udpLabelServiceSchema });
  const { issues: httpIssues, ...httpElements } = http;
  const { issues: tcpIssues, ...tcpElements } = tcp;
  const { issues: udpIssues, ...udpElements } = udp;
  return {
    configuration: { http: httpElements, tcp: tcpElements, udp: udpElements },
    issues: [...httpIssues, ...tcpIssues, ...udpIssues].map(
      ({ path, code, message }) => `${path.join('.')}: ${code}: ${message}`,
    ),
  };
}

/** In labels a service has one server, which Traefik's structures hold as the first of a list. */
function withServers(configuration: unknown): unknown {
  if (Array.isArray(configuration)) return configuration.map(withServers);
  if (typeof configuration !== 'object' || configuration === null) return configuration;
  return Object.fromEntries(
    Object.entries(configuration).map(([key, value]) =>
      key === 'server' ? ['servers', [withServers(value)]] : [key, withServers(value)],
    ),
  );
}

/**
 * Placeholders such as `foobar` that stand where only certain values are right: Traefik decodes them and refuses them
 * later, Gatehouse refuses them while it decodes. They are left out on both sides where the product's only complaint
 * about an option is its value.
 */
function withoutRefusedValues(
  told: Labels,
  expected: unknown,
  decoded: Decoded,
): { readonly expected: unknown; readonly issues: readonly string[] } {
  let rest = expected;
  const issues: string[] = [];
  for (const issue of decoded.issues) {
    const match = /^(\S+): OPTION_INVALID: /.exec(issue);
    const path = match?.[1]?.replaceAll('.server.', '.servers.0.').split('.') ?? [];
    const label = `traefik.${match?.[1] ?? ''}`.toLowerCase();
    const written = Object.entries(told).find(([name]) => name.toLowerCase() === label)?.[1];
    if (match && (isPlaceholder(valueAt(rest, path)) || isPlaceholder(written))) rest = without(rest, path);
    else issues.push(issue);
  }
  return { expected: rest, issues };
}

function isPlaceholder(value: unknown): boolean {
  return value === 'foobar' || value === 'fiibar' || value === 42;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => {
    if (typeof at !== 'object' || at === null) return undefined;
    const entry = Object.entries(at).find(([name]) => name.toLowerCase() === key.toLowerCase());
    return entry?.[1];
  }, value);
}

function without(value: unknown, [head, ...rest]: readonly string[]): unknown {
  if (head === undefined || typeof value !== 'object' || value === null) return value;
  const change = ([key, member]: readonly [string, unknown]): [string, unknown][] => {
    if (key.toLowerCase() !== head.toLowerCase()) return [[key, member]];
    return rest.length === 0 ? [] : [[key, without(member, rest)]];
  };
  const entries = Object.entries(value).flatMap(change);
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}

export const labelDecode = kind({ labels, expected: z.record(z.string(), z.unknown()) }, (vector, judgement) => {
  const decoded = decodeLabels(vector.labels);
  const { expected, issues } = withoutRefusedValues(vector.labels, vector.expected, decoded);
  judgement.equal(vector.labels, [], issues);
  judgement.equal(
    vector.labels,
    withoutEmptySections(comparable(expected)),
    withoutEmptySections(comparable(withServers(decoded.configuration))),
  );
});

/** Every leaf that the labels gave has the value that stands at the same path of the YAML form, which may hold more. */
export const labelVsYaml = kind({ labels, yamlEquivalent: z.record(z.string(), z.unknown()) }, (vector, judgement) => {
  const decoded = decodeLabels(vector.labels);
  const { expected, issues } = withoutRefusedValues(vector.labels, vector.yamlEquivalent, decoded);
  judgement.equal(vector.labels, [], issues);
  const got = withServers(decoded.configuration);
  let hasRedis = false;
  for (const { path, value } of leaves(withoutEmptySections(got), [])) {
    // What only labels can say has no place in the other form.
    if (/\.servers\.\d+\.(?:scheme|port)$/.test(path.join('.')) && valueAt(expected, path) === undefined) continue;
    // Kept as it is written, and not used.
    if (path.includes('redis')) {
      hasRedis = true;
      continue;
    }
    judgement.equal(path.join('.'), comparable(valueAt(expected, path)), comparable(value));
  }
  if (hasRedis) throw new NotApplicable('rate limits kept in Redis');
});

function leaves(
  value: unknown,
  path: readonly string[],
): { readonly path: readonly string[]; readonly value: unknown }[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]));
}
