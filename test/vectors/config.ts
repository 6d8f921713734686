import { z } from 'zod';
import type { ConfiguredTls } from '../../app/certificates/configured.ts';
import { addressOf } from '../../app/config/static-entry-points.ts';
import { readStaticFile } from '../../app/config/static-read.ts';
import { internalPublication } from '../../app/providers/internal/publication.ts';
import { durationMs, parseDurationMs } from '../../proxy/model/duration.ts';
import { providerOf } from '../../proxy/model/names.ts';
import type { EntryPointOptions } from '../../proxy/model/snapshot.ts';
import { makeCertificate } from '../support/certificates.ts';
import { loadBalancer, startProxy } from '../support/proxy-harness.ts';
import { comparable, withoutEmptySections } from './configuration.ts';
import { servedPart } from './docker.ts';
import { sendToProxy } from './entry-point.ts';
import { urlParts } from './go-url.ts';
import { startRecordingServer } from './recording-server.ts';
import { type Built, buildState, byProvider, publicationOf, type RawConfiguration } from './runtime.ts';
import { readForwarded } from './traffic.ts';
import { type Judgement, kind, Missing, NotApplicable } from './vector.ts';

const meaning = z.string();
const raw = z.record(z.string(), z.unknown());
const members = z.record(z.string(), raw).nullable().optional();

function own<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].filter(([name]) => !name.endsWith('@internal'));
}

export const mergeProviders = kind(
  {
    meaning,
    input: z.strictObject({ given: z.record(z.string(), raw).nullable() }),
    expected: z.strictObject({ expected: z.union([raw, z.array(z.unknown())]).nullable() }),
  },
  async ({ input, expected: { expected } }, judgement) => {
    const given = await withRealCertificates(input.given ?? {});
    const { state, tls } = buildState(given, { entryPoints: ['defaultEP'] });
    if (JSON.stringify(given).includes('"tls":{"')) {
      judgeTlsMerge(given, expected, tls, judgement);
      return;
    }
    const routers = own(state.routers).map(([name, { entryPoints }]) => [name, { entryPoints: [...entryPoints] }]);
    const names = (map: ReadonlyMap<string, unknown>): object =>
      Object.fromEntries(own(map).map(([name]) => [name, {}]));
    judgement.equal(
      input,
      { routers: {}, services: {}, middlewares: {}, ...(Array.isArray(expected) ? {} : expected) },
      {
        routers: Object.fromEntries(routers) as object,
        services: names(state.services),
        middlewares: names(state.middlewares),
      },
    );
  },
);

type TlsSection = {
  readonly certificates?: readonly object[];
  readonly stores?: Readonly<Record<string, { readonly defaultCertificate?: object }>>;
};

/** Certificates that can be read in place of a vector's, each with names of its own. */
async function withRealCertificates(
  given: Readonly<Record<string, RawConfiguration>>,
): Promise<Readonly<Record<string, RawConfiguration>>> {
  let made = 0;
  const pair = async (): Promise<object> => {
    made += 1;
    const { certificatePem, privateKeyPem } = await makeCertificate([`${made}.example.org`]);
    return { certFile: certificatePem, keyFile: privateKeyPem };
  };
  const result: Record<string, RawConfiguration> = {};
  for (const [provider, configuration] of Object.entries(given)) {
    const { certificates = [], stores = {}, ...tls } = (configuration['tls'] ?? {}) as TlsSection;
    const real: object[] = [];
    for (const each of certificates) real.push({ ...each, ...(await pair()) });
    const shown: Record<string, object> = {};
    for (const [name, { defaultCertificate, ...more }] of Object.entries(stores)) {
      shown[name] = defaultCertificate === undefined ? more : { ...more, defaultCertificate: await pair() };
    }
    const section = {
      ...tls,
      ...(real.length > 0 ? { certificates: real } : {}),
      ...(Object.keys(shown).length > 0 ? { stores: shown } : {}),
    };
    result[provider] = { ...configuration, ...(configuration['tls'] === undefined ? {} : { tls: section }) };
  }
  return result;
}

