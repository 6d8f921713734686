import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { durationSchema } from '../../proxy/model/duration.ts';
import { serversTransportSchema, serviceSchema } from '../../proxy/model/dynamic.ts';
import { decode, ownText, readBoolean } from './decode.ts';

const schema = z.strictObject({
  name: z.string().optional(),
  count: z.int().min(1).optional(),
  on: z.boolean().optional(),
  list: z.array(z.string()).optional(),
  items: z.array(z.strictObject({ main: z.string() })).optional(),
  wait: durationSchema.optional(),
  mode: z.enum(['a', 'b']).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  inner: z.strictObject({ deepOption: z.boolean().optional() }).optional(),
  free: z.unknown().optional(),
  either: z.union([z.boolean(), z.string()]).optional(),
  withDefault: z.int().default(3),
});

const read = (input: unknown, strings = true) => decode(schema, input, { strings, path: ['root'] });
const faults = (input: unknown, strings = true) =>
  read(input, strings).issues.map(({ path, message, code }) => `${code} ${path.join('.')} ${message}`);

describe('text of labels', () => {
  test('becomes what the schema says, names in its spelling', () => {
    const input = {
      NAME: 'x',
      Count: '7',
      on: 'T',
      list: 'a, b ,,c',
      items: [{ MAIN: 'm' }],
      wait: '1m30s',
      headers: { 'X-Foo': 'bar' },
      inner: { deepoption: '0' },
      either: 'false',
    };
    expect(read(input)).toEqual({
      value: {
        name: 'x',
        count: 7,
        on: true,
        list: ['a', 'b', 'c'],
        items: [{ main: 'm' }],
        wait: '1m30s',
        headers: { 'X-Foo': 'bar' },
        inner: { deepOption: false },
        either: false,
      },
      issues: [],
    });
  });

  test('an option without value, or "true", is the object with its defaults; "false" is its absence', () => {
    expect(read({ inner: '' }).value).toEqual({ inner: {} });
    expect(read({ inner: 'true' }).value).toEqual({ inner: {} });
    expect(read({ inner: 'false' }).value).toEqual({});
    expect(read({ inner: { [ownText]: 'true', deepOption: 'true' } }).value).toEqual({ inner: { deepOption: true } });
    expect(read({ inner: { [ownText]: 'false', deepOption: 'true' } }).value).toEqual({});
  });

  test('an empty number or boolean is not set', () => {
    expect(read({ count: '', on: '', name: '' })).toEqual({ value: { name: '' }, issues: [] });
  });
});

describe('values of YAML', () => {
  test('are read as loosely as Traefik reads them', () => {
    expect(read({ name: 5, count: '7', on: 'true', list: 'a,b', wait: 10, headers: { n: 1 } }, false)).toEqual({
      value: { name: '5', count: 7, on: true, list: ['a', 'b'], wait: 10, headers: { n: '1' } },
      issues: [],
    });
  });

  test('null is an option not set, or an object of defaults', () => {
    expect(read({ name: null, list: null, headers: null, inner: null }, false)).toEqual({
      value: { inner: {} },
      issues: [],
    });
  });
});

