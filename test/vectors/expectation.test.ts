import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Expectation, judgeExpectations, type Subject } from './expectation.ts';
import { ByDesign, judgeVector, kind, Missing, NotApplicable, type Outcome, parseVectorFile } from './vector.ts';

const facts: Readonly<Record<string, unknown>> = {
  status: 200,
  text: 'Hello',
  list: ['a', 'b'],
  map: { Foo: ['bar'], Gone: null },
  none: [],
  ratio: 0.52,
  same: 'Hello',
};

const subject: Subject = {
  read: (target) => facts[target],
  wasCalled: (target) => target !== 'absentHandler',
};

async function outcomeOf(...expectations: readonly Expectation[]): Promise<Outcome> {
  const judge = kind({}, (_, judgement) => judgeExpectations(expectations, subject, judgement, {}));
  return judgeVector({ id: 'x', kind: 'k' }, new Map([['k', judge]]));
}

describe('expectations', () => {
  it.each<[Expectation, boolean]>([
    [{ target: 'status', op: 'eq', value: 200 }, true],
    [{ target: 'status', op: 'eq', value: 201 }, false],
    [{ target: 'status', op: 'eq', value: '200' }, false],
    [{ target: 'gone', op: 'eq', value: '' }, true],
    [{ target: 'gone', op: 'eq', value: 'x' }, false],
    [{ target: 'none', op: 'eq', value: null }, true],
    [{ target: 'none', op: 'eq', value: '' }, false],
    [{ target: 'map', op: 'eq', value: { Foo: ['bar'] } }, true],
    [{ target: 'map', op: 'eq', value: { Foo: ['bar'], Other: null } }, true],
    [{ target: 'map', op: 'eq', value: { Foo: ['baz'] } }, false],
    [{ target: 'status', op: 'ne', value: 500 }, true],
    [{ target: 'status', op: 'ne', value: 200 }, false],
    [{ target: 'text', op: 'contains', value: 'ell' }, true],
    [{ target: 'text', op: 'contains', value: 'elk' }, false],
    [{ target: 'list', op: 'contains', value: 'b' }, true],
    [{ target: 'list', op: 'contains', value: 'c' }, false],
    [{ target: 'text', op: 'notContains', value: 'elk' }, true],
    [{ target: 'text', op: 'notContains', value: 'ell' }, false],
    [{ target: 'none', op: 'empty' }, true],
    [{ target: 'text', op: 'empty' }, false],
    [{ target: 'text', op: 'notEmpty' }, true],
    [{ target: 'gone', op: 'notEmpty' }, false],
    [{ target: 'text', op: 'present' }, true],
    [{ target: 'gone', op: 'present' }, false],
    [{ target: 'gone', op: 'absent' }, true],
    [{ target: 'text', op: 'absent' }, false],
    [{ target: 'gone', op: 'isNil' }, true],
    [{ target: 'text', op: 'isNil' }, false],
    [{ target: 'text', op: 'notNil' }, true],
    [{ target: 'gone', op: 'notNil' }, false],
    [{ target: 'list', op: 'len', value: 2 }, true],
    [{ target: 'list', op: 'len', value: 3 }, false],
    [{ target: 'status', op: 'gt', value: 199 }, true],
    [{ target: 'status', op: 'gt', value: 200 }, false],
    [{ target: 'ratio', op: 'inDelta', value: 0.5, delta: 0.05 }, true],
    [{ target: 'ratio', op: 'inDelta', value: 0.5, delta: 0.01 }, false],
    [{ target: 'text', op: 'eqTarget', value: 'same' }, true],
    [{ target: 'text', op: 'eqTarget', value: 'status' }, false],
    [{ target: 'absentHandler', op: 'eq', value: 'anything', ifCalled: true }, true],
    [{ target: 'absentHandler', op: 'eq', value: 'anything' }, false],
  ])('%j gives %s', async (expectation, isMet) => {
    expect((await outcomeOf(expectation)).kind).toBe(isMet ? 'passed' : 'failed');
  });

  it('finds what was not checked', async () => {
    const checks = (name: string): Expectation[] => [
      { target: 'map.header', name, op: 'absent' },
      { target: 'map', op: 'noOthersThanChecked' },
    ];
    expect((await outcomeOf(...checks('foo'))).kind).toBe('failed');
    const lone: Subject = { read: (target) => (target === 'map' ? { Foo: 1 } : undefined), wasCalled: () => true };
    const judge = kind({}, (_, judgement) => judgeExpectations(checks('foo'), lone, judgement, {}));
    expect((await judgeVector({ id: 'x', kind: 'k' }, new Map([['k', judge]]))).kind).toBe('passed');
  });
});

