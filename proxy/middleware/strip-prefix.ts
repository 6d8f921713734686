import { z } from 'zod';
import type { MiddlewareDefinition } from './definition.ts';
import { explainStripping, stripping } from './rewritten-path.ts';

const schema = z.strictObject({
  prefixes: z.array(z.string()).optional(),
  /** Deprecated in Traefik. The path always begins with a slash here, which is what it asked for. */
  forceSlash: z.boolean().optional(),
});
type Config = z.infer<typeof schema>;

export const stripPrefix: MiddlewareDefinition<Config> = {
  type: 'stripPrefix',
  summary: 'Takes a prefix off the path and tells the server of it in X-Forwarded-Prefix.',
  schema,
  build(config, context) {
    const prefixes = readPrefixes(config);
    return stripping((path) => strip(path, prefixes), context);
  },
  explain(config, request) {
    const prefixes = readPrefixes(config);
    return explainStripping((path) => strip(path, prefixes), request, 'NO_PREFIX');
  },
};

interface Prefix {
  /** As the server is told. */
  readonly text: string;
  readonly bytes: Buffer;
}

function readPrefixes(config: Config): Prefix[] {
  return (config.prefixes ?? [])
    .map((prefix) => prefix.trim())
    .filter((prefix) => prefix !== '')
    .map((prefix) => ({ text: encodeURI(prefix), bytes: Buffer.from(prefix) }));
}

function strip(path: string, prefixes: readonly Prefix[]): { path: string; prefix: string } | null {
  for (const prefix of prefixes) {
    const length = prefixLength(path, prefix.bytes);
    // Several slashes left at the start would make it look like another host to a careless server.
    if (length >= 0) return { path: `/${path.slice(length).replace(/^\/+/, '')}`, prefix: prefix.text };
  }
  return null;
}

/** How much of the path on the wire the prefix takes; escapes count as the byte they stand for, but not `%2F`. */
function prefixLength(path: string, prefix: Buffer): number {
  let index = 0;
  for (const byte of prefix) {
    let code = path.charCodeAt(index);
    index += 1;
    if (code === 0x25 /* % */) {
      code = Number.parseInt(path.slice(index, index + 2), 16);
      index += 2;
      if (code === 0x2f) return -1;
    }
    if (code !== byte) return -1;
  }
  return index;
}
