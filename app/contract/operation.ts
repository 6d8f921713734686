import { oc } from '@orpc/contract';
import { z } from 'zod';

const details = z.record(z.string(), z.union([z.string(), z.number()]));

/** Expected failures, once for all operations. `message` is English; clients translate by code and details. */
export const operation = oc.errors({
  NOT_FOUND: { status: 404, data: details },
  CONFLICT: { status: 409, data: details },
  INVALID: { status: 422, data: details },
  FORBIDDEN: { status: 403, data: details },
  RATE_LIMITED: { status: 429, data: details },
  UNAVAILABLE: { status: 503, data: details },
});

export const idInput = z.strictObject({ id: z.string().min(1) });
export const nothing = z.strictObject({}).optional();
