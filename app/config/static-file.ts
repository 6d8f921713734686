import { z } from 'zod';
import { durationMs, durationSchema } from '../../proxy/model/duration.ts';
import { nearestName } from './nearest.ts';
import type { Place } from './placed-text.ts';
import { defaultStaticConfiguration, type StaticConfiguration, type StaticEntryPoint } from './static.ts';
import { type StaticOption, type StaticSection, staticOptions } from './static-options.ts';
import { readPlacedYaml } from './yaml-places.ts';

export interface StaticFileIssue extends Place {
  readonly path: string;
  /** An error means that the file cannot be used. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** What was probably meant, or null. */
  readonly suggestion: string | null;
}

/** What a static file decides; what is absent keeps its default. */
export interface StaticPatch {
  readonly entryPoints?: readonly StaticEntryPoint[];
  readonly docker?: StaticConfiguration['docker'];
  /** Dynamic file or folder. */
  readonly file?: string;
}

const entryPointSchema = z.object({
  address: z.string(),
  forwardedHeaders: z
    .object({ insecure: z.boolean().optional(), trustedIPs: z.array(z.string()).optional() })
    .optional(),
  transport: z
    .object({
      respondingTimeouts: z
        .object({
          readTimeout: durationSchema.optional(),
          writeTimeout: durationSchema.optional(),
          idleTimeout: durationSchema.optional(),
        })
        .optional(),
    })
    .optional(),
  http: z
    .object({
      redirections: z
        .object({
          entryPoint: z.object({
            to: z.string(),
            scheme: z.enum(['http', 'https']).optional(),
            permanent: z.boolean().optional(),
          }),
        })
        .optional(),
      tls: z.unknown().optional(),
      maxHeaderBytes: z.int().min(1024).max(16_777_216).optional(),
    })
    .optional(),
});

const staticFileSchema = z.object({
  entryPoints: z.record(z.string(), entryPointSchema).optional(),
  providers: z
    .object({
      docker: z
        .object({
          endpoint: z.string().optional(),
          exposedByDefault: z.boolean().optional(),
          network: z.string().optional(),
          defaultRule: z.string().optional(),
        })
        .optional(),
      file: z.object({ filename: z.string().optional(), directory: z.string().optional() }).optional(),
    })
    .optional(),
});

type StaticFile = z.infer<typeof staticFileSchema>;
type EntryPointInput = z.infer<typeof entryPointSchema>;

/** Reads Traefik's static YAML as far as Gatehouse serves it. Never throws; `patch` counts only without errors. */
export function parseStaticFile(text: string, path: string): { patch: StaticPatch; issues: StaticFileIssue[] } {
  const issues: StaticFileIssue[] = [];
  const yaml = readPlacedYaml(text);
  for (const { line, column, message } of yaml.faults) {
    issues.push({ path, line, column, severity: 'error', message, suggestion: null });
  }
  if (yaml.faults.length > 0 || yaml.value === null || yaml.value === undefined) return { patch: {}, issues };

  const report = (
    at: readonly (string | number)[],
    severity: StaticFileIssue['severity'],
    message: string,
    suggestion: string | null = null,
  ): void => {
    issues.push({ path, ...yaml.placeOf(at), severity, message, suggestion });
  };
  const walk = new StaticWalk(report);
  const value = walk.section(yaml.value, staticOptions, []);
  walk.reportLater();
  if (issues.some(({ severity }) => severity === 'error')) return { patch: {}, issues };

  const parsed = staticFileSchema.safeParse(value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const at = walk.written(issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part)));
      report(at, 'error', `${at.join('.')}: ${issue.message}`);
    }
    return { patch: {}, issues };
  }
  return { patch: patchOf(parsed.data, report), issues };
}

type Report = (
  at: readonly (string | number)[],
  severity: StaticFileIssue['severity'],
  message: string,
  suggestion?: string | null,
) => void;

/** Walks the file beside the table of options: names without regard to case, unknown ones reported where they stand. */
class StaticWalk {
  readonly #report: Report;
  readonly #later: { readonly name: string; readonly at: readonly string[] }[] = [];
  /** From paths in Traefik's spelling to paths as they stand in the file. */
  readonly #written = new Map<string, readonly string[]>();

