import { addPrefix } from './add-prefix.ts';
import { basicAuth } from './basic-auth.ts';
import { chain } from './chain.ts';
import { compress } from './compress.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { headers } from './headers.ts';
import { ipAllowList } from './ip-allow-list.ts';
import { rateLimit } from './rate-limit.ts';
import { redirectScheme } from './redirect-scheme.ts';
import { stripPrefix } from './strip-prefix.ts';

/** Every kind of middleware there is, by its key in configuration. */
export const middlewareTable: ReadonlyMap<string, MiddlewareDefinition> = new Map(
  [
    row(addPrefix),
    row(basicAuth),
    row(chain),
    row(compress),
    row(headers),
    row(ipAllowList),
    row(rateLimit),
    row(redirectScheme),
    row(stripPrefix),
  ].map((definition) => [definition.type, definition]),
);

/** Whoever calls `build` or `explain` has parsed the options by the row's own schema, so the types agree by then. */
function row<Config>(definition: MiddlewareDefinition<Config>): MiddlewareDefinition {
  return definition as unknown as MiddlewareDefinition;
}
