import { z } from 'zod';
import { durationSchema, signedDurationSchema } from './duration.ts';
import { isStatusRange } from './status-ranges.ts';
import { tcpConfigurationSchema, udpConfigurationSchema } from './stream.ts';
import { cipherSuiteSchema, keyPairSchema, tlsConfigurationSchema, tlsVersionSchema } from './tls.ts';

/**
 * Dynamic configuration in Traefik's names and shape: what a provider publishes.
 * Names within one provider are unqualified; references may name another provider as `name@provider`.
 */

export const routerTlsSchema = z.strictObject({
  options: z.string().optional(),
  certResolver: z.string().optional(),
  domains: z.array(z.strictObject({ main: z.string(), sans: z.array(z.string()).optional() })).optional(),
});

/** `metrics` and tracing are read and without effect: counts are kept for all routers, and nothing is traced. */
const observabilitySchema = z.strictObject({
  accessLogs: z.boolean().optional(),
  metrics: z.boolean().optional(),
  tracing: z.boolean().optional(),
  traceVerbosity: z.enum(['minimal', 'detailed']).optional(),
});

export const routerSchema = z.strictObject({
  entryPoints: z.array(z.string()).optional(),
  middlewares: z.array(z.string()).optional(),
  service: z.string().optional(),
  rule: z.string().optional(),
  /** The version of the rule language; by default what the static configuration says, else v3. */
  ruleSyntax: z.enum(['v2', 'v3']).optional(),
  priority: z.int().optional(),
  tls: routerTlsSchema.optional(),
  observability: observabilitySchema.optional(),
  /** Routers that hand it what they matched, with what their middlewares made of it; not by labels. */
  parentRefs: z.array(z.string()).optional(),
});

export const stickyCookieSchema = z.strictObject({
  name: z.string().optional(),
  secure: z.boolean().optional(),
  httpOnly: z.boolean().optional(),
  /** In any case; what Traefik does not know says nothing. */
  sameSite: z.string().optional(),
  maxAge: z.int().optional(),
  path: z.string().optional(),
  domain: z.string().optional(),
});

export const healthCheckSchema = z.strictObject({
  /** `grpc`: gRPC's own health service is asked. */
  mode: z.enum(['http', 'grpc']).optional(),
  scheme: z.enum(['http', 'https']).optional(),
  path: z.string().optional(),
  method: z.string().optional(),
  status: z.int().min(100).max(599).optional(),
  port: z.int().min(1).max(65535).optional(),
  interval: durationSchema.optional(),
  unhealthyInterval: durationSchema.optional(),
  timeout: durationSchema.optional(),
  hostname: z.string().optional(),
  followRedirects: z.boolean().optional(),
  headers: z.record(z.string(), z.string()).optional(),
});

export const serverSchema = z.strictObject({
  url: z.string().optional(),
  weight: z.int().min(0).optional(),
  preservePath: z.boolean().optional(),
});

const stickySchema = z.strictObject({ cookie: stickyCookieSchema.optional() });

export const passiveHealthCheckSchema = z.strictObject({
  failureWindow: durationSchema.optional(),
  maxFailedAttempts: z.int().min(1).optional(),
});

export const loadBalancerSchema = z.strictObject({
  servers: z.array(serverSchema).optional(),
  strategy: z.enum(['wrr', 'p2c', 'hrw', 'leasttime']).optional(),
  sticky: stickySchema.optional(),
  healthCheck: healthCheckSchema.optional(),
  passiveHealthCheck: passiveHealthCheckSchema.optional(),
  passHostHeader: z.boolean().optional(),
  responseForwarding: z.strictObject({ flushInterval: signedDurationSchema.optional() }).optional(),
  serversTransport: z.string().optional(),
});

const weightedChildSchema = z.strictObject({ name: z.string(), weight: z.int().min(0).optional() });
/** Says that the service's own health is that of its children. */
const ownHealthSchema = z.strictObject({});

export const weightedSchema = z.strictObject({
  services: z.array(weightedChildSchema).optional(),
  sticky: stickySchema.optional(),
  healthCheck: ownHealthSchema.optional(),
});

