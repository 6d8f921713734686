import { setTimeout as delay } from 'node:timers/promises';
import type { DnsProviderError, DnsProviderErrorKind } from './dns-error.ts';
import { dnsFailure, type ProviderHome } from './dns-failure.ts';
import type { DnsProviderOptions } from './dns-provider.ts';
import { send } from './send.ts';

/** An answer that was read whole. */
export interface Answer {
  readonly status: number;
  /** A header by its name in lower case; '' where it is absent. */
  header(name: string): string;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown;
}

export type Headers = Readonly<Record<string, string>>;

export interface Question {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** A function where each try needs its own, as signatures with a time do. */
  readonly headers?: Headers | (() => Headers);
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, in place of `json`. */
  readonly body?: string;
  /** Whether the same request twice does no harm; true for all but POST where nothing is said. */
  readonly repeatable?: boolean;
  /** Statuses that are answers, not failures, beside those below 300: 404 for what is gone already. */
  readonly accept?: readonly number[];
}

export type Ask = (question: Question, signal: AbortSignal) => Promise<Answer>;

/** What an answer means where its status does not say it, or says it wrongly. */
export interface Judgement {
  readonly kind: DnsProviderErrorKind;
  readonly reason?: string;
}

interface AskSettings {
  readonly home: ProviderHome;
  /** Never shown, in no encoding, whatever the answer repeats. Read at each failure: more may be added. */
  readonly secrets: readonly string[];
  /** Words of the provider in the body of a failure. */
  readonly reasonOf?: (answer: Answer) => string | undefined;
  /** 'fine' for an answer that is none of a failure; null leaves it to the status. */
  readonly judge?: (answer: Answer) => Judgement | 'fine' | null;
  readonly options?: DnsProviderOptions | undefined;
}

const usualTimeoutMs = 30_000;
const largestBodyBytes = 8 * 1024 * 1024;
/** Waiting longer than this is for the caller to plan. */
const longestPauseMs = 20_000;
const tries = 4;

/**
 * Asks a provider's API: with a time limit and a bounded answer, again after faults that pass, and with every failure
 * as a `DnsProviderError` without secrets. Redirects are not followed: credentials go to the provider only.
 */
export function createAsk({ home, secrets, reasonOf, judge, options = {} }: AskSettings): Ask {
  const pause = options.pause ?? pauseFor;
  const now = options.now ?? Date.now;

  const failed = (kind: DnsProviderErrorKind, reason?: string, retryAfterMs?: number): DnsProviderError =>
    dnsFailure(home, kind, { reason: reason === undefined ? undefined : hiding(secrets)(reason), retryAfterMs });

  function failureOf(answer: Answer, accept: readonly number[]): DnsProviderError | null {
    const judged = judge?.(answer) ?? null;
    if (judged === 'fine') return null;
    const reason = reasonOf?.(answer);
    const waitMs = waitAsked(answer, now());
    if (judged !== null) return failed(judged.kind, judged.reason ?? reason, waitMs);
    if (answer.status < 300 || accept.includes(answer.status)) return null;
    return failed(kindOf(answer.status), reason ?? `it answers with status ${answer.status}`, waitMs);
  }

  return async (question, signal) => {
    const method = question.method ?? 'GET';
    const repeatable = question.repeatable ?? method !== 'POST';
    for (let attempt = 1; ; attempt += 1) {
      signal.throwIfAborted();
      let failure: DnsProviderError | null;
      let sent = true;
      try {
        const answer = await read(question, method, signal, options.timeoutMs ?? usualTimeoutMs);
        failure = failureOf(answer, question.accept ?? []);
        if (failure === null) return answer;
      } catch (error) {
        signal.throwIfAborted();
        sent = !neverSent(error);
        failure = failed('unavailable', networkReason(error));
      }
      const waitMs = pauseBefore(failure, attempt, repeatable || !sent);
      if (waitMs === null) throw failure;
      await pause(waitMs, signal);
    }
  };
}

/** How long to wait before the next try; null where there is none. */
function pauseBefore(failure: DnsProviderError, attempt: number, mayRepeat: boolean): number | null {
  if (attempt >= tries) return null;
  // What was refused for its number was not done, so it may be sent again whatever it is.
  const again = failure.kind === 'rate-limited' || (failure.kind === 'unavailable' && mayRepeat);
  if (!again) return null;
  const waitMs = failure.retryAfterMs ?? 500 * 3 ** (attempt - 1);
  return waitMs <= longestPauseMs ? waitMs : null;
}

async function read(question: Question, method: string, signal: AbortSignal, timeoutMs: number): Promise<Answer> {
  const answer = await send(question.url, {
    method,
    headers: {
      accept: 'application/json',
      'user-agent': 'Gatehouse',
      ...(question.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(typeof question.headers === 'function' ? question.headers() : question.headers),
    },
    body: question.body ?? (question.json === undefined ? null : JSON.stringify(question.json)),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    mostBytes: largestBodyBytes,
  });
  const { status, headers, text } = answer;
  return { status, header: (name) => headers[name] ?? '', text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function kindOf(status: number): DnsProviderErrorKind {
  if (status === 401) return 'credentials';
  if (status === 403) return 'rights';
  if (status === 429) return 'rate-limited';
  return status >= 500 || status === 408 ? 'unavailable' : 'refused';
}

/** RFC 9110, section 10.2.3: seconds or a date. Undefined where nothing usable is said. */
function waitAsked(answer: Answer, nowMs: number): number | undefined {
  const text = answer.header('retry-after').trim();
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

const unsentCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : '';
}

function neverSent(error: unknown): boolean {
  return unsentCodes.has(codeOf(error));
}

function networkReason(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'it does not answer in time';
  return error instanceof Error ? error.message : String(error);
}

export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}

/** Takes secrets out of a text, also as they stand in addresses and in headers. */
export function hiding(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret !== '')
    .flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')])
    .toSorted((a, b) => b.length - a.length)
    .map((form) => form.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (forms.length === 0) return (text) => text;
  const any = new RegExp(forms.join('|'), 'g');
  return (text) => text.replaceAll(any, '[secret]');
}
