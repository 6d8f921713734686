import { operations } from './implementer.ts';

export const overrides = {
  list: operations.overrides.list.handler(({ context }) => [...context.engine.overrides.list()]),
  plan: operations.overrides.plan.handler(({ context, input }) => context.engine.overrides.plan(input)),
  set: operations.overrides.set.handler(({ context, input }) =>
    context.engine.overrides.set(input, context.caller.actor),
  ),
  remove: operations.overrides.remove.handler(({ context, input }) =>
    context.engine.overrides.remove(input, context.caller.actor),
  ),
  export: operations.overrides.export.handler(({ context, input }) => context.engine.overrides.export(input)),
};
