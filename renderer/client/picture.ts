import type { Change, EngineEvent, Snapshot } from '../../app/contract/objects.ts';
import { viewKey } from '../../app/contract/view-key.ts';

/** What the dashboard knows of the engine: the last snapshot with the events since. */
export type Picture = Snapshot;

export type Applied =
  | { readonly kind: 'applied'; readonly picture: Picture }
  /** Events were missed: what this one says holds, but the snapshot is to be fetched again. */
  | { readonly kind: 'gap'; readonly picture: Picture }
  /** The picture is newer than the event. */
  | { readonly kind: 'old' };

const changesKept = 500;

function patch<T>(
  list: readonly T[],
  delta: { readonly upserted: readonly T[]; readonly removed: readonly string[] },
  keyOf: (item: T) => string,
): T[] {
  if (delta.upserted.length === 0 && delta.removed.length === 0) return list as T[];
  const byKey = new Map(list.map((item) => [keyOf(item), item]));
  for (const key of delta.removed) byKey.delete(key);
  for (const item of delta.upserted) byKey.set(keyOf(item), item);
  return [...byKey.values()];
}

function mergeChanges(known: readonly Change[], news: readonly Change[]): Change[] {
  const byId = new Map(known.map((change) => [change.id, change]));
  for (const change of news) byId.set(change.id, change);
  return [...byId.values()].toSorted((a, b) => b.at - a.at).slice(0, changesKept);
}

function withEvent(picture: Picture, event: EngineEvent): Picture {
  const { revision } = event;
  switch (event.topic) {
    case 'status':
      return { ...picture, revision, status: event.status };
    case 'containers':
      return {
        ...picture,
        revision,
        containers: patch(picture.containers, event.containers, (container) => container.id),
      };
    case 'routing':
      return {
        ...picture,
        revision,
        routers: patch(picture.routers, event.routers, viewKey),
        services: patch(picture.services, event.services, viewKey),
        middlewares: patch(picture.middlewares, event.middlewares, viewKey),
      };
    case 'exposures':
      return { ...picture, revision, exposures: event.exposures };
    case 'certificates':
      return {
        ...picture,
        revision,
        certificates: patch(picture.certificates, event.certificates, (certificate) => certificate.id),
        resolvers: event.resolvers,
      };
    case 'changes':
      return { ...picture, revision, changes: mergeChanges(picture.changes, event.changes) };
    case 'traffic':
    case 'requests':
      // Kept apart (they move often); only the count goes on.
      return { ...picture, revision };
  }
}

/** Takes one event into the picture. Pure; arrays that an event does not touch keep their identity. */
export function applyEvent(picture: Picture, event: EngineEvent): Applied {
  if (event.revision <= picture.revision) return { kind: 'old' };
  const next = withEvent(picture, event);
  return { kind: event.revision === picture.revision + 1 ? 'applied' : 'gap', picture: next };
}
