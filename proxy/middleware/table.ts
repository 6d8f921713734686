import { addPrefix } from './add-prefix.ts';
import { basicAuth } from './basic-auth.ts';
import { buffering } from './buffering.ts';
import { chain } from './chain.ts';
import { circuitBreaker } from './circuit-breaker.ts';
import { compress } from './compress.ts';
import { contentType } from './content-type.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { digestAuth } from './digest-auth.ts';
import { encodedCharacters } from './encoded-characters.ts';
import { errors } from './errors.ts';
import { forwardAuth } from './forward-auth.ts';
import { grpcWeb } from './grpc-web.ts';
import { headers } from './headers.ts';
import { inFlightReq } from './in-flight-req.ts';
import { ipAllowList } from './ip-allow-list.ts';
import { ipWhiteList } from './ip-white-list.ts';
import { passTLSClientCert } from './pass-tls-client-cert.ts';
import { plugin } from './plugin.ts';
import { rateLimit } from './rate-limit.ts';
import { redirectRegex } from './redirect-regex.ts';
import { redirectScheme } from './redirect-scheme.ts';
import { replacePath } from './replace-path.ts';
import { replacePathRegex } from './replace-path-regex.ts';
import { retry } from './retry.ts';
import { stripPrefix } from './strip-prefix.ts';
import { stripPrefixRegex } from './strip-prefix-regex.ts';

/** Every kind of middleware there is, by its key in configuration. */
export const middlewareTable: ReadonlyMap<string, MiddlewareDefinition> = new Map(
  [
    row(addPrefix),
    row(basicAuth),
    row(buffering),
    row(chain),
    row(circuitBreaker),
    row(compress),
    row(contentType),
    row(digestAuth),
    row(encodedCharacters),
    row(errors),
    row(forwardAuth),
    row(grpcWeb),
    row(headers),
    row(inFlightReq),
    row(ipAllowList),
    row(ipWhiteList),
    row(passTLSClientCert),
    row(plugin),
    row(rateLimit),
    row(redirectRegex),
    row(redirectScheme),
    row(replacePath),
    row(replacePathRegex),
    row(retry),
    row(stripPrefix),
    row(stripPrefixRegex),
  ].map((definition) => [definition.type, definition]),
);

/** Whoever calls `build` or `explain` has parsed the options by the row's own schema, so the types agree by then. */
function row<Config>(definition: MiddlewareDefinition<Config>): MiddlewareDefinition {
  return definition as unknown as MiddlewareDefinition;
}
