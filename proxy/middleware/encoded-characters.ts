import { z } from 'zod';
import { answerText } from './answer-text.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  allowEncodedSlash: z.boolean().optional(),
  allowEncodedBackSlash: z.boolean().optional(),
  allowEncodedNullCharacter: z.boolean().optional(),
  allowEncodedSemicolon: z.boolean().optional(),
  allowEncodedPercent: z.boolean().optional(),
  allowEncodedQuestionMark: z.boolean().optional(),
  allowEncodedHash: z.boolean().optional(),
});
type Config = z.infer<typeof schema>;

const escapes = {
  allowEncodedSlash: '%2F',
  allowEncodedBackSlash: '%5C',
  allowEncodedNullCharacter: '%00',
  allowEncodedSemicolon: '%3B',
  allowEncodedPercent: '%25',
  allowEncodedQuestionMark: '%3F',
  allowEncodedHash: '%23',
} as const satisfies Record<keyof Config, string>;

export const encodedCharacters: MiddlewareDefinition<Config> = {
  type: 'encodedCharacters',
  summary: 'Refuses paths that hold encoded slashes and the like, but for those that are allowed.',
  schema,
  build(config, context) {
    const findDenied = readDenied(config);
    return (next) => (exchange) => {
      const found = findDenied(exchange.request.path);
      if (found === null) return next(exchange);
      context.verdict(exchange, 'refused');
      exchange.notes.error = { code: 'REQUEST_AMBIGUOUS', detail: `${context.name} does not allow ${found} in a path` };
      answerText(exchange, 400);
    };
  },
  explain(config, request) {
    const found = readDenied(config)(request.path);
    return found === null ? says('passes', 'ESCAPES_FINE') : says('refuses', 'ESCAPE_FOUND', { escape: found });
  },
};

/** Gives the first escape of a path that is not allowed, or null. */
function readDenied(config: Config): (path: string) => string | null {
  const denied = new Set<string>(
    Object.entries(escapes).flatMap(([option, text]) => (config[option as keyof Config] ? [] : text)),
  );
  return (path) => path.match(/%[0-9a-fA-F]{2}/g)?.find((text) => denied.has(text.toUpperCase())) ?? null;
}
