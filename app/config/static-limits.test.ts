import { expect, test } from 'vitest';
import { loadStaticConfiguration } from './load.ts';

const load = (text: string) =>
  loadStaticConfiguration({ flags: {}, env: {}, file: { path: '/etc/gatehouse/gatehouse.yml', text } }).configuration;

test('limits are what is said, by the names that the proxy has', () => {
  const { limits } = load(
    'gatehouse: { limits: { connections: 0, connectionsPerAddress: 50, headTimeout: 5s, answerTimeout: 2, stalledRequests: 10, http2FailedStreams: 7 } }',
  );
  expect(limits).toEqual({
    connections: 0,
    connectionsPerAddress: 50,
    headMs: 5000,
    stalledAnswerMs: 2000,
    stalledRequests: 10,
    http2FailureBurst: 7,
  });
  expect(load('').limits).toBeUndefined();
});

test('a limit that would let clients wait for ever is refused, and so is one that is none', () => {
  expect(() => load('gatehouse: { limits: { headTimeout: 0 } }')).toThrow(/headTimeout.*for ever/);
  expect(() => load('gatehouse: { limits: { connections: -1 } }')).toThrow(/connections/);
  expect(() => load('gatehouse: { limits: { conections: 1 } }')).toThrow(/conections/);
});
