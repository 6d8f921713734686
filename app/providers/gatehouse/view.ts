import type { Exposure, Problem } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import type { RuntimeState } from '../../runtime/state.ts';
import type { StoredExposure } from '../../store/exposures.ts';
import { middlewareName, type Standing } from './configuration.ts';
import { shownProtection } from './protection.ts';

export interface ViewContext {
  readonly standings: ReadonlyMap<string, Standing>;
  readonly runtime: RuntimeState;
  readonly pausedAll: boolean;
  readonly urlOfHost: (host: string) => string;
}

const unknownStanding: Standing = { containerId: null, serverUrls: [], state: 'waiting', problems: [] };

/** An exposure as clients see it: what was clicked, how its container stands, and what the runtime made of it. */
export function exposureView(exposure: StoredExposure, context: ViewContext): Exposure {
  const standing = context.standings.get(exposure.id) ?? unknownStanding;
  const problems = withoutRepeats([
    ...(context.pausedAll ? [pausedAllProblem()] : []),
    ...standing.problems,
    ...runtimeProblems(exposure, context.runtime),
  ]);
  return {
    id: exposure.id,
    name: exposure.name,
    target: { ...exposure.target },
    host: exposure.host,
    port: exposure.port,
    scheme: exposure.scheme,
    protection: shownProtection(exposure.protection),
    paused: exposure.paused,
    createdAt: exposure.createdAt,
    updatedAt: exposure.updatedAt,
    state: stateOf(exposure, standing, context),
    problems,
    url: context.urlOfHost(exposure.host),
    containerId: standing.containerId,
  };
}

function stateOf(exposure: StoredExposure, standing: Standing, context: ViewContext): Exposure['state'] {
  if (exposure.paused || context.pausedAll) return 'paused';
  if (standing.state !== 'live') return standing.state;
  return context.runtime.routers.get(`${exposure.name}@gatehouse`)?.status === 'disabled' ? 'broken' : 'live';
}

function runtimeProblems(
  { name, protection }: StoredExposure,
  { routers, services, middlewares }: RuntimeState,
): Problem[] {
  const qualified = `${name}@gatehouse`;
  const middleware = protection.kind === 'none' ? undefined : `${middlewareName(name, protection.kind)}@gatehouse`;
  return [
    ...(routers.get(qualified)?.problems ?? []),
    ...(services.get(qualified)?.problems ?? []),
    ...((middleware === undefined ? undefined : middlewares.get(middleware)?.problems) ?? []),
    // That there is no server follows from its container, which is said already.
  ].filter(({ code }) => code !== 'SERVICE_NO_SERVERS');
}

function withoutRepeats(problems: readonly Problem[]): Problem[] {
  const seen = new Map(problems.map((each) => [`${each.code} ${each.message}`, each]));
  return [...seen.values()];
}

function pausedAllProblem(): Problem {
  return problem(
    'EXPOSURE_PAUSED_ALL',
    'info',
    'All exposure is paused, so no app answers.',
    'Resume it on the overview, or with gatehouse resume.',
  );
}
