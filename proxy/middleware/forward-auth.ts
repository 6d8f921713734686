import type { RE2JS } from 're2js';
import { z } from 'zod';
import { answerError } from '../http/error-page.ts';
import { answer, type Exchange, type Handler, type ProxyRequest, type ResponseHead } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { isHopByHop } from '../http/header-names.ts';
import { AnswerTooLong, type Upstream, type UpstreamAnswer } from '../http/upstream.ts';
import { upstreamFailure } from '../http/upstream-errors.ts';
import { bodyOf, readWhole, requestWithBody } from '../http/whole-body.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';
import { answerText } from './answer-text.ts';
import { authRequestHeaders } from './auth-request.ts';
import type { BuildContext, MiddlewareDefinition } from './definition.ts';
import { compilePattern } from './go-regexp.ts';
import { canonicalName, checkFields, fieldRemover } from './header-aliases.ts';
import { PassingSink } from './passing-sink.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  address: z.string().optional(),
  tls: z
    .strictObject({
      ca: z.string().optional(),
      cert: z.string().optional(),
      key: z.string().optional(),
      insecureSkipVerify: z.boolean().optional(),
      /** Deprecated, and without effect in Traefik too. */
      caOptional: z.boolean().optional(),
    })
    .optional(),
  trustForwardHeader: z.boolean().optional(),
  authResponseHeaders: z.array(z.string()).optional(),
  authResponseHeadersRegex: z.string().optional(),
  authRequestHeaders: z.array(z.string()).optional(),
  maxResponseBodySize: z.int().optional(),
  addAuthCookiesToResponse: z.array(z.string()).optional(),
  headerField: z.string().optional(),
  forwardBody: z.boolean().optional(),
  maxBodySize: z.int().optional(),
  preserveLocationHeader: z.boolean().optional(),
  preserveRequestMethod: z.boolean().optional(),
  authSigninURL: z.string().optional(),
});
export type ForwardAuthConfig = z.infer<typeof schema>;

const timeoutMs = 30_000;
/** Where no bound is given. Traefik has none then; -1 takes it away here too. */
const defaultMaxBytes = 10 * 1024 * 1024;

export const forwardAuth: MiddlewareDefinition<ForwardAuthConfig> = {
  type: 'forwardAuth',
  summary: 'Asks another server whether a visitor may come in.',
  schema,
  // May hold the key itself.
  secretOptions: ['key'],
  build(config, context) {
    const server = connect(config, context);
    const remove = fieldRemover(context);
    const taken = readTaken(config, context);
    const maxBytes = context.asTraefik === true ? -1 : defaultMaxBytes;
    const cookies = new Set(config.addAuthCookiesToResponse ?? []);
    const { headerField = '', authSigninURL = '' } = config;

    return (next) => (exchange) => {
      const { request } = exchange;
      if (request.body === null || !config.forwardBody) return decide(exchange, null, next);
      return withBody(exchange, request.body, next);
    };

    async function withBody(
      { request, sink, notes, signal }: Exchange,
      body: NonNullable<ProxyRequest['body']>,
      next: Handler,
    ): Promise<void> {
      const whole = await readWhole(body, config.maxBodySize ?? maxBytes);
      const served = (again: ProxyRequest['body']): Exchange => ({
        request: requestWithBody(request, again),
        ...{ sink, notes, signal },
      });
      if ('bytes' in whole) return decide(served(bodyOf(whole.bytes)), whole.bytes, next);
      whole.tooLong.destroy();
      context.verdict(served(null), 'refused');
      refuseUnheard(served(null), 'the body is too large to be shown to the auth server');
    }

    async function decide(exchange: Exchange, body: Buffer | null, next: Handler): Promise<void> {
      const { request, notes, signal } = exchange;
      const headers = authRequestHeaders(request, config);
      if (body !== null && body.byteLength > 0) headers.set('Content-Length', String(body.byteLength));
      let verdict: UpstreamAnswer;
      try {
        verdict = await server.ask({
          method: config.preserveRequestMethod ? request.method : 'GET',
          headers,
          body,
          maxAnswerBytes: config.maxResponseBodySize ?? maxBytes,
          timeoutMs,
          signal,
        });
      } catch (error) {
        if (signal.aborted) return;
        context.verdict(exchange, 'refused');
        const cause = error instanceof Error ? error : new Error(String(error));
        const detail = `${context.name}, asking ${server.host}: ${cause.message}`;
        if (cause instanceof AnswerTooLong) refuseUnheard(exchange, detail);
        else answerError(exchange, 500, upstreamFailure(cause).code, detail);
        return;
      }
      if (signal.aborted) return;
      const username = headerField === '' ? undefined : verdict.headers.get(headerField);
      if (username !== undefined) notes.username = username;
      if (verdict.status < 200 || verdict.status >= 300) {
        refuse(exchange, verdict);
        return;
      }
      // What a visitor says of itself under these names must not pass, whether the server says anything or not.
      if (headerField !== '') remove(request.headers, headerField);
      taken.replace(request.headers, verdict.headers);
      const added = setCookies(verdict.headers).filter(([name]) => cookies.has(name));
      await next(
        setCookies(verdict.headers).length === 0
          ? exchange
          : { request, notes, signal, sink: new CookieSink(exchange.sink, cookies, added) },
      );
    }

    function refuse(exchange: Exchange, verdict: UpstreamAnswer): void {
      const isRedirect = verdict.status >= 300 && verdict.status < 400;
      if (authSigninURL !== '' && verdict.status === 401) {
        context.verdict(exchange, 'answered');
        answerText(exchange, 302, ['Location', authSigninURL]);
        return;
      }
      context.verdict(exchange, isRedirect ? 'answered' : 'refused');
      const { headers } = verdict;
      headers.deleteWhere((name) => name === 'content-length' || name === 'trailer' || name === 'trailers');
      const location = headers.get('location');
      if (location !== undefined && location !== '' && !config.preserveLocationHeader) {
        const absolute = URL.parse(location, config.address);
        if (absolute === null) {
          answerError(exchange, 500, 'UPSTREAM_PROTOCOL', `${server.host} redirects to "${location}"`);
          return;
        }
        // One that is absolute already goes on as it was written.
        if (!URL.canParse(location)) headers.set('Location', absolute.href);
      }
      answer(exchange, verdict.status, headers, verdict.body);
    }
  },
  explain: ({ address = '' }) => says('depends', 'AUTH_ASKED', { address }),
};