export const highestRandomWeightSchema = z.strictObject({
  services: z.array(weightedChildSchema).optional(),
  healthCheck: ownHealthSchema.optional(),
});

export const mirroringSchema = z.strictObject({
  service: z.string().optional(),
  mirrorBody: z.boolean().optional(),
  /** Bytes; -1: any number. Requests with a longer body are not mirrored. */
  maxBodySize: z.int().min(-1).optional(),
  mirrors: z.array(z.strictObject({ name: z.string(), percent: z.int().min(0).max(100).optional() })).optional(),
  healthCheck: ownHealthSchema.optional(),
});

export const failoverSchema = z.strictObject({
  service: z.string().optional(),
  fallback: z.string().optional(),
  healthCheck: ownHealthSchema.optional(),
  errors: z
    .strictObject({
      /** `503` or `500-504`. */
      status: z
        .array(z.string().refine(isStatusRange, { message: 'is not a status or a range such as "500-504"' }))
        .optional(),
      /** -1: any number. Requests with a longer body are refused with 413. */
      maxRequestBodyBytes: z.int().min(-1).optional(),
    })
    .optional(),
});

/** Exactly one of its kinds; `middlewares` go with any. */
export const serviceSchema = z.strictObject({
  middlewares: z.array(z.string()).optional(),
  loadBalancer: loadBalancerSchema.optional(),
  weighted: weightedSchema.optional(),
  highestRandomWeight: highestRandomWeightSchema.optional(),
  mirroring: mirroringSchema.optional(),
  failover: failoverSchema.optional(),
});

export const serversTransportSchema = z.strictObject({
  serverName: z.string().optional(),
  insecureSkipVerify: z.boolean().optional(),
  /** Files, or PEM text. */
  rootCAs: z.array(z.string()).optional(),
  /** What we show to servers that ask. */
  certificates: z.array(keyPairSchema).optional(),
  cipherSuites: z.array(cipherSuiteSchema).optional(),
  minVersion: tlsVersionSchema.optional(),
  maxVersion: tlsVersionSchema.optional(),
  /** A URI that the server's certificate must hold. */
  peerCertURI: z.string().optional(),
  maxIdleConnsPerHost: z.int().min(0).optional(),
  forwardingTimeouts: z
    .strictObject({
      dialTimeout: durationSchema.optional(),
      responseHeaderTimeout: durationSchema.optional(),
      idleConnTimeout: durationSchema.optional(),
      readIdleTimeout: durationSchema.optional(),
      pingTimeout: durationSchema.optional(),
    })
    .optional(),
  disableHTTP2: z.boolean().optional(),
});

/**
 * One middleware: exactly one key, its type. The options below that key are judged by the type's own schema
 * (the table in proxy/middleware), so that a new type touches one file.
 */
export const middlewareSchema = z.record(z.string(), z.unknown());

export const httpConfigurationSchema = z.strictObject({
  routers: z.record(z.string(), routerSchema).optional(),
  middlewares: z.record(z.string(), middlewareSchema).optional(),
  services: z.record(z.string(), serviceSchema).optional(),
  serversTransports: z.record(z.string(), serversTransportSchema).optional(),
});

export const dynamicConfigurationSchema = z.strictObject({
  http: httpConfigurationSchema.optional(),
  tcp: tcpConfigurationSchema.optional(),
  udp: udpConfigurationSchema.optional(),
  tls: tlsConfigurationSchema.optional(),
});

export type RouterConfig = z.infer<typeof routerSchema>;
export type StickyCookieConfig = z.infer<typeof stickyCookieSchema>;
export type HealthCheckConfig = z.infer<typeof healthCheckSchema>;
export type PassiveHealthCheckConfig = z.infer<typeof passiveHealthCheckSchema>;
export type LoadBalancerConfig = z.infer<typeof loadBalancerSchema>;
export type ServiceConfig = z.infer<typeof serviceSchema>;
export type ServersTransportConfig = z.infer<typeof serversTransportSchema>;
export type MiddlewareConfig = z.infer<typeof middlewareSchema>;
export type HttpConfiguration = z.infer<typeof httpConfigurationSchema>;
export type DynamicConfiguration = z.infer<typeof dynamicConfigurationSchema>;
