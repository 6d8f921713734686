import type { EntryPointView, MiddlewareView, RouterView, ServiceView } from '../../app/contract/objects.ts';

/** What goes by connection and datagram in the fake homes, and services that lead to others. */

const file = (line: number) => ({ kind: 'file' as const, path: '/etc/gatehouse/dynamic/streams.yml', line, column: 5 });

const plainTls = {
  passthrough: false,
  resolver: null,
  domains: [],
  options: [
    {
      name: 'default',
      minVersion: 'TLSv1.2',
      maxVersion: null,
      ciphers: [],
      curves: [],
      alpn: ['h2', 'http/1.1'],
      sniStrict: false,
      clientAuth: null,
    },
  ],
};

/** How the fake's HTTPS routers are encrypted. */
export const fakeTlsSettings: NonNullable<RouterView['tlsSettings']> = {
  ...plainTls,
  resolver: 'letsencrypt',
  domains: ['home.example.org', '*.home.example.org'],
  options: plainTls.options.map((each) => ({ ...each, name: 'modern@file', minVersion: 'TLSv1.3', sniStrict: true })),
};

export const fakeStreamEntryPoints: readonly EntryPointView[] = [
  {
    name: 'postgres',
    address: ':5432',
    listening: '0.0.0.0:5432',
    protocol: 'http',
    redirectTo: null,
    origin: 'file',
    problems: [],
  },
  {
    name: 'dns',
    address: ':53/udp',
    listening: '0.0.0.0:53',
    protocol: 'udp',
    redirectTo: null,
    origin: 'file',
    problems: [],
  },
];

const tcpRouter = (name: string, over: Partial<RouterView>): RouterView => ({
  protocol: 'tcp',
  name: `${name}@file`,
  provider: 'file',
  status: 'enabled',
  problems: [],
  rule: 'HostSNI(`*`)',
  priority: -1,
  entryPoints: ['postgres'],
  middlewares: [],
  service: `${name}@file`,
  tls: false,
  hosts: [],
  urls: [],
  source: file(4),
  ...over,
});

export const fakeStreamRouters: readonly RouterView[] = [
  tcpRouter('db', { middlewares: ['lan-only@file'] }),
  tcpRouter('mail', {
    rule: 'HostSNI(`mail.home.example.org`)',
    priority: 32,
    entryPoints: ['websecure'],
    tls: true,
    tlsSettings: { passthrough: true, options: [], resolver: null, domains: [] },
    hosts: ['mail.home.example.org'],
    source: file(9),
  }),
  {
    protocol: 'udp',
    name: 'dns@file',
    provider: 'file',
    status: 'enabled',
    problems: [],
    rule: '',
    priority: 0,
    entryPoints: ['dns'],
    middlewares: [],
    service: 'dns@file',
    tls: false,
    hosts: [],
    urls: [],
    source: file(20),
  },
];

const streamService = (
  protocol: 'tcp' | 'udp',
  name: string,
  servers: ServiceView['servers'],
  healthCheck: string | null,
): ServiceView => ({
  protocol,
  name: `${name}@file`,
  provider: 'file',
  status: 'enabled',
  problems: [],
  type: 'loadBalancer',
  strategy: 'wrr',
  servers,
  passHostHeader: false,
  sticky: false,
  healthCheck,
  serversTransport: null,
  usedBy: [`${name}@file`],
  source: file(14),
});

export const fakeStreamServices: readonly ServiceView[] = [
  streamService(
    'tcp',
    'db',
    [
      { url: '192.168.1.20:5432', weight: 1, health: 'up', reason: null },
      {
        url: '192.168.1.21:5432',
        weight: 1,
        health: 'down',
        reason: 'connect ECONNREFUSED 192.168.1.21:5432',
        said: { code: 'NOBODY_LISTENS', details: { where: '192.168.1.21:5432' } },
      },
    ],
    '',
  ),
  streamService('tcp', 'mail', [{ url: '192.168.1.25:993', weight: 1, health: 'unchecked', reason: null }], null),
  streamService('udp', 'dns', [{ url: '192.168.1.1:53', weight: 1, health: 'unchecked', reason: null }], null),
  {
    name: 'shop@file',
    provider: 'file',
    status: 'enabled',
    problems: [],
    type: 'loadBalancer',
    strategy: 'p2c',
    middlewares: ['compress@file', 'slow-down@file'],
    servers: [
      { url: 'http://192.168.1.30:8080', weight: 3, health: 'up', reason: null },
      { url: 'http://192.168.1.31:8080', weight: 1, health: 'up', reason: null },
      {
        url: 'http://192.168.1.32:8080',
        weight: 1,
        health: 'down',
        reason: 'It answered 503.',
        said: { code: 'ANSWERED', details: { status: 503 } },
      },
    ],
    passHostHeader: true,
    sticky: true,
    healthCheck: '/health',
    serversTransport: null,
    usedBy: [],
    source: file(31),
  },
];

export const fakeStreamMiddlewares: readonly MiddlewareView[] = [
  {
    protocol: 'tcp',
    name: 'lan-only@file',
    provider: 'file',
    type: 'ipAllowList',
    status: 'enabled',
    problems: [],
    summary: 'Lets in only connections from the addresses and networks that are listed.',
    options: { sourceRange: ['192.168.1.0/24'] },
    usedBy: ['db@file'],
    source: file(27),
  },
];
