import type { Problem } from '../contract/objects.ts';
import { internalPublication } from '../providers/internal/publication.ts';
import type { Origins, Publication } from '../providers/provider.ts';
import { buildRuntime } from '../runtime/merge.ts';
import type { Place } from './placed-text.ts';
import { defaultStaticConfiguration } from './static.ts';

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

/** Not to be judged without the rest of the configuration. */
const needsTheRest: ReadonlySet<Problem['code']> = new Set(['SERVICE_NO_SERVERS']);

/**
 * What the engine would say of a publication beyond what its provider said, so that `check` and the running engine
 * agree. A name that another provider may define is no fault here.
 */
export function judged(publication: Publication): Judged[] {
  const state = buildRuntime([publication, internalPublication()], defaultStaticConfiguration.entryPoints, 0);
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
        if (known.includes(problem) || needsTheRest.has(problem.code)) continue;
        if (problem.code === 'ENTRY_POINT_UNKNOWN') {
          // Which entry points there are stands elsewhere; one that is nearly a usual name is probably that one.
          if ('nearest' in problem.details)
            found.push({ protocol, kind, name, problem: { ...problem, severity: 'warning' } });
          continue;
        }
        if (isElsewhere(problem, publication.provider) || isConsequence(problem)) continue;
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

function isElsewhere(problem: Problem, provider: Publication['provider']): boolean {
  const name = problem.details['service'] ?? problem.details['middleware'] ?? problem.details['transport'];
  const unknown = ['SERVICE_UNKNOWN', 'MIDDLEWARE_UNKNOWN', 'TRANSPORT_UNKNOWN'].includes(problem.code);
  return unknown && typeof name === 'string' && !name.endsWith(`@${provider}`) && !name.endsWith('@internal');
}

/** A router that only says that its service or middleware is broken adds nothing to what is said there. */
function isConsequence(problem: Problem): boolean {
  return (
    (problem.code === 'SERVICE_INVALID' && 'service' in problem.details && 'reason' in problem.details) ||
    (problem.code === 'MIDDLEWARE_INVALID' && 'middleware' in problem.details && 'reason' in problem.details)
  );
}
