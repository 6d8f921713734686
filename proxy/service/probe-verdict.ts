import { socketPathOf, withRoomForPath } from '../http/socket-url.ts';
import type { HealthCheckConfig, ServersTransportConfig } from '../model/dynamic.ts';
import type { ProbeAgent } from './probe-agent.ts';

export interface ProbeContext {
  /** For servers on HTTP/2. */
  readonly transport: ServersTransportConfig | undefined;
  readonly agent: ProbeAgent;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Where to ask: the path resolved against the server's URL, with the configured scheme and port. */
export function probeUrl(serverUrl: string, config: HealthCheckConfig): URL {
  const path = config.path ?? '';
  const base = new URL(withRoomForPath(serverUrl));
  const url = new URL(path, base);
  // What looks like a scheme is no path, though browsers would take `:` for one.
  if (url.origin !== base.origin || /^[^/?#]*:/.test(path)) {
    throw new Error(`The health check's path "${path}" must be a path on the server, such as /health.`);
  }
  if (config.scheme) url.protocol = `${config.scheme}:`;
  // Setting the port that is a scheme's own clears it, which is right; so scheme comes first.
  if (config.port) url.port = String(config.port);
  return url;
}

export function judgeStatus(status: number, config: HealthCheckConfig): string | null {
  if (config.status) return status === config.status ? null : `It answered ${status} instead of ${config.status}.`;
  return status >= 200 && status < 400 ? null : `It answered ${status}.`;
}

export function failureReason(error: unknown, url: URL): string {
  const code = codeOf(error);
  const where = socketPathOf(url.href) ?? url.host;
  switch (code) {
    case 'ECONNREFUSED':
      return `Nothing listens at ${where} (${code}).`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
    case 'SERVER_DIAL_TIMEOUT':
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
