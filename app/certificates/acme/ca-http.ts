import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import https from 'node:https';
import { getCACertificates } from 'node:tls';
import { AcmeFault, type AcmeProblem, type CaThreadData } from './protocol.ts';

/** What came beside the answers to one question. */
export interface Aside {
  caTime: number | null;
  retryAfterMs: number | null;
}

export const aside = new AsyncLocalStorage<Aside>();

/** What the protocol client asks of whoever sends for it (axios calls this an adapter). */
export interface HttpRequest {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly data?: unknown;
  readonly headers: { toJSON(): Readonly<Record<string, unknown>> };
}

export interface HttpResponse<Config> {
  readonly data: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly config: Config;
  readonly request: null;
}

/** No answer of a CA is longer: chains have some 8 kB. */
const maxAnswerBytes = 1024 * 1024;
const problemPrefix = 'urn:ietf:params:acme:error:';

/**
 * Sends requests to one CA. Throws an AcmeFault for every answer that is an error, but for `badNonce`, which the
 * protocol client asks again for by itself.
 */
export function createCaHttp(data: CaThreadData) {
  const ca = data.systemAuthorities
    ? data.caPem.length === 0
      ? undefined
      : [...getCACertificates('default'), ...data.caPem]
    : [...data.caPem];
  const secure = new https.Agent({
    keepAlive: true,
    ...(ca ? { ca } : {}),
    ...(data.serverName === null ? {} : { servername: data.serverName }),
  });
  const plain = new http.Agent({ keepAlive: true });

  return async function send<Config extends HttpRequest>(config: Config): Promise<HttpResponse<Config>> {
    const url = urlOf(config.url ?? '');
    const given = Object.entries(config.headers.toJSON()).filter(([, value]) => typeof value === 'string');
    const headers = { ...(Object.fromEntries(given) as Record<string, string>), 'User-Agent': data.userAgent };
    const body = typeof config.data === 'string' ? config.data : undefined;
    const options = {
      method: (config.method ?? 'GET').toUpperCase(),
      headers,
      agent: url.protocol === 'http:' ? plain : secure,
    };
    const answer = await exchange(url, options, body, data);
    const beside = aside.getStore();
    const caTime = timeOf(answer.headers['date']);
    const retryAfterMs = retryAfterOf(answer.headers['retry-after'], caTime);
    if (beside) {
      beside.caTime = caTime ?? beside.caTime;
      beside.retryAfterMs = retryAfterMs;
    }
    if (answer.status >= 400) {
      const problem = problemOf(answer.body);
      if (problem?.type !== 'badNonce' || answer.status !== 400) {
        throw new AcmeFault({
          type: problem?.type ?? (answer.status >= 500 ? 'serverInternal' : 'nonsense'),
          detail: problem?.detail ?? `${url.host} answered ${answer.status} to ${url.pathname}`,
          subproblems: problem?.subproblems ?? [],
          status: answer.status,
          retryAfterMs,
          caTime,
        });
      }
    }
    const { status, statusText, body: text } = answer;
    return { data: text, status, statusText, headers: answer.headers, config, request: null };
  };
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new AcmeFault({ type: 'nonsense', detail: `the CA gave an address that is none: ${text.slice(0, 200)}` });
}

interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function exchange(
  url: URL,
  options: https.RequestOptions,
  body: string | undefined,
  { timeoutMs, responseHeaderTimeoutMs }: CaThreadData,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = (url.protocol === 'http:' ? http : https).request(url, options);
  const late = (what: string, ms: number) =>
    request.destroy(new AcmeFault({ type: 'timeout', detail: `${url.host} ${what} within ${ms / 1000} s` }));
  const whole = setTimeout(() => late('did not finish its answer', timeoutMs), timeoutMs);
  const head = setTimeout(() => late('did not answer', responseHeaderTimeoutMs), responseHeaderTimeoutMs);
  request.on('close', () => {
    clearTimeout(whole);
    clearTimeout(head);
  });
  request.on('error', (error) => reject(error instanceof AcmeFault ? error : unreachable(url, error)));
  request.on('response', (response) => {
    clearTimeout(head);
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxAnswerBytes) {
        request.destroy(new AcmeFault({ type: 'nonsense', detail: `${url.host} answered with more than 1 MB` }));
      } else chunks.push(chunk);
    });
    response.on('error', (error) => reject(error instanceof AcmeFault ? error : unreachable(url, error)));
    response.on('end', () => {
      const fields = Object.entries(response.headers).map(
        ([name, value]) => [name, [value].flat().join(', ')] as const,
      );
      resolve({
        status: response.statusCode ?? 0,
        statusText: response.statusMessage ?? '',
        headers: Object.fromEntries(fields),
        body: Buffer.concat(chunks).toString('utf8'),
      });
    });
  });
  request.end(body);
  return promise;
}

/** Of OpenSSL and Node, for a certificate that is not believed. */
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/;

function unreachable(url: URL, error: Error): AcmeFault {
  const code = 'code' in error ? String(error.code) : '';
  return new AcmeFault({
    type: untrusted.test(code) ? 'untrusted' : 'unreachable',
    detail: untrusted.test(code) ? `${url.host}: ${error.message} (${code})` : `${url.host}: ${code || error.message}`,
  });
}

/** Null for what is no problem of ACME's: words of something else that stands at a CA's address are not repeated. */
function problemOf(body: string): AcmeProblem | null {
  try {
    const value: unknown = JSON.parse(body);
    const { type } = (value ?? {}) as { readonly type?: unknown };
    return typeof type === 'string' && type.startsWith(problemPrefix) ? readProblem(value) : null;
  } catch {
    return null;
  }
}

/** A problem document; null where it is none. */
export function readProblem(value: unknown): AcmeProblem | null {
  if (typeof value !== 'object' || value === null) return null;
  const { type, detail, subproblems } = value as Readonly<Record<string, unknown>>;
  if (typeof type !== 'string') return null;
  const parts = Array.isArray(subproblems) ? (subproblems as readonly unknown[]) : [];
  return {
    type: bareType(type),
    detail: typeof detail === 'string' ? detail.slice(0, 1000) : '',
    subproblems: parts.flatMap((part) => {
      const problem = readProblem(part);
      const identifier = (part as { readonly identifier?: { readonly value?: unknown } }).identifier;
      const name = typeof identifier?.value === 'string' ? identifier.value : '';
      return problem ? [{ type: problem.type, detail: problem.detail, name }] : [];
    }),
  };
}

function bareType(type: string): string {
  return type.startsWith(problemPrefix) ? type.slice(problemPrefix.length) : type;
}

function timeOf(text: string | undefined): number | null {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? null : time;
}

/** Seconds or a date (RFC 9110 section 10.2.3), which counts by the CA's own clock. */
export function retryAfterOf(text: string | undefined, caTime: number | null, now: number = Date.now()): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
  const time = timeOf(text);
  return time === null ? null : Math.max(0, time - (caTime ?? now));
}
