import type {
  Change,
  ContainerView,
  EngineStatus,
  Exposure,
  MiddlewareView,
  Problem,
  ProblemCode,
  RouterView,
  ServiceView,
  Settings,
  Snapshot,
} from '../../app/contract/objects.ts';

import {
  fakeStreamEntryPoints,
  fakeStreamMiddlewares,
  fakeStreamRouters,
  fakeStreamServices,
  fakeTlsSettings,
} from './fake-streams.ts';

/** Homes to look at while the dashboard is made. Never part of the product's bundle. */
export const fakeKinds = [
  'few',
  'one-broken',
  'empty',
  'thousand',
  'broken',
  'offline',
  'loading',
  'signed-out',
] as const;
export type FakeKind = (typeof fakeKinds)[number];

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

export function fakeProblem(
  code: ProblemCode,
  severity: Problem['severity'],
  message: string,
  fix: string | null,
  details: Problem['details'] = {},
): Problem {
  return { code, severity, message, fix, details };
}

interface App {
  readonly name: string;
  readonly image: string;
  readonly port: number;
  readonly project: string | null;
  readonly by: 'label' | 'exposure' | 'none';
  readonly middlewares?: readonly string[];
  readonly problem?: Problem;
  readonly state?: ContainerView['state'];
  readonly health?: ContainerView['health'];
}

const homeApps: readonly App[] = [
  {
    name: 'nextcloud',
    image: 'nextcloud:31-apache',
    port: 80,
    project: 'nextcloud',
    by: 'label',
    middlewares: ['hsts@file', 'compress@file'],
    health: 'healthy',
  },
  {
    name: 'nextcloud-db',
    image: 'postgres:17-alpine',
    port: 5432,
    project: 'nextcloud',
    by: 'none',
    health: 'healthy',
  },
  { name: 'nextcloud-cache', image: 'redis:7-alpine', port: 6379, project: 'nextcloud', by: 'none' },
  { name: 'jellyfin', image: 'jellyfin/jellyfin:10.11', port: 8096, project: 'media', by: 'label' },
  {
    name: 'sonarr',
    image: 'lscr.io/linuxserver/sonarr:4.0',
    port: 8989,
    project: 'media',
    by: 'label',
    middlewares: ['family@file'],
  },
  {
    name: 'immich-server',
    image: 'ghcr.io/immich-app/immich-server:v2.3',
    port: 2283,
    project: 'immich',
    by: 'exposure',
    health: 'healthy',
  },
  {
    name: 'immich-machine-learning',
    image: 'ghcr.io/immich-app/immich-machine-learning:v2.3',
    port: 3003,
    project: 'immich',
    by: 'none',
  },
  {
    name: 'vaultwarden',
    image: 'vaultwarden/server:1.34',
    port: 80,
    project: null,
    by: 'exposure',
    middlewares: ['vaultwarden-allow@gatehouse'],
    health: 'healthy',
  },
  {
    name: 'home-assistant',
    image: 'ghcr.io/home-assistant/home-assistant:2026.11',
    port: 8123,
    project: null,
    by: 'label',
  },
  {
    name: 'grafana',
    image: 'grafana/grafana:12.3',
    port: 3000,
    project: 'watch',
    by: 'label',
    middlewares: ['family@file', 'slow-down@file'],
  },
  { name: 'uptime-kuma', image: 'louislam/uptime-kuma:2', port: 3001, project: 'watch', by: 'none' },
  {
    name: 'paperless',
    image: 'ghcr.io/paperless-ngx/paperless-ngx:2.19',
    port: 8000,
    project: null,
    by: 'none',
    state: 'exited',
  },
];

const domain = 'home.example.org';

function idOf(name: string): string {
  let hash = 2166136261;
  let out = '';
  for (let round = 0; round < 8; round += 1) {
    for (const character of `${name}${round}`) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619) >>> 0;
    out += hash.toString(16).padStart(8, '0');
  }
  return out;
}

