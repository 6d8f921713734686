import type { Recorder, TrafficCounter } from '../http/recorder.ts';
import type { RouterSnapshot, RoutingSnapshot, StreamSnapshot, TcpRouterSnapshot } from '../model/snapshot.ts';
import { hostsOfRule } from '../rule/hosts.ts';
import { parseRule } from '../rule/parse.ts';
import { byPrecedence } from '../rule/precedence.ts';
import { compileTcpRule, isTcpCatchAll, parseTcpRule, type TcpConnection, type TcpMatcher } from '../rule/tcp.ts';
import type { SharedCounters } from '../shared/shared-counters.ts';
import { type Admission, createAdmission, tcpMiddlewareTypesOf } from './admission.ts';
import { createTcpServices, type TcpService } from './tcp-services.ts';
import { createUdpServices, type UdpService } from './udp-services.ts';

/** A middleware that stands before a TCP service. */
export interface NamedAdmission {
  readonly name: string;
  readonly type: string;
  readonly admission: Admission;
}

export interface TcpRoute {
  readonly name: string;
  /** Empty where it leads nowhere. */
  readonly service: string;
  readonly tls: TcpRouterSnapshot['tls'];
  readonly tlsOptions: string | null;
  readonly admissions: readonly NamedAdmission[];
  /** An Error where it could not be built: it keeps its place, and refuses. */
  readonly target: TcpService | Error;
  readonly counter: TrafficCounter;
}

export interface UdpRoute {
  readonly name: string;
  readonly service: string;
  readonly target: UdpService;
  readonly counter: TrafficCounter;
}

/** What becomes of a connection. */
export type Way =
  | { readonly kind: 'http' }
  | { readonly kind: 'https' }
  | { readonly kind: 'tcp'; readonly route: TcpRoute };

export interface TcpEntry {
  /** A router for a connection of which nothing has been read, where nothing else could be meant; null: read first. */
  beforeReading(clientIp: string): TcpRoute | null;
  /** `hello` is null where the connection began without TLS. */
  choose(hello: { readonly serverName: string; readonly alpn: readonly string[] } | null, clientIp: string): Way;
  readonly hasTlsRouters: boolean;
  /** The router with TLS for this name, whatever HTTPS routers there are; for protocols that are not HTTP. */
  chooseTls(connection: TcpConnection): TcpRoute | null;
}

export interface StreamRouting {
  /** Undefined where an entry point serves nothing but HTTP as its listener speaks it: with TLS, or without. */
  tcpEntry(entryPoint: string, listener: { readonly tls: boolean; readonly redirects: boolean }): TcpEntry | undefined;
  readonly udp: ReadonlyMap<string, UdpRoute>;
  readonly admissions: ReadonlyMap<string, { readonly key: string; readonly admission: Admission }>;
  readonly errors: readonly { readonly object: string; readonly message: string }[];
}

interface Candidate {
  readonly route: TcpRoute;
  readonly matches: TcpMatcher;
  readonly isCatchAll: boolean;
}

interface EntryDraft {
  readonly plain: Candidate[];
  readonly tls: Candidate[];
}

export interface StreamRoutingOptions {
  readonly recorder: Recorder;
  readonly isDown: (service: string, address: string) => boolean;
  /** What all workers count in; left out: each connection is counted here alone. */
  readonly shared?: SharedCounters;
}

const none: StreamSnapshot = {
  tcpRouters: [],
  tcpMiddlewares: {},
  tcpServices: {},
  tcpServersTransports: {},
  udpRouters: [],
  udpServices: {},
};

