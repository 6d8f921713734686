import { OperationError } from './error.ts';
import { operations } from './implementer.ts';

/** Operations that only read. Lists come from the same picture as the snapshot, so that all clients agree. */
export const snapshot = operations.snapshot.handler(({ context }) => context.engine.snapshot());

export const status = operations.status.handler(({ context }) => context.engine.snapshot().status);

export const containers = {
  list: operations.containers.list.handler(({ context }) => context.engine.snapshot().containers),
};

export const routers = {
  list: operations.routers.list.handler(({ context }) => context.engine.snapshot().routers),
};

export const services = {
  list: operations.services.list.handler(({ context }) => context.engine.snapshot().services),
};

export const middlewares = {
  list: operations.middlewares.list.handler(({ context }) => context.engine.snapshot().middlewares),
};

export const requests = {
  query: operations.requests.query.handler(({ context, input }) => {
    const { records, more } = context.engine.requests.query({
      filter: input.filter,
      before: input.before,
      limit: input.limit ?? 100,
    });
    return { records: [...records], more };
  }),
  get: operations.requests.get.handler(({ context, input }) => {
    const record = context.engine.requests.get(input.id);
    if (record) return record;
    throw new OperationError('NOT_FOUND', `There is no request ${input.id} in the log. Old ones are removed.`, {
      reason: 'REQUEST_UNKNOWN',
      id: input.id,
    });
  }),
};

export const traffic = {
  series: operations.traffic.series.handler(({ context, input }) => context.engine.traffic.series(input.range)),
};

export const certificateAuthority = {
  export: operations.certificateAuthority.export.handler(({ context }) => context.engine.certificateAuthority.export()),
};
