import { z } from 'zod';
import { answerText } from './answer-text.ts';
import { createSourceCriterion, sourceCriterionSchema } from './client-source.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  amount: z.int().min(0).optional(),
  sourceCriterion: sourceCriterionSchema.optional(),
});
type Config = z.infer<typeof schema>;

export const inFlightReq: MiddlewareDefinition<Config> = {
  type: 'inFlightReq',
  summary: 'Limits how many requests may be under way at once.',
  schema,
  build(config, context) {
    const amount = readAmount(config);
    const { ipStrategy, requestHeaderName, requestHost } = config.sourceCriterion ?? {};
    const isGiven = ipStrategy !== undefined || Boolean(requestHeaderName) || requestHost === true;
    const sourceOf = createSourceCriterion(isGiven ? config.sourceCriterion : { requestHost: true });
    const hash = context.shared.hashOf(context.identity);

    return (next) => (exchange) => {
      const { high, low } = hash.of(sourceOf(exchange.request));
      if (!context.shared.underWay.enter(high, low, amount)) {
        context.verdict(exchange, 'refused');
        return answerText(exchange, 429);
      }
      const leave = (): void => context.shared.underWay.leave(high, low);
      // The signal is aborted when an exchange is over, however it ended.
      if (exchange.signal.aborted) leave();
      else exchange.signal.addEventListener('abort', leave, { once: true });
      return next(exchange);
    };
  },
  explain: (config) => says('depends', 'AT_ONCE', { amount: readAmount(config) }),
};

function readAmount(config: Config): number {
  const { amount = 0 } = config;
  if (amount === 0) throw new Error('amount is 0: nobody would be let in.');
  return amount;
}
