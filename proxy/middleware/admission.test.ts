import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeExchange, makeRequest } from '../../test/support/exchange.ts';
import type { Handler } from '../http/exchange.ts';
import { createMiddlewareBuilder } from './builder.ts';
import { goDuration } from './rate-limit.ts';
import { middlewareTable } from './table.ts';

describe('ipAllowList', () => {
  const forwardedFor = (value: string) => ({ fields: { 'X-Forwarded-For': value } });

  it.each([
    [{ sourceRange: ['20.0.0.0/8'] }, { clientIp: '20.1.2.3' }, 200],
    [{ sourceRange: ['20.0.0.0/8'] }, { clientIp: '21.1.2.3' }, 403],
    [{ sourceRange: ['20.0.0.0/8'] }, { clientIp: '21.1.2.3', ...forwardedFor('20.1.2.3') }, 403],
    [{ sourceRange: ['20.0.0.0/8'], rejectStatusCode: 404 }, { clientIp: '21.1.2.3' }, 404],
    [{ sourceRange: ['20.1.2.3'] }, { clientIp: '::ffff:20.1.2.3' }, 200],
    [{ sourceRange: ['fd00::/8', '20.0.0.0/8'] }, { clientIp: 'fd12::1' }, 200],
    [{ sourceRange: ['127.0.0.0/8'] }, { clientIp: '0127.0.0.1' }, 403],
    [{ sourceRange: ['20.0.0.0/8'], ipStrategy: { depth: 2 } }, forwardedFor('9.9.9.9, 20.0.0.1, 10.0.0.1'), 200],
    [{ sourceRange: ['20.0.0.0/8'], ipStrategy: { depth: 1 } }, forwardedFor('20.0.0.1, 10.0.0.1'), 403],
    [{ sourceRange: ['0.0.0.0/0', '::/0'], ipStrategy: { depth: 3 } }, forwardedFor('20.0.0.1'), 403],
    [
      { sourceRange: ['20.0.0.0/8'], ipStrategy: { excludedIPs: ['10.0.0.0/8'] } },
      forwardedFor('9.9.9.9,20.0.0.1,10.0.0.1'),
      200,
    ],
    [
      { sourceRange: ['20.0.0.0/8'], ipStrategy: { excludedIPs: ['10.0.0.0/8'] } },
      forwardedFor('20.0.0.1,9.9.9.9,10.0.0.1'),
      403,
    ],
    [{ sourceRange: ['0.0.0.0/0'], ipStrategy: { excludedIPs: ['10.0.0.0/8'] } }, forwardedFor('10.0.0.1'), 403],
    [{ sourceRange: ['2001:db8::'], ipStrategy: { ipv6Subnet: 64 } }, { clientIp: '2001:db8::1:2:3:4' }, 200],
  ])('with %j answers %j by %i', async (options, changes, status) => {
    const request = makeRequest(changes);
    const exchange = makeExchange(request);
    await createMiddlewareBuilder({ m: { ipAllowList: options } }).build('m')(ok)(exchange);
    expect(exchange.sink.recorded.status).toBe(status);
    const explained = middlewareTable.get('ipAllowList')?.explain?.(options, request);
    expect(explained?.verdict).toBe(status === 200 ? 'passes' : 'refuses');
  });

  it.each([
    [{}, 'sourceRange is empty'],
    [{ sourceRange: ['10.0.0.0/33'] }, '"10.0.0.0/33" is no address'],
    [{ sourceRange: ['10.0.0.1', ''] }, '"" is no address'],
    [{ sourceRange: ['10.0.0.1'], rejectStatusCode: 600 }, 'no HTTP status'],
    [{ sourceRange: ['10.0.0.1'], ipStrategy: { ipv6Subnet: 129 } }, 'between 1 and 128'],
  ])('refuses %j', (options, message) => {
    expect(() => createMiddlewareBuilder({ m: { ipAllowList: options } }).build('m')).toThrow(message);
  });
});

const ok: Handler = (exchange) => {
  exchange.sink.head({ status: 200, headers: exchange.request.headers.clone() });
  exchange.sink.end();
};

