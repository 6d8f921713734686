import { expect, test } from 'vitest';
import { middlewareTarget } from './middlewares.ts';

/** How often a service was asked that answers 503, each time after `delay`, by a retry that gives up after 50 ms. */
async function timesAsked(delay: string): Promise<number> {
  const target = middlewareTarget({ retry: { attempts: 3, timeout: '50ms', status: ['503'] } }, null);
  if (target instanceof Error) throw target;
  const request = { method: 'GET', url: 'http://localhost/' };
  const sent = await target.send({ do: 'request', to: '', request, upstream: { status: 503, delay } });
  expect(sent.exchange.sink.recorded.status).toBe(503);
  return sent.forwarded.length;
}

test('time is what a vector says, to the millisecond, however busy the machine is', async () => {
  expect(await timesAsked('50ms')).toBe(1);
  expect(await timesAsked('49ms')).toBe(2);
  expect(await timesAsked('1ms')).toBe(3);
  const startedAt = performance.now();
  expect(await timesAsked('1h')).toBe(1);
  expect(performance.now() - startedAt).toBeLessThan(60_000);
});
