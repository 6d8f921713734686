import { expect, test } from 'vitest';
import { createFailingServers } from './failing-servers.ts';

test('servers that workers found failing are down beside those that checks found', () => {
  let changes = 0;
  const failing = createFailingServers(() => {
    changes += 1;
  });
  const checked = { down: { 'a@file': ['http://1'] }, reasons: { 'a@file': { 'http://1': 'It answered 500.' } } };
  expect(failing.over(checked)).toBe(checked);
  failing.note(0, { 'a@file': ['http://1', 'http://2'] });
  failing.note(1, { 'b@file': ['http://3'] });
  const both = failing.over(checked);
  expect(both.down).toEqual({ 'a@file': ['http://1', 'http://2'], 'b@file': ['http://3'] });
  expect(both.reasons['a@file']).toEqual({
    'http://1': 'It answered 500.',
    'http://2': "Visitors' requests to it failed, so it is left alone for a while.",
  });
  failing.note(0, {});
  failing.note(1, {});
  failing.note(1, {});
  expect(failing.over(checked)).toBe(checked);
  expect(changes).toBe(4);
});
