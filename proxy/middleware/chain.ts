import { z } from 'zod';
import type { MiddlewareDefinition } from './definition.ts';

const schema = z.strictObject({ middlewares: z.array(z.string()).optional() });

export const chain: MiddlewareDefinition<z.infer<typeof schema>> = {
  type: 'chain',
  summary: 'Applies other middlewares, one after the other, under one name.',
  schema,
  build(config, context) {
    const members = (config.middlewares ?? []).map((name) => context.resolve(name));
    return (next) => members.reduceRight((handler, member) => member(handler), next);
  },
  explain: (config) => ({
    verdict: 'depends',
    detail: `Applies ${(config.middlewares ?? []).join(', ') || 'nothing'}.`,
  }),
};
