import { isEditableProvider } from '../../contract/editable.ts';
import type { OverrideField } from '../../contract/objects.ts';
import type { OverrideTarget } from '../../operations/context.ts';
import { OperationError } from '../../operations/error.ts';
import { healthCheckPathOf } from '../../runtime/override.ts';
import type { RuntimeRouter, RuntimeService, RuntimeState } from '../../runtime/state.ts';
import type {
  RuntimeTcpRouter,
  RuntimeTcpService,
  RuntimeUdpRouter,
  RuntimeUdpService,
} from '../../runtime/stream-state.ts';
import type { OverriddenFacts } from '../../store/overrides.ts';

/** What an override may stand over. */
export type Overridable =
  | { readonly kind: 'http router'; readonly item: RuntimeRouter }
  | { readonly kind: 'tcp router'; readonly item: RuntimeTcpRouter }
  | { readonly kind: 'udp router'; readonly item: RuntimeUdpRouter }
  | { readonly kind: 'http service'; readonly item: RuntimeService }
  | { readonly kind: 'tcp service'; readonly item: RuntimeTcpService }
  | { readonly kind: 'udp service'; readonly item: RuntimeUdpService };

export function overridableOf(
  { object, protocol, name }: OverrideTarget,
  { routers, services, streams }: RuntimeState,
): Overridable | undefined {
  const found = <K extends Overridable['kind'], T>(kind: K, item: T | undefined) =>
    item === undefined ? undefined : { kind, item };
  if (object === 'router') {
    if (protocol === 'tcp') return found('tcp router', streams.tcp.routers.get(name));
    return protocol === 'udp'
      ? found('udp router', streams.udp.routers.get(name))
      : found('http router', routers.get(name));
  }
  if (protocol === 'tcp') return found('tcp service', streams.tcp.services.get(name));
  return protocol === 'udp'
    ? found('udp service', streams.udp.services.get(name))
    : found('http service', services.get(name));
}

/** What can be edited of it. */
export function editableFields(target: Overridable): readonly OverrideField[] {
  switch (target.kind) {
    case 'http router':
      return ['host', 'middlewares', 'protection', 'paused'];
    case 'tcp router':
      // Without TLS a client names no host.
      return target.item.tls === 'none'
        ? ['middlewares', 'protection', 'paused']
        : ['host', 'middlewares', 'protection', 'paused'];
    case 'udp router':
      return ['paused'];
    case 'http service': {
      const { config } = target.item;
      const own = 'loadBalancer' in config && config.loadBalancer !== undefined;
      return own
        ? ['middlewares', 'protection', 'servers', 'healthCheckPath', 'paused']
        : ['middlewares', 'protection'];
    }
    case 'tcp service':
    case 'udp service':
      return target.item.config.loadBalancer === undefined ? [] : ['servers', 'paused'];
    default:
      return target satisfies never;
  }
}

export interface ServerBelow {
  readonly server: string;
  readonly weight: number;
}

/** What its provider says of it, whatever stands over it. */
export interface Below extends OverriddenFacts {
  readonly servers: readonly string[];
  readonly healthCheckPath: string | null;
}

/** What its provider says of it; null where it is not there. */
export function factsBelow(target: Overridable | undefined): Below | null {
  if (target === undefined) return null;
  const { overridden, config } = target.item;
  const middlewares = 'middlewares' in config ? (config.middlewares ?? []) : [];
  const path = target.kind === 'http service' && 'loadBalancer' in config ? healthCheckPathBelow(target.item) : null;
  return {
    rule: overridden?.rule ?? ('rule' in config ? (config.rule ?? '') : ''),
    middlewares: overridden?.middlewares ?? middlewares,
    servers: serversBelow(target).map(({ server }) => server),
    healthCheckPath: path,
  };
}

function healthCheckPathBelow({ config, overridden }: RuntimeService): string | null {
  if (overridden?.below?.healthCheckPath !== undefined) return overridden.below.healthCheckPath;
  return 'loadBalancer' in config ? healthCheckPathOf(config.loadBalancer) : null;
}

/** The servers of a service as its provider says them; none of a router. */
export function serversBelow({ item: { config, overridden } }: Overridable): readonly ServerBelow[] {
  if (overridden?.below !== undefined) return overridden.below.servers;
  const servers = 'loadBalancer' in config ? (config.loadBalancer?.servers ?? []) : [];
  return servers.map((server) => ({
    server: 'url' in server ? (server.url ?? '') : 'address' in server ? (server.address ?? '') : '',
    weight: 'weight' in server ? (server.weight ?? 1) : 1,
  }));
}

export function assertEditable({ item: { provider, name } }: Overridable): void {
  if (isEditableProvider(provider)) return;
  throw new OperationError(
    'INVALID',
    provider === 'gatehouse'
      ? `${name} was made here: edit the app itself.`
      : `${name} is Gatehouse's own and cannot be overridden.`,
    { reason: provider === 'gatehouse' ? 'OVERRIDE_OF_OWN' : 'OVERRIDE_OF_INTERNAL', name },
  );
}

export function unknownObject({ object, name }: OverrideTarget): OperationError {
  return new OperationError('NOT_FOUND', `There is no ${object} ${name}.`, { reason: 'OBJECT_UNKNOWN', object, name });
}
