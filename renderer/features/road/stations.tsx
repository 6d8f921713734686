import type { TFunction } from 'i18next';
import type {
  EngineStatus,
  ExposurePlan,
  MiddlewareView,
  RouterView,
  ServerView,
  ServiceView,
} from '../../../app/contract/objects.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import type { RequestRecord } from '../../../proxy/model/request-record.ts';
import type { Station } from '../../components/road.tsx';
import { type Tone, ToneIcon } from '../../components/status.tsx';
import { formatDuration } from '../../words/format.ts';
import { serverReason } from '../../words/said-words.ts';
import { RouterLinks, routerPath } from './router-links.tsx';
import { ServiceChildren, serverTone, servicePath } from './service-children.tsx';

/** The same drawing for a router, a plan, a request and an explanation: each is turned into stations here. */

export { routerPath, serverTone, servicePath };
export const middlewarePath = (name: string): string => `/middlewares/${encodeURIComponent(name)}`;
export const containerPath = (name: string): string => `/containers/${encodeURIComponent(name)}`;
export const requestPath = (id: string): string => `/logs/${encodeURIComponent(id)}`;

const statusTone = { enabled: 'good', warning: 'attention', disabled: 'broken' } as const;

function ServerNote({ server, t }: { server: ServerView; t: TFunction }) {
  return (
    <span className="inline-flex items-start gap-1">
      <span className="mt-0.5">
        <ToneIcon tone={serverTone[server.health]} size={12} />
      </span>
      <span className="min-w-0 [overflow-wrap:anywhere]">
        {t(`road.${server.health}`)}
        {server.reason !== null && `${t('common.colon')} ${serverReason(server)}`}
      </span>
    </span>
  );
}

/** The end of the road: one server as a station, several as a list in one. */
export function serverStation(servers: readonly ServerView[], t: TFunction): Station {
  const [only, ...more] = servers;
  if (!only) return { id: 'server', kind: 'server', title: t('road.noServer'), tone: 'broken', end: true };
  const open = servers.filter((server) => server.health !== 'paused');
  const allDown = open.every((server) => server.health === 'down');
  const tone = open.length === 0 ? 'paused' : serversTone(open, allDown);
  if (more.length === 0) {
    return {
      id: 'server',
      kind: 'server',
      title: only.url,
      tone,
      note: <ServerNote server={only} t={t} />,
      end: allDown,
    };
  }
  return {
    id: 'server',
    kind: 'server',
    title: t('road.servers', { count: servers.length }),
    tone,
    end: allDown,
    note: (
      <ul className="flex flex-col gap-1">
        {servers.map((server) => (
          <li key={server.url}>
            <span className="block font-mono text-text [overflow-wrap:anywhere]">{server.url}</span>
            <ServerNote server={server} t={t} />
          </li>
        ))}
      </ul>
    ),
  };
}

function serversTone(servers: readonly ServerView[], allDown: boolean): Station['tone'] {
  if (allDown) return 'broken';
  if (servers.some((server) => server.health === 'down')) return 'attention';
  return servers[0]?.health === 'up' ? 'good' : 'plain';
}

/** A service of services: each with its part and its health. */
function childrenStation(
  { protocol }: ServiceView,
  children: NonNullable<ServiceView['children']>,
  t: TFunction,
): Station {
  const down = children.filter((child) => child.health === 'down').length;
  return {
    id: 'children',
    kind: 'service',
    title: t('road.services', { count: children.length }),
    tone: down === children.length ? 'broken' : down > 0 ? 'attention' : 'plain',
    end: down === children.length,
    note: <ServiceChildren items={children} protocol={protocol} />,
  };
}

function middlewareStation(
  name: string,
  protocol: ServiceView['protocol'],
  known: readonly MiddlewareView[],
  t: TFunction,
): Station {
  const key = viewKey({ protocol, name });
  const middleware = known.find((one) => viewKey(one) === key);
  return {
    id: `middleware ${name}`,
    kind: 'middleware',
    title: name,
    href: middleware ? middlewarePath(key) : undefined,
    tone: middleware ? (middleware.status === 'enabled' ? 'plain' : statusTone[middleware.status]) : 'broken',
    note: middleware ? middleware.type : t('road.missing'),
    end: !middleware || middleware.status === 'disabled',
  };
}

