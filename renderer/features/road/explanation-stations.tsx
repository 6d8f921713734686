import type { TFunction } from 'i18next';
import type { Explanation } from '../../../app/contract/explanation.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import type { Station } from '../../components/road.tsx';
import { middlewarePath, routerPath, serverStation, servicePath } from './stations.tsx';

const tones = { passes: 'plain', answers: 'plain', refuses: 'attention', depends: 'off' } as const;

/** An explanation as the road that the request or connection would take. */
export function explanationStations(explanation: Explanation, t: TFunction): Station[] {
  const { entryPoint, outcome, router, service, servers, middlewares, protocol } = explanation;
  const keyOf = (name: string): string => viewKey({ protocol, name });
  const stations: Station[] = [visitorStation(explanation)];
  if (entryPoint === null) {
    return [...stations, { id: 'entry', kind: 'entryPoint', title: t('common.none'), tone: 'broken', end: true }];
  }
  const isSentOn = outcome === 'redirected' && router === null;
  stations.push({ id: 'entry', kind: 'entryPoint', title: entryPoint, tone: 'plain', end: isSentOn });
  if (isSentOn) return stations;
  if (router === null) {
    // What no TCP router takes may still be HTTP's.
    const isHttps = outcome === 'depends';
    const title = t(isHttps ? 'road.byRequest' : 'road.noRouter');
    return [...stations, { id: 'rule', kind: 'rule', title, tone: isHttps ? 'off' : 'broken', end: !isHttps }];
  }
  stations.push({
    id: 'rule',
    kind: 'rule',
    title: router,
    href: routerPath(keyOf(router)),
    tone: 'plain',
    note: tlsNote(explanation.tls, t),
  });
  for (const [place, step] of middlewares.entries()) {
    stations.push({
      id: `middleware ${place}`,
      kind: 'middleware',
      title: step.name,
      href: middlewarePath(keyOf(step.name)),
      tone: tones[step.verdict],
      note: t(`explain.verdict.${step.verdict}`),
      end: step.verdict === 'answers' || step.verdict === 'refuses',
    });
  }
  if (service === null) return stations;
  stations.push({ id: 'service', kind: 'service', title: service, href: servicePath(keyOf(service)), tone: 'plain' });
  if (servers.length > 0 || outcome === 'no-server') stations.push(serverStation(servers, t));
  return stations;
}

function visitorStation({ protocol, request }: Explanation): Station {
  const { method, host, scheme, clientIp } = request;
  const asked = protocol === undefined ? `${method} ${host}` : [scheme.toUpperCase(), host].join(' ').trim();
  return { id: 'visitor', kind: 'visitor', title: clientIp, tone: 'plain', note: asked };
}

function tlsNote(tls: Explanation['tls'], t: TFunction): string | undefined {
  if (tls === undefined || tls === 'none') return undefined;
  return t(tls === 'passthrough' ? 'road.tlsPassed' : 'road.tlsEnds');
}
