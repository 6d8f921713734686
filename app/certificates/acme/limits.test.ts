import { describe, expect, test } from 'vitest';
import type { StoredUse } from '../../store/certificates.ts';
import { heldBack, type IntendedOrder, remainingLimits, subjectOf } from './limits.ts';
import { defaultDirectoryUrl } from './resolver.ts';

const hourMs = 3_600_000;
const weekMs = 168 * hourMs;
const now = Date.UTC(2026, 5, 1);

const use = (kind: StoredUse['kind'], names: readonly string[], agoMs: number): StoredUse => ({
  at: now - agoMs,
  directoryUrl: defaultDirectoryUrl,
  account: 'a',
  kind,
  subject: subjectOf(names),
});
const order = (names: readonly string[], more: Partial<IntendedOrder> = {}): IntendedOrder => ({
  directoryUrl: defaultDirectoryUrl,
  account: 'a',
  names,
  kind: 'first',
  ...more,
});
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

describe('heldBack', () => {
  test('counts certificates by registered domain, and waits for the oldest to leave the window', () => {
    const uses = times(50, (i) => use('certificate', [`h${i}.example.co.uk`], (50 - i) * hourMs));
    expect(heldBack(order(['new.example.co.uk']), uses, now)).toEqual({
      limit: 'certificates',
      subject: 'example.co.uk',
      until: now - 50 * hourMs + weekMs,
    });
    expect(heldBack(order(['new.other.co.uk']), uses, now)).toBeNull();
    expect(heldBack(order(['new.example.co.uk']), uses.slice(1), now)).toBeNull();
  });

  test('counts the same set of names, in any order, five times a week', () => {
    const names = ['b.example.org', 'a.example.org'];
    const uses = times(5, (i) => use('certificate', names, (i + 1) * hourMs));
    expect(heldBack(order(names.toReversed()), uses, now)?.limit).toBe('duplicates');
    expect(heldBack(order(names, { kind: 'renewing' }), uses, now)?.limit).toBe('duplicates');
    expect(heldBack(order(names, { kind: 'replacing' }), uses, now)).toBeNull();
    expect(heldBack(order(['a.example.org']), uses, now)).toBeNull();
  });

  test('counts failed validations by account and name, for an hour', () => {
    const uses = times(5, (i) => use('failed-validation', ['a.example.org'], i * 60_000));
    expect(heldBack(order(['b.example.org', 'a.example.org']), uses, now)).toMatchObject({
      limit: 'failed-validations',
      subject: 'a.example.org',
    });
    expect(heldBack(order(['a.example.org'], { account: 'other' }), uses, now)).toBeNull();
    expect(heldBack(order(['a.example.org'], { kind: 'replacing' }), uses, now)).not.toBeNull();
    expect(heldBack(order(['a.example.org']), uses, now + hourMs)).toBeNull();
  });

  test('knows no limits of a CA that publishes none', () => {
    const directoryUrl = 'https://ca.lan/directory';
    const uses = times(500, () => ({ ...use('certificate', ['a.example.org'], 1000), directoryUrl }));
    expect(heldBack(order(['a.example.org'], { directoryUrl }), uses, now)).toBeNull();
  });
});

test('remainingLimits tells of what was used, and when one more is had', () => {
  const uses = [use('certificate', ['a.example.org'], 2 * hourMs), use('certificate', ['b.example.org'], hourMs)];
  expect(remainingLimits(defaultDirectoryUrl, 'a', uses, now)).toEqual(
    expect.arrayContaining([
      {
        limit: 'certificates',
        subject: 'example.org',
        remaining: 48,
        of: 50,
        windowMs: weekMs,
        nextAt: now - 2 * hourMs + weekMs,
      },
      expect.objectContaining({ limit: 'duplicates', subject: 'a.example.org', remaining: 4 }),
    ]),
  );
  expect(remainingLimits(defaultDirectoryUrl, 'a', [], now)).toEqual([]);
});
