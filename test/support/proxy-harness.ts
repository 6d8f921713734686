import { once } from 'node:events';
import net from 'node:net';
import type { MiddlewareConfig, ServersTransportConfig } from '../../proxy/model/dynamic.ts';
import type { ClientLimits, LimitCount } from '../../proxy/model/limits.ts';
import type { RequestRecord } from '../../proxy/model/request-record.ts';
import type {
  CertificateSnapshot,
  EntryPointOptions,
  FromWorker,
  RouterSnapshot,
  RoutingSnapshot,
  ServiceSnapshot,
  StreamSnapshot,
} from '../../proxy/model/snapshot.ts';
import { createProxy, type Proxy } from '../../proxy/proxy.ts';

export interface HarnessOptions {
  readonly entryPoints?: readonly Partial<EntryPointOptions>[];
  readonly routers?: readonly Partial<RouterSnapshot>[];
  readonly childRouters?: NonNullable<RoutingSnapshot['childRouters']>;
  readonly services?: Readonly<Record<string, ServiceSnapshot>>;
  readonly middlewares?: Readonly<Record<string, MiddlewareConfig>>;
  readonly serversTransports?: Readonly<Record<string, ServersTransportConfig>>;
  readonly certificates?: readonly CertificateSnapshot[];
  readonly tlsOptions?: NonNullable<RoutingSnapshot['tlsOptions']>;
  readonly tlsHosts?: NonNullable<RoutingSnapshot['tlsHosts']>;
  readonly streams?: Partial<StreamSnapshot>;
  /** Only at the start. */
  readonly limits?: Partial<ClientLimits>;
}

/** A proxy in this process, with real listeners on free ports of 127.0.0.1. */
export interface Harness {
  readonly proxy: Proxy;
  readonly messages: FromWorker[];
  readonly records: RequestRecord[];
  /** Bound port by entry point; the first one's without a name. */
  port(entryPoint?: string): number;
  apply(options: HarnessOptions): void;
  /** The first record that fits, when it has come. */
  record(test?: (record: RequestRecord) => boolean): Promise<RequestRecord>;
  /** What limits held off, and what servers did wrong, as the worker has told by now. */
  limited(): LimitCount[];
  close(): Promise<void>;
}

export const defaultEntryPoint: EntryPointOptions = {
  name: 'web',
  host: '127.0.0.1',
  port: 0,
  reusePort: false,
  tls: false,
  trustedIPs: [],
  insecureForwardedHeaders: false,
  redirect: null,
  timeouts: { readMs: 0, writeMs: 0, idleMs: 180_000, bodyIdleMs: 60_000 },
  maxHeaderBytes: 64 * 1024,
};

/** A load balancer for these servers with the defaults of a service. */
export function loadBalancer(
  urls: readonly string[],
  more: Partial<Extract<ServiceSnapshot, { kind: 'loadBalancer' }>> = {},
): ServiceSnapshot {
  return {
    kind: 'loadBalancer',
    servers: urls.map((url) => ({ url, weight: 1, preservePath: false })),
    passHostHeader: true,
    sticky: null,
    healthCheck: null,
    serversTransport: null,
    flushIntervalMs: -1,
    ...more,
  };
}

const noStreams: StreamSnapshot = {
  tcpRouters: [],
  tcpMiddlewares: {},
  tcpServices: {},
  tcpServersTransports: {},
  udpRouters: [],
  udpServices: {},
};

/** A snapshot with what the test says; routers take every path of `web` and lead to `app@test`. */
export function snapshotOf(options: HarnessOptions, revision: number): RoutingSnapshot {
  return {
    revision,
    routers: (options.routers ?? [{}]).map((router, index) => ({
      name: `router${index}@test`,
      entryPoints: ['web'],
      rule: 'PathPrefix(`/`)',
      priority: 1,
      tls: false,
      middlewares: [],
      service: 'app@test',
      ...router,
    })),
    middlewares: options.middlewares ?? {},
    services: options.services ?? { 'app@test': { kind: 'whoami' } },
    serversTransports: options.serversTransports ?? {},
    ...(options.childRouters ? { childRouters: options.childRouters } : {}),
    ...(options.tlsOptions ? { tlsOptions: options.tlsOptions } : {}),
    ...(options.tlsHosts ? { tlsHosts: options.tlsHosts } : {}),
    ...(options.streams ? { streams: { ...noStreams, ...options.streams } } : {}),
  };
}

