import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { compatibilityPage } from './compatibility-page.ts';
import { optionsOf } from './schema-options.ts';

it('is what the schemas say (else: npm run docs)', () => {
  expect(readFileSync(new URL('../docs/compatibility.md', import.meta.url), 'utf8')).toBe(compatibilityPage());
});

it('finds the options of a schema, however they are nested', () => {
  const schema = z.strictObject({
    flag: z.boolean().optional(),
    lists: z.array(z.string()).optional(),
    items: z.array(z.strictObject({ weight: z.int() })),
    named: z.record(z.string(), z.strictObject({ kind: z.enum(['a', 'b']) })).optional(),
    bare: z.strictObject({}).optional(),
  });
  expect(optionsOf(schema, 'top').map(({ path, type }) => `${path}: ${type}`)).toEqual([
    'top.flag: true or false',
    'top.lists: list of texts',
    'top.items[].weight: number',
    'top.named.<name>.kind: a, b',
    'top.bare: object without options',
  ]);
});
