import { describe, expect, test } from 'vitest';
import { middlewareTable } from '../../../proxy/middleware/table.ts';
import { tcp, testContainer } from '../../../test/support/container.ts';
import { configurationOf } from './configuration.ts';
import type { InspectedContainer } from './container.ts';
import type { DockerLabelOptions } from './container-configuration.ts';

const defaults: DockerLabelOptions = {
  exposedByDefault: true,
  defaultRule: 'Host(`{{ normalize .Name }}.lan`)',
  network: null,
};
const build = (containers: readonly InspectedContainer[], options: Partial<DockerLabelOptions> = {}) => {
  const { publication, containers: decisions } = configurationOf(
    containers,
    { ...defaults, ...options },
    { middlewareTable, addresses: { kind: 'direct' } },
  );
  const { http = {}, tcp: tcpSection, udp: udpSection } = publication.configuration;
  const { origins, streamOrigins } = publication;
  return { http, tcp: tcpSection, udp: udpSection, origins, streamOrigins, decisions };
};
const one = (labels: Record<string, string>, told: Partial<InspectedContainer> = {}, options = {}) =>
  build([testContainer({ labels, ...told })], options);
const codes = (problems: readonly { code: string }[] | undefined) => problems?.map(({ code }) => code);
const label = (path: string) => `traefik.http.${path}`;

describe('what is exposed', () => {
  test('by default only what asks for it', () => {
    const { http, decisions } = one({}, {}, { exposedByDefault: false });
    expect(http).toEqual({});
    expect(decisions).toMatchObject([
      { enabled: false, problems: [{ code: 'CONTAINER_NOT_ENABLED', severity: 'info' }] },
    ]);
    expect(one({ 'Traefik.Enable': 'true' }, {}, { exposedByDefault: false }).http.routers).toHaveProperty('app');
    expect(one({ 'traefik.enable': 'false' }).http).toEqual({});
  });
  test('a value that is neither true nor false keeps it closed', () => {
    expect(one({ 'traefik.enable': 'yes' }).decisions).toMatchObject([
      { enabled: false, problems: [{ code: 'OPTION_INVALID', severity: 'error' }] },
    ]);
  });
  test('a container without port that nobody asked for is left alone', () => {
    const { http, decisions } = one({}, { ports: [] });
    expect(http).toEqual({});
    expect(decisions).toMatchObject([{ problems: [{ code: 'CONTAINER_NO_PORT', severity: 'info' }] }]);
  });
});

describe('defaults', () => {
  test('router and service of a container without routing labels', () => {
    const { http, origins, decisions } = one({});
    expect(http).toEqual({
      routers: { app: { rule: 'Host(`app.lan`)', service: 'app' } },
      services: { app: { loadBalancer: { servers: [{ url: 'http://172.17.0.2:80' }] } } },
    });
    expect(origins.routers['app']?.source).toEqual({
      kind: 'label',
      containerId: 'id-of-app',
      container: 'app',
      label: null,
    });
    expect(decisions[0]).toMatchObject({
      routers: ['app'],
      services: ['app'],
      server: { host: '172.17.0.2', port: 80, containerPort: 80 },
    });
  });
  test('Compose’s service and project name it', () => {
    const labels = { 'com.docker.compose.project': 'my_shop', 'com.docker.compose.service': 'web' };
    expect(Object.keys(one(labels).http.routers ?? {})).toEqual(['web-my-shop']);
  });
  test('labels of TLS stores are answered with a warning, and the rest works', () => {
    const { http, decisions } = one({ 'traefik.tls.stores.default.defaultgeneratedcert.resolver': 'acme' });
    expect(http.routers).toHaveProperty('app');
    expect(decisions[0]?.problems).toMatchObject([{ code: 'OPTION_UNSUPPORTED', severity: 'warning' }]);
  });
  test('a router without service takes the only one; a service without router gets the default one', () => {
    expect(
      one({ [label('routers.r.rule')]: 'Host(`x`)', [label('services.s.loadbalancer.server.port')]: '8080' }).http,
    ).toEqual({
      routers: { r: { rule: 'Host(`x`)', service: 's' } },
      services: { s: { loadBalancer: { servers: [{ url: 'http://172.17.0.2:8080' }] } } },
    });
    expect(one({ [label('services.s.loadbalancer.passhostheader')]: 'false' }).http).toEqual({
      routers: { app: { rule: 'Host(`app.lan`)', service: 's' } },
      services: { s: { loadBalancer: { passHostHeader: false, servers: [{ url: 'http://172.17.0.2:80' }] } } },
    });
  });
  test('several services need to be chosen from', () => {
    const services = {
      [label('services.a.loadbalancer.server.port')]: '1',
      [label('services.b.loadbalancer.server.port')]: '2',
    };
    const { origins, http } = one({ ...services, [label('routers.r.rule')]: 'Host(`x`)' });
    expect(codes(origins.routers['r']?.problems)).toEqual(['SERVICE_AMBIGUOUS']);
    expect(Object.keys(http.services ?? {})).toEqual(['a', 'b']);
    expect(codes(one(services).decisions[0]?.problems)).toEqual(['SERVICE_AMBIGUOUS']);
  });
  test('a default rule that cannot be used disables the router and says why', () => {
    const { origins } = one({}, {}, { defaultRule: 'Host(`{{ .Nmae }}`)' });
    expect(origins.routers['app']?.problems).toMatchObject([{ code: 'RULE_INVALID', severity: 'error' }]);
    expect(codes(one({}, {}, { defaultRule: '' }).origins.routers['app']?.problems)).toEqual(['RULE_MISSING']);
  });
});

