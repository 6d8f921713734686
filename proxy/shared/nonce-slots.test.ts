import { describe, expect, it } from 'vitest';
import { NonceSlots, nonceSlotsBytes } from './nonce-slots.ts';

const fresh = () => new NonceSlots(new SharedArrayBuffer(nonceSlotsBytes));
const old = { slot: 7, madeAt: 10n, tag: 0xffffn };

describe('NonceSlots', () => {
  it('takes each number once, and those that were overtaken by fewer than 32', () => {
    const slots = fresh();
    const used = [1, 1, 40, 9, 9, 8, 39, 40, 0, -1].map((count) => slots.use(old, count));
    expect(used).toEqual([true, false, true, true, false, false, true, false, false, false]);
    expect([65_535, 65_536, 65_534].map((count) => slots.use(old, count))).toEqual([true, false, true]);
  });

  it('leaves a slot to the younger of two', () => {
    const slots = fresh();
    const young = { slot: 7, madeAt: 11n, tag: 3n };
    expect(slots.use(old, 1)).toBe(true);
    expect([slots.use(young, 1), slots.use(young, 1), slots.use(old, 2), slots.use(young, 2)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it('gives each new nonce another slot, as long as there are some', () => {
    const slots = fresh();
    const given = new Set(Array.from({ length: 16_384 }, () => slots.next()));
    expect(given.size).toBe(16_384);
    expect(slots.use({ ...old, slot: 16_384 }, 1)).toBe(false);
    expect(slots.use({ ...old, slot: -1 }, 1)).toBe(false);
    expect(slots.use({ ...old, slot: Number.NaN }, 1)).toBe(false);
  });
});
