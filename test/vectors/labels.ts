import { z } from 'zod';
import { decodeHttpElements } from '../../app/config/http-elements.ts';
import { labelServiceSchema } from '../../app/providers/docker/label-service.ts';
import { labelTree } from '../../app/providers/docker/labels.ts';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { comparable, withoutEmptySections } from './configuration.ts';
import { kind, Missing } from './vector.ts';

const labels = z.record(z.string(), z.string());
type Labels = z.infer<typeof labels>;

interface Decoded {
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly issues: readonly string[];
}

/** The labels as the Docker provider reads them, before servers are found. */
function decodeLabels(told: Labels): Decoded {
  const tree = labelTree(told);
  const sections = new Set(Object.keys(told).map((name) => name.split('.')[1]?.toLowerCase() ?? ''));
  for (const section of sections) {
    if (section !== 'http') throw new Missing(`labels of the section ${section} are not decoded`);
  }
  const http = decodeHttpElements(tree.http, { strings: true, middlewareTable, serviceSchema: labelServiceSchema });
  const { issues, ...elements } = http;
  return {
    configuration: { http: elements },
    issues: issues.map(({ path, code, message }) => `${path.join('.')}: ${code}: ${message}`),
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
  expected: unknown,
  decoded: Decoded,
): { readonly expected: unknown; readonly issues: readonly string[] } {
  let rest = expected;
  const issues: string[] = [];
  for (const issue of decoded.issues) {
    const match = /^(\S+): OPTION_INVALID: /.exec(issue);
    const path = match?.[1]?.replaceAll('.server.', '.servers.0.').split('.') ?? [];
    const value = valueAt(rest, path);
    if (match && isPlaceholder(value)) rest = without(rest, path);
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
  const { expected, issues } = withoutRefusedValues(vector.expected, decoded);
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
  const { expected, issues } = withoutRefusedValues(vector.yamlEquivalent, decoded);
  judgement.equal(vector.labels, [], issues);
  const got = withServers(decoded.configuration);
  for (const { path, value } of leaves(withoutEmptySections(got), [])) {
    judgement.equal(path.join('.'), comparable(valueAt(expected, path)), comparable(value));
  }
});

function leaves(
  value: unknown,
  path: readonly string[],
): { readonly path: readonly string[]; readonly value: unknown }[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }];
  return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]));
}