/** TLS options by their names, the default store by its certificate, other certificates by their number. */
function judgeTlsMerge(
  given: Readonly<Record<string, RawConfiguration>>,
  expected: RawConfiguration | readonly unknown[] | null,
  tls: ConfiguredTls,
  judgement: Judgement,
): void {
  const sections = Object.values(given).map(({ tls: section }) => (section ?? {}) as TlsSection);
  if (sections.some(({ certificates }) => certificates !== undefined)) {
    judgement.equal(given, Array.isArray(expected) ? expected.length : 0, tls.certificates.length);
    return;
  }
  if (sections.some(({ stores }) => stores !== undefined)) {
    const isDefault = tls.certificates.some((certificate) => certificate.isDefault);
    judgement.equal(given, Object.hasOwn(expected ?? {}, 'default'), isDefault);
    return;
  }
  const names = Object.keys(expected ?? {});
  judgement.equal(given, names.toSorted(), [...tls.options.keys()].toSorted());
  for (const [name, options] of Object.entries(expected ?? {})) {
    const { minVersion } = options as { minVersion?: string };
    const got = tls.options.get(name)?.snapshot?.minVersion;
    if (minVersion !== undefined) judgement.equal({ name }, minVersion.replace('VersionTLS1', 'TLSv1.'), got);
  }
}

export const mergeResources = kind(
  {
    meaning,
    input: z.strictObject({ configurations: z.record(z.string(), raw), strategy: z.int() }),
    expected: z.strictObject({ expected: raw }),
  },
  ({ input, expected }, judgement) => {
    const certificates = Object.values(input.configurations).flatMap(({ tls }) =>
      ((tls as { certificates?: { certFile: string }[] } | undefined)?.certificates ?? []).map(
        ({ certFile }) => certFile,
      ),
    );
    if (new Set(certificates).size < certificates.length) {
      throw new NotApplicable('certificates belong to one store here, however often they are named');
    }
    const publication = publicationOf('file', Object.values(input.configurations));
    judgement.equal(
      input,
      withoutEmptySections(comparable(expected.expected)),
      withoutEmptySections(comparable(servedPart(publication))),
    );
  },
);

export const qualifiedName = kind(
  { meaning, input: z.strictObject({ name: z.string() }), expected: z.strictObject({ expected: z.string() }) },
  ({ input, expected }, judgement) => judgement.equal(input, expected.expected, providerOf(input.name)),
);

export const providersPrecedence = kind(
  {
    meaning,
    input: z.strictObject({ cfg: raw }),
    expected: z.strictObject({ expectedError: z.boolean(), expected: z.array(z.string()).nullable() }),
  },
  ({ input, expected }, judgement) => {
    const { patch, issues } = readStaticFile(JSON.stringify(input.cfg), 'traefik.yml');
    const refused = issues.some(({ severity }) => severity === 'error');
    judgement.equal(input, { refused: expected.expectedError }, { refused });
    if (!refused)
      judgement.equal(
        input,
        expected.expected,
        patch.precedence?.map((name) => name.toLowerCase()),
      );
  },
);

export const entryPointAddress = kind(
  {
    meaning,
    input: z.strictObject({ address: z.string() }),
    expected: z.strictObject({ expectedAddress: z.string(), expectedProtocol: z.string(), expectedError: z.boolean() }),
  },
  ({ input, expected }, judgement) => {
    const address = addressOf(input.address);
    judgement.equal(input, { refused: expected.expectedError }, { refused: address === null });
    if (address === null) return;
    judgement.equal(
      input,
      { address: expected.expectedAddress, protocol: expected.expectedProtocol },
      { address: address.text, protocol: address.protocol },
    );
  },
);

/** Objects of the vector's own that are disabled. */
function disabled({ state }: Built): string[] {
  const { tcp, udp } = state.streams;
  const maps = [
    state.routers,
    state.services,
    state.middlewares,
    tcp.routers,
    tcp.services,
    tcp.middlewares,
    udp.routers,
    udp.services,
  ];
  return maps.flatMap((map) =>
    own<{ readonly status: string }>(map).flatMap(([name, { status }]) => (status === 'disabled' ? [name] : [])),
  );
}

