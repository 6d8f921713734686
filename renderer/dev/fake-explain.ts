import type { Explanation } from '../../app/contract/explanation.ts';
import type { RouterView, Snapshot } from '../../app/contract/objects.ts';
import { viewKey } from '../../app/contract/view-key.ts';
import type { RequestRecord } from '../../proxy/model/request-record.ts';

interface Question {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly from?: string | undefined;
}

interface Asked {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly query: string;
}

/** Not `URL`: an address such as `tcp://:5432` names no host. */
function readAddress(text: string): Asked {
  const match = /^(\w+):\/\/([^/?#:]*)(?::(\d+))?([^?#]*)(?:\?([^#]*))?/.exec(text);
  const [, scheme = 'https', host = '', port = '', path = '', query = ''] = match ?? [];
  return { scheme, host, port, path: path === '' ? '/' : path, query };
}

function addressOf(url: string | undefined, record: RequestRecord | undefined): Asked {
  if (url !== undefined) return readAddress(url);
  if (!record) return readAddress('https://gone.example.org/');
  return readAddress(`${record.scheme}://${record.host}${record.target}`);
}

/** What the engine would say, roughly, in its shapes. */
export function fakeExplanation(picture: Snapshot, input: Question, record: RequestRecord | undefined): Explanation {
  const url = addressOf(input.url, record);
  const { scheme } = url;
  const protocol = scheme === 'udp' ? 'udp' : ['tcp', 'tls', 'plain'].includes(scheme) ? 'tcp' : undefined;
  const entryPoints = picture.status.entryPoints;
  const listens = entryPoints.find(({ listening }) => listening?.endsWith(`:${url.port}`));
  const entryPoint =
    protocol === undefined ? (scheme === 'https' ? 'websecure' : 'web') : (record?.entryPoint ?? listens?.name ?? null);
  const own = picture.routers.filter((one) => one.protocol === protocol);
  const hit =
    own.find((one) => one.hosts.includes(url.host)) ??
    (protocol === undefined
      ? undefined
      : own.find((one) => entryPoint !== null && one.entryPoints.includes(entryPoint)));
  const ok = hit !== undefined && hit.status !== 'disabled';
  const service = picture.services.find((one) => viewKey(one) === viewKey({ protocol, name: hit?.service ?? '' }));
  const waits = ok && hit.middlewares.some((name) => name.startsWith('family'));
  const isHttp = protocol === undefined;
  return {
    ...(protocol === undefined ? {} : { protocol }),
    ...(record ? { recorded: recordedOf(record) } : {}),
    entryPoint,
    request: {
      method: isHttp ? (input.method ?? 'GET') : '',
      scheme,
      host: url.host,
      path: isHttp ? url.path : '',
      query: url.query,
      clientIp: input.from ?? record?.clientIp ?? '127.0.0.1',
    },
    ...(ok
      ? landed(hit, service?.servers[0]?.url ?? '', waits)
      : lost(hit, url.host === '' ? (entryPoint ?? '') : url.host)),
    routers: [stepOf(ok ? hit : own[0], ok, url.host)].flatMap((step) => step ?? []),
    skippedByHost: isHttp ? Math.max(0, own.length - 1) : 0,
    router: ok ? hit.name : null,
    ...(ok && protocol === 'tcp' ? { tls: hit.tls ? ('terminate' as const) : ('none' as const) } : {}),
    middlewares: (ok ? hit.middlewares : []).map((name) => stepOfMiddleware(picture, name, protocol)),
    service: ok ? hit.service : null,
    servers: ok ? (service?.servers ?? []) : [],
    disabled: hit && !ok ? [{ router: hit.name, problems: hit.problems }] : [],
  };
}

function recordedOf({ id, at, status, router, error }: RequestRecord): NonNullable<Explanation['recorded']> {
  return { id, at, status, router, error };
}

function landed({ name, service }: RouterView, server: string, waits: boolean) {
  return waits
    ? {
        outcome: 'depends' as const,
        sentence: `${name} matches and leads to ${server}, if family@file lets it pass: it asks for a name and password.`,
        said: { code: 'FORWARD_DEPENDS' as const, details: { router: name, service, middleware: 'family@file' } },
      }
    : {
        outcome: 'forwarded' as const,
        sentence: `${name} matches, so it goes to ${server} (${service}).`,
        said: { code: 'FORWARDED' as const, details: { router: name, service, server } },
      };
}

function lost(hit: RouterView | undefined, asked: string) {
  return {
    outcome: 'no-router' as const,
    sentence: hit
      ? `No router takes ${asked}: ${hit.name} would, but it is disabled. ${hit.problems[0]?.message ?? ''}`
      : `No router takes ${asked}: the visitor sees 404.`,
    said: hit
      ? { code: 'ROUTER_OFF' as const, details: { asked, router: hit.name } }
      : { code: 'NO_ROUTER' as const, details: { asked } },
  };
}

function stepOf(router: RouterView | undefined, matched: boolean, host: string): Explanation['routers'][number] | null {
  if (!router) return null;
  const { name, rule, priority, protocol } = router;
  if (rule === '') {
    return { router: name, rule, priority, matched, reason: 'It is the first by name.', parts: [], matchers: [] };
  }
  const kind = protocol === undefined ? ('host' as const) : ('serverName' as const);
  const subject = protocol === undefined ? 'the host' : 'the server name';
  return {
    router: name,
    rule,
    priority,
    matched,
    reason: `${rule} ${matched ? 'holds' : 'does not hold'}: ${subject} is ${host}`,
    parts: [{ kind, key: '', text: rule, holds: matched, actual: host }],
    matchers: [{ text: rule, matched, actual: host }],
  };
}

function stepOfMiddleware(picture: Snapshot, name: string, protocol: RouterView['protocol']) {
  const asks = name.startsWith('family');
  const known = picture.middlewares.find((one) => viewKey(one) === viewKey({ protocol, name }));
  return {
    name,
    type: known?.type ?? 'headers',
    verdict: asks ? ('depends' as const) : ('passes' as const),
    detail: asks ? 'It asks for a name and password.' : (known?.summary ?? 'It lets the request pass.'),
    ...(asks ? { said: { code: 'PASSWORD_ASKED', details: {} } } : {}),
  };
}
