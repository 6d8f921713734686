// Writes the pages of docs/ that follow from the source: `npm run docs`. With `--check` it only says whether they are up
// to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compatibilityPage } from './compatibility-page.ts';
import { dnsProvidersPage } from './dns-providers-page.ts';

const pages = {
  'compatibility.md': compatibilityPage(),
  'dns-providers.md': await dnsProvidersPage(),
};

for (const [name, text] of Object.entries(pages)) {
  const path = join(import.meta.dirname, '..', 'docs', name);
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
    console.log(`Wrote docs/${name}.`);
  } else if (readFileSync(path, 'utf8') !== text) {
    console.error(`docs/${name} is not what the source says. Run: npm run docs`);
    process.exitCode = 1;
  }
}
