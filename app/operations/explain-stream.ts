import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { createRecorder } from '../../proxy/http/recorder.ts';
import type { RoutingSnapshot, TcpRouterSnapshot } from '../../proxy/model/snapshot.ts';
import { explainTcpRule } from '../../proxy/rule/explain-tcp.ts';
import { byPrecedence } from '../../proxy/rule/precedence.ts';
import { RuleError } from '../../proxy/rule/rule-error.ts';
import { parseTcpRule, type TcpConnection } from '../../proxy/rule/tcp.ts';
import { compileStreams, type Way } from '../../proxy/stream/stream-routing.ts';
import type { Explanation } from '../contract/explanation.ts';
import type { EntryPointView, ServiceView } from '../contract/objects.ts';
import { toRoutingSnapshot } from '../runtime/snapshot.ts';
import type { RuntimeState } from '../runtime/state.ts';
import type { RuntimeTcpRouter } from '../runtime/stream-state.ts';
import { type ExplainSurroundings, serversBehind } from './explain.ts';
import { InvalidUrlError, portOf } from './explain-request.ts';
import { admissionSteps } from './explain-stream-middlewares.ts';
import {
  closedVerdict,
  endedVerdict,
  endsAt,
  isOffAt,
  nobodyListens,
  offVerdict,
  serverVerdict,
  type Verdict,
  verdict,
} from './explain-verdicts.ts';

/** A connection or datagram as it is asked about. */
export interface StreamQuestion {
  /** `tcp` leaves open whether the client speaks TLS: it does where something at the entry point looks for it. */
  readonly scheme: 'tcp' | 'plain' | 'tls' | 'udp';
  /** Name in the TLS hello; empty: none. */
  readonly host: string;
  /** Null where the entry point is named. */
  readonly port: number | null;
  readonly entryPoint?: string | undefined;
  readonly clientIp: string;
  readonly alpn: readonly string[];
}

/** Whether an address asks about a connection, not a request. */
export function isStreamUrl(url: string): boolean {
  return /^(?:tcp|tls|plain|udp):\/\//i.test(url);
}

