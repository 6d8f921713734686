import { createLineWriter, headersAskedFor } from './access-log/line-writer.ts';
import { createTrustedPeers } from './http/client-address.ts';
import { ConnectionGate } from './http/connection-gate.ts';
import { Crowd } from './http/crowd.ts';
import type { EntryContext } from './http/entry-context.ts';
import { createEntryPoint, type EntryPoint } from './http/entry-point.ts';
import { answerError } from './http/error-page.ts';
import { answer, type ProxyRequest } from './http/exchange.ts';
import { HeaderList } from './http/header-list.ts';
import { LimitCounts } from './http/limit-counts.ts';
import type { LiveExchange } from './http/live-exchange.ts';
import type { LiveRequest } from './http/live-request.ts';
import { UpstreamPools } from './http/pools.ts';
import { createRecorder } from './http/recorder.ts';
import { answerRedirect } from './http/redirect.ts';
import { type RequestReading, requestReading } from './http/request-reading.ts';
import { applyDown, type CompiledRouting, compileRouting, tableKey } from './http/routing.ts';
import { TimeLimits } from './http/time-limits.ts';
import { createRequestMetrics } from './metrics/request-metrics.ts';
import type { AccessLogOptions } from './model/access-log.ts';
import { type ClientLimits, defaultClientLimits } from './model/limits.ts';
import type { MetricsOptions } from './model/metrics.ts';
import type { SharedMemory, SharedRegions } from './model/shared-memory.ts';
import type { DownServers, EntryPointOptions, FromWorker, RoutingSnapshot, ToWorker } from './model/snapshot.ts';
import { SharedCounters } from './shared/shared-counters.ts';
import { createFront } from './stream/front.ts';
import type { Endpoint } from './stream/proxy-protocol.ts';
import { compileStreams, type StreamRouting, type TcpEntry } from './stream/stream-routing.ts';
import { isTcpServerDown } from './stream/tcp-services.ts';
import { createUdpEntryPoint } from './stream/udp-entry-point.ts';
import { createCertificateStore } from './tls/certificates.ts';
import { createChallenges } from './tls/challenges.ts';
import { createTlsPolicy } from './tls/tls-policy.ts';

/** What a worker runs in, or a test in its place. */
interface ProxyHost {
  readonly index: number;
  /** Left out or null: there is no access log. */
  readonly accessLog?: AccessLogOptions | null;
  /** Left out or null: nothing is measured. */
  readonly metrics?: MetricsOptions | null;
  /** Requests of all workers since the start. */
  readonly requestCount?: SharedArrayBuffer;
  /** What all workers count in; left out: this one counts by itself. */
  readonly sharedMemory?: SharedMemory;
  /** What clients may take; left out: the defaults. */
  readonly limits?: Partial<ClientLimits>;
  /** Left out: 1. */
  readonly workers?: number;
  send(message: FromWorker): void;
  /** A `drain` has come to its end. */
  drained?(): void;
}

/** Everything that one worker does. */
export interface Proxy {
  receive(message: ToWorker): void;
  /** Stops at once: connections are broken off. May be called twice. */
  close(): Promise<void>;
}

