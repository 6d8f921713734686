import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatDuration,
  formatPercent,
  formatRate,
  formatRelative,
  formatRelativeDays,
} from './format.ts';

const spaces = /[  ]/g;
const plain = (text: string): string => text.replace(spaces, ' ');

describe('formatRate', () => {
  it.each([
    [0, '0'],
    [0.02, '< 0.1'],
    [0.44, '0.4'],
    [12.52, '12.5'],
    [340.4, '340'],
    [1234, '1.2 k'],
  ])('writes %d requests a second as %s', (value, text) => {
    expect(formatRate(value, 'en')).toBe(text);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [0.04, '0.04 ms'],
    [3.14, '3.1 ms'],
    [250, '250 ms'],
    [1500, '1.5 s'],
    [42_000, '42 s'],
    [90_000, '1.5 min'],
  ])('writes %d ms as %s', (value, text) => {
    expect(formatDuration(value, 'en')).toBe(text);
  });

  it('follows the language', () => {
    expect(plain(formatDuration(1500, 'fr'))).toBe('1,5 s');
  });
});

describe('formatBytes', () => {
  it.each([
    [0, 'en', '0 B'],
    [999, 'en', '999 B'],
    [1500, 'en', '1.5 kB'],
    [999_600, 'en', '1 MB'],
    [12_345_678, 'fr', '12 Mo'],
  ])('writes %d in %s as %s', (value, locale, text) => {
    expect(plain(formatBytes(value, locale))).toBe(text);
  });
});

describe('formatPercent', () => {
  it('never shows something as nothing', () => {
    expect(formatPercent(0, 'en')).toBe('0%');
    expect(formatPercent(0.00001, 'en')).toBe('0.1%');
    expect(formatPercent(0.42, 'en')).toBe('42%');
  });
});

describe('formatRelative', () => {
  const now = Date.UTC(2026, 5, 1);
  it.each([
    [now - 2000, 'now'],
    [now - 20_000, '20 seconds ago'],
    [now - 3 * 60_000, '3 minutes ago'],
    [now - 86_400_000, 'yesterday'],
    [now + 23 * 86_400_000, 'in 23 days'],
  ])('reads %d as %s', (at, text) => {
    expect(formatRelative(at, now, 'en')).toBe(text);
  });
});

it.each([
  [38.5, 'in 38 days'],
  [-70, '70 days ago'],
  [1.2, 'tomorrow'],
  [400, 'next year'],
])('says a plan of %d days ahead in days', (days, words) => {
  expect(formatRelativeDays(1_000_000 + days * 86_400_000, 1_000_000, 'en')).toBe(words);
});
