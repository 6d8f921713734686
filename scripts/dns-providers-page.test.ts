import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { dnsProvidersPage } from './dns-providers-page.ts';

it('is what the providers say (else: npm run docs)', async () => {
  expect(readFileSync(new URL('../docs/dns-providers.md', import.meta.url), 'utf8')).toBe(await dnsProvidersPage());
});
