import type { ProxyErrorCode } from '../model/request-record.ts';

interface UpstreamFailure {
  readonly status: number;
  readonly code: ProxyErrorCode;
  readonly detail: string;
}

const byCode: Readonly<Record<string, readonly [number, ProxyErrorCode]>> = {
  ECONNREFUSED: [502, 'UPSTREAM_REFUSED'],
  ENOENT: [502, 'UPSTREAM_UNREACHABLE'],
  EACCES: [502, 'UPSTREAM_UNREACHABLE'],
  ENOTFOUND: [502, 'UPSTREAM_UNREACHABLE'],
  EAI_AGAIN: [502, 'UPSTREAM_UNREACHABLE'],
  EHOSTUNREACH: [502, 'UPSTREAM_UNREACHABLE'],
  ENETUNREACH: [502, 'UPSTREAM_UNREACHABLE'],
  EHOSTDOWN: [502, 'UPSTREAM_UNREACHABLE'],
  EADDRNOTAVAIL: [502, 'UPSTREAM_UNREACHABLE'],
  // Not the server's fault: the system gives this process no more of them.
  EMFILE: [503, 'INTERNAL'],
  ENFILE: [503, 'INTERNAL'],
  ETIMEDOUT: [504, 'UPSTREAM_TIMEOUT'],
  SERVER_DIAL_TIMEOUT: [504, 'UPSTREAM_TIMEOUT'],
  SERVER_HEAD_TIMEOUT: [504, 'UPSTREAM_TIMEOUT'],
  SERVER_REMOVED: [502, 'UPSTREAM_UNREACHABLE'],
  ECONNRESET: [502, 'UPSTREAM_RESET'],
  EPIPE: [502, 'UPSTREAM_RESET'],
  SERVER_CLOSED: [502, 'UPSTREAM_RESET'],
  SERVER_MALFORMED: [502, 'UPSTREAM_PROTOCOL'],
  REQUEST_UNSENDABLE: [500, 'INTERNAL'],
  EPROTO: [502, 'UPSTREAM_TLS'],
};

const tlsCode = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|HOSTNAME_MISMATCH|CRL_)/;

/** What a failed call to a server means. An unknown failure is a fault of the server's connection: 502. */
export function upstreamFailure(error: Error): UpstreamFailure {
  const cause = firstError(error);
  const code = errorCode(cause);
  const known = byCode[code];
  const detail = cause.message === '' ? code : cause.message;
  if (known) return { status: known[0], code: known[1], detail };
  if (tlsCode.test(code)) return { status: 502, code: 'UPSTREAM_TLS', detail };
  return { status: 502, code: 'UPSTREAM_RESET', detail };
}

/** Where several addresses were tried, the first one's fate stands for all. */
function firstError(error: Error): Error {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error;
}

function errorCode(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : '';
}
