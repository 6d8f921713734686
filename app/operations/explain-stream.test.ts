import { describe, expect, it } from 'vitest';
import type { DynamicConfiguration } from '../../proxy/model/dynamic.ts';
import { runtimeOf, viewsOf } from '../../test/support/configuration.ts';
import { emptySnapshot } from '../../test/support/context.ts';
import { defaultStaticConfiguration, type StaticEntryPoint } from '../config/static.ts';
import type { EntryPointView } from '../contract/objects.ts';
import { buildRuntime } from '../runtime/merge.ts';
import type { Health } from '../runtime/views.ts';
import { explainStream, readStreamQuestion, type StreamQuestion } from './explain-stream.ts';

const [web] = defaultStaticConfiguration.entryPoints as [StaticEntryPoint];
const own = { redirectTo: null, origin: 'file' as const };
const staticEntryPoints: StaticEntryPoint[] = [
  ...defaultStaticConfiguration.entryPoints,
  { ...web, ...own, name: 'postgres', address: ':5432' },
  { ...web, ...own, name: 'dns', address: ':53', transport: 'udp' },
];
const view = (name: string, port: number, protocol: EntryPointView['protocol']): EntryPointView => ({
  ...own,
  name,
  address: `:${port}`,
  listening: `0.0.0.0:${port}`,
  protocol,
  problems: [],
});
const entryPoints = [...emptySnapshot().status.entryPoints, view('postgres', 5432, 'http'), view('dns', 53, 'udp')];

const configuration: DynamicConfiguration = {
  http: {
    routers: { app: { rule: 'Host(`app.test`)', entryPoints: ['websecure'], service: 'app', tls: {} } },
    services: { app: { loadBalancer: { servers: [{ url: 'http://10.0.0.9' }] } } },
  },
  tcp: {
    routers: {
      db: { rule: 'HostSNI(`*`) && ClientIP(`10.0.0.0/8`)', entryPoints: ['postgres'], service: 'db' },
      lan: { rule: 'HostSNI(`*`)', entryPoints: ['postgres'], service: 'db', middlewares: ['lan', 'few'] },
      mail: { rule: 'HostSNI(`mail.test`)', entryPoints: ['websecure'], service: 'db', tls: {} },
      own: { rule: 'HostSNI(`own.test`)', entryPoints: ['websecure'], service: 'none', tls: { passthrough: true } },
      off: { rule: 'HostSNI(`off.test`)', entryPoints: ['websecure'], service: 'nowhere', tls: {} },
    },
    services: {
      db: { loadBalancer: { servers: [{ address: '10.0.0.5:5432' }], healthCheck: {} } },
      none: { loadBalancer: { servers: [] } },
    },
    middlewares: {
      lan: { ipAllowList: { sourceRange: ['192.168.0.0/16'] } },
      few: { inFlightConn: { amount: 2 } },
    },
  },
  udp: {
    routers: { dns: { entryPoints: ['dns'], service: 'dns' }, other: { entryPoints: ['dns'], service: 'dns' } },
    services: { dns: { loadBalancer: { servers: [{ address: '10.0.0.1:53' }] } } },
  },
};

function ask(
  question: string | StreamQuestion,
  options: {
    readonly from?: string;
    readonly alpn?: readonly string[];
    readonly health?: Health;
    readonly pausedAll?: boolean;
    readonly configuration?: DynamicConfiguration;
  } = {},
) {
  const given = options.configuration ?? configuration;
  const origins = { routers: {}, services: {}, middlewares: {} };
  const publication = { provider: 'file' as const, configuration: given, origins };
  const state = buildRuntime([publication], staticEntryPoints, 1);
  const services = [...viewsOf(state, options.health).services.values()];
  const { from, alpn } = options;
  return explainStream(
    state,
    { entryPoints, services, pausedAll: options.pausedAll ?? false },
    typeof question === 'string' ? readStreamQuestion({ url: question, from, alpn }) : question,
  );
}

