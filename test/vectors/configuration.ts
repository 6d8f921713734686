import { parseDurationMs } from '../../proxy/model/duration.ts';

/**
 * Brings a configuration to the one form in which Traefik's and Gatehouse's are compared. This is the only place where
 * they may differ and still be called the same:
 *
 * - FORMAT.md's "omit when empty": a field that is false, 0, empty text, an empty list or absent is its zero value. An
 *   empty object is not: `tls: {}` turns TLS on.
 * - Traefik writes some defaults into what it decodes, Gatehouse fills them in where they are used: `defaults` below.
 * - A duration may be written in several ways.
 * - A server's port is text in Traefik and a number here.
 * - Servers of one service have no order.
 * - Keys that start with `_` are set by Traefik's code, not by users.
 */
export function comparable(configuration: unknown): unknown {
  return canonical(withDefaults(configuration));
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** Traefik's `SetDefaults`, by section, kind and the key that carries them. */
const defaults: Readonly<Record<string, Readonly<Record<string, Fields>>>> = {
  'http.services': {
    loadBalancer: { strategy: 'wrr', passHostHeader: true, responseForwarding: { flushInterval: '100ms' } },
    mirroring: { mirrorBody: true, maxBodySize: -1 },
  },
  'http.middlewares': {
    rateLimit: { average: 0, period: '1s', burst: 1 },
    retry: { attempts: 0, initialInterval: '0s', timeout: '0s', maxRequestBodyBytes: -1 },
    circuitBreaker: { checkPeriod: '100ms', fallbackDuration: '10s', recoveryDuration: '10s', responseCode: 503 },
    forwardAuth: { maxBodySize: -1 },
    passTLSClientCert: {},
  },
};

/** Defaults of an object below those: the path from the object's own key. */
const nestedDefaults: Readonly<Record<string, Fields>> = {
  'loadBalancer.healthCheck': { mode: 'http', interval: '30s', timeout: '5s', followRedirects: true },
  'loadBalancer.sticky.cookie': { path: '/' },
  'weighted.sticky.cookie': { path: '/' },
  'loadBalancer.proxyProtocol': { version: 2 },
};

function withDefaults(configuration: unknown): unknown {
  const root = fieldsOf(configuration);
  if (root === null) return configuration;
  return mapValues(root, (section, sectionName) =>
    mapFields(section, (members, kindName) =>
      mapFields(members, (element) =>
        mapFields(element, (options, type) =>
          nested(type, merged(defaults[`${sectionName}.${kindName}`]?.[type] ?? null, options)),
        ),
      ),
    ),
  );
}

function nested(path: string, value: unknown): unknown {
  const found = nestedDefaults[path];
  const fields = fieldsOf(found === undefined ? value : merged(found, value));
  return fields === null ? value : mapValues(fields, (member, key) => nested(`${path}.${key}`, member));
}

/** The fields of the first where the second does not say otherwise. What is no object stays as it is. */
function merged(first: Fields | null, second: unknown): unknown {
  const fields = fieldsOf(second);
  if (first === null || fields === null) return second;
  const result: Record<string, unknown> = { ...first, ...fields };
  for (const [key, value] of Object.entries(first)) {
    if (fieldsOf(value) && fieldsOf(fields[key])) result[key] = merged(fieldsOf(value), fields[key]);
  }
  return result;
}

function mapFields(value: unknown, change: (member: unknown, key: string) => unknown): unknown {
  const fields = fieldsOf(value);
  return fields === null ? value : mapValues(fields, change);
}

function mapValues(fields: Fields, change: (member: unknown, key: string) => unknown): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, member]) => [key, change(member, key)]));
}

function isZero(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === false ||
    value === 0 ||
    value === '' ||
    (Array.isArray(value) && value.length === 0)
  );
}

function canonical(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(item));
    return key === 'servers' ? items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  const fields = fieldsOf(value);
  if (fields === null) return scalar(value, key);
  const entries = Object.entries(fields)
    .filter(([name]) => !name.startsWith('_'))
    .map(([name, member]) => [name, canonical(member, name)] as const)
    .filter(([, member]) => !isZero(member))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function scalar(value: unknown, key: string): unknown {
  if (key === 'port' && typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  if (typeof value !== 'string' || !/\d(ns|us|µs|ms|s|m|h)$/.test(value)) return value;
  const milliseconds = parseDurationMs(value);
  // A zero duration is the zero value.
  return milliseconds === undefined ? value : milliseconds === 0 ? 0 : `${milliseconds}ms`;
}

/** Sections that hold nothing say nothing. */
export function withoutEmptySections(configuration: unknown): unknown {
  const root = fieldsOf(configuration);
  if (root === null) return configuration;
  const sections = Object.entries(root).map(([name, section]) => {
    const kinds = Object.entries(fieldsOf(section) ?? {}).filter(([, members]) => {
      const fields = fieldsOf(members);
      return fields === null ? !isZero(members) : Object.keys(fields).length > 0;
    });
    return [name, Object.fromEntries(kinds)] as const;
  });
  return Object.fromEntries(sections.filter(([, section]) => Object.keys(section).length > 0));
}
