import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../../proxy/model/request-record.ts';
import type { LogView } from '../../client/log-buffer.ts';
import { extendMatches } from './matches.ts';

const record = (id: number): RequestRecord => ({ id: String(id), status: id % 2 === 0 ? 200 : 404 }) as RequestRecord;
const viewOf = (start: number, length: number): LogView => ({
  records: Array.from({ length }, (_, index) => record(start + index)),
  length,
  start,
  skipped: 0,
});
const odd = (one: RequestRecord): boolean => one.status === 404;

describe('extendMatches', () => {
  it('looks only at what is new', () => {
    const first = extendMatches(null, viewOf(0, 4), odd);
    let looked = 0;
    const second = extendMatches(first, viewOf(0, 6), (one) => {
      looked += 1;
      return odd(one);
    });
    expect(looked).toBe(2);
    expect(second.matches.map((one) => one.id)).toEqual(['1', '3', '5']);
    expect(second.total).toBe(3);
  });

  it('drops what the buffer dropped, and still counts it', () => {
    const first = extendMatches(null, viewOf(0, 6), odd);
    const second = extendMatches(first, viewOf(4, 6), odd);
    expect(second.matches.map((one) => one.id)).toEqual(['5', '7', '9']);
    expect(second.total).toBe(5);
  });

  it('starts from what is there after a long absence', () => {
    const first = extendMatches(null, viewOf(0, 2), odd);
    const second = extendMatches(first, viewOf(100, 4), odd);
    expect(second.matches.map((one) => one.id)).toEqual(['101', '103']);
    expect(second.total).toBe(3);
  });
});