describe('judgeVector', () => {
  const kinds = new Map([
    ['equal', kind({ expected: z.number() }, ({ expected }, judgement) => judgement.equal('in', expected, 1))],
    ['idle', kind({}, () => undefined)],
    [
      'missing',
      kind({}, () => {
        throw new Missing('no such thing');
      }),
    ],
    [
      'apart',
      kind({}, () => {
        throw new NotApplicable('elsewhere');
      }),
    ],
    ['safe', kind({}, () => Promise.reject(new ByDesign('for safety')))],
    [
      'safer',
      kind({ expected: z.number() }, ({ expected }, judgement) => {
        if (!judgement.asTraefik) throw new ByDesign('for safety');
        judgement.equal('in', expected, 1);
      }),
    ],
    [
      'late',
      kind({}, (_, judgement) => {
        judgement.equal('in', 1, 2);
        throw new NotApplicable('elsewhere');
      }),
    ],
    [
      'broken',
      kind({}, () => {
        throw new Error('a bug');
      }),
    ],
  ]);
  const judged = (vector: Record<string, unknown>) => judgeVector({ id: 'x', kind: '', ...vector }, kinds);

  it('tells what holds from what does not', async () => {
    expect(await judged({ kind: 'equal', expected: 1, note: 'n', source: {} })).toEqual({ kind: 'passed' });
    expect(await judged({ kind: 'equal', expected: 2 })).toEqual({
      kind: 'failed',
      differences: [{ input: 'in', expected: 2, got: 1 }],
    });
  });

  it.each([
    ['a kind that it does not know', { kind: 'other' }],
    ['a field that it does not know', { kind: 'equal', expected: 1, more: true }],
    ['a value that it does not know', { kind: 'equal', expected: '1' }],
    ['nothing compared', { kind: 'idle' }],
    ['what the product lacks', { kind: 'missing' }],
    ['a judge that throws', { kind: 'broken' }],
    ['a difference found before it was put aside', { kind: 'late' }],
  ])('fails %s', async (_, vector) => {
    expect((await judged(vector)).kind).toBe('failed');
  });

  it('judges what is otherwise for safety again, as Traefik has it', async () => {
    expect(await judged({ kind: 'safer', expected: 1 })).toEqual({ kind: 'passed', asTraefik: true });
    expect((await judged({ kind: 'safer', expected: 2 })).kind).toBe('failed');
    expect(await judged({ kind: 'safe' })).toEqual({ kind: 'notApplicable', reason: 'for safety' });
  });

  it('puts aside what does not apply, with the reason', async () => {
    expect(await judged({ kind: 'apart' })).toEqual({ kind: 'notApplicable', reason: 'elsewhere' });
  });
});

describe('parseVectorFile', () => {
  it('takes files of the format', () => {
    const vector = { id: 'a', kind: 'k', more: 1 };
    expect(parseVectorFile(JSON.stringify({ format: 1, vectors: [vector] }))).toEqual([vector]);
  });

  it.each(['', '[]', '{"format":2,"vectors":[]}', '{"format":1,"vectors":[{"id":"a"}]}'])('refuses %s', (text) => {
    expect(() => parseVectorFile(text)).toThrow();
  });
});