export const runtimeErrors = kind(
  {
    meaning,
    input: z.strictObject({
      routerConfig: members,
      serviceConfig: members,
      middlewareConfig: members,
      tcpRouterConfig: members,
      tcpServiceConfig: members,
      tcpMiddlewareConfig: members,
      udpRouterConfig: members,
      udpServiceConfig: members,
      tlsOptions: members,
    }),
    expected: z.strictObject({ expectedError: z.int() }),
  },
  ({ input, expected }, judgement) => {
    const isUdp = input.udpRouterConfig !== undefined || input.udpServiceConfig !== undefined;
    // Where a vector has neither TCP nor rules, Traefik's test is that of UDP.
    const isUdpToo = isUdp || Object.values(input.routerConfig ?? {}).some((router) => router['rule'] === undefined);
    const http = { routers: input.routerConfig, services: input.serviceConfig, middlewares: input.middlewareConfig };
    const configuration: RawConfiguration = {
      [isUdpToo ? 'udp' : 'http']: http,
      tls: { options: input.tlsOptions ?? namedOptions(input.tcpRouterConfig) },
      tcp: { routers: input.tcpRouterConfig, services: input.tcpServiceConfig, middlewares: input.tcpMiddlewareConfig },
    };
    const faulty = disabled(
      buildState({ file: withoutPorts(configuration) }, { entryPoints: ['web'], isUdp: isUdpToo }),
    );
    judgement.equal(input, expected.expectedError, faulty.length);
  },
);

/** Where a vector tells no TLS options, those that its routers name exist. */
function namedOptions(routers: unknown): object {
  const names = [...(JSON.stringify(routers) ?? '').matchAll(/"options":"(\w+)"/g)].map((match) => match[1] ?? '');
  return Object.fromEntries(names.map((name) => [name, {}]));
}

/** Beside an address, Traefik's code keeps its port, which no file may give. */
function withoutPorts(configuration: RawConfiguration): RawConfiguration {
  return JSON.parse(
    JSON.stringify(configuration, (_, value: unknown) => {
      if (typeof value !== 'object' || value === null || !('address' in value) || !('port' in value)) return value;
      const { port: _port, ...rest } = value;
      return rest;
    }),
  ) as RawConfiguration;
}

const routerInfo = z.looseObject({
  entryPoints: z.array(z.string()).optional(),
  service: z.string().optional(),
  rule: z.string().optional(),
  priority: z.union([z.int(), z.string()]).optional(),
  error: z.array(z.string()).optional(),
  status: z.string().optional(),
  using: z.array(z.string()).optional(),
});

/** Which routers stand at which entry point. Services that they name exist. */
export const routersByEntryPoint = kind(
  {
    meaning,
    input: z.strictObject({ conf: raw, entryPoints: z.array(z.string()) }),
    expected: z.strictObject({ expected: z.record(z.string(), z.record(z.string(), routerInfo)) }),
  },
  ({ input, expected: { expected } }, judgement) => {
    const section = 'tcp' in input.conf ? 'tcp' : 'udp' in input.conf ? 'udp' : 'http';
    const { routers = {} } = (input.conf[section] ?? {}) as { routers?: Record<string, { service: string }> };
    const services = Object.fromEntries(
      Object.values(routers).map(({ service }) => [
        service,
        { loadBalancer: { servers: [section === 'http' ? { url: 'http://a' } : { address: 'a:1' }] } },
      ]),
    );
    const tls = (router: object): object => (section === 'tcp' ? { ...router, tls: {} } : router);
    const given = Object.fromEntries(Object.entries(routers).map(([name, router]) => [name, tls(router)]));
    const entryPoints = input.entryPoints.filter((name) => name !== '');
    const { state } = buildState(byProvider(section, { routers: given, services }), {
      entryPoints,
      isUdp: section === 'udp',
    });
    const all = section === 'http' ? state.routers : state.streams[section].routers;
    const got: Record<string, Record<string, object>> = {};
    for (const [name, router] of own<{ entryPoints: readonly string[]; status: string }>(all)) {
      for (const entryPoint of router.entryPoints) {
        if (router.status === 'disabled') continue;
        const local = name.replace(/@file$/, '');
        // Gatehouse warns of more, such as two routers for the same datagrams.
        const isWarningWanted = expected[entryPoint]?.[local]?.status === 'warning';
        (got[entryPoint] ??= {})[local] = { status: isWarningWanted ? router.status : 'enabled' };
      }
    }
    const wanted = Object.fromEntries(
      Object.entries(expected).map(([entryPoint, list]) => [
        entryPoint,
        Object.fromEntries(Object.entries(list).map(([name, { status }]) => [name, { status }])),
      ]),
    );
    judgement.equal(input, wanted, got);
  },
);

