import type { RouterConfig } from '../../proxy/model/dynamic.ts';
import { nearestName } from '../config/nearest.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';

/** What is wrong with the certificate resolver that a router names; null where it names none, or one that is there. */
export function resolverProblem({ tls }: Pick<RouterConfig, 'tls'>, known: ReadonlySet<string>): Problem | null {
  const resolver = tls?.certResolver ?? '';
  if (resolver === '' || known.has(resolver)) return null;
  const nearest = nearestName(resolver, known);
  return problem(
    'RESOLVER_UNKNOWN',
    'warning',
    `The certificate resolver ${resolver} is not set up; the internal CA serves.`,
    nearest === null
      ? "Set the resolver up on the page of certificates or in the static configuration, or trust Gatehouse's own CA on your devices (gatehouse ca export)."
      : `Did you mean ${nearest}?`,
    nearest === null ? { resolver } : { resolver, nearest },
  );
}
