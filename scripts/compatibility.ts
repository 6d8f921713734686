// Writes docs/compatibility.md from the schemas: `npm run docs`. With `--check` it only says whether the file is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compatibilityPage } from './compatibility-page.ts';

const path = join(import.meta.dirname, '..', 'docs', 'compatibility.md');

if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== compatibilityPage()) {
    console.error('docs/compatibility.md is not what the schemas say. Run: npm run docs');
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, compatibilityPage());
  console.log('Wrote docs/compatibility.md.');
}