  constructor(report: Report) {
    this.#report = report;
  }

  section(value: unknown, section: StaticSection, at: readonly string[], canonical: readonly string[] = []): unknown {
    if (value === null || value === undefined) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      // `tls: true` and `docker: true` are common for "with its defaults".
      if (value === true && at.length > 0) return {};
      this.#report(
        at,
        'error',
        `${at.length === 0 ? 'The file' : at.join('.')} must hold options, not a single value.`,
      );
      return undefined;
    }
    const result: Record<string, unknown> = {};
    for (const [key, child] of Object.entries(value)) {
      const childAt = [...at, key];
      const name = this.#nameOf(section, key);
      const option = name === null ? section.each : section.options[name];
      if (option === undefined) {
        const names = Object.keys(section.options);
        const near = nearestName(key, names);
        const hint = near === null ? `Known here: ${names.join(', ')}.` : `Did you mean "${near}"?`;
        this.#report(childAt, 'error', `There is no option "${childAt.join('.')}". ${hint}`, near);
        continue;
      }
      const childCanonical = [...canonical, name ?? key];
      this.#written.set(childCanonical.join('.'), childAt);
      const read = this.#option(option, child, childAt, childCanonical);
      if (read !== undefined) result[name ?? key] = read;
    }
    return result;
  }

  #option(option: StaticOption, value: unknown, at: readonly string[], canonical: readonly string[]): unknown {
    switch (option) {
      case 'read':
        return value ?? undefined;
      case 'quiet':
        return undefined;
      case 'later':
        this.#later.push({ name: canonical.join('.'), at });
        return undefined;
      case 'refused':
        this.#report(
          at,
          'error',
          `${canonical.join('.')} is not supported yet, and without it more would be open than you asked for. ` +
            'Remove it and put what it protects on the routers.',
        );
        return undefined;
      default:
        return this.section(value, option, at, canonical);
    }
  }

  #nameOf(section: StaticSection, key: string): string | null {
    const lower = key.toLowerCase();
    return Object.keys(section.options).find((name) => name.toLowerCase() === lower) ?? null;
  }

  reportLater(): void {
    const [first] = this.#later;
    if (!first) return;
    const names = this.#later.map(({ name }) => name).join(', ');
    this.#report(first.at, 'warning', `Not supported yet, and left out: ${names}.`);
  }

  written(canonical: readonly (string | number)[]): readonly (string | number)[] {
    for (let length = canonical.length; length > 0; length -= 1) {
      const found = this.#written.get(canonical.slice(0, length).join('.'));
      if (found) return [...found, ...canonical.slice(length)];
    }
    return canonical;
  }
}

function patchOf(file: StaticFile, report: Report): StaticPatch {
  const docker = file.providers?.docker;
  const defaults = defaultStaticConfiguration.docker;
  if (docker && docker.exposedByDefault === undefined) {
    report(
      ['providers', 'docker'],
      'warning',
      'providers.docker.exposedByDefault is not set, so every container is exposed, as Traefik does it. ' +
        'Set it to false to expose only what is labelled or clicked.',
    );
  }
  const dynamic = file.providers?.file?.directory ?? file.providers?.file?.filename;
  return {
    ...(file.entryPoints ? { entryPoints: entryPointsOf(file.entryPoints, report) } : {}),
    ...(docker
      ? {
          docker: {
            enabled: true,
            endpoint: docker.endpoint ?? defaults.endpoint,
            exposedByDefault: docker.exposedByDefault ?? true,
            defaultRule: docker.defaultRule ?? defaults.defaultRule,
            network: docker.network ?? defaults.network,
            fixed: ['exposedByDefault', ...Object.keys(docker).filter((name) => name !== 'exposedByDefault')],
          },
        }
      : {}),
    // As in Traefik: who lists providers lists all of them.
    ...(file.providers && !docker ? { docker: { ...defaults, enabled: false, fixed: ['endpoint'] } } : {}),
    ...(dynamic === undefined ? {} : { file: dynamic }),
  };
}