function containerOf(app: App, index: number, now: number): ContainerView {
  const running = (app.state ?? 'running') === 'running';
  const exposed = app.by !== 'none' && running;
  const problems: Problem[] = [];
  if (app.problem) problems.push(app.problem);
  else if (app.by === 'none' && running) {
    problems.push(
      fakeProblem(
        'CONTAINER_NOT_ENABLED',
        'info',
        `Nothing asks for ${app.name} to be exposed.`,
        'Expose it here, or give it the label traefik.enable=true.',
        { container: app.name },
      ),
    );
  } else if (!running) {
    problems.push(
      fakeProblem(
        'CONTAINER_NOT_RUNNING',
        'info',
        `${app.name} is not running.`,
        'Start it; its route comes back by itself.',
        { container: app.name, state: app.state ?? '' },
      ),
    );
  }
  const provider = app.by === 'exposure' ? 'gatehouse' : 'docker';
  return {
    id: idOf(app.name),
    name: app.name,
    image: app.image,
    state: app.state ?? 'running',
    health: app.health ?? 'none',
    createdAt: now - 40 * day - index * hour,
    startedAt: running ? now - (index + 1) * 7 * hour : null,
    composeProject: app.project,
    composeService: app.project ? app.name.replace(`${app.project}-`, '') : null,
    networkMode: app.project ? `${app.project}_default` : 'bridge',
    networks: [
      {
        name: app.project ? `${app.project}_default` : 'bridge',
        address: running ? `172.18.${Math.floor(index / 250)}.${(index % 250) + 2}` : '',
      },
    ],
    ports: [
      {
        port: app.port,
        protocol: 'tcp',
        published: app.name === 'home-assistant' ? [{ host: '0.0.0.0', port: 8123 }] : [],
      },
    ],
    exposure: app.problem ? 'broken' : exposed ? 'exposed' : 'none',
    problems,
    routers: exposed || app.problem ? [`${app.name}@${provider}`] : [],
    urls: exposed && !app.problem ? [`https://${app.name}.${domain}`] : [],
    exposureId: app.by === 'exposure' ? `exp-${app.name}` : null,
  };
}

function sourceOf(app: App, label: string): RouterView['source'] {
  return app.by === 'exposure'
    ? { kind: 'exposure', exposureId: `exp-${app.name}` }
    : { kind: 'label', containerId: idOf(app.name), container: app.name, label };
}

function routerOf(app: App): RouterView {
  const provider = app.by === 'exposure' ? 'gatehouse' : 'docker';
  const broken = app.problem !== undefined;
  return {
    name: `${app.name}@${provider}`,
    provider,
    status: broken ? (app.problem?.severity === 'warning' ? 'warning' : 'disabled') : 'enabled',
    problems: app.problem ? [app.problem] : [],
    rule: `Host(\`${app.name}.${domain}\`)`,
    priority: 20 + app.name.length,
    entryPoints: ['websecure'],
    middlewares: [...(app.middlewares ?? [])],
    service: `${app.name}@${provider}`,
    tls: true,
    tlsSettings: fakeTlsSettings,
    hosts: [`${app.name}.${domain}`],
    urls: [`https://${app.name}.${domain}`],
    source: sourceOf(app, `traefik.http.routers.${app.name}.rule`),
  };
}

function serviceOf(app: App, index: number): ServiceView {
  const provider = app.by === 'exposure' ? 'gatehouse' : 'docker';
  const down = app.problem?.code === 'SERVERS_DOWN';
  return {
    name: `${app.name}@${provider}`,
    provider,
    status: down ? 'warning' : app.problem?.code === 'CONTAINER_NO_PORT' ? 'disabled' : 'enabled',
    problems: app.problem && (down || app.problem.code === 'CONTAINER_NO_PORT') ? [app.problem] : [],
    type: 'loadBalancer',
    servers:
      app.problem?.code === 'CONTAINER_NO_PORT'
        ? []
        : [
            {
              url: `http://172.18.${Math.floor(index / 250)}.${(index % 250) + 2}:${app.port}`,
              weight: 1,
              health: down ? 'down' : app.health === 'healthy' ? 'up' : 'unchecked',
              reason: down ? 'It refused the connection.' : null,
            },
          ],
    passHostHeader: true,
    sticky: false,
    healthCheck: app.health === 'healthy' ? 'GET / every 10 s' : null,
    serversTransport: null,
    usedBy: [`${app.name}@${provider}`],
    source: sourceOf(app, `traefik.http.services.${app.name}.loadbalancer.server.port`),
  };
}

