import type { RouterView, ServerView } from '../contract/objects.ts';
import { isPaused, type Overridden } from './judgement.ts';

/** What stands below an override, as clients see it. */
export function shownOverridden({
  rule,
  middlewares,
  fields,
  edits = [],
  below,
  changed,
}: Overridden): NonNullable<RouterView['overridden']> {
  return {
    rule,
    middlewares: [...middlewares],
    fields: [...fields],
    ...(edits.length === 0 ? {} : { servers: [...edits] }),
    ...(below === undefined || !fields.includes('healthCheckPath') ? {} : { healthCheckPath: below.healthCheckPath }),
    ...(changed ? { changed } : {}),
  };
}

/** Servers that an override keeps out: not served, and shown so that they can be taken back in. */
export function pausedServers(service: { readonly overridden?: Overridden }): ServerView[] {
  const { below, edits = [] } = service.overridden ?? {};
  const all = isPaused(service);
  return (below?.servers ?? []).flatMap(({ server, weight }) => {
    const edit = edits.find((each) => each.server === server);
    if (!all && edit?.paused !== true) return [];
    return { url: edit?.address ?? server, weight: edit?.weight ?? weight, health: 'paused', reason: null };
  });
}
