import type { RE2JS } from 're2js';
import { z } from 'zod';
import type { MiddlewareDefinition } from './definition.ts';
import { compilePattern } from './go-regexp.ts';
import { explainStripping, stripping } from './rewritten-path.ts';

const schema = z.strictObject({ regex: z.array(z.string()).optional() });
type Config = z.infer<typeof schema>;

export const stripPrefixRegex: MiddlewareDefinition<Config> = {
  type: 'stripPrefixRegex',
  summary:
    'Takes off the path what a regular expression finds at its start, and tells the server in X-Forwarded-Prefix.',
  schema,
  build(config, context) {
    const patterns = readPatterns(config);
    return stripping((path) => strip(path, patterns), context);
  },
  explain(config, request) {
    const patterns = readPatterns(config);
    return explainStripping((path) => strip(path, patterns), request, 'NO_EXPRESSION');
  },
};

function readPatterns(config: Config): RE2JS[] {
  return (config.regex ?? []).map((pattern, index) => compilePattern(`regex[${index}]`, pattern.trim()));
}

function strip(path: string, patterns: readonly RE2JS[]): { path: string; prefix: string } | null {
  const decoded = decode(path);
  for (const pattern of patterns) {
    const matcher = pattern.matcher(decoded);
    if (!matcher.find() || matcher.start() !== 0 || matcher.end() === 0) continue;
    const prefix = decoded.slice(0, matcher.end());
    // Bytes that are no text have no length that could be found again in the path.
    if (prefix.includes('\uFFFD')) continue;
    const rest = path.slice(wireLength(path, Buffer.byteLength(prefix)));
    // Several slashes left at the start would make it look like another host to a careless server.
    return { path: `/${rest.replace(/^\/+/, '')}`, prefix: /[^\x20-\x7e]/.test(prefix) ? encodeURI(prefix) : prefix };
  }
  return null;
}

/** The path with all escapes decoded, as Traefik matches it. */
function decode(path: string): string {
  return path.replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (escapes) =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** How many characters of the path on the wire stand for so many decoded bytes. */
function wireLength(path: string, bytes: number): number {
  let length = 0;
  for (let taken = 0; taken < bytes; taken += 1) length += path.charAt(length) === '%' ? 3 : 1;
  return length;
}
