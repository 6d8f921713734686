import { z } from 'zod';
import type { MiddlewareDefinition } from './definition.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({ middlewares: z.array(z.string()).optional() });

export const chain: MiddlewareDefinition<z.infer<typeof schema>> = {
  type: 'chain',
  summary: 'Applies other middlewares, one after the other, under one name.',
  schema,
  build(config, context) {
    const members = (config.middlewares ?? []).map((name) => context.resolve(name));
    return (next) => members.reduceRight((handler, member) => member(handler), next);
  },
  explain: ({ middlewares = [] }) =>
    middlewares.length === 0
      ? says('depends', 'CHAINED_NONE')
      : says('depends', 'CHAINED', { middlewares: middlewares.join(', ') }),
};
