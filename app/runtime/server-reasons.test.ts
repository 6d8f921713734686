import { expect, test } from 'vitest';
import { failureReason, judgeStatus } from '../../proxy/service/probe-verdict.ts';
import { saidOfServer } from './server-reasons.ts';

const url = new URL('http://nas.lan:5000/');
const failed = (code: string): string => failureReason(Object.assign(new Error('x'), { code }), url);

test.each([
  [judgeStatus(503, {}), 'ANSWERED', { status: '503' }],
  [judgeStatus(200, { status: 204 }), 'ANSWERED_INSTEAD', { status: '200', wanted: '204' }],
  [failed('ECONNREFUSED'), 'NOBODY_LISTENS', { where: 'nas.lan:5000' }],
  [failed('EHOSTUNREACH'), 'UNREACHABLE', { where: 'nas.lan:5000' }],
  [failed('ENOTFOUND'), 'NAME_UNKNOWN', { where: 'nas.lan' }],
  [failed('CERT_HAS_EXPIRED'), 'CERTIFICATE', { where: 'nas.lan:5000', reason: 'CERT_HAS_EXPIRED' }],
  ['It did not answer within 2.5 s.', 'LATE', { time: '2.5 s' }],
  ['It did not answer within 500 ms', 'LATE', { time: '500 ms' }],
  ['It answered "no" where "ok" is expected', 'ANSWERED_TEXT', { answer: '"no"', wanted: '"ok"' }],
  ['connect ECONNREFUSED 127.0.0.1:9', 'NOBODY_LISTENS', { where: '127.0.0.1:9' }],
])('%s', (reason, code, details) => {
  expect(saidOfServer(reason)).toEqual({ said: { code, details } });
});

test('what nobody has a code for stays as it is', () => {
  expect(saidOfServer('The moon is full.')).toEqual({});
  expect(saidOfServer(null)).toEqual({});
});