/** A stream's service by its name in a provider's context: what a router of that provider would be led to. */
function streamService(section: 'tcp' | 'udp') {
  return kind(
    {
      meaning,
      input: z.strictObject({
        serviceName: z.string(),
        configs: members,
        stConfigs: members,
        providerName: z.string().optional(),
      }),
      expected: z.strictObject({ expectedError: z.string() }),
    },
    ({ input, expected }, judgement) => {
      const { serviceName, configs, stConfigs, providerName = 'file' } = input;
      const transports = Object.fromEntries(
        Object.entries(stConfigs ?? {}).filter(([name]) => !name.endsWith('@internal')),
      );
      const router = {
        entryPoints: ['web'],
        service: serviceName,
        ...(section === 'tcp' ? { rule: 'HostSNI(`*`)' } : {}),
      };
      const built = buildState(
        byProvider(
          section,
          {
            routers: { test: router },
            services: configs,
            ...(section === 'tcp' ? { serversTransports: transports } : {}),
          },
          providerName,
        ),
        { entryPoints: ['web'], isUdp: section === 'udp' },
      );
      const judged = built.state.streams[section].routers.get(`test@${providerName}`);
      judgement.equal(
        input,
        { refused: expected.expectedError !== '' },
        { refused: judged?.status === 'disabled', ...problemsOf(judged, expected.expectedError === '') },
      );
    },
  );
}

function problemsOf(
  judged: { problems: readonly { message: string }[]; status: string } | undefined,
  isWanted: boolean,
): object {
  return isWanted && judged?.status === 'disabled' ? { problems: judged.problems.map(({ message }) => message) } : {};
}

export const tcpService = streamService('tcp');
export const udpService = streamService('udp');

export const routerManager = kind(
  {
    meaning,
    input: z.strictObject({
      routersConfig: z.record(z.string(), raw),
      serviceConfig: z.record(z.string(), raw),
      middlewaresConfig: members,
      entryPoints: z.array(z.string()),
    }),
    expected: z.strictObject({
      expected: z.strictObject({
        StatusCode: z.int(),
        RequestHeaders: z.record(z.string(), z.string()).optional(),
      }),
    }),
  },
  async ({ input, expected: { expected } }, judgement) => {
    const server = await startRecordingServer();
    server.begin({});
    const services = JSON.parse(JSON.stringify(input.serviceConfig).replaceAll('{server1}', server.address)) as Record<
      string,
      unknown
    >;
    const configurations = byProvider('http', {
      routers: input.routersConfig,
      services,
      middlewares: input.middlewaresConfig,
    });
    const { snapshot } = buildState(configurations, { entryPoints: input.entryPoints });
    const proxy = await startProxy(snapshot);
    try {
      const request = { method: 'GET', url: 'http://foo.bar/' };
      const sent = await sendToProxy(proxy, { do: 'request', to: '', request });
      judgement.equal(input, expected.StatusCode, sent.exchange.sink.recorded.status);
      // What a chain that answers itself has done to the request goes no further.
      for (const [name, value] of Object.entries(expected.RequestHeaders ?? {})) {
        const call = server.calls()[0];
        if (call) judgement.equal({ input, name }, value, call.headers.get(name));
      }
    } finally {
      await proxy.close();
      await server.close();
    }
  },
);

