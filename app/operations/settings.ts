import { operations } from './implementer.ts';

export const settings = {
  get: operations.settings.get.handler(({ context }) => context.engine.settings.get()),
  update: operations.settings.update.handler(({ context, input }) =>
    context.engine.settings.update(input, context.caller.actor),
  ),
};
