import { z } from 'zod';
import { covers, namesToAsk, withoutNeedless } from '../../app/certificates/acme/plan.ts';
import { parseAnyAuthority, parseAuthority } from '../../proxy/http/authority.ts';
import { upgradeOf } from '../../proxy/http/canonical.ts';
import { connectionOptions } from '../../proxy/http/header-names.ts';
import { acceptableCodings, codings } from '../../proxy/middleware/accept-encoding.ts';
import { createIpStrategy } from '../../proxy/middleware/client-source.ts';
import { fitsMediaType } from '../../proxy/middleware/media-type.ts';
import { createSecureHeaders } from '../../proxy/middleware/secure-headers.ts';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { qualify } from '../../proxy/model/names.ts';
import { cookieName, createStickyCookie } from '../../proxy/service/sticky-cookie.ts';
import { makeRequest } from '../support/exchange.ts';
import { isRefusedStatic } from './config.ts';
import { arrivedRequest, requestShape, type ToldRequest } from './traffic.ts';
import { ByDesign, Missing, NotApplicable } from './vector.ts';

export interface CallOutcome {
  readonly result: unknown;
  readonly error: boolean;
}

type Call = (receiver: unknown, args: readonly unknown[], asTraefik: boolean) => CallOutcome;

const result = (value: unknown): CallOutcome => ({ result: value, error: false });

function apart(reason: string): Call {
  return () => {
    throw new NotApplicable(reason);
  };
}

const domainShape = z.strictObject({ main: z.string().optional(), sans: z.array(z.string()).optional() });

/** Traefik's helper functions for which the product has the same notion, by their name in Go. */
const functions: Readonly<Record<string, Call>> = {
  'pkg/middlewares/requestdecorator.parseHost': (_, [host], asTraefik) => {
    // What is no authority is refused, unless everything is to be as in Traefik, which goes on with the text.
    const parsed = (asTraefik ? parseAnyAuthority : parseAuthority)(z.string().parse(host));
    if (parsed === null) throw new ByDesign('a Host that is none is refused by design');
    return result(parsed.host);
  },
  'pkg/middlewares/requestdecorator.Resolver.CNAMEFlatten': apart('hostResolver'),
  'pkg/middlewares/encodedcharacters.mapDeniedCharacters': (_, [options]) => result(deniedEscapes(options)),
  'pkg/middlewares/compress.buildSupportedEncodings': (_, [names]) => result(z.array(z.enum(codings)).parse(names)),
  'pkg/middlewares/compress.parseAcceptableEncodings': (_, [fields, supported]) =>
    result(
      acceptableCodings(z.array(z.string()).parse(fields), z.array(z.enum(codings)).parse(supported))
        .toSorted((a, b) => b.weight - a.weight)
        .map(({ coding, weight }) => ({ Type: coding, Weight: weight })),
    ),
  'pkg/middlewares/compress.parsedContentType.equals': (receiver, [type, params]) => {
    const shape = z.strictObject({
      mediaType: z.string().optional(),
      params: z.record(z.string(), z.string()).optional(),
    });
    const { mediaType = '', params: own = {} } = shape.parse(receiver);
    const other = z.record(z.string(), z.string()).nullable().parse(params) ?? {};
    const wanted = { type: mediaType, parameters: new Map(Object.entries(own)) };
    return result(fitsMediaType({ type: z.string().parse(type), parameters: new Map(Object.entries(other)) }, wanted));
  },
  'pkg/ip.RemoteAddrStrategy.GetIP': (receiver, [request]) => result(addressBy(receiver, request)),
  'pkg/ip.DepthStrategy.GetIP': (receiver, [request]) => result(addressBy(receiver, request)),
  'pkg/config/dynamic.IPStrategy.Get': (receiver) => {
    const shape = z.strictObject({
      depth: z.int().optional(),
      excludedIPs: z.array(z.string()).optional(),
      ipv6Subnet: z.int().optional(),
    });
    const config = shape.parse(receiver);
    try {
      return result(createIpStrategy(config));
    } catch {
      return { result: null, error: true };
    }
  },
  // Traefik builds that part of the middleware only then; here it is always there and says whether it has work.
  'pkg/config/dynamic.Headers.HasSecureHeadersDefined': (receiver) => {
    const config = middlewareTable.get('headers')?.schema.parse(receiver ?? {}) ?? {};
    return result(createSecureHeaders(config).changesAnswers);
  },
  'pkg/config/dynamic.RouterDeniedEncodedPathCharacters.Map': apart('set by code for the Kubernetes providers'),
  'pkg/server/provider.GetQualifiedName': (_, [name]) => {
    const given = z.string().parse(name);
    if (!given.includes('@')) throw new NotApplicable('the provider in whose context a name is read is not told');
    return result(qualify(given, 'file'));
  },
  'pkg/types.Domain.ToStrArray': (domain) => result(namesToAsk(domainShape.parse(domain), true)),
  'pkg/types.MatchDomain': (_, [name, certified]) =>
    result(covers(new Set([z.string().parse(certified)]), z.string().parse(name))),
  'pkg/provider/acme.Provider.sanitizeDomains': (provider, [domain]) => {
    const { dnsChallenge } = z.looseObject({ dnsChallenge: z.unknown().optional() }).parse(provider ?? {});
    const names = namesToAsk(domainShape.parse(domain ?? {}), dnsChallenge !== undefined);
    return typeof names === 'string' ? { result: null, error: true } : result(names);
  },
  'pkg/provider/acme.deleteUnnecessaryDomains': (_, [domains]) =>
    result(
      withoutNeedless(
        z
          .array(domainShape)
          .parse(domains)
          .map(({ main = '', sans = [] }) => ({ main, sans })),
      ),
    ),
  'pkg/provider/acme.getCertificateRenewDurations': apart(
    'renewal is when the CA says, else at two thirds of the lifetime, by design',
  ),
  'pkg/config/static.Configuration.ValidateConfiguration': (receiver) => ({
    result: null,
    error: isRefusedStatic(receiver),
  }),
  'pkg/server/cookie.GetName': (_, [name, service]) =>
    result(cookieName(z.string().parse(service), { name: z.string().parse(name) })),
  'pkg/server/cookie.sanitizeName': (_, [name]) => result(cookieName('', { name: z.string().parse(name) })),
  'pkg/server/service/loadbalancer.convertSameSite': (_, [sameSite]) => {
    const written = createStickyCookie('test', { sameSite: z.string().parse(sameSite) }, ['a']).write('a');
    return result(/; SameSite=(\w+)/.exec(written)?.[1]?.toLowerCase() ?? 'default');
  },
  'pkg/middlewares/passtlsclientcert.sanitize': apart('a helper on a certificate that is not there'),
  'pkg/middlewares/passtlsclientcert.getSANs': apart('a helper on a certificate that is not there'),
};