export const proxyRewrite = kind(
  {
    meaning,
    input: z.strictObject({
      target: z.string(),
      passHostHeader: z.boolean(),
      preservePath: z.boolean(),
      incomingURL: z.string(),
      notAppendXFF: z.boolean().optional(),
    }),
    expected: z.strictObject({
      expectedScheme: z.string(),
      expectedHost: z.string(),
      expectedPath: z.string(),
      expectedRawPath: z.string(),
      expectedQuery: z.string(),
    }),
  },
  async ({ input, expected }, judgement) => {
    const target = urlParts(input.target);
    // The target's host is a server of this test; its scheme is the target's own and is not told again.
    const call = await forwardedTo(input, (address) => `http://${address}${target.path === '/' ? '' : target.path}`, {
      ...(input.notAppendXFF === undefined ? {} : { notAppendXForwardedFor: input.notAppendXFF }),
    });
    const request = { method: 'GET', url: input.incomingURL };
    judgement.equal(
      input,
      {
        scheme: expected.expectedScheme,
        host: expected.expectedHost,
        path: expected.expectedPath,
        rawPath: expected.expectedRawPath,
        query: expected.expectedQuery,
      },
      {
        scheme: target.scheme,
        host: call?.authority === call?.address ? target.authority : call?.authority,
        path: readForwarded(call, 'path', '', request),
        rawPath: readForwarded(call, 'rawPath', '', request),
        query: call?.query,
      },
    );
  },
);

async function forwardedTo(
  input: { readonly incomingURL: string; readonly passHostHeader: boolean; readonly preservePath: boolean },
  urlOf: (address: string) => string,
  options: Partial<EntryPointOptions>,
  headers: readonly [string, string][] = [],
) {
  const server = await startRecordingServer();
  server.begin({});
  const service = loadBalancer([], {
    servers: [{ url: urlOf(server.address), weight: 1, preservePath: input.preservePath }],
    passHostHeader: input.passHostHeader,
  });
  const proxy = await startProxy({
    services: { 'app@test': service },
    entryPoints: [{ insecureForwardedHeaders: true, ...options }],
  });
  try {
    const request = { method: 'GET', url: input.incomingURL, headers: [...headers] };
    await sendToProxy(proxy, { do: 'request', to: '', request });
    const [call] = server.calls();
    return call && { ...call, address: server.address };
  } finally {
    await proxy.close();
    await server.close();
  }
}

export const proxyXff = kind(
  {
    meaning,
    input: z.strictObject({ notAppendXFF: z.boolean(), incomingXFF: z.string().optional() }),
    expected: z.strictObject({ expectedXFF: z.string().optional(), expectedXFFNotPresent: z.boolean() }),
  },
  async ({ input, expected }, judgement) => {
    const told = { incomingURL: 'http://localhost/', passHostHeader: true, preservePath: false };
    const headers: [string, string][] = input.incomingXFF === undefined ? [] : [['X-Forwarded-For', input.incomingXFF]];
    const options = { notAppendXForwardedFor: input.notAppendXFF };
    const call = await forwardedTo(told, (address) => `http://${address}`, options, headers);
    const got = call?.headers.get('x-forwarded-for');
    judgement.equal(input, expected.expectedXFFNotPresent, got === undefined);
    // The client of the vector is 192.0.2.1, that of the test is this machine.
    if (expected.expectedXFF !== undefined)
      judgement.equal(input, expected.expectedXFF, got?.replace('127.0.0.1', '192.0.2.1'));
  },
);

export const healthCheckTiming = kind(
  {
    meaning,
    input: z.strictObject({ config: z.strictObject({ interval: z.string(), timeout: z.string() }) }),
    expected: z.strictObject({ expInterval: z.string(), expTimeout: z.string() }),
  },
  ({ input, expected }, judgement) => {
    const { interval, timeout } = input.config;
    judgement.equal(
      input,
      { interval: parseDurationMs(expected.expInterval), timeout: parseDurationMs(expected.expTimeout) },
      { interval: durationMs(interval, 30_000) || 30_000, timeout: durationMs(timeout, 5000) || 5000 },
    );
  },
);

