import { describe, expect, it } from 'vitest';
import type { CertificateView } from '../../../app/contract/certificates.ts';
import { failedOrder, fakeCertificate, fakeCertificates } from '../../dev/fake-certificates.ts';
import { fakeProblem, fakeSnapshot } from '../../dev/fake-world.ts';
import { byUrgency, lifeOf, needsSomeone, timeLeft, toneOf, wordOf } from './certificate-state.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 10, 20);
const well = fakeCertificate(now, { names: ['a.test'], routers: [], ageDays: 30 });
const failure = {
  problem: fakeProblem('ACME_CA_DOWN', 'error', 'It is down.', null),
  at: now,
  retryAt: null,
  attempts: 1,
};

describe('what is said of a certificate', () => {
  it('tells a failing renewal from a certificate that was never had', () => {
    expect(wordOf(well)).toBe('valid');
    expect(wordOf({ ...well, failure })).toBe('failing');
    expect(wordOf({ ...well, status: 'failed', failure })).toBe('failed');
    expect(toneOf({ ...well, failure })).toBe('attention');
    expect(toneOf({ ...well, status: 'failed', failure })).toBe('broken');
  });

  it('says what is under way', () => {
    const running = { ...failedOrder('a.test', failure), state: 'running' as const };
    expect(wordOf({ ...well, order: running })).toBe('renewing');
    expect(wordOf({ ...well, status: 'failed', failure, order: running })).toBe('pending');
    expect(wordOf({ ...well, status: 'failed', failure, order: { ...running, state: 'waiting' } })).toBe('failed');
  });

  it('puts what needs someone first and the own authority last', () => {
    const all = fakeCertificates('one-broken', now, fakeSnapshot('one-broken', now).routers);
    const sorted = all.toSorted(byUrgency);
    expect(sorted.slice(0, 2).every(needsSomeone)).toBe(true);
    expect(sorted.slice(2).some(needsSomeone)).toBe(false);
    const wells = sorted.filter((each) => toneOf(each) === 'good');
    expect(wells.at(-1)?.source).toBe('internal');
  });
});

describe('the time of a certificate', () => {
  it('is drawn from its beginning to its end', () => {
    expect(lifeOf(well, now)).toEqual({ spent: 30 / 90, renews: 60 / 90 });
    expect(lifeOf(well, now + 400 * day)?.spent).toBe(1);
    expect(lifeOf({ ...well, renewal: { at: now, why: 'owner' } }, now)?.renews).toBeNull();
    const none: Pick<CertificateView, 'notBefore' | 'notAfter' | 'renewal'> = {
      notBefore: null,
      notAfter: null,
      renewal: null,
    };
    expect(lifeOf(none, now)).toBeNull();
  });

  it.each([
    [10 * day, { unit: 'days', count: 10 }],
    [47 * 3_600_000, { unit: 'hours', count: 47 }],
    [90 * 60_000, { unit: 'minutes', count: 90 }],
    [1000, null],
    [-day, null],
  ])('is told in the unit that fits: %d ms', (leftMs, expected) => {
    expect(timeLeft(now + leftMs, now)).toEqual(expected);
  });
});
