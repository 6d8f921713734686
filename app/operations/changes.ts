import { operations } from './implementer.ts';

const defaultLimit = 100;

export const changes = {
  list: operations.changes.list.handler(({ context, input }) => [
    ...context.engine.changes.list(input?.limit ?? defaultLimit),
  ]),
  undo: operations.changes.undo.handler(({ context, input }) =>
    context.engine.changes.undo(input.id, context.caller.actor),
  ),
};
