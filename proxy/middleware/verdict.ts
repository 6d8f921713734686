/** What `explain` says about one middleware and one request, without sending anything. */
export interface MiddlewareVerdict {
  readonly verdict: 'passes' | 'answers' | 'refuses' | 'depends';
  /** In English. */
  readonly detail: string;
  /** The same by its code, for other languages. */
  readonly said: { readonly code: VerdictCode; readonly details: Readonly<Record<string, string | number>> };
}

export type VerdictCode = keyof typeof verdictSentences;

/** The sentences by their codes; `{{name}}` stands for a detail. */
export const verdictSentences = {
  PATH_BECOMES: 'The path becomes {{path}}.',
  PATH_DOUBTFUL: 'The path would become {{path}}, which servers read in different ways.',
  PATH_STAYS: 'The path does not match and stays as it is.',
  NO_PREFIX: 'The path has none of the prefixes and stays as it is.',
  NO_EXPRESSION: 'No expression matches the start of the path.',
  PASSWORD_ASKED: 'Asks for a user name and password.',
  PASSWORD_CHECKED: 'Checks the user name and password.',
  BODY_TOO_LONG: 'The body is longer than {{bytes}} bytes.',
  BUFFERED: 'The request and its answer are read whole before they are passed on.',
  CHAINED: 'Applies {{middlewares}}.',
  CHAINED_NONE: 'Applies nothing.',
  CIRCUIT: 'Answers with {{status}} while {{expression}} has lately been true.',
  COMPRESSED: 'Compresses the answer where it is long enough and of a fitting kind.',
  TYPE_FOUND: 'An answer without a type is given the one that its first bytes speak of.',
  ESCAPES_FINE: 'The path holds no encoded character that is not allowed.',
  ESCAPE_FOUND: 'The path holds {{escape}}, which is not allowed.',
  PAGES_REPLACED: 'Answers with {{statuses}} are replaced by pages of {{service}}.',
  PAGES_NONE: 'No status is named, so no answer is replaced.',
  AUTH_ASKED: 'Asks {{address}} whether the visitor may come in.',
  PREFLIGHT_TOLD: 'Tells the browser whether it may ask.',
  GRPC_WEB_NOT: 'The request is no gRPC-Web and stays as it is.',
  GRPC_WEB: 'The request becomes gRPC.',
  PREFLIGHT_ANSWERED: "Answers the browser's CORS preflight.",
  HEADERS_CHANGED: 'Changes headers.',
  HOST_NOT_ALLOWED: 'The host {{host}} is none of allowedHosts.',
  AT_ONCE: 'Lets through {{amount}} at once.',
  ADDRESS_LISTED: '{{address}} is on the list.',
  ADDRESS_NOT_LISTED: '{{address}} is not on the list.',
  ADDRESS_UNKNOWN: 'No address can be told, so nobody is let in.',
  CERTIFICATE_NONE: 'The visitor shows no certificate, so nothing is told.',
  CERTIFICATE_TOLD: "The server is told of the visitor's certificate.",
  RATE_NONE: 'No average is set, so nothing is limited.',
  RATE: 'Lets through {{average}} per {{period}}, and {{burst}} at once.',
  REDIRECT_NOT: 'The address does not match, or stays the same.',
  REDIRECT_SCHEME_NOT: 'The request comes with the wanted scheme already.',
  REDIRECTS: 'Redirects to {{target}}.',
  ATTEMPTS: 'Asks up to {{attempts}} times where it may.',
  CONNECTIONS_AT_ONCE: 'Lets each address have so many connections at once: {{amount}}.',
  UNUSABLE: 'It cannot be used as it is configured.',
} as const;

/** A verdict with its sentence. */
export function says(
  verdict: MiddlewareVerdict['verdict'],
  code: VerdictCode,
  details: Readonly<Record<string, string | number>> = {},
): MiddlewareVerdict {
  const detail = verdictSentences[code].replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => String(details[name] ?? ''));
  return { verdict, detail, said: { code, details } };
}
