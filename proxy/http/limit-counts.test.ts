import { expect, test } from 'vitest';
import { networkOf } from './client-address.ts';
import { LimitCounts } from './limit-counts.ts';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s is one subscriber of %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('what servers do wrong is counted in the same way', () => {
  const told: unknown[] = [];
  const counts = new LimitCounts((each) => told.push(each));
  const clientIp = '192.0.2.1';
  for (const code of ['UPSTREAM_TRUNCATED', 'UPSTREAM_PROTOCOL', 'UPSTREAM_RESET', 'UPSTREAM_TIMEOUT'] as const) {
    counts.noteRecord({ clientIp, error: { code, detail: '' } });
  }
  counts.flush();
  expect(told).toEqual([
    ['server-truncated', 'server-malformed', 'server-reset', 'server-timeout'].map((limit) => ({
      limit,
      count: 1,
      clientIp,
    })),
  ]);
});

test('records that say that a limit was met are counted by it, others are not', () => {
  const told: unknown[] = [];
  const counts = new LimitCounts((each) => told.push(each));
  const clientIp = '192.0.2.1';
  counts.noteRecord({ clientIp, error: { code: 'REQUEST_TIMEOUT', detail: 'the head did not arrive in time' } });
  counts.noteRecord({ clientIp, error: { code: 'REQUEST_TIMEOUT', detail: 'no byte of the body came for 60 s' } });
  counts.noteRecord({ clientIp, error: { code: 'CLIENT_ABORTED', detail: 'the client stopped reading' } });
  counts.noteRecord({ clientIp, error: { code: 'CLIENT_ABORTED', detail: 'it went away' } });
  counts.noteRecord({ clientIp, error: { code: 'UPSTREAM_REFUSED', detail: '' } });
  counts.noteRecord({ clientIp, error: { code: 'HEADERS_TOO_LARGE', detail: '' } });
  counts.noteRecord({ clientIp, error: { code: 'INTERNAL', detail: 'connect EMFILE 127.0.0.1:80' } });
  counts.noteRecord({ clientIp, error: { code: 'INTERNAL', detail: 'a fault' } });
  counts.noteRecord({ clientIp, error: null });
  counts.flush();
  expect(told).toEqual([
    ['slow-head', 'slow-body', 'slow-reader', 'head-too-large', 'descriptors'].map((limit) => ({
      limit,
      count: 1,
      clientIp,
    })),
  ]);
  counts.flush();
  expect(told).toHaveLength(1);
});