export function strategyWords(
  protocol: ServiceView['protocol'],
  strategy: NonNullable<ServiceView['strategy']>,
  t: TFunction,
): string {
  // Servers of TCP and UDP have no weights.
  return t(protocol === undefined ? `routing.strategies.${strategy}` : 'routing.inTurn');
}

/** How a service shares out what comes, where there is something to choose from. */
function sharingNote({ strategy, servers, sticky, protocol }: ServiceView, t: TFunction): string | undefined {
  const words = [
    ...(strategy && servers.length > 1 ? [strategyWords(protocol, strategy, t)] : []),
    ...(sticky ? [t('road.sticky')] : []),
  ];
  return words.length === 0 ? undefined : words.join(' · ');
}

function serviceEnd(
  name: string,
  service: ServiceView | undefined,
  middlewares: readonly MiddlewareView[],
  t: TFunction,
): Station[] {
  if (!service) {
    return [{ id: 'service', kind: 'service', title: name, tone: 'broken', note: t('road.missing'), end: true }];
  }
  const station: Station = {
    id: 'service',
    kind: 'service',
    title: service.name,
    href: servicePath(viewKey(service)),
    tone: service.status === 'enabled' ? 'plain' : statusTone[service.status],
  };
  const before = (service.middlewares ?? []).map((one): Station => {
    const made = middlewareStation(one, service.protocol, middlewares, t);
    // A router may have the same one.
    return { ...made, id: `service ${made.id}` };
  });
  if (service.type === 'whoami') return [{ ...station, note: t('road.builtIn') }, ...before];
  const drawn = { ...station, note: sharingNote(service, t) };
  if (service.children && service.children.length > 0) {
    return [drawn, ...before, childrenStation(service, service.children, t)];
  }
  return [drawn, ...before, serverStation(service.servers, t)];
}

function childRoutersStation(names: readonly string[], t: TFunction): Station {
  return {
    id: 'children',
    kind: 'rule',
    title: t('road.routersBelow', { count: names.length }),
    tone: 'plain',
    note: <RouterLinks names={names} />,
  };
}

export function routerStations(
  router: RouterView,
  parts: {
    readonly status: EngineStatus;
    readonly middlewares: readonly MiddlewareView[];
    readonly services: readonly ServiceView[];
  },
  t: TFunction,
): Station[] {
  const entries = router.entryPoints.map((name) => parts.status.entryPoints.find((entry) => entry.name === name));
  const listening = entries.some((entry) => entry?.listening);
  const codes = new Set(router.problems.map((problem) => problem.code));
  const ruleBroken = codes.has('RULE_INVALID') || codes.has('RULE_MISSING');
  const isPaused = router.overridden?.fields.includes('paused') ?? false;
  return [
    { id: 'visitor', kind: 'visitor', title: router.hosts[0] ?? t('road.anyone'), tone: 'plain' },
    router.parents === undefined
      ? {
          id: 'entry',
          kind: 'entryPoint',
          title: router.entryPoints.join(', ') || t('common.none'),
          tone: listening ? 'plain' : 'broken',
          note: listening
            ? entries
                .map((entry) => entry?.listening)
                .filter((address) => address !== undefined && address !== null)
                .join(', ')
            : t('road.notListening'),
          end: !listening,
        }
      : {
          id: 'parents',
          kind: 'rule',
          title: t('road.routersAbove', { count: router.parents.length }),
          tone: 'plain',
          note: <RouterLinks names={router.parents} />,
        },
    {
      id: 'rule',
      kind: 'rule',
      title: router.rule || t('road.anyone'),
      tone: ruleBroken ? 'broken' : isPaused ? 'paused' : router.status === 'disabled' ? 'attention' : 'plain',
      note: isPaused ? t('road.paused') : tlsNote(router, t),
      end: ruleBroken || isPaused,
    },
    ...router.middlewares.map((name) => middlewareStation(name, router.protocol, parts.middlewares, t)),
    ...(router.children === undefined
      ? serviceEnd(
          router.service,
          parts.services.find((one) => viewKey(one) === viewKey({ protocol: router.protocol, name: router.service })),
          parts.middlewares,
          t,
        )
      : [childRoutersStation(router.children, t)]),
  ];
}

/** Of a connection: where its TLS ends. Of HTTP that is nothing that anybody chooses. */
function tlsNote({ protocol, tls, tlsSettings }: RouterView, t: TFunction): string | undefined {
  if (protocol !== 'tcp' || !tls) return undefined;
  return t(tlsSettings?.passthrough ? 'road.tlsPassed' : 'road.tlsEnds');
}

