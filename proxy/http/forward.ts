import type { ServersTransportConfig } from '../model/dynamic.ts';
import type { LoadBalancerSnapshot, PickedServer } from '../service/load-balancer.ts';
import { answerError } from './error-page.ts';
import type { Exchange, Handler } from './exchange.ts';
import { Forwarding } from './forwarding-call.ts';
import { type Origin, readOrigin, type UpstreamPools } from './pools.ts';
import { readTransport } from './transport.ts';

/** What chooses a server for a request; null where none is up. */
interface ServerPicker {
  pick(request: Exchange['request']): PickedServer | null;
}

interface Forwarder {
  readonly handler: Handler;
  /** Keys of the pools that it uses. */
  readonly poolKeys: readonly string[];
}

/**
 * Makes the handler that sends requests of one service to its servers. Throws a readable Error where a server's URL or
 * the transport cannot be used.
 */
export function createForwarder(
  service: LoadBalancerSnapshot,
  transportConfig: ServersTransportConfig | undefined,
  balancer: ServerPicker,
  pools: UpstreamPools,
): Forwarder {
  const transport = readTransport(transportConfig);
  const origins = new Map<string, Origin>();
  for (const server of service.servers) origins.set(server.url, readOrigin(server.url, transport, true));
  const handler: Handler = (exchange) => {
    const choice = balancer.pick(exchange.request);
    const origin = choice ? origins.get(choice.server.url) : undefined;
    if (!choice || !origin) {
      const count = service.servers.length;
      answerError(
        exchange,
        503,
        'NO_SERVER',
        count === 0 ? 'the service has no servers' : `none of ${count} servers is up`,
      );
      return;
    }
    new Forwarding(exchange, origin, pools, {
      passHostHeader: service.passHostHeader,
      basePath: choice.server.preservePath ? origin.basePath : '',
      setCookie: choice.setCookie,
      watch: choice.watch,
    }).start();
  };
  return { handler, poolKeys: [...origins.values()].map((origin) => origin.key) };
}
