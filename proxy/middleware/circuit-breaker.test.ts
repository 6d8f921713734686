import { describe, expect, it } from 'vitest';
import { makeExchange } from '../../test/support/exchange.ts';
import type { Handler } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { createMiddlewareBuilder } from './builder.ts';

const answering =
  (status: () => number): Handler =>
  (exchange) => {
    exchange.sink.head({ status: status(), headers: new HeaderList() });
    exchange.sink.end();
  };

function breaker(options: object) {
  let nowMs = 0;
  let status = 200;
  let asked = 0;
  const build = (previous?: ReturnType<typeof createMiddlewareBuilder>) =>
    createMiddlewareBuilder({ m: { circuitBreaker: options } }, previous, () => nowMs);
  let builder = build();
  const handler = () =>
    builder.build('m')(
      answering(() => {
        asked += 1;
        return status;
      }),
    );
  return {
    answers: (next: number) => {
      status = next;
    },
    passMs: (ms: number) => {
      nowMs += ms;
    },
    swap: () => {
      builder = build(builder);
    },
    asked: () => asked,
    async ask() {
      const exchange = makeExchange();
      await handler()(exchange);
      return exchange.sink.recorded.status;
    },
  };
}

describe('circuitBreaker', () => {
  const expression = 'NetworkErrorRatio() > 0.5';

  it('stops asking, rests, comes back little by little, and is whole again', async () => {
    const gate = breaker({ expression });
    expect(await gate.ask()).toBe(200);
    gate.answers(502);
    gate.passMs(200);
    expect(await gate.ask()).toBe(502);
    expect(await gate.ask()).toBe(502);
    gate.passMs(200);
    expect(await gate.ask()).toBe(502);
    const before = gate.asked();
    expect(await gate.ask()).toBe(503);
    expect(gate.asked()).toBe(before);
    gate.answers(200);
    gate.passMs(9_000);
    expect(await gate.ask()).toBe(503);
    gate.passMs(2_000);
    expect(await gate.ask()).toBe(503);
    gate.passMs(5_000);
    const statuses = [];
    for (let i = 0; i < 100; i += 1) statuses.push(await gate.ask());
    const passed = statuses.filter((status) => status === 200).length;
    expect(passed).toBeGreaterThan(10);
    expect(passed).toBeLessThan(40);
    gate.passMs(6_000);
    expect(await gate.ask()).toBe(200);
    expect(await gate.ask()).toBe(200);
  });

  it('trips again while it recovers', async () => {
    const gate = breaker({ expression, fallbackDuration: '1s', recoveryDuration: '1s', checkPeriod: '1ms' });
    gate.answers(504);
    expect(await gate.ask()).toBe(504);
    gate.passMs(1000);
    expect(await gate.ask()).toBe(503);
    gate.passMs(999);
    let status = await gate.ask();
    for (let i = 0; i < 5 && status !== 504; i += 1) status = await gate.ask();
    expect(status).toBe(504);
    gate.answers(200);
    gate.passMs(500);
    expect(await gate.ask()).toBe(503);
  });

  it('keeps its state from snapshot to snapshot, and answers as it is told to', async () => {
    const gate = breaker({ expression, responseCode: 429 });
    gate.answers(502);
    expect(await gate.ask()).toBe(502);
    gate.swap();
    expect(await gate.ask()).toBe(429);
  });

  it.each([
    [{}, 'expression must be given'],
    [{ expression: 'x' }, 'cannot be read'],
    [{ expression, responseCode: 99 }, 'no HTTP status'],
  ])('cannot be used with %j', (options, message) => {
    expect(() => createMiddlewareBuilder({ m: { circuitBreaker: options } }).build('m')).toThrow(message);
  });
});