function connect(
  { address = '', tls, authSigninURL = '', headerField }: ForwardAuthConfig,
  context: BuildContext,
): Upstream {
  if (address === '') throw new Error('address must be given, such as http://auth:9091/api/verify.');
  if (authSigninURL !== '' && /[^\x21-\x7e]/.test(authSigninURL)) {
    throw new Error('authSigninURL holds a character that cannot stand in an address.');
  }
  if (headerField !== undefined && headerField !== '') checkFields('headerField', { [headerField]: '' });
  if (tls === undefined) return context.connect(address);
  const { ca = '', cert = '', key = '', insecureSkipVerify = false } = tls;
  if ((cert === '') !== (key === '')) throw new Error('tls.cert and tls.key go together.');
  const transport: ServersTransportConfig = {
    ...(ca === '' ? {} : { rootCAs: [ca] }),
    ...(cert === '' ? {} : { certificates: [{ certFile: cert, keyFile: key }] }),
    insecureSkipVerify,
  };
  return context.connect(address, transport);
}

/** Turns a visitor away of whom the auth server could not be asked, or whose verdict is too long to be read. */
function refuseUnheard(exchange: Exchange, detail: string): void {
  exchange.notes.error = { code: 'REQUEST_MALFORMED', detail };
  answer(exchange, 401, new HeaderList());
}

interface TakenHeaders {
  /** Puts the auth server's fields in the place of the visitor's. */
  replace(headers: HeaderList, verdict: HeaderList): void;
}

function readTaken(
  { authResponseHeaders = [], authResponseHeadersRegex = '' }: ForwardAuthConfig,
  context: BuildContext,
): TakenHeaders {
  const remove = fieldRemover(context);
  checkFields('authResponseHeaders', Object.fromEntries(authResponseHeaders.map((name) => [name, ''])));
  const pattern: RE2JS | null =
    authResponseHeadersRegex === '' ? null : compilePattern('authResponseHeadersRegex', authResponseHeadersRegex);
  const matches = (name: string): boolean =>
    pattern !== null &&
    (pattern.test(canonicalName(name)) ||
      (context.asTraefik !== true && pattern.test(canonicalName(name.replaceAll(/[_.]/g, '-')))));
  return {
    replace(headers, verdict) {
      for (const name of authResponseHeaders) {
        if (isFraming(name)) continue;
        remove(headers, name);
        for (const value of verdict.getAll(name)) headers.append(name, value);
      }
      if (pattern === null) return;
      headers.deleteWhere((name) => !isFraming(name) && matches(name));
      for (const [name, value] of verdict) {
        if (!isFraming(name) && pattern.test(canonicalName(name))) headers.append(name, value);
      }
    },
  };
}

/** Fields that belong to one message and cannot be taken over into another. */
function isFraming(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'content-length' || lower === 'host' || lower === 'trailer' || isHopByHop(lower);
}

function setCookies(headers: HeaderList): (readonly [name: string, field: string])[] {
  return headers.getAll('set-cookie').map((field) => [cookieName(field), field]);
}

function cookieName(field: string): string {
  return (field.split('=')[0] ?? '').trim();
}

/** Gives the visitor the auth server's cookies of certain names, in place of the service's own. */
class CookieSink extends PassingSink {
  readonly #names: ReadonlySet<string>;
  readonly #cookies: readonly (readonly [string, string])[];

  constructor(inner: Exchange['sink'], names: ReadonlySet<string>, cookies: readonly (readonly [string, string])[]) {
    super(inner);
    this.#names = names;
    this.#cookies = cookies;
  }

  override head({ status, headers }: ResponseHead): void {
    const kept = new HeaderList();
    for (const [name, value] of headers) {
      if (name.toLowerCase() !== 'set-cookie' || !this.#names.has(cookieName(value))) kept.append(name, value);
    }
    for (const [, field] of this.#cookies) kept.append('Set-Cookie', field);
    this.inner.head({ status, headers: kept });
  }
}