describe('rateLimit', () => {
  afterEach(() => vi.useRealTimers());

  const limiter = (options: unknown, now: () => number) =>
    createMiddlewareBuilder({ m: { rateLimit: options } }, undefined, now).build('m')(ok);

  it('refuses with the time to come back', async () => {
    const handler = limiter({ average: 1, period: '90s', burst: 2 }, () => 0);
    const exchanges = [makeExchange(), makeExchange(), makeExchange()];
    for (const exchange of exchanges) await handler(exchange);
    expect(exchanges.map((exchange) => exchange.sink.recorded.status)).toEqual([200, 200, 429]);
    const { headers } = exchanges[2]!.sink.recorded;
    expect(headers.get('retry-after')).toBe('90');
    expect(headers.get('x-retry-in')).toBe('1m30s');
    expect(exchanges[2]!.notes.middlewares).toMatchObject([{ verdict: 'refused' }]);
  });

  it('holds a request back for a short while instead', async () => {
    vi.useFakeTimers();
    const handler = limiter({ average: 4 }, () => 0);
    const first = makeExchange();
    await handler(first);
    // 125 ms is the longest wait at this rate; the next token is 250 ms away, and after 150 ms it is 100 ms away.
    let now = 0;
    const late = limiter({ average: 4 }, () => now);
    await late(makeExchange());
    now = 150;
    const exchange = makeExchange();
    const running = late(exchange);
    await vi.advanceTimersByTimeAsync(99);
    expect(exchange.sink.recorded.status).toBeNull();
    await vi.advanceTimersByTimeAsync(2);
    await running;
    expect(exchange.sink.recorded.status).toBe(200);
  });

  it('forgets a request whose client has gone while it waits', async () => {
    vi.useFakeTimers();
    let now = 0;
    const handler = limiter({ average: 4 }, () => now);
    await handler(makeExchange());
    now = 150;
    const aborter = new AbortController();
    const exchange = makeExchange(makeRequest(), aborter.signal);
    const running = handler(exchange);
    aborter.abort();
    await running;
    expect(exchange.sink.recorded.status).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    [{}, [{ clientIp: '10.0.0.1' }, { clientIp: '10.0.0.2' }], [200, 200]],
    [{}, [{ clientIp: '10.0.0.1' }, { clientIp: '10.0.0.1', host: 'b' }], [200, 429]],
    [{ requestHost: true }, [{ host: 'a' }, { host: 'b' }, { host: 'a' }], [200, 200, 429]],
    [
      { requestHeaderName: 'X-Key' },
      [{ fields: { 'x-key': '1' } }, { fields: { 'x-key': '2' } }, {}, {}],
      [200, 200, 200, 429],
    ],
    [{ ipStrategy: { ipv6Subnet: 64 } }, [{ clientIp: '2001:db8::1' }, { clientIp: '2001:db8::2' }], [200, 429]],
  ])('counts by %j', async (sourceCriterion, requests, statuses) => {
    const handler = limiter({ average: 1, period: '1h', sourceCriterion }, () => 0);
    const answered: (number | null)[] = [];
    for (const changes of requests) {
      const exchange = makeExchange(makeRequest(changes));
      await handler(exchange);
      answered.push(exchange.sink.recorded.status);
    }
    expect(answered).toEqual(statuses);
  });

  it('limits nothing without an average', async () => {
    const handler = limiter({ burst: 1 }, () => 0);
    for (let i = 0; i < 20; i += 1) {
      const exchange = makeExchange();
      await handler(exchange);
      expect(exchange.sink.recorded.status).toBe(200);
    }
  });

  it.each([
    [{ average: 1, redis: { endpoints: ['x:1'] } }, 'not in Redis'],
    [{ average: 1, period: 'soon' }, 'rateLimit.period'],
    [{ average: 1, sourceCriterion: { requestHost: true, requestHeaderName: 'a' } }, 'not both'],
    [{ average: 1, sourceCriterion: { ipStrategy: {}, requestHost: true } }, 'not both'],
  ])('refuses %j', (options, message) => {
    expect(() => limiter(options, () => 0)).toThrow(message);
  });

  it.each([
    [0.25, '0.25ms'],
    [340, '340ms'],
    [1500, '1.5s'],
    [62_500, '1m2.5s'],
    [3_600_000, '1h0m0s'],
  ])('writes %d ms as Go does: %s', (milliseconds, text) => {
    expect(goDuration(milliseconds)).toBe(text);
  });
});
