import { z } from 'zod';
import { ipStrategySchema } from './client-source.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { ipAllowList } from './ip-allow-list.ts';

const schema = z.strictObject({
  sourceRange: z.array(z.string()).optional(),
  ipStrategy: ipStrategySchema.optional(),
});

/** The name that ipAllowList had in Traefik 2. */
export const ipWhiteList: MiddlewareDefinition<z.infer<typeof schema>> = {
  ...ipAllowList,
  type: 'ipWhiteList',
  summary: 'Lets in only visitors from the addresses and networks that are listed. The old name of ipAllowList.',
  schema,
};
