import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import type { Exchange, ResponseHead } from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import { durationMs, durationSchema } from '../model/duration.ts';
import { type AnswerMetrics, metricFunctions } from './answer-metrics.ts';
import { answerText } from './answer-text.ts';
import { Circuit, type CircuitSettings, circuitBytes } from './circuit.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { parseExpression } from './expression.ts';
import { PassingSink, withSink } from './passing-sink.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  expression: z.string().optional(),
  checkPeriod: durationSchema.optional(),
  fallbackDuration: durationSchema.optional(),
  recoveryDuration: durationSchema.optional(),
  responseCode: z.int().optional(),
});
type Config = z.infer<typeof schema>;

export const circuitBreaker: MiddlewareDefinition<Config> = {
  type: 'circuitBreaker',
  summary: 'Stops asking a service that fails too often, and tries it again little by little.',
  schema,
  build(config, context) {
    const { settings, status } = readSettings(config);
    const memory = context.shared.region(context.identity, circuitBytes(config.expression ?? ''));
    const circuit = new Circuit(memory, settings, context.now);
    return (next) => (exchange) => {
      if (circuit.admits()) return next(withSink(exchange, new MeasuringSink(exchange, circuit, context.now)));
      context.verdict(exchange, 'refused');
      return answerText(exchange, status);
    };
  },
  explain: (config) => {
    const { status } = readSettings(config);
    return says('depends', 'CIRCUIT', { status, expression: config.expression ?? '' });
  },
};

function readSettings(config: Config): { settings: CircuitSettings; status: number } {
  const { expression = '', responseCode = 503 } = config;
  if (expression === '') throw new Error('expression must be given, such as NetworkErrorRatio() > 0.5.');
  if (STATUS_CODES[responseCode] === undefined || responseCode < 200) {
    throw new Error(`responseCode ${responseCode} is no HTTP status.`);
  }
  return {
    status: responseCode,
    settings: {
      trips: parseExpression<AnswerMetrics>(expression, metricFunctions),
      // As in Traefik, 0 is not set.
      checkMs: durationMs(config.checkPeriod, 0) || 100,
      fallbackMs: durationMs(config.fallbackDuration, 0) || 10_000,
      recoveryMs: durationMs(config.recoveryDuration, 0) || 10_000,
    },
  };
}

/** Notes an answer's status and how long it took, once, however it ends. */
class MeasuringSink extends PassingSink {
  readonly #circuit: Circuit;
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #signal: AbortSignal;
  readonly #onOver = (): void => this.#note();
  readonly #isUpgrade: boolean;
  #status = 0;
  #isNoted = false;

  constructor({ request, sink, signal }: Exchange, circuit: Circuit, now: () => number) {
    super(sink);
    this.#isUpgrade = request.upgrade !== null;
    this.#circuit = circuit;
    this.#now = now;
    this.#startedAt = now();
    this.#signal = signal;
    signal.addEventListener('abort', this.#onOver, { once: true });
  }

  override head(head: ResponseHead): void {
    this.#status = head.status;
    this.inner.head(head);
  }

  override end(trailers?: HeaderList): void {
    this.#note();
    this.inner.end(trailers);
  }

  override abort(error: Error): void {
    this.#note();
    this.inner.abort(error);
  }

  #note(): void {
    if (this.#isNoted) return;
    this.#isNoted = true;
    this.#signal.removeEventListener('abort', this.#onOver);
    // A WebSocket was opened: how long it stays open says nothing of the service.
    if (this.#status === 0 && this.#isUpgrade) return;
    // Nothing was said: the client went before.
    this.#circuit.answered(this.#status === 0 ? 499 : this.#status, this.#now() - this.#startedAt);
  }
}
