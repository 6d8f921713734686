import { OperationError } from './error.ts';
import { explain as explainRequest } from './explain.ts';
import { InvalidUrlError } from './explain-request.ts';
import { operations } from './implementer.ts';

export const explain = operations.explain.handler(({ context, input }) => {
  const { status, services } = context.engine.snapshot();
  const { entryPoints, pausedAll } = status;
  try {
    return explainRequest(context.engine.runtime(), { entryPoints, services, pausedAll }, input);
  } catch (error) {
    if (!(error instanceof InvalidUrlError)) throw error;
    throw new OperationError('INVALID', error.message, { reason: 'URL_INVALID', url: input.url });
  }
});