describe('a TCP connection', () => {
  it('is explained by the routers that were tried, and why', () => {
    const explanation = ask('tcp://:5432', { from: '192.168.1.7' });
    expect(explanation).toMatchObject({
      protocol: 'tcp',
      entryPoint: 'postgres',
      request: { scheme: 'tcp', host: '', clientIp: '192.168.1.7' },
      router: 'lan@file',
      tls: 'none',
      service: 'db@file',
      servers: [{ url: '10.0.0.5:5432', health: 'up' }],
      outcome: 'depends',
      said: { code: 'FORWARD_DEPENDS', details: { middleware: 'few@file' } },
    });
    expect(explanation.routers).toMatchObject([
      {
        router: 'db@file',
        matched: false,
        reason: 'ClientIP(`10.0.0.0/8`) does not hold: the client is 192.168.1.7',
        parts: [{ kind: 'client', holds: false, actual: '192.168.1.7' }],
      },
      { router: 'lan@file', matched: true },
    ]);
    expect(explanation.middlewares).toMatchObject([
      { name: 'lan@file', verdict: 'passes', said: { code: 'ADDRESS_LISTED' } },
      { name: 'few@file', verdict: 'depends', said: { code: 'CONNECTIONS_AT_ONCE', details: { amount: 2 } } },
    ]);
  });

  it('ends at a middleware that refuses it', () => {
    expect(ask('tcp://:5432', { from: '203.0.113.5' })).toMatchObject({
      outcome: 'refused',
      sentence: 'lan@file matches, and lan@file refuses: 203.0.113.5 is not on the list.',
      middlewares: [{ name: 'lan@file' }],
    });
    expect(ask('tcp://:5432', { from: '10.1.2.3' })).toMatchObject({ router: 'db@file', outcome: 'forwarded' });
  });

  it('goes by the name in its hello where TLS is looked for', () => {
    expect(ask('tcp://Mail.test:8443')).toMatchObject({
      request: { scheme: 'tls', host: 'mail.test' },
      router: 'mail@file',
      tls: 'terminate',
      outcome: 'forwarded',
      sentence: 'mail@file matches, so it goes to 10.0.0.5:5432 (db@file).',
    });
    expect(ask('tls://own.test:443')).toMatchObject({
      router: 'own@file',
      tls: 'passthrough',
      outcome: 'no-server',
      said: { code: 'NO_SERVER' },
    });
    expect(ask('plain://mail.test:8443')).toMatchObject({ request: { scheme: 'tcp', host: '' }, router: null });
    expect(ask('tls://10.0.0.1:8443').request.host).toBe('');
  });

  it('may be HTTPS’ to take', () => {
    const explanation = ask('tls://app.test:8443');
    expect(explanation).toMatchObject({ outcome: 'depends', router: null, said: { code: 'TO_HTTPS' } });
    expect(explanation.sentence).toContain('https://app.test:8443/');
  });

  it('says why a router that is off would have taken it', () => {
    const { http: _, ...streams } = configuration;
    const explanation = ask('tls://off.test:8443', { configuration: streams });
    expect(explanation).toMatchObject({
      outcome: 'no-router',
      said: { code: 'ROUTER_OFF', details: { router: 'off@file' } },
      disabled: [{ router: 'off@file', problems: [{ code: 'SERVICE_UNKNOWN' }] }],
    });
    expect(ask('tls://nobody.test:8443', { configuration: streams })).toMatchObject({
      said: { code: 'TCP_NO_ROUTER_NAME', details: { serverName: 'nobody.test' } },
      disabled: [],
    });
  });

  it('has no server where none is up, and no router while all is paused', () => {
    const health: Health = { down: { 'tcp db@file': ['10.0.0.5:5432'] }, reasons: {} };
    expect(ask('tcp://:5432', { from: '10.1.2.3', health })).toMatchObject({
      outcome: 'no-server',
      said: { code: 'NO_SERVER_UP' },
    });
    expect(ask('tcp://:5432', { pausedAll: true })).toMatchObject({ outcome: 'no-router' });
  });

  it('says where one may knock when nobody listens', () => {
    expect(ask('tcp://:9999')).toMatchObject({ outcome: 'no-entry-point', said: { code: 'ENTRY_POINT_NONE' } });
    expect(ask('tcp://:53').outcome).toBe('no-entry-point');
  });

  it('that came is asked again by its entry point', () => {
    const came = {
      scheme: 'plain',
      host: '',
      port: null,
      entryPoint: 'postgres',
      clientIp: '10.0.0.1',
      alpn: [],
    } as const;
    expect(ask(came)).toMatchObject({ router: 'db@file' });
  });
});

describe('a datagram', () => {
  it('goes to the first router by name', () => {
    expect(ask('udp://:53')).toMatchObject({
      protocol: 'udp',
      entryPoint: 'dns',
      router: 'dns@file',
      outcome: 'forwarded',
      routers: [
        { router: 'dns@file', matched: true },
        { router: 'other@file', matched: false },
      ],
      servers: [{ url: '10.0.0.1:53' }],
    });
    const { udp: _, ...rest } = configuration;
    expect(ask('udp://:53', { configuration: rest })).toMatchObject({
      outcome: 'no-router',
      said: { code: 'UDP_NO_ROUTER' },
    });
  });
});

it.each(['tcp://', 'tcp://a', 'tcp://a:0', 'tcp://a:70000', 'udp://a:53/x', 'tls://a@b:1'])(
  '%s is no address',
  (url) => {
    expect(() => readStreamQuestion({ url })).toThrow('is not an address such as tcp://');
  },
);

it('a service of HTTP is not taken for one of TCP with the same name', () => {
  const state = runtimeOf(
    { services: { db: { loadBalancer: { servers: [{ url: 'http://10.0.0.1' }] } } } },
    {},
    { tcp: configuration.tcp },
  );
  const services = [...viewsOf(state).services.values()];
  const found = explainStream(
    state,
    { entryPoints, services, pausedAll: false },
    readStreamQuestion({ url: 'tls://mail.test:8443' }),
  );
  expect(found.servers).toMatchObject([{ url: '10.0.0.5:5432' }]);
});
