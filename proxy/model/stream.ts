import { z } from 'zod';
import { durationSchema, signedDurationSchema } from './duration.ts';

/** The `tcp` and `udp` sections of dynamic configuration, in Traefik's names and shape. */

export const tcpRouterSchema = z.strictObject({
  entryPoints: z.array(z.string()).optional(),
  middlewares: z.array(z.string()).optional(),
  service: z.string().optional(),
  rule: z.string().optional(),
  ruleSyntax: z.enum(['v2', 'v3']).optional(),
  priority: z.int().optional(),
  tls: z
    .strictObject({
      /** Pass the encrypted bytes on as they are, instead of decrypting them here. */
      passthrough: z.boolean().optional(),
      options: z.string().optional(),
      certResolver: z.string().optional(),
      domains: z.array(z.strictObject({ main: z.string(), sans: z.array(z.string()).optional() })).optional(),
    })
    .optional(),
});

export const proxyProtocolSchema = z.strictObject({ version: z.int().min(1).max(2).optional() });

export const tcpHealthCheckSchema = z.strictObject({
  port: z.int().min(1).max(65535).optional(),
  send: z.string().optional(),
  expect: z.string().optional(),
  interval: durationSchema.optional(),
  unhealthyInterval: durationSchema.optional(),
  timeout: durationSchema.optional(),
});

export const tcpLoadBalancerSchema = z.strictObject({
  servers: z.array(z.strictObject({ address: z.string().optional(), tls: z.boolean().optional() })).optional(),
  serversTransport: z.string().optional(),
  proxyProtocol: proxyProtocolSchema.optional(),
  /** Milliseconds; below 0: no bound. */
  terminationDelay: z.int().optional(),
  healthCheck: tcpHealthCheckSchema.optional(),
});

const weightedSchema = z.strictObject({
  services: z.array(z.strictObject({ name: z.string(), weight: z.int().min(0).optional() })).optional(),
});

export const tcpServiceSchema = z.strictObject({
  loadBalancer: tcpLoadBalancerSchema.optional(),
  weighted: weightedSchema.extend({ healthCheck: z.strictObject({}).optional() }).optional(),
});

export const tcpMiddlewareSchema = z.strictObject({
  inFlightConn: z.strictObject({ amount: z.int().min(0).optional() }).optional(),
  ipAllowList: z.strictObject({ sourceRange: z.array(z.string()).optional() }).optional(),
  ipWhiteList: z.strictObject({ sourceRange: z.array(z.string()).optional() }).optional(),
});

export const tcpServersTransportSchema = z.strictObject({
  dialKeepAlive: signedDurationSchema.optional(),
  dialTimeout: durationSchema.optional(),
  proxyProtocol: proxyProtocolSchema.optional(),
  terminationDelay: signedDurationSchema.optional(),
  tls: z
    .strictObject({
      serverName: z.string().optional(),
      insecureSkipVerify: z.boolean().optional(),
      rootCAs: z.array(z.string()).optional(),
      certificates: z.array(z.strictObject({ certFile: z.string(), keyFile: z.string() })).optional(),
      peerCertURI: z.string().optional(),
    })
    .optional(),
});

export const udpRouterSchema = z.strictObject({
  entryPoints: z.array(z.string()).optional(),
  service: z.string().optional(),
});

export const udpServiceSchema = z.strictObject({
  loadBalancer: z
    .strictObject({ servers: z.array(z.strictObject({ address: z.string().optional() })).optional() })
    .optional(),
  weighted: weightedSchema.optional(),
});

export const tcpConfigurationSchema = z.strictObject({
  routers: z.record(z.string(), tcpRouterSchema).optional(),
  middlewares: z.record(z.string(), tcpMiddlewareSchema).optional(),
  services: z.record(z.string(), tcpServiceSchema).optional(),
  serversTransports: z.record(z.string(), tcpServersTransportSchema).optional(),
});

export const udpConfigurationSchema = z.strictObject({
  routers: z.record(z.string(), udpRouterSchema).optional(),
  services: z.record(z.string(), udpServiceSchema).optional(),
});

export type TcpRouterConfig = z.infer<typeof tcpRouterSchema>;
export type TcpServiceConfig = z.infer<typeof tcpServiceSchema>;
export type TcpMiddlewareConfig = z.infer<typeof tcpMiddlewareSchema>;
export type TcpServersTransportConfig = z.infer<typeof tcpServersTransportSchema>;
export type TcpHealthCheckConfig = z.infer<typeof tcpHealthCheckSchema>;
export type UdpRouterConfig = z.infer<typeof udpRouterSchema>;
export type UdpServiceConfig = z.infer<typeof udpServiceSchema>;
export type TcpConfiguration = z.infer<typeof tcpConfigurationSchema>;
export type UdpConfiguration = z.infer<typeof udpConfigurationSchema>;