const middlewareKinds: readonly Omit<MiddlewareView, 'usedBy' | 'status' | 'problems' | 'provider'>[] = [
  {
    name: 'hsts@file',
    type: 'headers',
    summary: 'Adds, changes and removes headers of requests and answers.',
    options: { stsSeconds: 31_536_000, stsIncludeSubdomains: true, frameDeny: true },
    source: { kind: 'file', path: '/etc/gatehouse/dynamic/security.yml', line: 4, column: 5 },
  },
  {
    name: 'compress@file',
    type: 'compress',
    summary: 'Compresses answers for visitors who accept it.',
    options: { encodings: ['zstd', 'br', 'gzip'] },
    source: { kind: 'file', path: '/etc/gatehouse/dynamic/security.yml', line: 11, column: 5 },
  },
  {
    name: 'family@file',
    type: 'basicAuth',
    summary: 'Asks for a name and password.',
    options: { realm: 'Home', users: ['mara:••••••', 'theo:••••••'] },
    source: { kind: 'file', path: '/etc/gatehouse/dynamic/security.yml', line: 15, column: 5 },
  },
  {
    name: 'slow-down@file',
    type: 'rateLimit',
    summary: 'Lets through so many requests in a period, and asks the rest to wait.',
    options: { average: 100, period: '1s', burst: 200 },
    source: { kind: 'file', path: '/etc/gatehouse/dynamic/security.yml', line: 22, column: 5 },
  },
  {
    name: 'vaultwarden-allow@gatehouse',
    type: 'ipAllowList',
    summary: 'Lets in only the addresses on its list.',
    options: { sourceRange: ['192.168.1.0/24', '10.8.0.0/24'] },
    source: { kind: 'exposure', exposureId: 'exp-vaultwarden' },
  },
];

function exposureOf(app: App, now: number): Exposure {
  return {
    id: `exp-${app.name}`,
    name: app.name,
    target: { container: app.name, composeProject: app.project, composeService: app.project ? app.name : null },
    host: `${app.name}.${domain}`,
    port: app.port,
    scheme: 'http',
    protection:
      app.name === 'vaultwarden'
        ? { kind: 'allowList', sourceRange: ['192.168.1.0/24', '10.8.0.0/24'] }
        : { kind: 'none' },
    paused: false,
    createdAt: now - 12 * day,
    updatedAt: now - 3 * day,
    state: app.problem ? 'broken' : 'live',
    problems: app.problem ? [app.problem] : [],
    url: `https://${app.name}.${domain}`,
    containerId: idOf(app.name),
  };
}

function breakage(name: string, index: number): Problem {
  const kinds: readonly Problem[] = [
    fakeProblem(
      'CONTAINER_NO_PORT',
      'error',
      `${name} has no port to send requests to. Its image exposes none.`,
      'Choose a port.',
      { container: name },
    ),
    fakeProblem(
      'RULE_INVALID',
      'error',
      `The rule of ${name} cannot be read: a bracket is missing at position 24.`,
      'Correct the label traefik.http.routers.' + name + '.rule.',
      { router: name, position: 24 },
    ),
    fakeProblem(
      'SERVERS_DOWN',
      'warning',
      `No server of ${name} answers: it refused the connection.`,
      `Look at the log of the container ${name}.`,
      { service: name },
    ),
    fakeProblem(
      'MIDDLEWARE_UNKNOWN',
      'error',
      `${name} wants the middleware auth@docker, which does not exist.`,
      'Did you mean authelia@docker?',
      { middleware: 'auth@docker', router: name },
    ),
    fakeProblem(
      'ENTRY_POINT_UNKNOWN',
      'error',
      `${name} wants the entry point https, which does not exist.`,
      'There are web and websecure.',
      { entryPoint: 'https' },
    ),
  ];
  return kinds[index % kinds.length] as Problem;
}

function thousandApps(): App[] {
  const stems = ['photos', 'wiki', 'git', 'mail', 'notes', 'music', 'feeds', 'chat', 'books', 'tasks'];
  return Array.from({ length: 1000 }, (_, index) => {
    const stem = stems[index % stems.length] ?? 'app';
    const name = `${stem}-${String(Math.floor(index / 10) + 1).padStart(3, '0')}`;
    const by = index % 7 === 3 ? 'none' : index % 5 === 0 ? 'exposure' : 'label';
    return {
      name,
      image: `registry.example.org/team-${(index % 23) + 1}/${stem}:${(index % 9) + 1}.${index % 4}`,
      port: 3000 + (index % 900),
      project: `stack-${String(Math.floor(index / 12) + 1).padStart(2, '0')}`,
      by,
      ...(by !== 'none' && index % 61 === 17 ? { problem: breakage(name, index) } : {}),
      ...(index % 40 === 9 ? { health: 'healthy' as const } : {}),
    };
  });
}

function appsOf(kind: FakeKind): readonly App[] {
  if (kind === 'empty') return [];
  if (kind === 'thousand') return thousandApps();
  if (kind === 'one-broken')
    return homeApps.map((app) => (app.name === 'grafana' ? { ...app, problem: breakage('grafana', 0) } : app));
  if (kind === 'broken')
    return homeApps.map((app, index) => (app.by === 'none' ? app : { ...app, problem: breakage(app.name, index) }));
  return homeApps;
}

