import { refuseTokens } from './caller.ts';
import { operations } from './implementer.ts';

/** One that leaked must not make the engine read whatever file or address it names, and show what stands there. */
const notForTokens =
  'API tokens cannot say which files or which Docker are read. Use the dashboard, or the command on the machine itself.';

export const settings = {
  get: operations.settings.get.handler(({ context }) => context.engine.settings.get()),
  update: operations.settings.update.handler(({ context, input }) => {
    if (input.file !== undefined || input.docker?.endpoint !== undefined) refuseTokens(context.caller, notForTokens);
    return context.engine.settings.update(input, context.caller.actor);
  }),
};
