import { byPrecedence, type Ranked } from '../../proxy/rule/precedence.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { isPaused } from './judgement.ts';
import type { RuntimeObject } from './state.ts';

/** A router of HTTP or TCP. */
interface Rival extends RuntimeObject, Ranked {
  readonly tls: boolean | 'none' | 'terminate' | 'passthrough';
  readonly entryPoints: readonly string[];
}

/**
 * Routers that stand in each other's way: same rule, same priority, on one entry point. The winner is the one that the
 * route table tries first. Returns a warning for each of them by router name.
 */
export function duplicateProblems(routers: Iterable<Rival>): ReadonlyMap<string, Problem> {
  const byRule = new Map<string, Rival[]>();
  for (const router of routers) {
    if (router.status === 'disabled' || isPaused(router)) continue;
    const hasTls = router.tls !== false && router.tls !== 'none';
    const key = `${router.priority} ${hasTls} ${router.rule.replaceAll(/\s+/g, '')}`;
    const group = byRule.get(key);
    if (group === undefined) byRule.set(key, [router]);
    else group.push(router);
  }
  const problems = new Map<string, Problem>();
  for (const group of byRule.values()) {
    if (group.length < 2) continue;
    group.sort(byPrecedence);
    for (const router of group) {
      const entryPoint = router.entryPoints.find((name) =>
        group.some((other) => other !== router && other.entryPoints.includes(name)),
      );
      if (entryPoint === undefined) continue;
      const rivals = group.filter((other) => other.entryPoints.includes(entryPoint));
      const winner = rivals[0] ?? router;
      const others = rivals.filter((other) => other !== router).map((other) => other.name);
      problems.set(
        router.name,
        problem(
          'RULE_DUPLICATE',
          'warning',
          `${listed(others)} ${others.length === 1 ? 'has' : 'have'} the same rule and priority on ${entryPoint}. ${winner.name} gets the requests.`,
          'Change the host of one, or give one a higher priority.',
          { others: others.join(', '), entryPoint, winner: winner.name },
        ),
      );
    }
  }
  return problems;
}

/** How many names a sentence can hold. */
const mostNames = 5;

function listed(names: readonly string[]): string {
  if (names.length <= mostNames) return names.join(', ');
  return `${names.slice(0, mostNames).join(', ')} and ${names.length - mostNames} more`;
}
