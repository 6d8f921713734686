import { ORPCError } from '@orpc/server';
import type {
  Override,
  OverrideExport,
  OverrideField,
  OverridePlan,
  RouterView,
  ServerEdit,
  ServiceView,
  Snapshot,
} from '../../app/contract/objects.ts';
import { viewKey } from '../../app/contract/view-key.ts';

/** Edits of the fake's routers and services, as far as the pages show them. */

type Item = RouterView | ServiceView;
type Target = Pick<Override, 'object' | 'protocol' | 'name'>;

export const overrideKey = (target: Target): string => `${target.object} ${viewKey(target)}`;

export function findItem({ routers, services }: Snapshot, target: Target): Item | undefined {
  const list: readonly Item[] = target.object === 'router' ? routers : services;
  return list.find((one) => viewKey(one) === viewKey(target));
}

const originals = new WeakMap<object, Item>();

/** The item as its labels have it. */
function originalOf(item: Item): Item {
  return originals.get(item) ?? item;
}

function fieldsOf(next: Override): OverrideField[] {
  const fields = ['host', 'middlewares', 'protection', 'servers', 'healthCheckPath', 'paused'] as const;
  return fields.filter((field) => (field === 'paused' ? next.paused : next[field] !== null));
}

/** The item with an edit upon it; null: as its labels have it. */
export function withEdit(item: Item, next: Override | null): Item {
  const original = originalOf(item);
  if (next === null) return original;
  const rule = 'rule' in original ? original.rule : '';
  const layer = {
    rule,
    middlewares: [...(original.middlewares ?? [])],
    fields: fieldsOf(next),
    ...(next.servers === null ? {} : { servers: next.servers }),
    ...(next.state === 'changed' ? { changed: true } : {}),
    ...(next.healthCheckPath === null || 'rule' in original ? {} : { healthCheckPath: original.healthCheck }),
  };
  const middlewares = next.middlewares ?? original.middlewares ?? [];
  const edited: Item =
    'rule' in original
      ? {
          ...original,
          rule: next.host === null ? rule : `${original.protocol === 'tcp' ? 'HostSNI' : 'Host'}(\`${next.host}\`)`,
          middlewares,
          ...(next.host === null
            ? {}
            : { hosts: [next.host], urls: original.urls.length === 0 ? [] : [`https://${next.host}`] }),
          overridden: layer,
        }
      : {
          ...original,
          middlewares,
          servers: original.servers.map((server) => withServerEdit(server, next)),
          healthCheck: next.healthCheckPath === null ? original.healthCheck : next.healthCheckPath || null,
          overridden: layer,
        };
  originals.set(edited, original);
  return edited;
}

function withServerEdit(server: ServiceView['servers'][number], { servers, paused }: Override) {
  const edit = servers?.find((one) => one.server === server.url);
  return {
    ...server,
    url: edit?.address ?? server.url,
    weight: edit?.weight ?? server.weight,
    health: paused || edit?.paused ? ('paused' as const) : server.health,
  };
}

export function fakeOverridePlan(picture: Snapshot, target: Target, override: Override | null): OverridePlan {
  const item = findItem(picture, target);
  if (!item)
    throw new ORPCError('NOT_FOUND', { message: 'It is no longer there.', data: { reason: 'OBJECT_UNKNOWN' } });
  const original = originalOf(item);
  const isRouter = 'rule' in original;
  return {
    override,
    hosts: isRouter ? [...original.hosts] : [],
    rule: isRouter ? original.rule : '',
    middlewares: [...(original.middlewares ?? [])],
    servers: isRouter ? [] : original.servers.map(({ url, weight }) => ({ server: url, weight })),
    healthCheckPath: isRouter ? null : original.healthCheck,
    editable: editableOf(original),
  };
}

function editableOf(item: Item): OverrideField[] {
  if ('rule' in item) {
    if (item.protocol === 'udp') return ['paused'];
    return item.protocol === 'tcp' && !item.tls
      ? ['middlewares', 'protection', 'paused']
      : ['host', 'middlewares', 'protection', 'paused'];
  }
  if (item.type !== 'loadBalancer') return item.protocol === undefined ? ['middlewares', 'protection'] : [];
  return item.protocol === undefined
    ? ['middlewares', 'protection', 'servers', 'healthCheckPath', 'paused']
    : ['servers', 'paused'];
}

