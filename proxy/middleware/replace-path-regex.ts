import { z } from 'zod';
import { canonicalPath } from '../rule/path.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { compilePattern, replaceAllMatches } from './go-regexp.ts';
import { replacedPathHeader } from './replace-path.ts';
import { encodePath, refusePath } from './rewritten-path.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({ regex: z.string().optional(), replacement: z.string().optional() });
type Config = z.infer<typeof schema>;

export const replacePathRegex: MiddlewareDefinition<Config> = {
  type: 'replacePathRegex',
  summary: 'Rewrites the path by a regular expression, and tells the server of the old one in X-Replaced-Path.',
  schema,
  build(config, context) {
    const rewrite = readRewrite(config);
    return (next) => (exchange) => {
      const { request } = exchange;
      const path = rewrite(request.path);
      if (path === null) return next(exchange);
      if (canonicalPath(path, request.pathForm) !== path) {
        context.verdict(exchange, 'refused');
        return refusePath(exchange, context.name, path);
      }
      request.headers.append(replacedPathHeader, request.path);
      request.path = path;
      return next(exchange);
    };
  },
  explain(config, request) {
    const path = readRewrite(config)(request.path);
    if (path === null) return says('passes', 'PATH_STAYS');
    return canonicalPath(path, request.pathForm) === path
      ? says('passes', 'PATH_BECOMES', { path })
      : says('refuses', 'PATH_DOUBTFUL', { path });
  },
};

/** Gives the new path, or null where the pattern does not match. */
function readRewrite(config: Config): (path: string) => string | null {
  const pattern = compilePattern('regex', (config.regex ?? '').trim());
  const replacement = (config.replacement ?? '').trim();
  return (path) => {
    if (!pattern.test(path)) return null;
    return encodePath(replaceAllMatches(pattern, path, replacement)) || '/';
  };
}
