import { z } from 'zod';
import { answerError } from '../http/error-page.ts';
import type { Exchange, Handler } from '../http/exchange.ts';
import { readWhole, requestWithBody } from '../http/whole-body.ts';
import { durationMs, durationSchema } from '../model/duration.ts';
import { statusTest } from '../model/status-ranges.ts';
import { Attempts, TrialSink } from './attempts.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { holdBack } from './hold-back.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  attempts: z.int().optional(),
  timeout: durationSchema.optional(),
  initialInterval: durationSchema.optional(),
  maxRequestBodyBytes: z.int().optional(),
  status: z.array(z.string()).optional(),
  disableRetryOnNetworkError: z.boolean().optional(),
  retryNonIdempotentMethod: z.boolean().optional(),
});
type Config = z.infer<typeof schema>;

const defaultMaxBodyBytes = 2 * 1024 * 1024;

export const retry: MiddlewareDefinition<Config> = {
  type: 'retry',
  summary: 'Sends a request again where no server could be reached, or where the answer has one of certain statuses.',
  schema,
  build(config, context) {
    const settings = readSettings(config);
    if (settings.attempts === 1) return (next) => next;
    return (next) => (exchange) => {
      const { request } = exchange;
      const isRepeatable = settings.retriesAnyMethod || !['POST', 'PATCH', 'LOCK'].includes(request.method);
      const isFailure = isRepeatable ? settings.isFailure : null;
      if (isFailure === null || request.body === null) {
        return run(new Attempts(exchange, next, null), exchange, settings, isFailure, context.now);
      }
      return withBody(exchange, next, isFailure);
    };

    async function withBody(exchange: Exchange, next: Handler, isFailure: Settings['isFailure']): Promise<void> {
      const { request, notes, sink, signal } = exchange;
      if (request.body === null) return;
      const body = await readWhole(request.body, settings.maxBodyBytes);
      if ('bytes' in body) {
        run(new Attempts(exchange, next, body.bytes), exchange, settings, isFailure, context.now);
        return;
      }
      // Too long to be kept: it can be sent again only while nobody has read from it.
      const whole = { request: requestWithBody(request, body.tooLong), notes, sink, signal };
      run(new Attempts(whole, next, null), whole, settings, null, context.now);
    }
  },
  explain(config) {
    const { attempts } = readSettings(config);
    return says('passes', 'ATTEMPTS', { attempts });
  },
};

interface Settings {
  readonly attempts: number;
  /** Statuses after which the request is sent again; null: none. */
  readonly isFailure: ((status: number) => boolean) | null;
  readonly retriesNetworkErrors: boolean;
  readonly retriesAnyMethod: boolean;
  readonly maxBodyBytes: number;
  /** After so long an answer is given whatever it is; 0: never. */
  readonly timeoutMs: number;
  readonly intervalMs: number;
}

function readSettings(config: Config): Settings {
  const { attempts = 0, status = [], disableRetryOnNetworkError = false } = config;
  if (attempts <= 0) throw new Error('attempts must be given, and be at least 1.');
  if (status.length === 0 && disableRetryOnNetworkError) {
    throw new Error('disableRetryOnNetworkError leaves nothing to retry after: give status too.');
  }
  return {
    attempts,
    isFailure: status.length === 0 ? null : statusTest(status),
    retriesNetworkErrors: !disableRetryOnNetworkError,
    retriesAnyMethod: config.retryNonIdempotentMethod === true,
    maxBodyBytes: config.maxRequestBodyBytes ?? defaultMaxBodyBytes,
    timeoutMs: durationMs(config.timeout, 0),
    intervalMs: durationMs(config.initialInterval, 0),
  };
}

function run(
  attempts: Attempts,
  exchange: Exchange,
  settings: Settings,
  isFailure: Settings['isFailure'],
  now: () => number,
): void {
  const { notes, sink, signal } = exchange;
  const startedAt = now();

  const isDropped = (status: number): boolean => {
    if (settings.timeoutMs > 0 && now() - startedAt >= settings.timeoutMs) return false;
    // A server that was not reached has seen nothing of the request. One that was may have done what it asks for.
    if (settings.retriesNetworkErrors && notes.originAttempt === 'connecting') return true;
    return isFailure?.(status) ?? false;
  };
  const again = (): void => {
    const waitMs = intervalMs(settings, attempts.count);
    if (waitMs === 0) attempt();
    else
      holdBack(exchange, waitMs).then(
        (isGone) => {
          if (!isGone) attempt();
        },
        (error: unknown) => answerError(exchange, 500, 'INTERNAL', String(error)),
      );
  };
  const attempt = (): void => {
    if (signal.aborted) return;
    attempts.start(attempts.count === settings.attempts - 1 ? sink : new TrialSink(sink, isDropped, again));
  };
  attempt();
}

/** Waits grow so that the last one is about twice the first, and vary by half, so that clients do not come in step. */
function intervalMs({ intervalMs: firstMs, attempts }: Settings, count: number): number {
  if (firstMs === 0) return 0;
  const growth = 2 ** ((count - 1) / (attempts - 1));
  return firstMs * growth * (0.5 + Math.random());
}
