import type { Problem } from '../contract/objects.ts';
import { internalPublication } from '../providers/internal/publication.ts';
import type { Origins, Publication } from '../providers/provider.ts';
import { buildRuntime } from '../runtime/merge.ts';
import type { InternalService } from '../runtime/state.ts';
import type { StaticFacts } from './check-static.ts';
import type { Place } from './placed-text.ts';
import { defaultStaticConfiguration, type StaticEntryPoint } from './static.ts';

/** One thing that `gatehouse check` found in a file. Lines and columns count from 1. */
export interface CheckFinding extends Place {
  readonly file: string;
  readonly severity: Problem['severity'];
  readonly message: string;
  /** The name that was probably meant, or null. */
  readonly suggestion: string | null;
  /** What to do about it. */
  readonly fix?: string | null;
}

/** A problem as a finding says it: with the object it belongs to. */
export function said(
  problem: Problem,
  subject: string,
): Pick<CheckFinding, 'severity' | 'message' | 'suggestion' | 'fix'> {
  const nearest = problem.details['nearest'] ?? problem.details['suggestion'];
  return {
    severity: problem.severity,
    message: `${subject}: ${problem.message}`,
    fix: problem.fix,
    suggestion: nearest === undefined ? null : String(nearest).replace(/@(file|docker)$/, ''),
  };
}

/** What the objects that are judged stand among. */
export interface CheckSurroundings {
  readonly publications: readonly Publication[];
  /** Static configurations in the same call. */
  readonly statics: readonly StaticFacts[];
}

export interface Judged {
  readonly protocol: 'http' | 'tcp' | 'udp';
  readonly kind: keyof Origins;
  readonly name: string;
  readonly problem: Problem;
}

/** Where the objects of one protocol come from; nothing where a publication has none of it. */
export function originsOf({ origins, streamOrigins }: Publication, protocol: Judged['protocol']): Origins | undefined {
  return protocol === 'http' ? origins : streamOrigins?.[protocol];
}

/** Not to be judged without the rest of the configuration; certificate resolvers are looked at by themselves. */
const needsTheRest: ReadonlySet<Problem['code']> = new Set(['SERVICE_NO_SERVERS', 'RESOLVER_UNKNOWN']);

/**
 * What the engine would say of a publication beyond what its provider said, so that `check` and the running engine
 * agree. A name that a provider may define of which nothing is here is no fault.
 */
export function judged(publication: Publication, { publications, statics }: CheckSurroundings): Judged[] {
  const entryPoints = entryPointsOf(statics);
  const internal = statics.length === 0 ? allInternal : [...new Set(statics.flatMap((each) => each.internal))];
  const state = buildRuntime([...publications, internalPublication()], entryPoints, 0, undefined, { internal });
  const isHere = new Set<string>([...publications.map(({ provider }) => provider), 'internal']);
  const found: Judged[] = [];
  type Objects = ReadonlyMap<string, { readonly problems: readonly Problem[] }>;
  const take = (
    protocol: Judged['protocol'],
    kind: keyof Origins,
    origins: Origins[keyof Origins],
    objects: Objects,
  ) => {
    for (const [name, { problems: known }] of Object.entries(origins)) {
      const problems = objects.get(`${name}@${publication.provider}`)?.problems ?? [];
      for (const problem of problems) {
        if (known.includes(problem) || needsTheRest.has(problem.code) || isConsequence(problem)) continue;
        if (problem.code === 'ENTRY_POINT_UNKNOWN' && statics.length === 0) {
          // Which entry points there are stands elsewhere; one that is nearly a usual name is probably that one.
          if ('nearest' in problem.details)
            found.push({ protocol, kind, name, problem: { ...problem, severity: 'warning' } });
          continue;
        }
        const provider = missingAt(problem);
        if (provider === 'file' && !isHere.has('file') && statics.length > 0) {
          if (statics.every(({ hasFileProvider }) => !hasFileProvider))
            found.push({ protocol, kind, name, problem: { ...problem, fix: withoutFileProvider } });
          continue;
        }
        if (provider !== null && !isHere.has(provider)) continue;
        found.push({ protocol, kind, name, problem });
      }
    }
  };
  const { streamOrigins } = publication;
  for (const kind of ['routers', 'services', 'middlewares'] as const) {
    take('http', kind, publication.origins[kind], state[kind]);
    if (streamOrigins) take('tcp', kind, streamOrigins.tcp[kind], state.streams.tcp[kind]);
    if (streamOrigins && kind !== 'middlewares') take('udp', kind, streamOrigins.udp[kind], state.streams.udp[kind]);
  }
  return found;
}

/** Which of them are turned on stands in static configuration. */
const allInternal: readonly InternalService[] = ['api', 'dashboard', 'ping', 'prometheus'];

const withoutFileProvider =
  'The static configuration has no file provider. Set providers.file.directory or providers.file.filename there.';

/** Those of all static configurations; where there is none, the usual ones. */
function entryPointsOf(statics: readonly StaticFacts[]): readonly StaticEntryPoint[] {
  if (statics.length === 0) return defaultStaticConfiguration.entryPoints;
  const byName = new Map(statics.flatMap(({ entryPoints }) => entryPoints).map((each) => [each.name, each]));
  return [...byName.values()];
}

/** The provider that ought to define what a problem says does not exist; null where that is not what it says. */
function missingAt(problem: Problem): string | null {
  const name = problem.details['service'] ?? problem.details['middleware'] ?? problem.details['transport'];
  const unknown = ['SERVICE_UNKNOWN', 'MIDDLEWARE_UNKNOWN', 'TRANSPORT_UNKNOWN'].includes(problem.code);
  return unknown && typeof name === 'string' ? (/@([^@]+)$/.exec(name)?.[1] ?? null) : null;
}

/** A router that only says that its service or middleware is broken adds nothing to what is said there. */
function isConsequence(problem: Problem): boolean {
  return (
    (problem.code === 'SERVICE_INVALID' && 'service' in problem.details && 'reason' in problem.details) ||
    (problem.code === 'MIDDLEWARE_INVALID' && 'middleware' in problem.details && 'reason' in problem.details)
  );
}

/** Certificate resolvers that the routers of a publication name, by protocol and router. */
export function resolversNamed(
  publication: Publication,
): { readonly protocol: 'http' | 'tcp'; readonly name: string; readonly resolver: string }[] {
  return (['http', 'tcp'] as const).flatMap((protocol) =>
    Object.entries(publication.configuration[protocol]?.routers ?? {}).flatMap(([name, { tls }]) =>
      tls?.certResolver ? [{ protocol, name, resolver: tls.certResolver }] : [],
    ),
  );
}