describe('ports', () => {
  test('the lowest of several, and the label that chooses', () => {
    const { http, decisions } = one({}, { ports: [tcp(3000), tcp(9000)] });
    expect(http.services?.['app']?.loadBalancer?.servers).toEqual([{ url: 'http://172.17.0.2:3000' }]);
    expect(decisions[0]?.problems).toMatchObject([{ code: 'CONTAINER_PORT_CHOSEN', severity: 'info' }]);
    expect(decisions[0]?.problems[0]?.fix).toContain('traefik.http.services.app.loadbalancer.server.port');
  });
  test('the label may name one that is not exposed', () => {
    const { http, decisions } = one({ [label('services.app.loadbalancer.server.port')]: '8123' }, { ports: [] });
    expect(http.services?.['app']?.loadBalancer?.servers).toEqual([{ url: 'http://172.17.0.2:8123' }]);
    expect(decisions[0]?.problems).toEqual([]);
  });
  test('none: router and service stay to be seen, with the reason', () => {
    const { http, origins } = one({ 'traefik.enable': 'true', [label('routers.r.rule')]: 'Host(`x`)' }, { ports: [] });
    expect(http.services?.['app']?.loadBalancer?.servers).toEqual([]);
    expect(origins.routers['r']?.problems).toMatchObject([{ code: 'CONTAINER_NO_PORT', severity: 'error' }]);
    expect(codes(origins.services['app']?.problems)).toEqual(['CONTAINER_NO_PORT']);
  });
  test('scheme, weight and preservePath of the server', () => {
    const { http } = one({
      [label('services.s.loadbalancer.server.scheme')]: 'https',
      [label('services.s.loadbalancer.server.weight')]: '3',
      [label('services.s.loadbalancer.server.preservepath')]: 'true',
    });
    expect(http.services?.['s']?.loadBalancer?.servers).toEqual([
      { url: 'https://172.17.0.2:80', weight: 3, preservePath: true },
    ]);
  });
  test('a URL stands for itself, but not with a port beside it', () => {
    const url = { [label('services.s.loadbalancer.server.url')]: 'http://10.1.1.1:99' };
    expect(one(url).http.services?.['s']?.loadBalancer?.servers).toEqual([{ url: 'http://10.1.1.1:99' }]);
    const both = one({ ...url, [label('services.s.loadbalancer.server.port')]: '1' });
    expect(codes(both.origins.services['s']?.problems)).toEqual(['SERVICE_INVALID']);
  });
  test('IPv6 addresses have brackets', () => {
    const { http } = one({}, { networks: [{ name: 'six', address: '', address6: 'fd00::2' }] });
    expect(http.services?.['app']?.loadBalancer?.servers).toEqual([{ url: 'http://[fd00::2]:80' }]);
  });
});

describe('states', () => {
  test.each([
    ['exited', {}],
    ['created', {}],
  ] as const)('%s: nothing, and the reason', (state, http) => {
    const built = one({}, { state });
    expect(built.http).toEqual(http);
    expect(codes(built.decisions[0]?.problems)).toEqual(['CONTAINER_NOT_RUNNING']);
  });
  test('starting: not yet', () => {
    const built = one({}, { health: 'starting' });
    expect(built.http).toEqual({});
    expect(built.decisions[0]?.problems).toMatchObject([{ code: 'CONTAINER_STARTING', severity: 'info' }]);
  });
  test('unhealthy: closed, as in Traefik', () => {
    const built = one({}, { health: 'unhealthy' });
    expect(built.http.services?.['app']?.loadBalancer?.servers).toEqual([]);
    expect(built.origins.routers['app']?.problems).toMatchObject([{ code: 'CONTAINER_UNHEALTHY', severity: 'error' }]);
  });
  test.each(['paused', 'restarting'] as const)('%s: the route stays and has no server', (state) => {
    const built = one({}, { state });
    expect(built.http.services?.['app']?.loadBalancer?.servers).toEqual([]);
    expect(built.origins.routers['app']?.problems).toMatchObject([{ severity: 'warning' }]);
  });
  test('allownonrunning keeps a stopped one’s empty service', () => {
    const built = one({ 'traefik.docker.allownonrunning': 'true' }, { state: 'exited' });
    expect(built.http.services?.['app']?.loadBalancer?.servers).toEqual([]);
    expect(built.origins.services['app']?.problems).toMatchObject([{ severity: 'warning' }]);
  });
});

