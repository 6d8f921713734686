import type { z } from 'zod';
import type { Answer } from './ask.ts';
import { dnsFailure, type ProviderHome } from './dns-failure.ts';

/** The body of an answer in the shape that the provider documents; anything else is a fault of the provider's. */
export function shaped<Shape>(home: ProviderHome, schema: z.ZodType<Shape>, answer: Pick<Answer, 'json'>): Shape {
  const result = schema.safeParse(answer.json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue === undefined || issue.path.length === 0 ? 'its answer' : `“${issue.path.join('.')}” in its answer`;
  throw dnsFailure(home, 'unavailable', { reason: `${at} is not what its API promises` });
}
