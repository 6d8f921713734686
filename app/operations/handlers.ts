import { OpenAPIHandler } from '@orpc/openapi/node';
import { RPCHandler } from '@orpc/server/ws';
import type { Log } from '../log.ts';
import type { OperationContext } from './caller.ts';
import { toClientError } from './failures.ts';
import { router } from './router.ts';

/** Where every failure passes on its way to a client. */
function failureInterceptor(log: Log) {
  return async <T>(options: { readonly path: readonly string[]; readonly next: () => Promise<T> }): Promise<T> => {
    try {
      return await options.next();
    } catch (error) {
      throw toClientError(error, options.path, log);
    }
  };
}

/** The operations over a WebSocket, for the control socket and the dashboard alike. */
export function createRpcHandler(log: Log): RPCHandler<OperationContext> {
  return new RPCHandler<OperationContext>(router, { clientInterceptors: [failureInterceptor(log)] });
}

/** The operations as plain HTTP with JSON, as `openapi.json` describes them. */
export function createOpenApiHandler(log: Log): OpenAPIHandler<OperationContext> {
  return new OpenAPIHandler<OperationContext>(router, { clientInterceptors: [failureInterceptor(log)] });
}
