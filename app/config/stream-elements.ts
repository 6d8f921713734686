import type { z } from 'zod';
import {
  type TcpMiddlewareConfig,
  type TcpRouterConfig,
  type TcpServersTransportConfig,
  tcpMiddlewareSchema,
  tcpRouterSchema,
  tcpServersTransportSchema,
  type UdpRouterConfig,
  udpRouterSchema,
} from '../../proxy/model/stream.ts';
import { decode } from './decode.ts';
import { type ElementIssue, type ElementKind, readElements } from './http-elements.ts';

export interface TcpElements<Service> {
  readonly routers: Readonly<Record<string, TcpRouterConfig>>;
  readonly services: Readonly<Record<string, Service>>;
  readonly middlewares: Readonly<Record<string, TcpMiddlewareConfig>>;
  readonly serversTransports: Readonly<Record<string, TcpServersTransportConfig>>;
  readonly issues: readonly ElementIssue[];
}

export interface UdpElements<Service> {
  readonly routers: Readonly<Record<string, UdpRouterConfig>>;
  readonly services: Readonly<Record<string, Service>>;
  readonly issues: readonly ElementIssue[];
}

interface StreamOptions<Service> {
  readonly strings: boolean;
  /** Labels write services in a form of their own. */
  readonly serviceSchema: z.ZodType<Service>;
}

/** Reads a `tcp` section of dynamic configuration, element by element, as `decodeHttpElements` reads the `http` one. */
export function decodeTcpElements<Service extends object>(
  input: unknown,
  { strings, serviceSchema }: StreamOptions<Service>,
): TcpElements<Service> {
  const schemas: Record<ElementKind, z.ZodType> = {
    routers: tcpRouterSchema,
    services: serviceSchema,
    middlewares: tcpMiddlewareSchema,
    serversTransports: tcpServersTransportSchema,
  };
  const kinds = ['routers', 'services', 'middlewares', 'serversTransports'] as const;
  const { read, issues } = readElements('tcp', kinds, input, (kind, raw, path) =>
    decode(schemas[kind], raw, { strings, path }),
  );
  return { ...(read as Omit<TcpElements<Service>, 'issues'>), issues };
}

/** Reads a `udp` section of dynamic configuration. */
export function decodeUdpElements<Service extends object>(
  input: unknown,
  { strings, serviceSchema }: StreamOptions<Service>,
): UdpElements<Service> {
  const { read, issues } = readElements('udp', ['routers', 'services'], input, (kind, raw, path) =>
    decode<unknown>(kind === 'routers' ? udpRouterSchema : serviceSchema, raw, { strings, path }),
  );
  const { routers, services } = read as Omit<UdpElements<Service>, 'issues'>;
  return { routers, services, issues };
}
