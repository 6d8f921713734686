import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { MiddlewareConfig } from '../model/dynamic.ts';
import { createMiddlewareBuilder } from './builder.ts';
import { middlewareTable } from './table.ts';

const text = readFileSync(new URL('../../docs/middlewares.md', import.meta.url), 'utf8');

/** The examples of the user's documentation, by type. */
function examples(): Map<string, MiddlewareConfig> {
  const found = new Map<string, MiddlewareConfig>();
  for (const [, block = ''] of text.matchAll(/```yaml\n(.*?)```/gs)) {
    const read = parse(block) as Record<string, MiddlewareConfig> & {
      http?: { middlewares: Record<string, MiddlewareConfig> };
    };
    if ('labels' in read) continue;
    const named: Record<string, MiddlewareConfig> = read.http?.middlewares ?? read;
    for (const config of Object.values(named)) found.set(Object.keys(config)[0] ?? '', config);
  }
  return found;
}

it.each([...middlewareTable.keys()])('%s has its paragraph', (type) => {
  expect(text).toContain(`**${type}**`);
});

it.each([...examples()])('the example of %s can be used', (type, config) => {
  const definition = middlewareTable.get(type);
  expect(definition?.schema.safeParse(config[type]).error?.message).toBeUndefined();
  // What is on the reader's machine is not on this one.
  if (JSON.stringify(config).includes('/etc/')) return;
  const surroundings = {
    service: () => () => undefined,
    connect: () => ({ host: '', ask: () => Promise.reject(new Error('not asked')) }),
  };
  const named = { https: { chain: {} }, calm: { chain: {} }, password: { chain: {} } };
  const builder = createMiddlewareBuilder({ ...named, m: config }, undefined, undefined, surroundings);
  expect(typeof builder.build('m')).toBe('function');
});
