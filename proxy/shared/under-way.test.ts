import { describe, expect, it } from 'vitest';
import { KeyedHash } from './keyed-hash.ts';
import { clearUnderWay, UnderWay, underWayBytes } from './under-way.ts';

const hash = new KeyedHash(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
const keyOf = (text: string): readonly [number, number] => {
  const { high, low } = hash.of(text);
  return [high, low];
};

describe('UnderWay', () => {
  it('counts what workers have together, and lets in again who leaves', () => {
    const memory = new SharedArrayBuffer(underWayBytes(2));
    const [first, second] = [new UnderWay(memory, 0), new UnderWay(memory, 1)];
    const key = keyOf('a');
    expect([first.enter(...key, 2), second.enter(...key, 2)]).toEqual([true, true]);
    expect([first.enter(...key, 2), second.enter(...key, 2)]).toEqual([false, false]);
    expect(second.enter(...key, 3)).toBe(true);
    expect(first.enter(...keyOf('b'), 1)).toBe(true);
    first.leave(...key);
    second.leave(...key);
    expect([first.enter(...key, 2), second.enter(...key, 2)]).toEqual([true, false]);
  });

  it('forgets a worker that died, and nothing of the others', () => {
    const memory = new SharedArrayBuffer(underWayBytes(2));
    const [first, second] = [new UnderWay(memory, 0), new UnderWay(memory, 1)];
    const key = keyOf('a');
    for (let i = 0; i < 3; i += 1) first.enter(...key, 9);
    second.enter(...key, 9);
    clearUnderWay(memory, 0);
    expect([second.enter(...key, 2), second.enter(...key, 2)]).toEqual([true, false]);
  });

  it('refuses almost nobody for what others have under way', () => {
    const memory = new SharedArrayBuffer(underWayBytes(1));
    const counts = new UnderWay(memory, 0);
    let refused = 0;
    for (let source = 0; source < 2000; source += 1) if (!counts.enter(...keyOf(`source ${source}`), 1)) refused += 1;
    // One in 10,000 is likely at the end; this would be 30 times that.
    expect(refused).toBeLessThan(6);
  });
});
