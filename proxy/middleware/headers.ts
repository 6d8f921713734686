import { z } from 'zod';
import type { ProxyRequest, ResponseHead, ResponseSink } from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import { answerText } from './answer-text.ts';
import { createCors, isPreflight } from './cors.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { checkFields, fieldRemover } from './header-aliases.ts';
import { PassingSink, withSink } from './passing-sink.ts';
import { createSecureHeaders } from './secure-headers.ts';
import { says } from './verdict.ts';

const list = z.array(z.string()).optional();
const fields = z.record(z.string(), z.string()).optional();
const text = z.string().optional();
const flag = z.boolean().optional();

const schema = z.strictObject({
  customRequestHeaders: fields,
  customResponseHeaders: fields,
  accessControlAllowCredentials: flag,
  accessControlAllowHeaders: list,
  accessControlAllowMethods: list,
  accessControlAllowOriginList: list,
  accessControlAllowOriginListRegex: list,
  accessControlExposeHeaders: list,
  accessControlMaxAge: z.int().optional(),
  addVaryHeader: flag,
  allowedHosts: list,
  hostsProxyHeaders: list,
  sslProxyHeaders: fields,
  stsSeconds: z.int().min(0).optional(),
  stsIncludeSubdomains: flag,
  stsPreload: flag,
  forceSTSHeader: flag,
  frameDeny: flag,
  customFrameOptionsValue: text,
  contentTypeNosniff: flag,
  browserXssFilter: flag,
  customBrowserXSSValue: text,
  contentSecurityPolicy: text,
  contentSecurityPolicyReportOnly: text,
  publicKey: text,
  referrerPolicy: text,
  permissionsPolicy: text,
  isDevelopment: flag,
  // Deprecated in Traefik 3, which reads them and does nothing.
  featurePolicy: text,
  sslRedirect: flag,
  sslTemporaryRedirect: flag,
  sslHost: text,
  sslForceHost: flag,
});
type Config = z.infer<typeof schema>;

export const headers: MiddlewareDefinition<Config> = {
  type: 'headers',
  summary: 'Sets or removes headers of requests and answers, among them those for security and CORS.',
  schema,
  build(config, context) {
    const remove = fieldRemover(context);
    if (isEmpty(config)) throw new Error('No option of headers is set.');
    checkFields('customRequestHeaders', config.customRequestHeaders);
    checkFields('customResponseHeaders', config.customResponseHeaders);
    const requestFields = Object.entries(config.customRequestHeaders ?? {});
    const responseFields = Object.entries(config.customResponseHeaders ?? {});
    const cors = createCors(config);
    const secure = createSecureHeaders(config);

    const changesAnswers = responseFields.length > 0 || cors !== null || secure.changesAnswers;

    function changeAnswer(request: ProxyRequest, answered: HeaderList): void {
      secure.apply(request, answered);
      for (const [name, value] of responseFields) {
        if (value === '') answered.delete(name);
        else answered.set(name, value);
      }
      cors?.apply(request, answered);
    }

    return (next) => (exchange) => {
      const { request, sink } = exchange;
      if (cors !== null && isPreflight(request)) {
        context.verdict(exchange, 'answered');
        return cors.answerPreflight(exchange);
      }
      for (const [name, value] of requestFields) {
        remove(request.headers, name);
        if (value !== '') request.headers.append(name, value);
      }
      if (!secure.allowsHost(request)) {
        context.verdict(exchange, 'refused');
        return answerText(exchange, 500, [], 'Bad Host');
      }
      return next(changesAnswers ? withSink(exchange, new ChangingSink(sink, request, changeAnswer)) : exchange);
    };
  },
  explain(config, request) {
    const cors = createCors(config);
    if (cors !== null && isPreflight(request)) return says('answers', 'PREFLIGHT_ANSWERED');
    return createSecureHeaders(config).allowsHost(request)
      ? says('passes', 'HEADERS_CHANGED')
      : says('refuses', 'HOST_NOT_ALLOWED', { host: request.authority });
  },
};

type ChangeAnswer = (request: ProxyRequest, headers: HeaderList) => void;

class ChangingSink extends PassingSink {
  readonly #request: ProxyRequest;
  readonly #change: ChangeAnswer;

  constructor(inner: ResponseSink, request: ProxyRequest, change: ChangeAnswer) {
    super(inner);
    this.#request = request;
    this.#change = change;
  }

  override head(head: ResponseHead): void {
    this.#change(this.#request, head.headers);
    this.inner.head(head);
  }
}

function isEmpty(config: Config): boolean {
  return Object.values(config).every(
    (value) =>
      value === undefined ||
      value === false ||
      value === '' ||
      (typeof value === 'object' && Object.keys(value).length === 0),
  );
}
