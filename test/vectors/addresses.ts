import { z } from 'zod';
import { createIpStrategy } from '../../proxy/middleware/client-source.ts';
import { parseIpRanges } from '../../proxy/rule/ip-ranges.ts';
import { addressParts } from './go-url.ts';
import { arrivedRequest } from './traffic.ts';
import { kind } from './vector.ts';

const meaning = z.string();

/** Judged by the ranges that ipAllowList stands on. */
export const ipAllowlist = kind(
  {
    meaning,
    input: z.strictObject({
      allowList: z.array(z.string()).optional(),
      trustedIPs: z.array(z.string()).optional(),
      remoteAddr: z.string().optional(),
    }),
    expected: z.strictObject({
      authorized: z.boolean().optional(),
      passIPs: z.array(z.string()).nullable().optional(),
      rejectIPs: z.array(z.string()).nullable().optional(),
      error: z.boolean().optional(),
    }),
  },
  ({ input, expected }, judgement) => {
    const ranges = attempt(() => parseIpRanges(input.allowList ?? input.trustedIPs ?? []));
    judgement.equal(input, { refused: expected.error ?? false }, { refused: ranges === null });
    if (ranges === null) return;
    if (expected.authorized !== undefined) {
      judgement.equal(input, expected.authorized, ranges.contains(addressParts(input.remoteAddr ?? '').ip));
    }
    for (const address of expected.passIPs ?? [])
      judgement.equal({ ...input, address }, true, ranges.contains(address));
    for (const address of expected.rejectIPs ?? [])
      judgement.equal({ ...input, address }, false, ranges.contains(address));
  },
);

function attempt<T>(action: () => T): T | null {
  try {
    return action();
  } catch {
    return null;
  }
}

export const ipStrategy = kind(
  {
    meaning,
    input: z.strictObject({ trustedIPs: z.array(z.string()), xForwardedFor: z.string() }),
    expected: z.strictObject({ expected: z.string() }),
  },
  ({ input, expected }, judgement) => {
    const addressOf = createIpStrategy({ excludedIPs: input.trustedIPs });
    const request = arrivedRequest({
      method: 'GET',
      url: 'http://a/',
      headers: [['X-Forwarded-For', input.xForwardedFor]],
    });
    judgement.equal(input, expected.expected, addressOf(request));
  },
);