export async function startProxy(options: HarnessOptions = {}): Promise<Harness> {
  const messages: FromWorker[] = [];
  const records: RequestRecord[] = [];
  const proxy = createProxy({
    index: 0,
    ...(options.limits ? { limits: options.limits } : {}),
    send(message) {
      messages.push(message);
      if (message.type === 'traffic') records.push(...message.records);
    },
  });
  let revision = 1;
  if (options.certificates) proxy.receive({ type: 'certificates', upsert: options.certificates, remove: [] });
  proxy.receive({ type: 'snapshot', snapshot: snapshotOf(options, revision) });
  const entryPoints = (options.entryPoints ?? [{}]).map((entryPoint) => ({ ...defaultEntryPoint, ...entryPoint }));
  proxy.receive({ type: 'listen', entryPoints });
  const answered = () =>
    messages.filter((message) => message.type === 'listening' || message.type === 'listenFailed').length;
  await until(() => answered() === entryPoints.length, 'entry points to listen');
  return {
    proxy,
    messages,
    records,
    port(entryPoint = entryPoints[0]?.name ?? 'web') {
      const message = messages.find((each) => each.type === 'listening' && each.entryPoint === entryPoint);
      if (message?.type !== 'listening') throw new Error(`${entryPoint} does not listen`);
      return message.port;
    },
    apply(next) {
      revision += 1;
      proxy.receive({ type: 'snapshot', snapshot: snapshotOf(next, revision) });
    },
    async record(test = () => true) {
      await until(() => records.some(test), 'a request record');
      return records.find(test)!;
    },
    limited: () => messages.flatMap((message) => (message.type === 'limited' ? message.counts : [])),
    close: () => proxy.close(),
  };
}

/** Polls until the condition holds; fails after the deadline. */
export async function until(condition: () => boolean, what: string, deadlineMs = 5000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A server that keeps every byte it is sent and answers each head with a fixed answer. */
export interface RawServer {
  readonly url: string;
  readonly port: number;
  /** All bytes of all connections, in order of arrival. */
  received(): string;
  readonly sockets: Set<net.Socket>;
  close(): Promise<void>;
}

export const okAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

export async function startRawServer(
  onData: (socket: net.Socket, text: string) => void = (socket, text) => {
    if (text.includes('\r\n\r\n')) socket.write(okAnswer);
  },
): Promise<RawServer> {
  let received = '';
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      received += text;
      onData(socket, text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received: () => received,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends bytes as they are and gives what came back until the other side closed, or until `enough` says so. */
export async function sendRaw(
  port: number,
  bytes: string | readonly string[],
  enough: (answer: string) => boolean = () => false,
  deadlineMs = 5000,
): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  let answer = '';
  let closed = false;
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('close', () => {
    closed = true;
  });
  for (const part of typeof bytes === 'string' ? [bytes] : bytes) {
    socket.write(part, 'latin1');
    await new Promise((resolve) => setImmediate(resolve));
  }
  try {
    await until(
      () => closed || enough(answer),
      `an answer (so far: ${JSON.stringify(answer.slice(0, 200))})`,
      deadlineMs,
    );
  } finally {
    socket.destroy();
  }
  return answer;
}

/** Status codes of the answers in a raw stream, in order. */
export function statuses(answer: string): number[] {
  return [...answer.matchAll(/(?:^|\n|[^\n])HTTP\/1\.[01] (\d{3})/g)].map((match) => Number(match[1]));
}