/** Options that a host has at an entry point, as workers are told. Options that a vector names exist. */
export const tlsOptionsConflict = kind(
  {
    meaning,
    input: z.strictObject({ routers: z.record(z.string(), raw) }),
    expected: z.strictObject({
      expected: z.record(z.string(), z.string()),
      unexpectedRouters: z.array(z.string()).nullable(),
    }),
  },
  ({ input, expected: { expected, unexpectedRouters } }, judgement) => {
    const names = [...JSON.stringify(input.routers).matchAll(/"options":"(\w+)"/g)].map((match) => match[1] ?? '');
    const options = Object.fromEntries(names.filter((name) => name !== 'default').map((name) => [name, {}]));
    const routers = Object.fromEntries(
      Object.entries(input.routers).map(([name, router]) => [name, { service: 'noop@internal', ...router }]),
    );
    const configurations = byProvider('http', { routers });
    const entryPoints = [
      ...new Set(Object.values(routers).flatMap((router) => (router as { entryPoints?: string[] }).entryPoints ?? [])),
    ];
    const { state, snapshot } = buildState({ file: { ...configurations['file'], tls: { options } } }, { entryPoints });
    for (const [name, router] of own(state.routers)) {
      for (const entryPoint of router.entryPoints) {
        const [host = ''] = router.hosts;
        const got = snapshot.tlsHosts?.[entryPoint]?.[host] ?? 'default';
        // Traefik gives the part of a router whose options contradict others' a name of its own.
        const wanted = expected[`${entryPoint}-conflicted-${name}`] ?? expected[name];
        judgement.equal({ name, entryPoint, unexpectedRouters }, wanted, got);
      }
    }
  },
);

const expectedRouters = z.looseObject({
  http: z
    .looseObject({
      routers: z
        .record(z.string(), z.looseObject({ entryPoints: z.array(z.string()), service: z.string(), rule: z.string() }))
        .optional(),
      middlewares: z.record(z.string(), raw).optional(),
    })
    .optional(),
});

/** What static configuration turns on by itself: routers of the API and ping, and entry points that redirect. */
export const internalProvider = kind({ meaning, static: raw, expected: expectedRouters }, (vector, judgement) => {
  const { patch, issues } = readStaticFile(JSON.stringify(vector.static), 'traefik.yml');
  const faults = issues.filter(({ severity }) => severity === 'error');
  judgement.equal(vector.static, [], faults);
  const { api, ping, metrics } = patch;
  const made = internalPublication({ api, ping, metrics }).configuration.http?.routers ?? {};
  let apart = 0;
  for (const [name, { entryPoints, service, rule }] of Object.entries(vector.expected.http?.routers ?? {})) {
    const [from = ''] = entryPoints;
    const redirect = vector.expected.http?.middlewares?.[`redirect-${name}`]?.['redirectScheme'];
    if (redirect !== undefined) {
      // Here a redirection is an option of its entry point, not a router.
      const got = patch.entryPoints?.find((each) => each.name === from)?.redirectTo;
      const { scheme, permanent } = redirect as { scheme: string; permanent: boolean };
      judgement.equal({ name }, { scheme, permanent }, { scheme: got?.scheme, permanent: got?.permanent });
    } else if (['api', 'dashboard', 'ping', 'prometheus'].includes(name)) {
      const got = made[name];
      const fields = { entryPoints: got?.entryPoints, service: got?.service, rule: got?.rule };
      judgement.equal({ name }, { entryPoints, service, rule }, fields);
    } else apart += 1;
  }
  if (apart > 0)
    throw new NotApplicable(
      'routers of the REST provider and profiling; challenges of ACME are answered before routers',
    );
});

