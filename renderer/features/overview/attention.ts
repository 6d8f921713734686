import type { Problem } from '../../../app/contract/objects.ts';
import type { Picture } from '../../client/picture.ts';
import { certificatePath, mainName } from '../certificates/certificate-state.ts';
import { containerPath, middlewarePath, routerPath, servicePath } from '../road/stations.tsx';

export interface Attention {
  readonly problem: Problem;
  /** What it is about, and where that is. */
  readonly subject: string | null;
  readonly href: string;
}

const weight = { error: 0, warning: 1, info: 2 } as const;

/** Where a problem of the engine itself is put right. */
function pageOf({ code }: Problem): string {
  return code.startsWith('CERTIFICATE_') || code.startsWith('ACME_') ? '/certificates?which=attention' : '/settings';
}

/**
 * Everything that needs someone, most pressing first. What is only a note is left out, and one cause that shows in
 * several places (a container, its service, its router) is named once.
 */
export function attentionOf(picture: Picture): Attention[] {
  const all: Attention[] = [];
  const take = (problems: readonly Problem[], subject: string | null, href: string): void => {
    for (const problem of problems) all.push({ problem, subject, href });
  };
  for (const problem of picture.status.problems) take([problem], null, pageOf(problem));
  for (const entry of picture.status.entryPoints) take(entry.problems, entry.name, '/settings#entry-points');
  for (const provider of picture.status.providers) take(provider.problems, provider.name, '/settings#providers');
  for (const router of picture.routers) take(router.problems, router.name, routerPath(router.name));
  for (const container of picture.containers) {
    if (container.exposure === 'broken') take(container.problems, container.name, containerPath(container.name));
  }
  for (const service of picture.services) take(service.problems, service.name, servicePath(service.name));
  for (const middleware of picture.middlewares) {
    take(middleware.problems, middleware.name, middlewarePath(middleware.name));
  }
  for (const certificate of picture.certificates) {
    const { failure, id } = certificate;
    if (failure) take([failure.problem], mainName(certificate), certificatePath(id));
  }
  const seen = new Set<string>();
  return all
    .filter(({ problem }) => {
      const key = `${problem.code} ${problem.message}`;
      if (problem.severity === 'info' || seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .toSorted((a, b) => weight[a.problem.severity] - weight[b.problem.severity]);
}
