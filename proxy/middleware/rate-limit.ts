import { z } from 'zod';
import type { Exchange, Handler } from '../http/exchange.ts';
import { durationMs, durationSchema } from '../model/duration.ts';
import type { Rate } from '../shared/rate-table.ts';
import { answerText } from './answer-text.ts';
import { createSourceCriterion, sourceCriterionSchema } from './client-source.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { holdBack } from './hold-back.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  average: z.int().min(0).optional(),
  period: durationSchema.optional(),
  burst: z.int().min(0).optional(),
  sourceCriterion: sourceCriterionSchema.optional(),
  /** Known, so that it can be refused in words: requests are counted in this process. */
  redis: z.record(z.string(), z.unknown()).optional(),
});
type Config = z.infer<typeof schema>;

export const rateLimit: MiddlewareDefinition<Config> = {
  type: 'rateLimit',
  summary: 'Limits how often one visitor may ask, with room for short bursts.',
  schema,
  secretOptions: ['password'],
  build(config, context) {
    if (config.redis)
      throw new Error('Requests are counted by Gatehouse itself, not in Redis. Take the redis option out.');
    const rate = readRate(config);
    const sourceOf = createSourceCriterion(config.sourceCriterion);
    if (rate === null) return (next) => next;
    const { shared, identity } = context;
    const hash = shared.hashOf(identity);
    return (next) => (exchange) => {
      const delayMs = shared.rates.take(hash.of(sourceOf(exchange.request)), rate, context.now());
      if (delayMs === 0) return next(exchange);
      if (delayMs <= rate.maxDelayMs) return passLater(exchange, delayMs, next);
      context.verdict(exchange, 'refused');
      const retryAfter = String(Math.ceil(delayMs / 1000));
      answerText(exchange, 429, ['Retry-After', retryAfter, 'X-Retry-In', goDuration(delayMs)]);
    };
  },
  explain(config) {
    const rate = readRate(config);
    if (rate === null) return says('passes', 'RATE_NONE');
    const period = config.period === undefined ? 'second' : String(config.period);
    return says('depends', 'RATE', { average: config.average ?? 0, period, burst: rate.burst });
  },
};

/** Null where nothing is limited. */
function readRate(config: Config): Rate | null {
  const { average = 0, burst = 1 } = config;
  if (average <= 0) return null;
  const perSecond = (average * 1000) / (durationMs(config.period, 1000) || 1000);
  // As in Traefik: half the time between two tokens, and no more than half a second.
  const maxDelayMs = perSecond < 1 ? 500 : 1000 / (Math.floor(perSecond) * 2);
  return { intervalMs: 1000 / perSecond, burst: Math.max(burst, 1), maxDelayMs };
}

async function passLater(exchange: Exchange, delayMs: number, next: Handler): Promise<void> {
  const isGone = await holdBack(exchange, delayMs);
  if (!isGone) await next(exchange);
}

/** Go's notation, as Traefik sends it: `1m2.5s`, `340ms`. */
export function goDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${trimmed(milliseconds, 6)}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor((milliseconds % 3_600_000) / 60_000);
  const seconds = `${trimmed((milliseconds % 60_000) / 1000, 9)}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
