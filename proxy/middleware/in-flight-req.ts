import { z } from 'zod';
import type { Exchange } from '../http/exchange.ts';
import { answerText } from './answer-text.ts';
import { createSourceCriterion, sourceCriterionSchema } from './client-source.ts';
import type { MiddlewareDefinition } from './definition.ts';

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
    const underWay = context.state(() => new Map<string, number>());

    function enter(source: string, exchange: Exchange): void {
      underWay.set(source, (underWay.get(source) ?? 0) + 1);
      exchange.signal.addEventListener('abort', () => leave(source), { once: true });
    }

    function leave(source: string): void {
      const left = (underWay.get(source) ?? 0) - 1;
      if (left > 0) underWay.set(source, left);
      else underWay.delete(source);
    }

    return (next) => (exchange) => {
      const source = sourceOf(exchange.request);
      if ((underWay.get(source) ?? 0) >= amount) {
        context.verdict(exchange, 'refused');
        return answerText(exchange, 429);
      }
      // The signal is aborted when an exchange is over, however it ended.
      if (!exchange.signal.aborted) enter(source, exchange);
      return next(exchange);
    };
  },
  explain: (config) => ({ verdict: 'depends', detail: `Lets through ${readAmount(config)} at once.` }),
};

function readAmount(config: Config): number {
  const { amount = 0 } = config;
  if (amount === 0) throw new Error('amount is 0: nobody would be let in.');
  return amount;
}