/** What cannot be built refuses its connections, with a reason, and nothing else does. */
export function compileStreams(
  snapshot: RoutingSnapshot,
  previous: StreamRouting | null,
  options: StreamRoutingOptions,
): StreamRouting {
  const streams = snapshot.streams ?? none;
  const errors: { object: string; message: string }[] = [];
  const admissions = new Map<string, { key: string; admission: Admission }>();
  const serviceOf = createTcpServices(streams, options.isDown);
  const countingOf = (name: string, key: string): Parameters<typeof createAdmission>[1] =>
    options.shared ? { shared: options.shared, identity: `tcp ${name} ${key}` } : null;
  const admissionOf = (name: string): NamedAdmission => {
    const config = streams.tcpMiddlewares[name];
    if (!config) throw new Error(`The middleware ${name} does not exist`);
    const key = JSON.stringify(config);
    const known = admissions.get(name) ?? previous?.admissions.get(name);
    // Without shared counts, those of open connections outlive a change elsewhere all the same.
    const made = known?.key === key ? known : { key, admission: createAdmission(config, countingOf(name, key)) };
    admissions.set(name, made);
    return { name, type: tcpMiddlewareTypesOf(config)[0] ?? '', admission: made.admission };
  };

  const drafts = new Map<string, EntryDraft>();
  const draftOf = (entryPoint: string): EntryDraft => {
    let draft = drafts.get(entryPoint);
    if (!draft) {
      draft = { plain: [], tls: [] };
      drafts.set(entryPoint, draft);
    }
    return draft;
  };
  for (const router of streams.tcpRouters.toSorted(byPrecedence)) {
    try {
      const node = parseTcpRule(router.rule, router.syntax);
      const refusal = router.refuse ? new Error(router.refuse.reason) : null;
      const target = refusal ?? attempt(() => serviceOf(router.service));
      const named = attempt(() => router.middlewares.map(admissionOf));
      const failure = target instanceof Error ? target : named instanceof Error ? named : null;
      if (failure && !refusal) errors.push({ object: `tcp ${router.name}`, message: failure.message });
      for (const entryPoint of router.entryPoints) {
        const draft = draftOf(entryPoint);
        (router.tls === 'none' ? draft.plain : draft.tls).push({
          matches: compileTcpRule(node),
          isCatchAll: isTcpCatchAll(node),
          route: {
            name: router.name,
            service: router.service,
            tls: router.tls,
            tlsOptions: router.tlsOptions,
            admissions: named instanceof Error ? [] : named,
            target: failure ?? target,
            counter: options.recorder.counter(entryPoint, router.name, router.refuse ? null : router.service),
          },
        });
      }
    } catch (error) {
      errors.push({ object: `tcp ${router.name}`, message: error instanceof Error ? error.message : String(error) });
    }
  }
  // Routers of HTTP that ask for what the listener does not speak: their connections are looked into as well.
  const speaks = { tls: new Set<string>(), plain: new Set<string>() };
  for (const { entryPoints, tls } of snapshot.routers) {
    for (const name of entryPoints) speaks[tls ? 'tls' : 'plain'].add(name);
  }
  const entries = new Map<string, TcpEntry>();
  const tcpEntry: StreamRouting['tcpEntry'] = (name, { tls, redirects }) => {
    const known = entries.get(name);
    if (known) return known;
    const isMixed = !redirects && (tls ? speaks.plain : speaks.tls).has(name);
    if (!drafts.has(name) && !isMixed) return undefined;
    const made = createEntry(draftOf(name), snapshot.routers, name);
    entries.set(name, made);
    return made;
  };

  const udp = new Map<string, UdpRoute>();
  const udpServiceOf = createUdpServices(streams);
  for (const { name, entryPoints, service } of streams.udpRouters.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const target = attempt(() => udpServiceOf(service));
    if (target instanceof Error) errors.push({ object: `udp ${name}`, message: target.message });
    else {
      for (const entryPoint of entryPoints) {
        if (udp.has(entryPoint)) continue;
        udp.set(entryPoint, { name, service, target, counter: options.recorder.counter(entryPoint, name, service) });
      }
    }
  }
  return { tcpEntry, udp, admissions, errors };
}

function createEntry({ plain, tls }: EntryDraft, routers: readonly RouterSnapshot[], entryPoint: string): TcpEntry {
  const own = routers.filter((router) => router.tls && router.entryPoints.includes(entryPoint));
  // Reading thousands of rules a second time waits until a connection asks.
  let read: HttpsNames | null = null;
  const https = (): HttpsNames => {
    read ??= httpsNames(own);
    return read;
  };
  const first = (candidates: readonly Candidate[], connection: TcpConnection): Candidate | null =>
    candidates.find(({ matches }) => matches(connection)) ?? null;
  const way = (candidate: Candidate): Way => ({ kind: 'tcp', route: candidate.route });
  return {
    hasTlsRouters: tls.length > 0,
    beforeReading(clientIp) {
      if (plain.length === 0 || tls.length > 0 || own.length > 0) return null;
      return first(plain, { serverName: '', clientIp, alpn: [] })?.route ?? null;
    },
    choose(hello, clientIp) {
      if (hello === null) {
        const found = first(plain, { serverName: '', clientIp, alpn: [] });
        return found ? way(found) : { kind: 'http' };
      }
      // Traefik's order: HTTPS routers that name the host, TCP routers, HTTPS routers that take any, TCP ones that do.
      if (https().exact.has(hello.serverName)) return { kind: 'https' };
      const found = first(tls, { ...hello, clientIp });
      if (found && !found.isCatchAll) return way(found);
      if (https().takesAny) return { kind: 'https' };
      return found ? way(found) : { kind: 'https' };
    },
    chooseTls: (connection) => first(tls, connection)?.route ?? null,
  };
}

interface HttpsNames {
  readonly exact: ReadonlySet<string>;
  readonly takesAny: boolean;
}

/** What HTTPS routers ask for, as far as the handshake tells. */
function httpsNames(routers: readonly RouterSnapshot[]): HttpsNames {
  const exact = new Set<string>();
  let takesAny = false;
  for (const router of routers) {
    const hosts = attempt(() => hostsOfRule(parseRule(router.rule, router.syntax)));
    if (hosts instanceof Error || hosts.length === 0) takesAny = true;
    else for (const host of hosts) exact.add(host);
  }
  return { exact, takesAny };
}

function attempt<T>(action: () => T): T | Error {
  try {
    return action();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
