import { request } from 'undici';
import type { HealthCheckConfig } from '../model/dynamic.ts';
import type { ProbeAgent } from './probe-agent.ts';

export interface ProbeContext {
  readonly agent: ProbeAgent;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const maxRedirects = 10;

/** Asks a server once. Null where it is well; else why not, in words. */
export async function probe(
  serverUrl: string,
  config: HealthCheckConfig,
  context: ProbeContext,
): Promise<string | null> {
  const { timeoutMs } = context;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]);
  let url: URL;
  try {
    url = probeUrl(serverUrl, config);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  try {
    for (let redirects = 0; ; redirects += 1) {
      const { status, location } = await ask(url, config, context.agent, signal);
      const next = config.followRedirects === false ? null : sameHostTarget(url, location, status, config);
      if (next === null) return judgeStatus(status, config);
      if (redirects >= maxRedirects) return `It redirected more than ${maxRedirects} times.`;
      url = next;
    }
  } catch (error) {
    if (signal.aborted) return `It did not answer within ${timeoutMs / 1000} s.`;
    return failureReason(error, url);
  }
}

/** Where to ask: the path resolved against the server's URL, with the configured scheme and port. */
function probeUrl(serverUrl: string, config: HealthCheckConfig): URL {
  const path = config.path ?? '';
  const base = new URL(serverUrl);
  const url = new URL(path, base);
  if (url.origin !== base.origin) {
    throw new Error(`The health check's path "${path}" must be a path on the server, such as /health.`);
  }
  if (config.scheme) url.protocol = `${config.scheme}:`;
  // Setting the port that is a scheme's own clears it, which is right; so scheme comes first.
  if (config.port) url.port = String(config.port);
  return url;
}

async function ask(
  url: URL,
  config: HealthCheckConfig,
  agent: ProbeAgent,
  signal: AbortSignal,
): Promise<{ status: number; location: string | undefined }> {
  const { statusCode, headers, body } = await request(url, {
    method: (config.method || 'GET').toUpperCase(),
    headers: {
      'user-agent': 'Gatehouse health check',
      ...config.headers,
      ...(config.hostname ? { host: config.hostname } : {}),
    },
    dispatcher: agent.dispatcher,
    signal,
    reset: true,
  });
  await body.dump({ limit: 128 * 1024, signal });
  const { location } = headers;
  return { status: statusCode, location: Array.isArray(location) ? location[0] : location };
}

/**
 * A redirect's target, where it stays on the server: the same host, or the configured host name, which is then asked
 * at the same address. Null where there is none, or where it leads elsewhere: that answer is judged as it is.
 */
function sameHostTarget(url: URL, location: string | undefined, status: number, config: HealthCheckConfig): URL | null {
  if (status < 300 || status >= 400 || status === 304 || !location || !URL.canParse(location, url.href)) return null;
  const target = new URL(location, url);
  if (target.protocol !== 'http:' && target.protocol !== 'https:') return null;
  if (target.hostname === url.hostname) return target;
  const host = config.hostname?.toLowerCase().replace(/:\d+$/, '');
  return target.hostname === host ? new URL(target.pathname + target.search, url) : null;
}

function judgeStatus(status: number, config: HealthCheckConfig): string | null {
  if (config.status) return status === config.status ? null : `It answered ${status} instead of ${config.status}.`;
  return status >= 200 && status < 400 ? null : `It answered ${status}.`;
}

function failureReason(error: unknown, url: URL): string {
  const code = codeOf(error);
  const where = url.host;
  switch (code) {
    case 'ECONNREFUSED':
      return `Nothing listens at ${where} (${code}).`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return `${where} cannot be reached (${code}).`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The name ${url.hostname} is not known (${code}).`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
    case 'CERT_HAS_EXPIRED':
      return `The certificate of ${where} is not trusted (${code}). A serversTransport can name its authority or skip the check.`;
    default: {
      const message = error instanceof Error ? error.message : String(error);
      return `Asking ${where} failed: ${message}${code === '' ? '' : ` (${code})`}`;
    }
  }
}

function codeOf(error: unknown): string {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'string') return current.code;
    if (current instanceof AggregateError) return codeOf(current.errors[0]);
  }
  return '';
}
