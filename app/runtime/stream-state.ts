import type {
  TcpMiddlewareConfig,
  TcpRouterConfig,
  TcpServersTransportConfig,
  TcpServiceConfig,
  UdpRouterConfig,
  UdpServiceConfig,
} from '../../proxy/model/stream.ts';
import type { RuntimeObject } from './state.ts';

export interface RuntimeTcpRouter extends RuntimeObject {
  readonly config: TcpRouterConfig;
  /** Resolved: qualified names, defaults filled in. */
  readonly entryPoints: readonly string[];
  readonly middlewares: readonly string[];
  readonly service: string;
  readonly rule: string;
  readonly syntax: 'v2' | 'v3';
  readonly priority: number;
  /** Place of its provider in `providers.precedence`, from 0; left out for those that are not named there. */
  readonly providerRank?: number;
  readonly tls: 'none' | 'terminate' | 'passthrough';
  readonly hosts: readonly string[];
  /** It is disabled, keeps its place and closes its connections, for this reason. */
  readonly closed?: string;
}

export interface RuntimeTcpService extends RuntimeObject {
  readonly config: TcpServiceConfig;
  readonly usedBy: readonly string[];
}

export interface RuntimeTcpMiddleware extends RuntimeObject {
  readonly config: TcpMiddlewareConfig;
  readonly type: string;
  readonly usedBy: readonly string[];
}

export interface RuntimeUdpRouter extends RuntimeObject {
  readonly config: UdpRouterConfig;
  readonly entryPoints: readonly string[];
  readonly service: string;
}

export interface RuntimeUdpService extends RuntimeObject {
  readonly config: UdpServiceConfig;
  readonly usedBy: readonly string[];
}

/** TCP and UDP, merged and judged. Keys are qualified names; those of HTTP, TCP and UDP are apart. */
export interface StreamState {
  readonly tcp: {
    readonly routers: ReadonlyMap<string, RuntimeTcpRouter>;
    readonly services: ReadonlyMap<string, RuntimeTcpService>;
    readonly middlewares: ReadonlyMap<string, RuntimeTcpMiddleware>;
    readonly serversTransports: ReadonlyMap<string, TcpServersTransportConfig>;
  };
  readonly udp: {
    readonly routers: ReadonlyMap<string, RuntimeUdpRouter>;
    readonly services: ReadonlyMap<string, RuntimeUdpService>;
  };
}

export const noStreamState: StreamState = {
  tcp: { routers: new Map(), services: new Map(), middlewares: new Map(), serversTransports: new Map() },
  udp: { routers: new Map(), services: new Map() },
};
