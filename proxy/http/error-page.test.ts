import { expect, test } from 'vitest';
import { errorBody } from './error-page.ts';

test.each([
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'text/html'],
  ['application/json', 'application/json'],
  ['application/problem+json, text/html', 'application/json'],
  ['*/*', 'text/plain'],
  ['', 'text/plain'],
])('Accept "%s" gives %s', (accept, type) => {
  const page = errorBody(502, 'ref0000000000000', accept);
  expect(page.type).toContain(type);
  expect(page.body).toContain('ref0000000000000');
});

test('the page loads nothing and runs nothing', () => {
  const { body } = errorBody(404, 'x', 'text/html');
  expect(body).toContain('Nothing lives here');
  expect(body).toContain('prefers-color-scheme:dark');
  expect(body).not.toMatch(/<script|https?:|src=|url\(/);
});
