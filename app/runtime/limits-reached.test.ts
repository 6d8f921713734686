import { afterEach, expect, test, vi } from 'vitest';
import { createLimitsReached } from './limits-reached.ts';

afterEach(() => {
  vi.useRealTimers();
});

function setUp() {
  vi.useFakeTimers();
  const lines: { readonly message: string; readonly details: Readonly<Record<string, unknown>> }[] = [];
  let changes = 0;
  const limits = createLimitsReached({
    log: { warn: (message, details = {}) => void lines.push({ message, details }) },
    now: Date.now,
    onChange: () => {
      changes += 1;
    },
  });
  return { limits, lines, changes: () => changes };
}

const clientIp = '192.0.2.1';

test('what limits hold off is logged at once, then together, with an address', () => {
  const { limits, lines } = setUp();
  limits.add([{ limit: 'slow-head', count: 2, clientIp }]);
  expect(lines).toEqual([
    {
      message: 'held off: request heads that came too slowly (Slowloris)',
      details: { limit: 'slow-head', count: 2, clientIp, total: 2 },
    },
  ]);
  limits.add([{ limit: 'slow-head', count: 3, clientIp }]);
  limits.add([{ limit: 'slow-head', count: 4, clientIp: '192.0.2.2' }]);
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(10_000);
  expect(lines[1]?.details).toEqual({ limit: 'slow-head', count: 7, clientIp: '192.0.2.2', total: 9 });
  expect([...limits.totals()]).toEqual([['slow-head', 9]]);
});

test('a flood is a problem while it lasts, and what any address sees is none', () => {
  const { limits, changes } = setUp();
  limits.add([{ limit: 'malformed-request', count: 999, clientIp }]);
  expect(limits.problems()).toEqual([]);
  limits.add([{ limit: 'connections-per-address', count: 5000, clientIp }]);
  expect(changes()).toBe(1);
  expect(limits.problems()).toMatchObject([
    { code: 'LIMITS_REACHED', severity: 'warning', details: { limit: 'connections-per-address', count: 5000 } },
  ]);
  vi.advanceTimersByTime(10 * 60_000);
  expect(limits.problems()).toEqual([]);
});

test('what servers do wrong is told of and counted, and is no flood', () => {
  const { limits, lines, changes } = setUp();
  limits.add([{ limit: 'server-truncated', count: 5000, clientIp }]);
  expect(lines).toEqual([
    {
      message: 'servers failed: answers that servers broke off in the middle',
      details: { limit: 'server-truncated', count: 5000, clientIp, total: 5000 },
    },
  ]);
  expect([...limits.totals()]).toEqual([['server-truncated', 5000]]);
  expect(limits.problems()).toEqual([]);
  expect(changes()).toBe(0);
});

test('what was not told of yet is told at the end', () => {
  const { limits, lines } = setUp();
  limits.add([{ limit: 'slow-body', count: 1, clientIp }]);
  limits.add([{ limit: 'connections', count: 1, clientIp }]);
  limits.stop();
  expect(lines.map(({ details }) => details['limit'])).toEqual(['slow-body', 'connections']);
});
