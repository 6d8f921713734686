import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type Judgement, Missing, plain } from './vector.ts';

/** One expectation of a step, as FORMAT.md has it. */
export const expectationShape = z.strictObject({
  target: z.string(),
  op: z.enum([
    'eq',
    'ne',
    'contains',
    'notContains',
    'empty',
    'notEmpty',
    'present',
    'absent',
    'len',
    'gt',
    'inDelta',
    'isNil',
    'notNil',
    'eqTarget',
    'noOthersThanChecked',
  ]),
  name: z.string().optional(),
  value: z.unknown().optional(),
  delta: z.number().optional(),
  ifCalled: z.boolean().optional(),
  recorder: z.string().optional(),
  /** Names of what a sum is made of. */
  of: z.array(z.string()).optional(),
});

export type Expectation = z.infer<typeof expectationShape>;

/** What expectations are read from. Reading a target that is not known throws {@link Missing}. */
export interface Subject {
  /** `undefined` where the thing is absent: a header that was not sent, a handler that did not run. */
  read(target: string, expectation: Expectation): unknown;
  /** Whether the handler that a target speaks of ran. */
  wasCalled(target: string): boolean;
}

/** Judges expectations of one step, in order. */
export function judgeExpectations(
  expectations: readonly Expectation[],
  subject: Subject,
  judgement: Judgement,
  input: unknown,
): void {
  const checked = new Map<string, Set<string>>();
  for (const expectation of expectations) {
    const { target, name, ifCalled } = expectation;
    const names = checked.get(target.split('.')[0] ?? '') ?? new Set<string>();
    checked.set(target.split('.')[0] ?? '', names.add((name ?? '').toLowerCase()));
    if (ifCalled === true && !subject.wasCalled(target)) {
      judgement.held();
      continue;
    }
    const fault = faultOf(expectation, subject, names);
    if (fault === null) judgement.held();
    else judgement.differ({ ...asRecord(input), expectation }, fault.expected, fault.got);
  }
}

/** True where all hold; for `anyOf`. */
export function holds(expectation: Expectation, subject: Subject): boolean {
  return faultOf(expectation, subject, new Set()) === null;
}

interface Fault {
  readonly expected: unknown;
  readonly got: unknown;
}

function faultOf(expectation: Expectation, subject: Subject, checkedNames: ReadonlySet<string>): Fault | null {
  const got = subject.read(expectation.target, expectation);
  const { op, value } = expectation;
  const fault = (expected: unknown = { [op]: value }): Fault => ({ expected, got });
  switch (op) {
    case 'eq':
      return isSame(value, got) ? null : fault(value);
    case 'ne':
      return isSame(value, got) ? fault() : null;
    case 'contains':
    case 'notContains':
      return contains(got, value) === (op === 'contains') ? null : fault();
    case 'empty':
      return isEmpty(got) ? null : fault('empty');
    case 'notEmpty':
      return isEmpty(got) ? fault('not empty') : null;
    case 'present':
      return got === undefined ? fault('present') : null;
    case 'absent':
      return got === undefined ? null : fault('absent');
    case 'isNil':
      return got === undefined || got === null ? null : fault('nil');
    case 'notNil':
      return got === undefined || got === null ? fault('not nil') : null;
    case 'len':
      return lengthOf(got) === value ? null : fault();
    case 'gt':
      return Number(got) > Number(value) ? null : fault();
    case 'inDelta':
      return Math.abs(Number(got) - Number(value)) <= (expectation.delta ?? 0)
        ? null
        : fault({ inDelta: value, delta: expectation.delta });
    case 'eqTarget': {
      const other = subject.read(String(value), { ...expectation, target: String(value) });
      return isSame(other, got) ? null : fault(other);
    }
    case 'noOthersThanChecked': {
      const others = Object.keys(asRecord(got)).filter((name) => !checkedNames.has(name.toLowerCase()));
      return others.length === 0 ? null : { expected: 'nothing but what was checked', got: others };
    }
    default:
      return op satisfies never;
  }
}

/**
 * In Go an absent header reads as "", an absent list as nil; so does what a handler that did not run was given. In a
 * map, null is an absent entry.
 */
function isSame(expected: unknown, got: unknown): boolean {
  const isList = (value: unknown): boolean => value === null || value === undefined || typeof value === 'object';
  if (got === undefined && (expected === '' || (isList(expected) && isEmpty(expected)))) return true;
  if (isEmpty(expected) && isEmpty(got) && isList(expected) && (isList(got) || got === '')) return true;
  return isDeepStrictEqual(withoutNulls(plain(expected)), withoutNulls(plain(got)));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => [key, withoutNulls(member)]),
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function contains(got: unknown, value: unknown): boolean {
  if (typeof got === 'string') return got.includes(String(value));
  if (Array.isArray(got)) return got.some((item) => isDeepStrictEqual(plain(item), plain(value)));
  return typeof got === 'object' && got !== null && Object.hasOwn(got, String(value));
}

function lengthOf(got: unknown): number {
  if (got === undefined || got === null) return 0;
  if (typeof got === 'string') return Buffer.byteLength(got);
  if (Array.isArray(got)) return got.length;
  if (typeof got === 'object') return Object.keys(got).length;
  throw new Missing(`${typeof got} has no length`);
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : { value };
}
