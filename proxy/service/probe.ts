import { HeaderList } from '../http/header-list.ts';
import type { HealthCheckConfig } from '../model/dynamic.ts';
import type { ProbeAgent } from './probe-agent.ts';
import { probeHttp2 } from './probe-http2.ts';
import { failureReason, judgeStatus, type ProbeContext, probeUrl } from './probe-verdict.ts';

const maxRedirects = 10;
/** The status is what counts; a page may be longer. */
const maxAnswerBytes = 128 * 1024;

/** Asks a server once. Null where it is well; else why not, in words. */
export async function probe(
  serverUrl: string,
  config: HealthCheckConfig,
  context: ProbeContext,
): Promise<string | null> {
  const { timeoutMs } = context;
  if (config.mode === 'grpc' || /^h2c:/i.test(serverUrl)) return probeHttp2(serverUrl, config, context);
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

async function ask(
  url: URL,
  config: HealthCheckConfig,
  agent: ProbeAgent,
  signal: AbortSignal,
): Promise<{ status: number; location: string | undefined }> {
  const headers = new HeaderList(['user-agent', 'Gatehouse health check']);
  for (const [name, value] of Object.entries(config.headers ?? {})) headers.set(name, value);
  const answer = await agent.ask(url, {
    method: (config.method || 'GET').toUpperCase(),
    headers,
    ...(config.hostname ? { host: config.hostname } : {}),
    body: null,
    maxAnswerBytes,
    cutsAnswer: true,
    timeoutMs: 0,
    signal,
  });
  return { status: answer.status, location: answer.headers.get('location') };
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
