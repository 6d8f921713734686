import type { OverridePlan, ServerEdit } from '../../../app/contract/objects.ts';
import { type ProtectionValues, protectionOf, protectionValues } from '../containers/protection-fields.tsx';

export interface ServerValues {
  readonly server: string;
  readonly originalWeight: number;
  address: string;
  weight: string;
  paused: boolean;
}

export interface OverrideValues extends ProtectionValues {
  host: string;
  middlewares: string;
  servers: ServerValues[];
  /** `keep`: as labels or files have it. */
  health: 'keep' | 'none' | 'path';
  healthCheckPath: string;
  paused: boolean;
}

/** What the form begins with: how things are now. */
export function startValues(plan: OverridePlan): OverrideValues {
  const { override, hosts, middlewares, servers, healthCheckPath } = plan;
  const path = override?.healthCheckPath ?? null;
  return {
    host: override?.host ?? hosts[0] ?? '',
    middlewares: (override?.middlewares ?? middlewares).join(', '),
    servers: servers.map(({ server, weight }) => {
      const edit = override?.servers?.find((each) => each.server === server);
      return {
        server,
        originalWeight: weight,
        address: edit?.address ?? server,
        weight: String(edit?.weight ?? weight),
        paused: edit?.paused ?? false,
      };
    }),
    health: path === null ? 'keep' : path === '' ? 'none' : 'path',
    healthCheckPath: path ?? healthCheckPath ?? '',
    paused: override?.paused ?? false,
    ...protectionValues(override?.protection ?? { kind: 'none' }),
  };
}

function namesOf(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Those that say something else than labels or files; null where none does. */
function editsOf(servers: readonly ServerValues[]): ServerEdit[] | null {
  const edits = servers
    .map(({ server, originalWeight, address, weight, paused }): ServerEdit => {
      const typed = address.trim();
      return {
        server,
        address: typed === '' || typed === server ? null : typed,
        weight: weight.trim() === '' || Number(weight) === originalWeight ? null : Number(weight),
        paused,
      };
    })
    .filter(({ address, weight, paused }) => address !== null || weight !== null || paused);
  return edits.length === 0 ? null : edits;
}

function healthOf({ health, healthCheckPath }: OverrideValues): string | null {
  if (health === 'keep') return null;
  return health === 'none' ? '' : healthCheckPath.trim();
}

/** What was typed that differs from what the form began with, as the operation takes it. */
export function changesOf(start: OverrideValues, given: OverrideValues, { middlewares, editable }: OverridePlan) {
  const names = namesOf(given.middlewares);
  const isOriginal = names.join() === middlewares.join();
  const protection = protectionOf(given);
  const differ = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  const host = given.host.trim();
  return {
    ...(editable.includes('host') && host !== start.host ? { host: host === '' ? null : host } : {}),
    ...(given.middlewares.trim() === start.middlewares ? {} : { middlewares: isOriginal ? null : names }),
    ...(differ(protection, protectionOf(start)) ? { protection: protection.kind === 'none' ? null : protection } : {}),
    ...(differ(editsOf(given.servers), editsOf(start.servers)) ? { servers: editsOf(given.servers) } : {}),
    ...(healthOf(given) === healthOf(start) ? {} : { healthCheckPath: healthOf(given) }),
    ...(given.paused === start.paused ? {} : { paused: given.paused }),
  };
}
