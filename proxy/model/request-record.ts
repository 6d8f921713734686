import { z } from 'zod';

/** What became of a request at one middleware. */
export const middlewareStepSchema = z.object({
  /** Qualified name, such as `auth@docker`. */
  name: z.string(),
  type: z.string(),
  /** `passed`: handed on; `answered`: gave the answer itself (a redirect); `refused`: turned the visitor away. */
  verdict: z.enum(['passed', 'answered', 'refused']),
  durationMs: z.number(),
});

/** Stable codes for what the proxy itself answered, or could not do. The words for them are the reader's. */
export const proxyErrorCodes = [
  'NO_ROUTER',
  'NO_SERVER',
  'SERVICE_DISABLED',
  'UPSTREAM_REFUSED',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_TLS',
  'UPSTREAM_RESET',
  'UPSTREAM_TRUNCATED',
  'UPSTREAM_PROTOCOL',
  'REQUEST_AMBIGUOUS',
  'REQUEST_MALFORMED',
  'REQUEST_TIMEOUT',
  'HEADERS_TOO_LARGE',
  'CLIENT_ABORTED',
  'MISDIRECTED',
  'INTERNAL',
] as const;

export const proxyErrorCodeSchema = z.enum(proxyErrorCodes);

/** One request as the access log and the dashboard know it. Times are milliseconds, sizes are bytes. */
export const requestRecordSchema = z.object({
  /** Reference that a visitor's error page shows too. */
  id: z.string(),
  /** When the request's head had arrived, milliseconds since 1970. */
  at: z.number(),
  entryPoint: z.string(),
  /** The client's address: the socket's peer, or what a trusted proxy said of it. */
  clientIp: z.string(),
  clientPort: z.number(),
  username: z.string().nullable(),
  /** `TCP`: one record for a connection; `UDP`: one for a session. Method, target and status are empty then, and 0. */
  protocol: z.enum(['HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0', 'TCP', 'UDP']),
  scheme: z.enum(['http', 'https', 'tcp', 'tls', 'udp']),
  method: z.string(),
  /** Host as routed: lower case, without a port. Empty where the request had none. */
  host: z.string(),
  /** Path and query as received, after dot segments were resolved. */
  target: z.string(),
  router: z.string().nullable(),
  service: z.string().nullable(),
  /** Origin of the chosen server, such as `http://172.17.0.2:80`. */
  serverUrl: z.string().nullable(),
  middlewares: z.array(middlewareStepSchema),
  status: z.number(),
  /** Status the server answered with; null where it was not asked, or did not answer. */
  originStatus: z.number().nullable(),
  requestBytes: z.number(),
  responseBytes: z.number(),
  durationMs: z.number(),
  /** Time from forwarding to the end of the server's answer. */
  originDurationMs: z.number().nullable(),
  userAgent: z.string(),
  referer: z.string(),
  /** How often the request was sent to a server again after the first time. */
  retryAttempts: z.number().optional(),
  upgrade: z.string().nullable(),
  tlsVersion: z.string().nullable(),
  error: z.object({ code: proxyErrorCodeSchema, detail: z.string() }).nullable(),
});

export type MiddlewareStep = z.infer<typeof middlewareStepSchema>;
export type ProxyErrorCode = z.infer<typeof proxyErrorCodeSchema>;
export type RequestRecord = z.infer<typeof requestRecordSchema>;

/** Field names in HTTP's usual spelling and their values, as `[name, value, name, value]`; one entry for each name. */
export type LoggedFields = readonly string[];

/**
 * What the access log writes of a request beyond its record. It goes no further: what fields hold may be secret.
 * Left out are values that are nothing, or the same as in the record.
 */
export interface LoggedFacts {
  /** Host as the client sent it, with its port; empty where there was none. */
  readonly authority: string;
  /** The socket's peer, where a trusted proxy named another client. */
  readonly peerIp?: string | undefined;
  /** `X-Forwarded-For` as it was believed; only where it is asked for. */
  readonly forwardedFor?: string | undefined;
  readonly originBytes?: number | undefined;
  /** As IANA names it. */
  readonly tlsCipher?: string | undefined;
  /** Distinguished name of the certificate that the client proved itself by (RFC 4514). */
  readonly tlsClientSubject?: string | undefined;
  readonly requestFields?: LoggedFields | undefined;
  readonly originFields?: LoggedFields | undefined;
  readonly downstreamFields?: LoggedFields | undefined;
}

/** Which header fields the access log keeps; of those that are redacted, only that they were there. */
export interface LoggedFieldModes {
  readonly defaultMode: LoggedFieldMode;
  /** By lower-case name. */
  readonly names: Readonly<Record<string, LoggedFieldMode>>;
  readonly wantsForwardedFor?: boolean;
}

export type LoggedFieldMode = 'keep' | 'drop' | 'redact';
