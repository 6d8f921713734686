import { z } from 'zod';
import { answerError } from '../http/error-page.ts';
import type { ProxyRequest } from '../http/exchange.ts';
import { answerText } from './answer-text.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { compilePattern, replaceAllMatches } from './go-regexp.ts';
import { redirectStatus } from './redirect-scheme.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  regex: z.string().optional(),
  replacement: z.string().optional(),
  permanent: z.boolean().optional(),
});
type Config = z.infer<typeof schema>;

export const redirectRegex: MiddlewareDefinition<Config> = {
  type: 'redirectRegex',
  summary: 'Redirects addresses that match a regular expression to what the replacement makes of them.',
  schema,
  build(config, context) {
    const targetOf = readTarget(config);
    const permanent = config.permanent === true;
    return (next) => (exchange) => {
      const { request } = exchange;
      const target = targetOf(request);
      if (target === null) return next(exchange);
      context.verdict(exchange, 'answered');
      if (!isAddress(target)) {
        return answerError(exchange, 502, 'INTERNAL', `${context.name} made "${target}", which is no address`);
      }
      return answerText(exchange, redirectStatus(request.method, permanent), ['Location', target]);
    };
  },
  explain(config, request) {
    const target = readTarget(config)(request);
    return target === null ? says('passes', 'REDIRECT_NOT') : says('answers', 'REDIRECTS', { target });
  },
};

/** Gives the new address, or null where there is nothing to redirect. */
function readTarget(config: Config): (request: ProxyRequest) => string | null {
  const { regex = '', replacement = '' } = config;
  const pattern = compilePattern('regex', regex);
  return ({ scheme, authority, path, query }) => {
    const address = `${scheme}://${authority}${path}${query === '' ? '' : `?${query}`}`;
    if (!pattern.test(address)) return null;
    const target = replaceAllMatches(pattern, address, replacement);
    return target === address ? null : target.replaceAll(/[^\x21-\x7e]|["<>\\^`{|}]/gu, encodeURIComponent);
  };
}

/** An address, or a path on the same host. Escapes in a host are read in different ways. */
function isAddress(target: string): boolean {
  const host = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1] ?? '';
  return !host.includes('%') && URL.canParse(target, 'http://host');
}
