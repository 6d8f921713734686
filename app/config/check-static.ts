import { internalServicesOf } from '../providers/internal/publication.ts';
import type { InternalService } from '../runtime/state.ts';
import type { CheckFinding } from './check-findings.ts';
import { nearestName } from './nearest.ts';
import type { Place } from './placed-text.ts';
import { defaultStaticConfiguration, type StaticConfiguration, type StaticEntryPoint } from './static.ts';
import type { StaticReading } from './static-read.ts';

/** What a static configuration sets up, as far as other files lean on it. */
export interface StaticFacts {
  readonly file: string;
  /** The service of a Compose file that runs with it; null: it is a file of its own. */
  readonly service: string | null;
  readonly entryPoints: readonly StaticEntryPoint[];
  readonly resolvers: readonly string[];
  readonly docker: StaticConfiguration['docker'];
  readonly hasFileProvider: boolean;
  /** Services of its own that it turns on, such as `api@internal`. */
  readonly internal: readonly InternalService[];
  /** Of an option as it is written there. */
  readonly placeOf: (path: readonly (string | number)[]) => Place;
}

/** Null where it cannot be used as a whole: what it would have set up is not known then. */
export function staticFacts(
  reading: StaticReading,
  where: Pick<StaticFacts, 'file' | 'service' | 'placeOf'>,
): StaticFacts | null {
  if (reading.issues.some(({ severity }) => severity === 'error')) return null;
  const { entryPoints, docker, file, certificatesResolvers = [] } = { ...defaultStaticConfiguration, ...reading.patch };
  return {
    ...where,
    entryPoints,
    docker,
    hasFileProvider: file.path !== null,
    internal: internalServicesOf(reading.patch),
    resolvers: certificatesResolvers.map(({ name }) => name),
  };
}

export function staticFindings(reading: StaticReading, file: string): CheckFinding[] {
  return reading.issues.map(({ line, column, severity, message, suggestion }) => {
    return { file, line, column, severity, message, suggestion };
  });
}

/** Resolvers that entry points name and nobody sets up. */
export function resolverFindings({ entryPoints, resolvers, file, placeOf }: StaticFacts): CheckFinding[] {
  return entryPoints.flatMap(({ name, routerTls }) => {
    const resolver = routerTls?.certResolver;
    if (resolver === undefined || resolver === '' || resolvers.includes(resolver)) return [];
    const place = placeOf(['entryPoints', name, 'http', 'tls', 'certResolver']);
    return [resolverFinding(file, place, `entry point ${name}`, resolver, resolvers)];
  });
}

export function resolverFinding(
  file: string,
  place: Place,
  subject: string,
  resolver: string,
  resolvers: readonly string[],
): CheckFinding {
  const nearest = nearestName(resolver, resolvers);
  const there = resolvers.length === 0 ? 'There is none.' : `There are: ${resolvers.join(', ')}.`;
  return {
    file,
    line: place.line,
    column: place.column,
    severity: 'error',
    message: `${subject}: There is no certificate resolver ${resolver}. ${there}`,
    suggestion: nearest,
    fix:
      nearest === null
        ? `Set it up in the static configuration: certificatesResolvers.${resolver}.acme, or leave certResolver out.`
        : `Did you mean ${nearest}?`,
  };
}
