import type { ProxyErrorCode } from '../model/request-record.ts';

interface UpstreamFailure {
  readonly status: number;
  readonly code: ProxyErrorCode;
  readonly detail: string;
}

const byCode: Readonly<Record<string, readonly [number, ProxyErrorCode]>> = {
  ECONNREFUSED: [502, 'UPSTREAM_REFUSED'],
  ENOTFOUND: [502, 'UPSTREAM_UNREACHABLE'],
  EAI_AGAIN: [502, 'UPSTREAM_UNREACHABLE'],
  EHOSTUNREACH: [502, 'UPSTREAM_UNREACHABLE'],
  ENETUNREACH: [502, 'UPSTREAM_UNREACHABLE'],
  EHOSTDOWN: [502, 'UPSTREAM_UNREACHABLE'],
  EADDRNOTAVAIL: [502, 'UPSTREAM_UNREACHABLE'],
  ETIMEDOUT: [504, 'UPSTREAM_TIMEOUT'],
  UND_ERR_CONNECT_TIMEOUT: [504, 'UPSTREAM_TIMEOUT'],
  UND_ERR_HEADERS_TIMEOUT: [504, 'UPSTREAM_TIMEOUT'],
  UND_ERR_BODY_TIMEOUT: [504, 'UPSTREAM_TIMEOUT'],
  ECONNRESET: [502, 'UPSTREAM_RESET'],
  EPIPE: [502, 'UPSTREAM_RESET'],
  UND_ERR_SOCKET: [502, 'UPSTREAM_RESET'],
  UND_ERR_HEADERS_OVERFLOW: [502, 'UPSTREAM_PROTOCOL'],
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: [502, 'UPSTREAM_PROTOCOL'],
  UND_ERR_INVALID_ARG: [500, 'INTERNAL'],
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
  if (code.startsWith('HPE_') || cause.name === 'HTTPParserError')
    return { status: 502, code: 'UPSTREAM_PROTOCOL', detail };
  return { status: 502, code: 'UPSTREAM_RESET', detail };
}

/** Where several addresses were tried, the first one's fate stands for all. */
function firstError(error: Error): Error {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error;
}

export function errorCode(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : '';
}