function whoamiRouter(): RouterView {
  return {
    name: 'whoami@internal',
    provider: 'internal',
    status: 'enabled',
    problems: [],
    rule: 'Host(`whoami.localhost`)',
    priority: 24,
    entryPoints: ['websecure'],
    middlewares: [],
    service: 'whoami@internal',
    tls: true,
    hosts: ['whoami.localhost'],
    urls: ['https://whoami.localhost:8443'],
    source: { kind: 'internal' },
  };
}

function statusOf(kind: FakeKind, now: number, apps: readonly App[], middlewares: number): EngineStatus {
  const open = apps.filter((app) => app.by !== 'none' && !app.problem).length;
  const broken = apps.filter((app) => app.problem && app.problem.severity === 'error').length;
  const warnings = apps.filter((app) => app.problem?.severity === 'warning').length;
  const routed = apps.filter((app) => app.by !== 'none').length;
  const bad = kind === 'broken';
  const empty = kind === 'empty';
  const forbidden = fakeProblem(
    'PORT_FORBIDDEN',
    'warning',
    'Port 443 may not be used: Gatehouse does not run with the right to ports below 1024.',
    'Install it as a service, or run: sysctl net.ipv4.ip_unprivileged_port_start=80',
    { port: 443, entryPoint: 'websecure' },
  );
  const docker = fakeProblem(
    bad ? 'DOCKER_DENIED' : 'DOCKER_ABSENT',
    bad ? 'error' : 'warning',
    bad
      ? 'Docker is there, but Gatehouse may not talk to it: permission denied on /var/run/docker.sock.'
      : 'Docker was not found at /var/run/docker.sock.',
    bad
      ? 'Add the user that runs Gatehouse to the group docker, then sign in again.'
      : 'Install Docker, or name its endpoint in Settings.',
    { endpoint: 'unix:///var/run/docker.sock' },
  );
  return {
    version: '0.1.0',
    startedAt: now - 9 * day,
    health: bad || empty || broken + warnings > 0 ? 'attention' : 'well',
    problems: [
      ...(bad
        ? [
            docker,
            forbidden,
            fakeProblem(
              'FILE_INVALID',
              'error',
              'The file /etc/gatehouse/dynamic/security.yml cannot be read: line 14, column 3: a mapping was expected.',
              'The last good state stays until it is corrected.',
              { path: '/etc/gatehouse/dynamic/security.yml', line: 14, column: 3 },
            ),
          ]
        : []),
      ...(empty ? [docker, forbidden] : []),
    ],
    entryPoints: [
      {
        name: 'web',
        address: ':80',
        listening: bad ? null : empty ? '0.0.0.0:8080' : '0.0.0.0:80',
        protocol: 'http',
        redirectTo: 'websecure',
        origin: 'default',
        problems: bad
          ? [
              fakeProblem(
                'PORT_IN_USE',
                'error',
                'Port 80 is used by nginx (pid 812).',
                'Stop it, or choose another port in Settings › Entry points.',
                { port: 80, process: 'nginx', pid: 812 },
              ),
            ]
          : [],
      },
      {
        name: 'websecure',
        address: ':443',
        listening: bad || empty ? '0.0.0.0:8443' : '0.0.0.0:443',
        protocol: 'https',
        redirectTo: null,
        origin: 'default',
        problems: bad || empty ? [forbidden] : [],
      },
      ...(empty ? [] : fakeStreamEntryPoints),
    ],
    providers: [
      {
        name: 'docker',
        state: bad ? 'failed' : empty ? 'failed' : 'connected',
        where: 'unix:///var/run/docker.sock',
        version: bad || empty ? '' : 'Docker 28.2 (API 1.50)',
        since: now - 9 * day,
        problems: bad || empty ? [docker] : [],
      },
      {
        name: 'file',
        state: empty ? 'off' : 'connected',
        where: empty ? '' : '/etc/gatehouse/dynamic',
        version: '',
        since: now - 9 * day,
        problems: [],
      },
      { name: 'gatehouse', state: 'connected', where: '', version: '', since: now - 9 * day, problems: [] },
      { name: 'internal', state: 'connected', where: '', version: '', since: now - 9 * day, problems: [] },
    ],
    counts: {
      openApps: open,
      containers: apps.length,
      routers: { total: routed + (empty ? 1 : 4), warnings, errors: broken },
      services: { total: routed + (empty ? 1 : 5), warnings, errors: 0 },
      middlewares: { total: middlewares, warnings: 0, errors: 0 },
    },
    dashboard: { url: 'http://127.0.0.1:8686', lanUrl: null },
    dataDir: '/var/lib/gatehouse',
    workers: 2,
    pausedAll: false,
    certificateAuthority: {
      fingerprint: '3F:9A:71:0C:5E:22:B8:D4:1A:67:90:CE:4B:13:F2:8D:6A:55:E1:09:7C:B3:24:DF:80:16:9E:47:AB:C0:5D:32',
      notAfter: now + 3650 * day,
      path: '/var/lib/gatehouse/ca/ca.pem',
    },
  };
}