export function createProxy(host: ProxyHost): Proxy {
  const { accessLog: logOptions = null } = host;
  const requestCount = new Uint32Array(host.requestCount ?? new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT));
  const held = new LimitCounts((counts) => host.send({ type: 'limited', counts }));
  const counted = createRecorder(
    (message) => host.send(message),
    logOptions && { writer: createLineWriter(logOptions), nextCount: () => Atomics.add(requestCount, 0, 1) + 1 },
    held,
  );
  const accessLog = logOptions && headersAskedFor(logOptions);
  const metrics = host.metrics ? createRequestMetrics(host.metrics, (message) => host.send(message)) : null;
  const certificates = createCertificateStore((failure) => warn('A certificate cannot be used', { ...failure }));
  const challenges = createChallenges(({ type, host: name }, clientIp) =>
    host.send({ type: 'challengeAsked', challenge: type, host: name, clientIp }),
  );
  const pools = new UpstreamPools();
  const entryPoints = new Map<string, Pick<EntryPoint, 'listen' | 'close'> & Partial<EntryPoint>>();
  const closing = new Set<Promise<void>>();
  const shared = new SharedCounters(host.sharedMemory ?? null, host.index);
  const clientLimits = { ...defaultClientLimits, ...host.limits };
  const gate = new ConnectionGate({
    limits: clientLimits,
    workers: host.workers ?? 1,
    shared,
    note: (limit, clientIp) => held.note(limit, clientIp),
  });
  const mostStalled = Math.ceil(clientLimits.stalledRequests / (host.workers ?? 1));
  const crowds = { unread: new Crowd(mostStalled), unsent: new Crowd(mostStalled) };
  let routing: CompiledRouting | null = null;
  let streams: StreamRouting | null = null;
  let tlsPolicy = createTlsPolicy(null);
  let down: DownServers = {};

  const warn: EntryContext['warn'] = (message, details) => {
    host.send({ type: 'log', level: 'warn', message, details: { worker: host.index, ...details } });
  };

  const hasOneReading = ({ entryPoint, path }: ProxyRequest): boolean => {
    const reading = entryPoints.get(entryPoint)?.context?.reading;
    return reading !== undefined && readsOnce(reading, path);
  };

  const route = (options: EntryPointOptions, reading: RequestReading): EntryContext['route'] => {
    const key = tableKey(options.name, options.tls);
    return (exchange: LiveExchange) => {
      const { request } = exchange;
      const { redirect } = options;
      // Before redirects and routers: a CA must find the answer whatever they say.
      const proof = challenges.overHttp(request.host, request.path, request.peerIp);
      if (proof !== undefined) {
        answer(exchange, 200, new HeaderList(['Content-Type', 'application/octet-stream']), proof);
        return;
      }
      if (redirect && redirect.priority === undefined) {
        redirectTo(exchange, redirect);
        return;
      }
      const match = routing?.tables.get(key)?.match(request, readsOnce(reading, request.path));
      if (redirect && !(match?.kind === 'match' && match.target.priority > (redirect.priority ?? 0))) {
        redirectTo(exchange, redirect);
      } else if (match?.kind === 'match') {
        if (options.tls && !isRightDoor(options.name, request, match.target.tlsOptions)) {
          answerError(
            exchange,
            421,
            'MISDIRECTED',
            `the handshake for ${request.tls?.serverName ?? ''} had other TLS options than ${request.host} has`,
          );
          return;
        }
        exchange.run(match.target);
      } else if (match?.kind === 'ambiguous') {
        const between = `${match.first ?? 'no router'} and ${match.second ?? 'no router'}`;
        answerError(exchange, 400, 'REQUEST_AMBIGUOUS', `the encoded path stands between ${between}`);
      } else {
        answerError(exchange, 404, 'NO_ROUTER', `no router of ${options.name} matches ${request.host}${request.path}`);
      }
    };
  };

  /** The handshake was for one host; the request may be for another, whose TLS options keep out more (domain fronting). */
  const isRightDoor = (entryPoint: string, request: LiveRequest, required: string | null): boolean =>
    request.tlsOptions === tlsPolicy.optionsFor(entryPoint, request.host).key &&
    (required === null || request.tlsOptions === tlsPolicy.named(required).key);

  const redirectTo = (exchange: LiveExchange, redirect: NonNullable<EntryPointOptions['redirect']>): void => {
    if (exchange.request.host === '') answerError(exchange, 400, 'REQUEST_MALFORMED', 'no host to redirect to');
    else answerRedirect(exchange, redirect);
  };

  const openEntryPoint = (options: EntryPointOptions): EntryPoint => {
    const { name, tls, redirect } = options;
    const recorder = metrics?.recorderOf(name, options, counted) ?? counted;
    const reading = requestReading(options);
    const announced = new Map<string, Endpoint>();
    const contextOf = (own: EntryPointOptions): EntryContext => ({
      options: own,
      peers: createTrustedPeers(own.trustedIPs),
      recorder,
      accessLog,
      isLogged: own.accessLogs !== false,
      limits: new TimeLimits(),
      clientLimits,
      gate,
      held,
      ...crowds,
      reading,
      unrouted: recorder.counter(name, null, null),
      route: route(own, reading),
      warn,
      announced,
      isDraining: false,
    });
    // What comes with TLS to a listener without it is where a redirect to HTTPS leads.
    const leadsHere = !tls && redirect?.scheme === 'https';
    const listener = { tls, redirects: redirect !== null && redirect.priority === undefined };
    return createEntryPoint({
      context: contextOf(options),
      otherContext: contextOf({ ...options, tls: !tls, redirect: leadsHere ? null : redirect }),
      certificates,
      policy: () => tlsPolicy,
      challenges,
      front: (sides) => {
        const entry = (): TcpEntry | undefined => streams?.tcpEntry(name, listener);
        return createFront(
          {
            options,
            recorder,
            certificates,
            policy: () => tlsPolicy,
            challenges,
            entry,
            announced,
            handshakeMs: clientLimits.handshakeMs,
            passesOn: (socket) => gate.proves(socket, name),
          },
          sides,
        );
      },
    });
  };

  const listen = async (options: EntryPointOptions): Promise<void> => {
    const { name } = options;
    try {
      if (entryPoints.has(name)) throw new Error(`The entry point ${name} is open already`);
      const entryPoint =
        options.transport === 'udp'
          ? createUdpEntryPoint(options, counted, () => streams?.udp.get(name))
          : openEntryPoint(options);
      entryPoints.set(name, entryPoint);
      try {
        host.send({ type: 'listening', entryPoint: name, host: options.host, port: await entryPoint.listen() });
      } catch (error) {
        entryPoints.delete(name);
        throw error;
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      host.send({ type: 'listenFailed', entryPoint: name, code: code ?? 'INVALID', message });
    }
  };

  let isReporting = false;
  /** Many servers may take to failing in one turn; they are told of together. */
  const reportFailing = (): void => {
    if (isReporting) return;
    isReporting = true;
    setImmediate(() => {
      isReporting = false;
      const servers: Record<string, readonly string[]> = {};
      for (const [name, balancer] of routing?.balancers ?? []) {
        const failing = balancer.kept.failures?.failing() ?? [];
        if (failing.length > 0) servers[name] = failing;
      }
      host.send({ type: 'failing', servers });
    });
  };

  const apply = (snapshot: RoutingSnapshot, regions: SharedRegions): void => {
    let compiled: CompiledRouting;
    let compiledStreams: StreamRouting;
    try {
      shared.useRegions(regions);
      compiled = compileRouting(snapshot, routing, pools, counted, reportFailing, hasOneReading, shared);
      const isDown = (service: string, address: string): boolean => isTcpServerDown(down, service, address);
      compiledStreams = compileStreams(snapshot, streams, { recorder: counted, isDown, shared });
      applyDown(compiled, down);
    } catch (error) {
      // A snapshot that cannot be compiled at all is a fault of ours. What served until now serves on.
      const message = error instanceof Error ? error.message : String(error);
      host.send({ type: 'applied', revision: snapshot.revision, errors: [{ object: 'snapshot', message }] });
      return;
    }
    routing = compiled;
    streams = compiledStreams;
    tlsPolicy = createTlsPolicy(snapshot);
    metrics?.applied(snapshot);
    pools.retain(compiled.poolKeys);
    host.send({ type: 'applied', revision: snapshot.revision, errors: [...compiled.errors, ...streams.errors] });
  };

  const closeEntryPoints = async (names: readonly string[], graceMs: number): Promise<void> => {
    const closed = names.map(async (name) => {
      const entryPoint = entryPoints.get(name);
      entryPoints.delete(name);
      await entryPoint?.close(graceMs);
    });
    const all = Promise.all(closed).then(() => undefined);
    closing.add(all);
    await all;
    closing.delete(all);
  };

  const close = async (graceMs: number): Promise<void> => {
    await closeEntryPoints([...entryPoints.keys()], graceMs);
    await Promise.all(closing);
    pools.destroy();
    counted.close();
    held.flush();
    crowds.unread.close();
    crowds.unsent.close();
    metrics?.close();
  };

  host.send({ type: 'ready' });

  return {
    receive(message) {
      switch (message.type) {
        case 'listen':
          for (const options of message.entryPoints) void listen(options);
          break;
        case 'unlisten':
          void closeEntryPoints(message.names, message.graceMs);
          break;
        case 'certificates': {
          const failures = certificates.change(message.upsert, message.remove);
          for (const failure of failures) warn('A certificate cannot be used', { ...failure });
          for (const entryPoint of entryPoints.values()) entryPoint.certificatesChanged?.();
          break;
        }
        case 'ticketSecret':
          certificates.setTicketSecret(message.secret);
          for (const entryPoint of entryPoints.values()) entryPoint.certificatesChanged?.();
          break;
        case 'challenges':
          challenges.set(message.challenges);
          host.send({ type: 'challengesSet', revision: message.revision });
          break;
        case 'snapshot':
          apply(message.snapshot, message.regions ?? new Map());
          break;
        case 'down':
          down = message.servers;
          if (routing) applyDown(routing, down);
          break;
        case 'trafficTaken':
          counted.taken();
          break;
        case 'drain':
          void close(message.graceMs).then(() => host.drained?.());
          break;
      }
    },
    close: () => close(0),
  };
}

/** Whether the entry point takes the encoded characters of a path as they stand. */
function readsOnce({ stillDoubtful }: RequestReading, path: string): boolean {
  return stillDoubtful !== null && !stillDoubtful.test(path);
}