export function callFunction(
  name: string,
  receiver: unknown,
  args: readonly unknown[],
  asTraefik: boolean,
): CallOutcome {
  const call = functions[name];
  if (!call) throw new Missing(`the runner does not know the function ${name}`);
  return call(receiver, args, asTraefik);
}

/** What the middleware refuses, of the escapes that Traefik's table knows. */
function deniedEscapes(options: unknown): Readonly<Record<string, object>> {
  const definition = middlewareTable.get('encodedCharacters');
  if (!definition?.explain) throw new Missing('there is no middleware encodedCharacters');
  const config = definition.schema.parse(options);
  const denied: Record<string, object> = {};
  for (const escape of ['%2F', '%2f', '%5C', '%5c', '%00', '%3B', '%3b', '%25', '%3F', '%3f', '%23', '%41', '%20']) {
    const request = makeRequest({ path: `/a${escape}b` });
    if (definition.explain(config, request).verdict === 'refuses') denied[escape] = {};
  }
  return denied;
}

function addressBy(receiver: unknown, request: unknown): string {
  const shape = z.strictObject({ Depth: z.int().optional(), IPv6Subnet: z.int().optional() });
  const { Depth: depth, IPv6Subnet: ipv6Subnet } = shape.parse(receiver);
  const told = requestShape.parse(request);
  // Traefik builds the strategy by hand here; out of range means no subnet.
  if (ipv6Subnet !== undefined && (ipv6Subnet < 1 || ipv6Subnet > 128)) {
    throw new NotApplicable('a subnet that no configuration may ask for');
  }
  const config = { ...(depth === undefined ? {} : { depth }), ...(ipv6Subnet === undefined ? {} : { ipv6Subnet }) };
  return createIpStrategy(config)(arrivedRequest(told));
}

/** Functions of a request alone. */
export function applyFunction(name: string, told: ToldRequest): unknown {
  if (name === 'isWebsocketRequest') {
    const values = (wanted: string): string[] =>
      (told.headers ?? []).filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value);
    // Node hands a request on as an upgrade only where Connection says so.
    const nominated = values('connection').flatMap(connectionOptions).includes('upgrade');
    return nominated && upgradeOf(told.method, values('upgrade').join(', '), { asTraefik: false }) !== null;
  }
  throw new Missing(`the runner does not know the function ${name}`);
}