describe('bad labels', () => {
  test('disable the one object they concern', () => {
    const { origins, http } = one({
      [label('routers.bad.rule')]: 'Host(`x`)',
      [label('routers.bad.midlewares')]: 'auth',
      [label('routers.good.rule')]: 'Host(`y`)',
      [label('middlewares.auth.basicauth.user')]: 'x',
    });
    expect(origins.routers['bad']?.problems).toMatchObject([
      { code: 'OPTION_UNKNOWN', severity: 'error', fix: 'Did you mean "middlewares"?' },
    ]);
    expect(origins.routers['bad']?.problems[0]?.message).toContain('traefik.http.routers.bad.midlewares');
    expect(origins.routers['good']?.problems).toEqual([]);
    expect(codes(origins.middlewares['auth']?.problems)).toContain('OPTION_UNKNOWN');
    expect(http.routers?.['bad']?.rule).toBe('Host(`x`)');
  });
  test('no label puts a router below another', () => {
    const { origins } = one({
      [label('routers.child.rule')]: 'Host(`x`)',
      [label('routers.child.parentrefs')]: 'root@file,other@file',
    });
    const [first] = origins.routers['child']?.problems ?? [];
    expect(first).toMatchObject({ code: 'OPTION_INVALID', severity: 'error' });
    expect(first?.message).toContain('can be set in files alone, not by labels');
  });
  test('what cannot be read at all closes every router of the container', () => {
    const { origins } = one({ [label('routers.r.rule')]: 'Host(`x`)', [label('routers.r..middlewares')]: 'auth' });
    expect(codes(origins.routers['r']?.problems)).toEqual(['OPTION_INVALID']);
  });
  test('an element that stands alone', () => {
    const { origins } = one({ [label('services.s')]: '' });
    expect(codes(origins.services['s']?.problems)).toEqual(['OPTION_INVALID']);
    expect(codes(origins.routers['app']?.problems)).toEqual(['OPTION_INVALID']);
  });
  test('a scheme that is not served', () => {
    const { origins } = one({ [label('services.s.loadbalancer.server.scheme')]: 'gopher' });
    expect(origins.services['s']?.problems).toMatchObject([{ code: 'OPTION_UNSUPPORTED', severity: 'error' }]);
  });
  test('the source of a router is its label', () => {
    const { origins } = one({ 'traefik.http.routers.R.Rule': 'Host(`x`)' });
    expect(origins.routers['R']?.source).toMatchObject({ label: 'traefik.http.routers.R.Rule' });
  });
});