describe('what is wrong', () => {
  test('costs the option, not its siblings', () => {
    const { value, issues } = read({ count: 'many', on: 'yes', mode: 'c', wait: 'soon', name: 'kept' });
    expect(value).toEqual({ name: 'kept' });
    expect(issues.map(({ path }) => path.join('.'))).toEqual(['root.count', 'root.on', 'root.mode', 'root.wait']);
    expect(issues.map(({ message }) => message)).toEqual([
      'is a whole number, not "many"',
      'is true or false, not "yes"',
      'is one of a, b; not "c"',
      'is not a duration such as "10s" or "1m30s"',
    ]);
  });

  test('is said in words for every kind', () => {
    expect(faults({ count: '0' })).toEqual(['OPTION_INVALID root.count must be at least 1, not "0"']);
    expect(faults({ items: 'x' })).toEqual(
      ['OPTION_INVALID root.items.0 cannot stand alone: it needs options below it'].map((line) =>
        line.replace('cannot stand alone: it needs options below it', 'has options, not "x"'),
      ),
    );
    expect(faults({ headers: 'x' })).toEqual(['OPTION_INVALID root.headers needs names with values below it, not "x"']);
    expect(faults({ name: { a: 'b' } })).toEqual(['OPTION_INVALID root.name is a single value, not a set of options']);
    expect(faults({ list: { a: 'b' } })).toEqual(['OPTION_INVALID root.list is a list: number its items as [0], [1]']);
    expect(faults({ items: [{}] })).toEqual(['OPTION_INVALID root.items.0.main is missing']);
    expect(faults({ count: 1.5 }, false)).toEqual(['OPTION_INVALID root.count is a whole number, not 1.5']);
    expect(faults('x')).toEqual(['OPTION_INVALID root has options, not "x"']);
  });

  test('an unknown option comes with the nearest name', () => {
    const { value, issues } = read({ naem: 'x', inner: { deepOptoin: 'true' } });
    expect(value).toEqual({ inner: {} });
    expect(issues).toMatchObject([
      { code: 'OPTION_UNKNOWN', path: ['root', 'naem'], suggestion: 'name' },
      { code: 'OPTION_UNKNOWN', path: ['root', 'inner', 'deepOptoin'], suggestion: 'deepOption' },
    ]);
  });

  test('a refinement of the whole is reported once', () => {
    const both = z
      .strictObject({ a: z.boolean().optional(), b: z.boolean().optional() })
      .refine(({ a, b }) => !(a && b), { message: 'has a or b, not both', path: ['b'] });
    expect(decode(both, { a: 'true', b: 'true' }, { strings: true, path: [] })).toEqual({
      value: { a: true },
      issues: [
        { path: ['b'], code: 'OPTION_INVALID', severity: 'error', message: 'has a or b, not both', suggestion: null },
      ],
    });
  });

  test('a name cannot reach the prototype', () => {
    const { value } = read(JSON.parse('{"headers":{"__proto__":"x","a":"b"}}'));
    expect(value).toEqual({ headers: { a: 'b' } });
  });
});

describe('options that Traefik has and Gatehouse has not yet', () => {
  test('are left out with a warning where that is harmless', () => {
    const { value, issues } = decode(
      z.strictObject({ defaultCertificate: z.string().optional() }),
      { defaultCertificate: 'a', defaultGeneratedCert: { resolver: 'le' } },
      { strings: false, path: ['tls', 'stores', 'default'] },
    );
    expect(value).toEqual({ defaultCertificate: 'a' });
    expect(issues).toMatchObject([{ code: 'OPTION_UNSUPPORTED', severity: 'warning' }]);
  });

  test('are errors where leaving them out would change who gets in, or where requests go', () => {
    const at = { strings: false, path: ['http', 'serversTransports', 'a'] };
    expect(decode(serversTransportSchema, { spiffe: { ids: ['a'] } }, at).issues).toMatchObject([
      { code: 'OPTION_UNSUPPORTED', severity: 'error' },
    ]);
  });

  test('a negative flush interval is fine', () => {
    const at = { strings: true, path: ['http', 'services', 'a'] };
    const input = { loadbalancer: { responseforwarding: { flushinterval: '-1ms' } } };
    expect(decode(serviceSchema, input, at).issues).toEqual([]);
  });
});

test('booleans are what Go takes for one', () => {
  expect(['1', 't', 'T', 'TRUE', 'true', 'True'].map(readBoolean)).toEqual(Array.from({ length: 6 }, () => true));
  expect(['0', 'f', 'F', 'FALSE', 'false', 'False'].map(readBoolean)).toEqual(Array.from({ length: 6 }, () => false));
  expect(['yes', 'no', 'on', ' true', ''].map(readBoolean)).toEqual(Array.from({ length: 5 }, () => undefined));
});