function changesOf(kind: FakeKind, now: number): Change[] {
  if (kind === 'empty') return [];
  const list: Omit<Change, 'id'>[] = [
    {
      at: now - 4 * minute,
      actor: 'dashboard',
      kind: 'exposure.created',
      subject: 'immich-server@gatehouse',
      details: { host: `immich-server.${domain}` },
      undoable: true,
    },
    {
      at: now - 2 * hour,
      actor: 'system',
      kind: 'container.appeared',
      subject: 'uptime-kuma',
      details: {},
      undoable: false,
    },
    {
      at: now - 5 * hour,
      actor: 'cli',
      kind: 'exposure.updated',
      subject: 'vaultwarden@gatehouse',
      details: {},
      undoable: true,
    },
    {
      at: now - 26 * hour,
      actor: 'system',
      kind: 'router.recovered',
      subject: 'jellyfin@docker',
      details: {},
      undoable: false,
    },
    {
      at: now - 26.4 * hour,
      actor: 'system',
      kind: 'router.broke',
      subject: 'jellyfin@docker',
      details: {},
      undoable: false,
    },
    { at: now - 3 * day, actor: 'system', kind: 'container.gone', subject: 'paperless', details: {}, undoable: false },
    { at: now - 9 * day, actor: 'window', kind: 'settings.updated', subject: 'domain', details: {}, undoable: true },
  ];
  return list.map((change, index) => ({ ...change, id: `chg-${index}` }));
}

export function fakeSnapshot(kind: FakeKind, now: number): Snapshot {
  const apps = appsOf(kind);
  const routed = apps.filter((app) => app.by !== 'none');
  const isEmpty = kind === 'empty';
  const routers = [...routed.map(routerOf), whoamiRouter(), ...(isEmpty ? [] : fakeStreamRouters)];
  const services: ServiceView[] = [
    ...routed.map((app) => serviceOf(app, apps.indexOf(app))),
    {
      name: 'whoami@internal',
      provider: 'internal',
      status: 'enabled',
      problems: [],
      type: 'whoami',
      servers: [],
      passHostHeader: true,
      sticky: false,
      healthCheck: null,
      serversTransport: null,
      usedBy: ['whoami@internal'],
      source: { kind: 'internal' },
    },
    ...(isEmpty ? [] : fakeStreamServices),
  ];
  const middlewares: MiddlewareView[] =
    kind === 'empty'
      ? []
      : [
          ...middlewareKinds.map((middleware) => ({
            ...middleware,
            provider: middleware.name.split('@')[1] ?? 'file',
            status: 'enabled' as const,
            problems: [],
            usedBy: routers
              .filter((router) => router.middlewares.includes(middleware.name))
              .map((router) => router.name),
          })),
          ...fakeStreamMiddlewares,
        ];
  return {
    revision: 1,
    status: statusOf(kind, now, apps, middlewares.length),
    containers: apps.map((app, index) => containerOf(app, index, now)),
    routers,
    services,
    middlewares,
    exposures: apps.filter((app) => app.by === 'exposure').map((app) => exposureOf(app, now)),
    certificates: [],
    resolvers: [],
    changes: changesOf(kind, now),
  };
}

export function fakeSettings(): Settings {
  return {
    entryPoints: [
      { name: 'web', address: ':80', origin: 'default', redirectTo: 'websecure' },
      { name: 'websecure', address: ':443', origin: 'default', redirectTo: null },
    ],
    docker: {
      endpoint: null,
      exposedByDefault: false,
      defaultRule: 'Host(`{{ normalize .Name }}`)',
      network: null,
      fixed: [],
    },
    file: { path: '/etc/gatehouse/dynamic', fixed: true },
    domain,
    dashboard: { address: '127.0.0.1:8686', addressFixed: false, lanAddress: null, passwordSet: false },
  };
}
