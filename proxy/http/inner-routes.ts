import type { ChildRouterSnapshot } from '../model/snapshot.ts';
import type { RouteTable } from '../rule/route-table.ts';
import { answerError } from './error-page.ts';
import type { Handler, InnerRoute, ProxyRequest } from './exchange.ts';
import type { Recorder } from './recorder.ts';

/** Where a request goes that a router below another takes, made once per snapshot. */
export interface InnerTarget {
  readonly handler: Handler;
  /** What such a request counts for at this entry point. */
  readonly route: (entryPoint: string) => InnerRoute;
}

export function innerTarget(
  router: Pick<ChildRouterSnapshot, 'name' | 'service' | 'children' | 'refuse'>,
  handler: Handler,
  recorder: Pick<Recorder, 'counter'>,
): InnerTarget {
  const routes = new Map<string, InnerRoute>();
  const { name } = router;
  const service = leadsTo(router);
  return {
    handler,
    route(entryPoint) {
      let route = routes.get(entryPoint);
      if (!route) {
        route = { router: name, service, counter: recorder.counter(entryPoint, name, service) };
        routes.set(entryPoint, route);
      }
      return route;
    },
  };
}

/** The service that a router's requests count for; null where it leads to routers, or to nothing. */
export function leadsTo({
  service,
  children,
  refuse,
}: Pick<ChildRouterSnapshot, 'service' | 'children' | 'refuse'>): string | null {
  return children === undefined && refuse === undefined ? service : null;
}

/**
 * Takes what a router's middlewares let through to one of the routers below it. Their rules see the request as the
 * middlewares left it.
 */
export function innerHandler(
  parent: string,
  table: RouteTable<InnerTarget>,
  hasOneReading: (request: ProxyRequest) => boolean,
): Handler {
  return (exchange) => {
    const { request, notes } = exchange;
    const match = table.match(request, hasOneReading(request));
    switch (match.kind) {
      case 'match':
        notes.innerRoute = match.target.route(request.entryPoint);
        return match.target.handler(exchange);
      case 'ambiguous': {
        const between = `${match.first ?? 'no router'} and ${match.second ?? 'no router'} below ${parent}`;
        return answerError(exchange, 400, 'REQUEST_AMBIGUOUS', `the encoded path stands between ${between}`);
      }
      case 'none':
        return answerError(
          exchange,
          404,
          'NO_ROUTER',
          `no router below ${parent} matches ${request.host}${request.path}`,
        );
    }
  };
}
