import { operations } from './implementer.ts';

export const exposures = {
  list: operations.exposures.list.handler(({ context }) => [...context.engine.exposures.list()]),
  plan: operations.exposures.plan.handler(({ context, input }) => context.engine.exposures.plan(input)),
  create: operations.exposures.create.handler(({ context, input }) =>
    context.engine.exposures.create(input, context.caller.actor),
  ),
  update: operations.exposures.update.handler(({ context, input }) => {
    const { id, ...patch } = input;
    return context.engine.exposures.update(id, patch, context.caller.actor);
  }),
  pause: operations.exposures.pause.handler(({ context, input }) =>
    context.engine.exposures.pause(input.id, context.caller.actor),
  ),
  resume: operations.exposures.resume.handler(({ context, input }) =>
    context.engine.exposures.resume(input.id, context.caller.actor),
  ),
  remove: operations.exposures.remove.handler(({ context, input }) =>
    context.engine.exposures.remove(input.id, context.caller.actor),
  ),
  pauseAll: operations.exposures.pauseAll.handler(({ context }) =>
    context.engine.exposures.pauseAll(context.caller.actor),
  ),
  resumeAll: operations.exposures.resumeAll.handler(({ context }) =>
    context.engine.exposures.resumeAll(context.caller.actor),
  ),
};
