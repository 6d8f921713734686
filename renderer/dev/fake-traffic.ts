import type { Snapshot, TrafficPoint, TrafficSeries, TrafficTick } from '../../app/contract/objects.ts';
import type { RequestRecord } from '../../proxy/model/request-record.ts';

/** A small generator with a seed: screenshots stay alike. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

const paths = [
  '/',
  '/index.php/apps/files',
  '/api/assets/thumbnail?size=preview',
  '/ocs/v2.php/apps/notifications/api/v2/notifications',
  '/web/index.html',
  '/api/websocket',
  '/Items/3f2a/Images/Primary?maxWidth=480',
  '/identity/connect/token',
  '/api/live/ws',
  '/static/app.5d1f.js',
  '/status.php',
  '/login',
  '/remote.php/dav/files/mara/Photos/2026/11/IMG_4471.jpg',
];
const clients = [
  '192.168.1.23',
  '192.168.1.40',
  '81.23.144.9',
  '2a01:e0a:1b2:c3d0:8c1f:22ff:fe4a:9d01',
  '10.8.0.4',
  '203.0.113.77',
];
const agents = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Nextcloud-android/32.0.1',
  'Jellyfin Mobile/2.7',
];

export function fakeRecord(snapshot: Snapshot, random: () => number, at: number, sequence: number): RequestRecord {
  const router = snapshot.routers[Math.floor(random() * random() * snapshot.routers.length)];
  const lost = random() < 0.03;
  const dice = random();
  const refusing = router?.middlewares.find((name) => name.startsWith('family') || name.includes('allow'));
  const refused = !lost && refusing !== undefined && dice > 0.9;
  const gone = !lost && !refused && dice < 0.02;
  const status = lost
    ? 404
    : refused
      ? refusing?.startsWith('family')
        ? 401
        : 403
      : gone
        ? 502
        : dice < 0.05
          ? 404
          : dice < 0.14
            ? 304
            : dice < 0.17
              ? 302
              : 200;
  const originMs = lost || refused ? null : Math.round(4 + random() * random() * 180) / 1;
  const service = snapshot.services.find((one) => one.name === router?.service);
  const stops = router?.middlewares.indexOf(refusing ?? '') ?? -1;
  return {
    id: `r${String(sequence).padStart(8, '0')}`,
    at,
    entryPoint: 'websecure',
    clientIp: clients[Math.floor(random() * clients.length)] ?? '192.168.1.2',
    clientPort: 40_000 + Math.floor(random() * 20_000),
    username: null,
    protocol: random() < 0.8 ? 'HTTP/2.0' : 'HTTP/1.1',
    scheme: 'https',
    method: random() < 0.85 ? 'GET' : 'POST',
    host: lost ? 'old.home.example.org' : (router?.hosts[0] ?? ''),
    target: paths[Math.floor(random() * paths.length)] ?? '/',
    router: lost ? null : (router?.name ?? null),
    service: lost ? null : (router?.service ?? null),
    serverUrl: lost || refused ? null : (service?.servers[0]?.url ?? null),
    middlewares: lost
      ? []
      : (router?.middlewares ?? []).slice(0, refused ? stops + 1 : undefined).map((name) => ({
          name,
          type: snapshot.middlewares.find((one) => one.name === name)?.type ?? 'headers',
          verdict: refused && name === refusing ? ('refused' as const) : ('passed' as const),
          durationMs: Math.round(random() * 40) / 100,
        })),
    status,
    originStatus: lost || refused || gone ? null : status,
    requestBytes: 320 + Math.floor(random() * 900),
    responseBytes: status === 304 ? 0 : Math.floor(400 + random() * random() * 900_000),
    durationMs: (originMs ?? 0) + Math.round(random() * 120) / 100,
    originDurationMs: originMs,
    userAgent: agents[Math.floor(random() * agents.length)] ?? '',
    referer: '',
    upgrade: null,
    tlsVersion: 'TLSv1.3',
    error: lost
      ? { code: 'NO_ROUTER', detail: 'No router has a rule for old.home.example.org.' }
      : gone
        ? { code: 'UPSTREAM_REFUSED', detail: `connect ECONNREFUSED ${service?.servers[0]?.url ?? ''}` }
        : null,
  };
}

function point(requests: number, random: () => number, slow: number): TrafficPoint {
  const errors = random() < 0.08 ? Math.ceil(requests * 0.04) : 0;
  const p50 = requests > 0 ? 8 + random() * 10 * slow : null;
  return {
    requests,
    errors,
    p50Ms: p50,
    p95Ms: p50 === null ? null : p50 * (3 + random() * 3),
    requestBytes: requests * 700,
    responseBytes: requests * 42_000,
  };
}

function share(snapshot: Snapshot, requests: number, random: () => number): Record<string, TrafficPoint> {
  const used = snapshot.services.slice(0, 12);
  let left = requests;
  return Object.fromEntries(
    used.map((service, index) => {
      const taken = index === used.length - 1 ? left : Math.min(left, Math.floor(left * (0.3 + random() * 0.3)));
      left -= taken;
      return [service.name, point(taken, random, 1 + index / 4)];
    }),
  );
}

export function fakeTick(
  snapshot: Snapshot,
  at: number,
  stepMs: number,
  random: () => number,
  busy: boolean,
): TrafficTick {
  const perSecond =
    (busy ? 320 : 14) * (1 + 0.5 * Math.sin(at / 47_000) + 0.3 * Math.sin(at / 9000)) * (0.8 + random() * 0.4);
  const requests = Math.max(0, Math.round((perSecond * stepMs) / 1000));
  const web = Math.floor(requests * 0.1);
  return {
    at,
    stepMs,
    total: point(requests, random, 1),
    entryPoints: { web: point(web, random, 0.2), websecure: point(requests - web, random, 1) },
    services: share(snapshot, requests, random),
    openConnections: 12 + Math.floor(random() * 8),
  };
}

export function fakeSeries(
  snapshot: Snapshot,
  range: 'live' | 'hour' | 'day',
  now: number,
  busy: boolean,
  silent: boolean,
): TrafficSeries {
  const stepMs = { live: 1000, hour: 10_000, day: 300_000 }[range];
  const count = { live: 300, hour: 360, day: 288 }[range];
  const random = seeded(7);
  const series: TrafficSeries = { stepMs, at: [], total: [], entryPoints: { web: [], websecure: [] }, services: {} };
  if (silent) return series;
  const start = Math.floor(now / stepMs) * stepMs - count * stepMs;
  for (let index = 0; index < count; index += 1) {
    // The engine was off for a while: a gap.
    if (range !== 'live' && index > count * 0.3 && index < count * 0.36) continue;
    const tick = fakeTick(snapshot, start + index * stepMs, stepMs, random, busy);
    series.at.push(tick.at);
    series.total.push(tick.total);
    for (const [name, one] of Object.entries(tick.entryPoints)) (series.entryPoints[name] ??= []).push(one);
    for (const [name, one] of Object.entries(tick.services)) (series.services[name] ??= []).push(one);
  }
  return series;
}