/** `tcp://db.example.org:5432`, `tls://:993`, `udp://:53`. Throws {@link InvalidUrlError}. */
export function readStreamQuestion(input: {
  readonly url: string;
  readonly from?: string | undefined;
  readonly alpn?: readonly string[] | undefined;
}): StreamQuestion {
  const match = /^(tcp|tls|plain|udp):\/\/(\[[0-9a-f:.]+\]|[^/?#:@]*):(\d{1,5})\/?$/i.exec(input.url.trim());
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) {
    throw new InvalidUrlError(
      `"${input.url}" is not an address such as tcp://db.example.org:5432, tls://mail.example.org:993 or udp://:53.`,
    );
  }
  const name = (match[2] ?? '').replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const host = name === '' || name.includes(':') ? name.toLowerCase() : domainToASCII(name);
  if (host === '' && name !== '') throw new InvalidUrlError(`"${name}" is not a host name.`);
  const scheme = (match[1] ?? 'tcp').toLowerCase() as StreamQuestion['scheme'];
  return { scheme, host, port, clientIp: input.from ?? '127.0.0.1', alpn: input.alpn ?? [] };
}

type Empty = Omit<Explanation, 'outcome' | 'sentence' | 'said'>;

/** Why a connection goes where it goes, without opening one. Decides with the workers' own table. */
export function explainStream(
  state: RuntimeState,
  surroundings: ExplainSurroundings,
  question: StreamQuestion,
): Explanation {
  const { scheme, host, clientIp, port } = question;
  const protocol = scheme === 'udp' ? 'udp' : 'tcp';
  const entryPoint = entryPointOf(surroundings.entryPoints, question);
  const empty: Empty = {
    protocol,
    entryPoint: entryPoint?.name ?? null,
    request: { method: '', scheme: scheme === 'plain' ? 'tcp' : scheme, host, path: '', query: '', clientIp },
    routers: [],
    skippedByHost: 0,
    router: null,
    middlewares: [],
    service: null,
    servers: [],
    disabled: [],
  };
  if (!entryPoint) return { ...empty, ...nobodyListens(surroundings.entryPoints, protocol, port) };
  const routing = toRoutingSnapshot(
    state,
    surroundings.entryPoints.map(({ name, protocol: speaks }) => ({ name, tls: speaks === 'https' })),
    { pausedAll: surroundings.pausedAll },
  );
  const services = surroundings.services.filter((service) => service.protocol === protocol);
  return protocol === 'udp'
    ? explainUdp(state, routing, entryPoint, services, { ...empty, disabled: disabledUdp(state, entryPoint.name) })
    : explainTcp(state, routing, entryPoint, services, question, empty);
}

function entryPointOf(
  entryPoints: readonly EntryPointView[],
  { scheme, port, entryPoint }: StreamQuestion,
): EntryPointView | undefined {
  const named = entryPoints.find(({ name }) => name === entryPoint);
  if (named) return named;
  const fitting = entryPoints.filter(
    ({ listening, protocol }) => listening !== null && (protocol === 'udp') === (scheme === 'udp'),
  );
  return (
    fitting.find(({ listening }) => portOf(listening ?? '') === port) ??
    fitting.find(({ address }) => portOf(address) === port)
  );
}

function explainTcp(
  state: RuntimeState,
  routing: RoutingSnapshot,
  entryPoint: EntryPointView,
  services: readonly ServiceView[],
  question: StreamQuestion,
  empty: Empty,
): Explanation {
  const { name } = entryPoint;
  const { clientIp, alpn } = question;
  const streams = routing.streams;
  const routers = (streams?.tcpRouters ?? []).filter(({ entryPoints }) => entryPoints.includes(name));
  const entry = compileStreams(routing, null, {
    recorder: createRecorder(() => undefined),
    isDown: () => false,
  }).tcpEntry(name, { tls: entryPoint.protocol === 'https', redirects: entryPoint.redirectTo !== null });
  const looksForTls =
    entryPoint.protocol === 'https' ||
    routers.some(({ tls }) => tls !== 'none') ||
    routing.routers.some(({ tls, entryPoints }) => tls && entryPoints.includes(name));
  const hasTls = question.scheme === 'tls' || (question.scheme === 'tcp' && looksForTls);
  // RFC 6066 section 3: an address is no server name.
  const serverName = hasTls && isIP(question.host) === 0 ? question.host : '';
  const connection: TcpConnection = { serverName, clientIp, alpn: hasTls ? alpn : [] };
  const early = entry?.beforeReading(clientIp) ?? null;
  const way: Way =
    early !== null
      ? { kind: 'tcp', route: early }
      : (entry?.choose(hasTls ? { serverName, alpn } : null, clientIp) ?? {
          kind: entryPoint.protocol === 'https' ? 'https' : 'http',
        });
  const chosen = way.kind === 'tcp' ? routers.find((router) => router.name === way.route.name) : undefined;
  const isTried = ({ tls }: TcpRouterSnapshot): boolean => (tls === 'none') === (early !== null || !hasTls);
  const known: Empty = {
    ...empty,
    request: { ...empty.request, scheme: early === null && hasTls ? 'tls' : 'tcp', host: serverName },
    routers: triedTcp(routers.filter(isTried), connection, chosen),
    disabled: disabledTcp(state, name, connection),
  };
  if (chosen === undefined || streams === undefined) {
    return { ...known, ...notByTcp(way, entryPoint, known, serverName, routing) };
  }
  if (chosen.refuse) {
    const { name: router, tls, refuse } = chosen;
    return { ...known, router, tls, ...closedVerdict(router, refuse.reason, 'tcp') };
  }
  const middlewares = admissionSteps(chosen.middlewares, streams.tcpMiddlewares, clientIp);
  const service = services.find((each) => each.name === chosen.service);
  const servers = serversBehind(service, services);
  const found: Empty = {
    ...known,
    router: chosen.name,
    tls: chosen.tls,
    middlewares,
    service: chosen.service,
    servers,
  };
  const last = endsAt(middlewares);
  if (last) return { ...found, ...endedVerdict(chosen.name, last) };
  const condition = middlewares.find((step) => step.verdict === 'depends');
  return {
    ...found,
    ...serverVerdict(chosen.name, chosen.service, servers, condition, 'the connection is closed.'),
  };
}

/** Most that anybody reads; the rest could not have changed the answer. */
const mostSteps = 50;

/** Routers in the order in which they are tried, up to the one that takes the connection. */
function triedTcp(
  routers: readonly TcpRouterSnapshot[],
  connection: TcpConnection,
  chosen: TcpRouterSnapshot | undefined,
): Explanation['routers'] {
  const steps: Explanation['routers'] = [];
  for (const router of routers.toSorted(byPrecedence)) {
    const { name, rule, syntax, priority } = router;
    const { matched, reason, parts, matchers } = explainTcpRule(parseTcpRule(rule, syntax), connection);
    if (steps.length < mostSteps || router === chosen) {
      steps.push({ router: name, rule, priority, matched, reason, parts: [...parts], matchers });
    }
    if (router === chosen) break;
  }
  return steps;
}

/** A connection that no TCP router takes is HTTP's, if anybody's. */
function notByTcp(
  way: Way,
  { name, listening, redirectTo }: EntryPointView,
  { disabled }: Empty,
  serverName: string,
  { routers }: RoutingSnapshot,
): Verdict {
  const isTls = way.kind === 'https';
  const asked = serverName === '' ? name : `${serverName} (${name})`;
  const [first] = disabled;
  const hasHttp =
    redirectTo !== null || routers.some(({ tls, entryPoints }) => tls === isTls && entryPoints.includes(name));
  if (first && !hasHttp) return offVerdict(asked, first);
  if (hasHttp) {
    const scheme = isTls ? 'https' : 'http';
    const url = `${scheme}://${serverName === '' ? 'HOST' : serverName}:${portOf(listening ?? '')}/`;
    const sentence = `No TCP router takes it before the ${scheme.toUpperCase()} routers of ${name}, which decide by each request: see explain ${url}`;
    return verdict('depends', isTls ? 'TO_HTTPS' : 'TO_HTTP', sentence, { entryPoint: name, url });
  }
  if (serverName === '') {
    return verdict(
      'no-router',
      'TCP_NO_ROUTER',
      `No TCP router takes the connection at ${name}, and HTTP has no router there either.`,
      {
        entryPoint: name,
      },
    );
  }
  const sentence = `No TCP router takes a connection for ${serverName} at ${name}, and HTTPS has no router there either.`;
  return verdict('no-router', 'TCP_NO_ROUTER_NAME', sentence, { entryPoint: name, serverName });
}

/** Routers that would take the connection if they were not off. */
function disabledTcp(
  { streams }: RuntimeState,
  entryPoint: string,
  connection: TcpConnection,
): Explanation['disabled'] {
  return [...streams.tcp.routers.values()]
    .filter((router) => isOffAt(entryPoint, router) && wouldMatch(router, connection))
    .slice(0, mostSteps)
    .map(({ name, problems }) => ({ router: name, problems: [...problems] }));
}

function wouldMatch({ rule, syntax }: RuntimeTcpRouter, connection: TcpConnection): boolean {
  try {
    return explainTcpRule(parseTcpRule(rule, syntax), connection).matched;
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return connection.serverName !== '' && rule.toLowerCase().includes(connection.serverName);
  }
}

function explainUdp(
  { streams }: RuntimeState,
  routing: RoutingSnapshot,
  { name }: EntryPointView,
  services: readonly ServiceView[],
  empty: Empty,
): Explanation {
  const onEntryPoint = [...(routing.streams?.udpRouters ?? [])]
    .filter(({ entryPoints }) => entryPoints.includes(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const [chosen] = onEntryPoint;
  const routers = onEntryPoint.map(({ name: router }) => ({
    router,
    rule: '',
    priority: 0,
    matched: router === chosen?.name,
    reason:
      router === chosen?.name
        ? `It is the first by name of those on ${name}.`
        : `${chosen?.name ?? ''} comes before it by name, and an entry point for UDP has one router.`,
    parts: [],
    matchers: [],
  }));
  const known: Empty = { ...empty, routers };
  if (chosen === undefined || !streams.udp.services.has(chosen.service)) {
    const [first] = empty.disabled;
    if (first) return { ...known, ...offVerdict(name, first) };
    const sentence = `No router takes the datagrams of ${name}: they are dropped.`;
    return { ...known, ...verdict('no-router', 'UDP_NO_ROUTER', sentence, { entryPoint: name }) };
  }
  const service = services.find((each) => each.name === chosen.service);
  const servers = serversBehind(service, services);
  return {
    ...known,
    router: chosen.name,
    service: chosen.service,
    servers,
    ...serverVerdict(chosen.name, chosen.service, servers, undefined, 'the datagrams are dropped.'),
  };
}

function disabledUdp({ streams }: RuntimeState, entryPoint: string): Explanation['disabled'] {
  return [...streams.udp.routers.values()]
    .filter((router) => isOffAt(entryPoint, router))
    .slice(0, mostSteps)
    .map(({ name, problems }) => ({ router: name, problems: [...problems] }));
}
