import { z } from 'zod';
import { canonicalPath } from '../rule/path.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { readPath, refusePath } from './rewritten-path.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({ prefix: z.string().optional() });
type Config = z.infer<typeof schema>;

export const addPrefix: MiddlewareDefinition<Config> = {
  type: 'addPrefix',
  summary: 'Puts a prefix before the path of each request.',
  schema,
  build(config, context) {
    const prefix = readPrefix(config);
    return (next) => (exchange) => {
      const { request } = exchange;
      // `OPTIONS *` asks about the server as a whole.
      if (request.path === '*') return next(exchange);
      const path = prefix + request.path;
      if (canonicalPath(path, request.pathForm) !== path) {
        context.verdict(exchange, 'refused');
        return refusePath(exchange, context.name, path);
      }
      request.path = path;
      return next(exchange);
    };
  },
  explain: (config, request) => says('passes', 'PATH_BECOMES', { path: `${readPrefix(config)}${request.path}` }),
};

function readPrefix(config: Config): string {
  const { prefix = '' } = config;
  if (prefix === '') throw new Error('prefix is empty.');
  return readPath('The prefix', prefix);
}