const entryPointWithDefaults = z.strictObject({
  address: z.string(),
  transport: z.strictObject({
    lifeCycle: z.strictObject({ graceTimeOut: z.string() }),
    respondingTimeouts: z.strictObject({ readTimeout: z.string(), idleTimeout: z.string() }),
  }),
  forwardedHeaders: raw,
  http: z.strictObject({
    sanitizePath: z.boolean(),
    maxHeaderBytes: z.int(),
    underscoreHeadersStrategy: z.string(),
  }),
  http2: z.record(z.string(), z.int()),
  udp: z.strictObject({ timeout: z.string() }),
});

/**
 * What an entry point is where static configuration says nothing but its address. A body must keep moving for as long
 * as Traefik lets the whole request take. What is filled in only where it is used is not looked at.
 */
const acmeWithDefaults = z.strictObject({
  caServer: z.string(),
  dnsChallenge: z.strictObject({
    provider: z.string(),
    propagation: z
      .strictObject({ disableChecks: z.boolean().optional(), delayBeforeChecks: z.string().optional() })
      .optional(),
    delayBeforeCheck: z.string().optional(),
    disablePropagationCheck: z.boolean().optional(),
  }),
});

export const staticDefaults = kind(
  {
    meaning,
    input: z.strictObject({ conf: raw }),
    expected: z.strictObject({
      expected: z.looseObject({
        entryPoints: z.record(z.string(), entryPointWithDefaults).optional(),
        providers: z.looseObject({ precedence: z.array(z.string()).optional() }).optional(),
        certificatesResolvers: z.record(z.string(), z.strictObject({ acme: acmeWithDefaults })).optional(),
      }),
    }),
  },
  ({ input: { conf }, expected: { expected } }, judgement) => {
    const { entryPoints = {}, providers, certificatesResolvers = {}, ...others } = expected;
    const [other] = Object.keys(others);
    if (other !== undefined) throw new Missing(`defaults of ${other} are not compared yet`);
    const asked = Object.fromEntries(Object.entries(entryPoints).map(([name, { address }]) => [name, { address }]));
    const { patch } = readStaticFile(JSON.stringify({ entryPoints: asked, ...conf }), 'traefik.yml');
    const precedence = patch.precedence?.map((name) => name.toLowerCase());
    judgement.equal(conf, providers?.precedence, precedence);
    for (const [name, { acme }] of Object.entries(certificatesResolvers)) {
      const got = patch.certificatesResolvers?.find((each) => each.name === name);
      const { propagation = {} } = acme.dnsChallenge;
      judgement.equal(
        { name },
        {
          caServer: acme.caServer,
          provider: acme.dnsChallenge.provider,
          disableChecks: propagation.disableChecks ?? false,
          delayMs: propagation.delayBeforeChecks === undefined ? 0 : parseDurationMs(propagation.delayBeforeChecks),
        },
        got?.challenge.type === 'dns-01' && {
          caServer: got.directoryUrl,
          provider: got.challenge.provider,
          disableChecks: !got.challenge.checks.enabled,
          delayMs: got.challenge.delayBeforeChecksMs,
        },
      );
    }
    for (const [name, wanted] of Object.entries(entryPoints)) {
      const got = patch.entryPoints?.find((each) => each.name === name);
      const { respondingTimeouts } = wanted.transport;
      judgement.equal(
        { name },
        {
          address: wanted.address,
          bodyIdleMs: parseDurationMs(respondingTimeouts.readTimeout),
          idleMs: parseDurationMs(respondingTimeouts.idleTimeout),
          underscoreHeaders: wanted.http.underscoreHeadersStrategy,
          trusts: wanted.forwardedHeaders,
        },
        got && {
          address: got.address,
          bodyIdleMs: got.timeouts.bodyIdleMs,
          idleMs: got.timeouts.idleMs,
          underscoreHeaders: got.wire?.underscoreHeaders ?? 'keep',
          trusts: got.insecureForwardedHeaders || got.trustedIPs.length > 0 ? { trustedIPs: got.trustedIPs } : {},
        },
      );
    }
  },
);

/** Refused or taken, by the reader of static files. */
export function isRefusedStatic(config: unknown): boolean {
  return readStaticFile(JSON.stringify(config), 'traefik.yml').issues.some(({ severity }) => severity === 'error');
}
