import { z } from 'zod';
import type { MiddlewareDefinition } from './definition.ts';
import { readPath } from './rewritten-path.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({ path: z.string().optional() });
type Config = z.infer<typeof schema>;

/** Tells the server which path the visitor asked for. */
export const replacedPathHeader = 'X-Replaced-Path';

export const replacePath: MiddlewareDefinition<Config> = {
  type: 'replacePath',
  summary: 'Sends every request to one path, and tells the server of the old one in X-Replaced-Path.',
  schema,
  build(config) {
    const path = readPath('path', config.path ?? '');
    return (next) => (exchange) => {
      const { request } = exchange;
      request.headers.append(replacedPathHeader, request.path);
      request.path = path;
      return next(exchange);
    };
  },
  explain: (config) => says('passes', 'PATH_BECOMES', { path: readPath('path', config.path ?? '') }),
};