export function planStations(plan: ExposurePlan, t: TFunction): Station[] {
  const { preview } = plan;
  return [
    { id: 'visitor', kind: 'visitor', title: preview.url, tone: 'plain' },
    { id: 'entry', kind: 'entryPoint', title: preview.entryPoint, tone: 'plain' },
    { id: 'rule', kind: 'rule', title: preview.rule, tone: 'plain' },
    ...preview.middlewares.map(
      (name): Station => ({ id: `middleware ${name}`, kind: 'middleware', title: name, tone: 'plain' }),
    ),
    preview.serverUrl === null
      ? { id: 'server', kind: 'server', title: t('road.choosePort'), tone: 'attention', end: true }
      : { id: 'server', kind: 'server', title: preview.serverUrl, tone: 'good', note: plan.container },
  ];
}

export function answerTone(status: number): Tone {
  if (status >= 500) return 'broken';
  if (status >= 400) return 'attention';
  return status >= 300 ? 'off' : 'good';
}

/** A connection has no status: it is named by its protocol, and judged by what became of it. */
export function recordAnswer({ status, protocol, error, middlewares }: RequestRecord): { text: string; tone: Tone } {
  if (status !== 0) return { text: String(status), tone: answerTone(status) };
  const isRefused = middlewares.some(({ verdict }) => verdict === 'refused');
  const isOwnEnd = error === null || error.code === 'CLIENT_ABORTED';
  return { text: protocol, tone: isRefused ? 'attention' : isOwnEnd ? 'good' : 'broken' };
}

/** What was asked for: a connection names at most a host, so where it came in and went to stand there instead. */
export function recordAddress(record: RequestRecord): { host: string; target: string } {
  if (record.status !== 0 || record.scheme.startsWith('http')) return record;
  return { host: record.host || record.entryPoint, target: record.serverUrl === null ? '' : ` → ${record.serverUrl}` };
}

export function recordStations(record: RequestRecord, t: TFunction, locale: string): Station[] {
  const protocol = record.protocol === 'TCP' ? 'tcp' : record.protocol === 'UDP' ? 'udp' : undefined;
  const keyOf = (name: string): string => viewKey({ protocol, name });
  const stations: Station[] = [
    { id: 'visitor', kind: 'visitor', title: record.clientIp, tone: 'plain' },
    { id: 'entry', kind: 'entryPoint', title: record.entryPoint, tone: 'plain' },
  ];
  const answer: Station = {
    id: 'answer',
    kind: 'answer',
    title: recordAnswer(record).text,
    tone: recordAnswer(record).tone,
  };
  if (record.router === null) {
    return [...stations, { id: 'rule', kind: 'rule', title: t('road.noRouter'), tone: 'broken', end: true }, answer];
  }
  stations.push({
    id: 'rule',
    kind: 'rule',
    title: record.router,
    href: routerPath(keyOf(record.router)),
    tone: 'plain',
  });
  for (const step of record.middlewares) {
    const stops = step.verdict !== 'passed';
    stations.push({
      id: `middleware ${step.name}`,
      kind: 'middleware',
      title: step.name,
      href: middlewarePath(keyOf(step.name)),
      tone: step.verdict === 'refused' ? 'attention' : 'plain',
      note: t(`road.${step.verdict}`, { time: formatDuration(step.durationMs, locale) }),
      end: stops,
    });
    if (stops) return [...stations, answer];
  }
  if (record.service !== null) {
    stations.push({
      id: 'service',
      kind: 'service',
      title: record.service,
      href: servicePath(keyOf(record.service)),
      tone: 'plain',
    });
  }
  if (record.serverUrl !== null) {
    const failed = record.error?.code.startsWith('UPSTREAM') ?? false;
    stations.push({
      id: 'server',
      kind: 'server',
      title: record.serverUrl,
      tone: failed ? 'broken' : 'plain',
      end: failed,
      note: record.originDurationMs === null ? undefined : formatDuration(record.originDurationMs, locale),
    });
  } else if (record.error?.code === 'NO_SERVER') {
    stations.push({ id: 'server', kind: 'server', title: t('road.noServer'), tone: 'broken', end: true });
  }
  return [...stations, answer];
}
