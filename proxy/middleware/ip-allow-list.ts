import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import type { ProxyRequest } from '../http/exchange.ts';
import { parseIpRanges } from '../rule/ip-ranges.ts';
import { answerText } from './answer-text.ts';
import { createIpStrategy, ipStrategySchema } from './client-source.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  sourceRange: z.array(z.string()).optional(),
  ipStrategy: ipStrategySchema.optional(),
  rejectStatusCode: z.int().optional(),
});
type Config = z.infer<typeof schema>;

export const ipAllowList: MiddlewareDefinition<Config> = {
  type: 'ipAllowList',
  summary: 'Lets in only visitors from the addresses and networks that are listed.',
  schema,
  build(config, context) {
    const status = config.rejectStatusCode || 403;
    if (STATUS_CODES[status] === undefined || status < 200)
      throw new Error(`rejectStatusCode ${status} is no HTTP status.`);
    const judge = createJudge(config);
    return (next) => (exchange) => {
      if (judge(exchange.request).allowed) return next(exchange);
      context.verdict(exchange, 'refused');
      answerText(exchange, status);
    };
  },
  explain(config, request) {
    const { allowed, address } = createJudge(config)(request);
    if (allowed) return says('passes', 'ADDRESS_LISTED', { address });
    return address === '' ? says('refuses', 'ADDRESS_UNKNOWN') : says('refuses', 'ADDRESS_NOT_LISTED', { address });
  },
};

function createJudge(config: Config): (request: ProxyRequest) => { allowed: boolean; address: string } {
  const { sourceRange = [] } = config;
  if (sourceRange.length === 0) throw new Error('sourceRange is empty: nobody would be let in.');
  const ranges = parseIpRanges(sourceRange);
  const addressOf = createIpStrategy(config.ipStrategy);
  return (request) => {
    const address = addressOf(request);
    return { allowed: ranges.contains(address), address };
  };
}
