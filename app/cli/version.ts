import { readFileSync } from 'node:fs';

/** As package.json says. The file lies two folders up from the source and from the bundle alike. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string }
).version;