function entryPointsOf(inputs: Readonly<Record<string, EntryPointInput>>, report: Report): StaticEntryPoint[] {
  const result: StaticEntryPoint[] = [];
  for (const [name, input] of Object.entries(inputs)) {
    const address = /^(?<address>.*:\d{1,5})(?:\/(?<protocol>tcp|udp))?$/i.exec(input.address)?.groups;
    if (!address || Number(address['address']?.split(':').at(-1)) > 65_535) {
      report(
        ['entryPoints', name, 'address'],
        'error',
        `"${input.address}" is no address. Write :PORT or HOST:PORT, such as ":443".`,
      );
      continue;
    }
    if (address['protocol']?.toLowerCase() === 'udp') {
      report(
        ['entryPoints', name, 'address'],
        'warning',
        `${name} is a UDP entry point: not supported yet, and left out.`,
      );
      continue;
    }
    result.push(entryPointOf(name, address['address'] ?? input.address, input, inputs, report));
  }
  return result;
}

function entryPointOf(
  name: string,
  address: string,
  input: EntryPointInput,
  inputs: Readonly<Record<string, EntryPointInput>>,
  report: Report,
): StaticEntryPoint {
  const base = defaultStaticConfiguration.entryPoints[0];
  const timeouts = input.transport?.respondingTimeouts;
  const redirection = input.http?.redirections?.entryPoint;
  let redirectTo: StaticEntryPoint['redirectTo'] = null;
  if (redirection) {
    const to = targetOf(redirection.to, inputs);
    if (to === null || to === name) {
      report(
        ['entryPoints', name, 'http', 'redirections', 'entryPoint', 'to'],
        'error',
        `${name} redirects to "${redirection.to}", which is ${to === null ? 'no entry point' : 'itself'}.`,
        nearestName(redirection.to, Object.keys(inputs)),
      );
    } else {
      redirectTo = { to, scheme: redirection.scheme ?? 'https', permanent: redirection.permanent ?? true };
    }
  }
  return {
    name,
    address,
    origin: 'file',
    tls: servesTls(name, input, inputs),
    fallbackPort: null,
    redirectTo,
    trustedIPs: input.forwardedHeaders?.trustedIPs ?? [],
    insecureForwardedHeaders: input.forwardedHeaders?.insecure ?? false,
    timeouts: {
      readMs: durationMs(timeouts?.readTimeout, base?.timeouts.readMs ?? 0),
      writeMs: durationMs(timeouts?.writeTimeout, base?.timeouts.writeMs ?? 0),
      idleMs: durationMs(timeouts?.idleTimeout, base?.timeouts.idleMs ?? 180_000),
      // Who writes 0 wants no bound at all, such as for gRPC streams that rest for long.
      bodyIdleMs:
        timeouts?.readTimeout !== undefined && durationMs(timeouts.readTimeout, 0) === 0
          ? 0
          : (base?.timeouts.bodyIdleMs ?? 60_000),
    },
    maxHeaderBytes: input.http?.maxHeaderBytes ?? base?.maxHeaderBytes ?? 65_536,
  };
}

/**
 * Traefik tells TLS from plain HTTP on one port by the first byte; here an entry point is one of both. It is the TLS
 * kind where the file says so, where another redirects to it with https, or where its port or name is that of HTTPS.
 */
function servesTls(name: string, input: EntryPointInput, inputs: Readonly<Record<string, EntryPointInput>>): boolean {
  if (input.http && 'tls' in input.http) return true;
  if (/:8?443(?:\/tcp)?$/i.test(input.address) || /^(?:websecure|https)$/i.test(name)) return true;
  return Object.values(inputs).some((other) => {
    const redirection = other.http?.redirections?.entryPoint;
    return redirection && (redirection.scheme ?? 'https') === 'https' && targetOf(redirection.to, inputs) === name;
  });
}

/** A redirection names an entry point, or its port as `:443`. */
function targetOf(to: string, inputs: Readonly<Record<string, EntryPointInput>>): string | null {
  if (Object.hasOwn(inputs, to)) return to;
  if (!to.startsWith(':')) return null;
  return Object.entries(inputs).find(([, { address }]) => address.endsWith(to))?.[0] ?? null;
}