/** Throws CONFLICT as the engine does. */
export function assertFakeHostFree(picture: Snapshot, target: Target, host: string | null | undefined): void {
  const other = picture.routers.find(
    (one) => host && viewKey(one) !== viewKey(target) && one.protocol === target.protocol && one.hosts.includes(host),
  );
  if (target.object !== 'router' || !other) return;
  throw new ORPCError('CONFLICT', {
    message: `${other.name} has the same rule and priority already.`,
    data: { reason: 'RULE_TAKEN', router: other.name, rule: other.rule, entryPoint: other.entryPoints[0] ?? '' },
  });
}

interface Wish {
  readonly [field: string]: unknown;
  readonly object: Override['object'];
  readonly protocol?: Override['protocol'];
  readonly name: string;
  readonly host?: string | null | undefined;
  readonly middlewares?: string[] | null | undefined;
  readonly protection?: Override['protection'] | undefined;
  readonly servers?: ServerEdit[] | null | undefined;
  readonly healthCheckPath?: string | null | undefined;
  readonly paused?: boolean | undefined;
}

/** Null: nothing is left. */
export function editAfter(old: Override | null, input: Wish): Override | null {
  const kept = <T>(given: T | undefined, before: T | undefined, none: T): T => given ?? before ?? none;
  const next: Override = {
    id: `ovr-${input.name}`,
    object: input.object,
    ...(input.protocol === undefined ? {} : { protocol: input.protocol }),
    name: input.name,
    host: input.host === undefined ? (old?.host ?? null) : input.host,
    middlewares: input.middlewares === undefined ? (old?.middlewares ?? null) : input.middlewares,
    protection: input.protection === undefined ? (old?.protection ?? null) : input.protection,
    servers: input.servers === undefined ? (old?.servers ?? null) : input.servers,
    healthCheckPath: input.healthCheckPath === undefined ? (old?.healthCheckPath ?? null) : input.healthCheckPath,
    paused: kept(input.paused, old?.paused, false),
    createdAt: old?.createdAt ?? Date.now(),
    updatedAt: Date.now(),
    state: 'applied',
  };
  return fieldsOf(next).length === 0 ? null : next;
}

/** Edits that are there from the beginning: one whose labels have moved on, one that waits. */
export function fakeOverrides(picture: Snapshot, now: number): Override[] {
  const changed = picture.routers.find((one) => one.name === 'jellyfin@docker');
  if (!changed) return [];
  const blank = { middlewares: null, protection: null, servers: null, healthCheckPath: null, paused: false };
  const times = { createdAt: now - 864e5, updatedAt: now - 36e5 };
  return [
    {
      ...blank,
      ...times,
      id: 'ovr-jellyfin',
      object: 'router',
      name: changed.name,
      host: 'films.home.example.org',
      state: 'changed',
    },
    {
      ...blank,
      ...times,
      id: 'ovr-wiki',
      object: 'router',
      name: 'wiki@docker',
      host: null,
      paused: true,
      state: 'waiting',
    },
  ];
}

export function fakeOverrideExport(picture: Snapshot, target: Target): OverrideExport {
  const name = target.name.replace(/@.*/, '');
  const item = findItem(picture, target);
  const protocol = target.protocol ?? 'http';
  const [option, value] =
    item && 'rule' in item
      ? ['rule', item.rule]
      : ['loadbalancer.server.port', item?.servers[0]?.url.split(':').at(-1)];
  const label = `traefik.${protocol}.${target.object}s.${name}.${option}=${value}`;
  return {
    labels: ['traefik.enable=true', label],
    compose: `labels:\n  - "traefik.enable=true"\n  - "${label}"\n`,
    file: `${protocol}:\n  ${target.object}s:\n    ${name}:\n      ${option}: ${value}\n`,
  };
}