describe('TCP and UDP', () => {
  const tcpLabels = { 'traefik.tcp.routers.t.rule': 'HostSNI(`*`)', 'traefik.tcp.routers.t.tls': 'true' };

  test('alone make no HTTP router; the service is the container', () => {
    const alone = one(tcpLabels);
    expect(alone.http).toEqual({});
    expect(alone.tcp).toEqual({
      routers: { t: { rule: 'HostSNI(`*`)', tls: {}, service: 'app' } },
      services: { app: { loadBalancer: { servers: [{ address: '172.17.0.2:80' }] } } },
    });
    expect(alone.udp).toBeUndefined();
    expect(alone.decisions[0]).toMatchObject({ enabled: true, problems: [], tcpRouters: ['t'] });
  });

  test('stand beside HTTP, each with services of its own', () => {
    const both = one(
      {
        ...tcpLabels,
        'traefik.tcp.services.db.loadbalancer.server.port': '5432',
        'traefik.tcp.services.db.loadbalancer.proxyProtocol': 'true',
        'traefik.tcp.middlewares.few.inFlightConn.amount': '3',
        'traefik.udp.routers.u.entrypoints': 'dns',
        [label('routers.r.rule')]: 'Host(`x`)',
      },
      { ports: [tcp(80), { port: 53, protocol: 'udp', published: [] }] },
    );
    expect(Object.keys(both.http.routers ?? {})).toEqual(['r']);
    expect(both.tcp?.services).toEqual({
      db: { loadBalancer: { proxyProtocol: {}, servers: [{ address: '172.17.0.2:5432' }] } },
    });
    expect(both.tcp?.middlewares).toEqual({ few: { inFlightConn: { amount: 3 } } });
    expect(both.udp).toEqual({
      routers: { u: { entryPoints: ['dns'], service: 'app' } },
      services: { app: { loadBalancer: { servers: [{ address: '172.17.0.2:53' }] } } },
    });
    expect(both.decisions[0]?.problems).toEqual([]);
  });

  test('what cannot be read disables the one object, and names its label', () => {
    const { tcp: read, streamOrigins } = one({
      ...tcpLabels,
      'traefik.tcp.routers.t.tls.passtrough': 'true',
      'traefik.tcp.services.a.loadbalancer.server.port': '1',
      'traefik.tcp.services.b.loadbalancer.server.port': '2',
    });
    expect(Object.keys(read?.services ?? {})).toEqual(['a', 'b']);
    expect(streamOrigins?.tcp.routers['t']?.problems).toMatchObject([
      { code: 'OPTION_UNKNOWN', details: { place: 'The label traefik.tcp.routers.t.tls.passtrough' } },
      { code: 'SERVICE_AMBIGUOUS', severity: 'error' },
    ]);
    expect(streamOrigins?.tcp.services['a']?.problems).toEqual([]);
  });

  test('replicas are one service with all their servers; contradictions are refused', () => {
    const replica = (name: string, address: string, rule: string) =>
      testContainer({
        name,
        labels: { 'traefik.tcp.routers.t.rule': rule, 'traefik.tcp.services.s.loadbalancer.server.port': '9' },
        networks: [{ name: 'bridge', address, address6: '' }],
      });
    const merged = build([replica('a', '10.0.0.1', 'HostSNI(`*`)'), replica('b', '10.0.0.2', 'HostSNI(`x`)')]);
    expect(merged.tcp?.services?.['s']).toEqual({
      loadBalancer: { servers: [{ address: '10.0.0.1:9' }, { address: '10.0.0.2:9' }] },
    });
    expect(codes(merged.streamOrigins?.tcp.routers['t']?.problems)).toEqual(['DEFINED_TWICE']);
  });
});

describe('several containers', () => {
  const replica = (name: string, address: string, told: Partial<InspectedContainer> = {}) =>
    testContainer({
      name,
      labels: { [label('routers.web.rule')]: 'Host(`x`)', [label('services.web.loadbalancer.server.port')]: '80' },
      networks: [{ name: 'bridge', address, address6: '' }],
      ...told,
    });
  const servers = (built: ReturnType<typeof build>) =>
    built.http.services?.['web']?.loadBalancer?.servers?.map(({ url }) => url);

  test('with the same service share it, in the order of their names', () => {
    const built = build([replica('b', '10.0.0.2'), replica('a', '10.0.0.1')]);
    expect(servers(built)).toEqual(['http://10.0.0.1:80', 'http://10.0.0.2:80']);
    expect(built.origins.routers['web']?.problems).toEqual([]);
  });
  test('one that cannot serve gives way to the others', () => {
    const built = build([replica('a', '10.0.0.1', { health: 'unhealthy' }), replica('b', '10.0.0.2')]);
    expect(servers(built)).toEqual(['http://10.0.0.2:80']);
    expect(built.origins.routers['web']?.problems).toEqual([]);
    expect(codes(built.decisions[0]?.problems)).toEqual(['CONTAINER_UNHEALTHY']);
  });
  test('that contradict each other disable what they contradict in', () => {
    const other = replica('b', '10.0.0.2', {
      labels: {
        [label('routers.web.rule')]: 'Host(`y`)',
        [label('services.web.loadbalancer.server.port')]: '80',
        [label('services.web.loadbalancer.passhostheader')]: 'false',
      },
    });
    const built = build([replica('a', '10.0.0.1'), other]);
    expect(codes(built.origins.routers['web']?.problems)).toEqual(['DEFINED_TWICE']);
    expect(codes(built.origins.services['web']?.problems)).toEqual(['DEFINED_TWICE']);
    expect(built.origins.routers['web']?.problems[0]?.details).toMatchObject({ containers: 'a, b' });
  });
  test('the order in which they come does not matter', () => {
    const list = ['c', 'a', 'b'].map((name, index) => replica(name, `10.0.0.${index}`));
    expect(build(list).http).toEqual(build(list.toReversed()).http);
  });
});
