import { describe, expect, it } from 'vitest';
import { readStaticFile } from './static-read.ts';

const typical = `
entryPoints:
  web:
    address: ":80"
    http:
      redirections:
        entryPoint:
          to: websecure
          permanent: false
  websecure:
    address: ":443"
    forwardedHeaders:
      trustedIPs: ["10.0.0.0/8"]
    transport:
      respondingTimeouts:
        readTimeout: 30
        idleTimeout: 1m30s
    http:
      maxHeaderBytes: 32768
providers:
  docker:
    endpoint: unix:///run/docker.sock
    exposedByDefault: false
    network: proxy
    defaultRule: "Host(\`{{ .Name }}.example.org\`)"
  file:
    directory: /etc/traefik/dynamic
    watch: true
api:
  dashboard: true
ping: {}
log:
  level: INFO
accessLog: {}
`;

function issuesOf(text: string) {
  return readStaticFile(text, 'traefik.yml').issues.map(
    ({ line, column, severity, message, suggestion }) =>
      `${line}:${column} ${severity} ${message} [${suggestion ?? ''}]`,
  );
}

describe('readStaticFile', () => {
  it('reads a typical file without a word', () => {
    const { patch, issues } = readStaticFile(typical, 'traefik.yml');
    expect(issues).toEqual([]);
    expect(patch.entryPoints).toEqual([
      {
        name: 'web',
        address: ':80',
        origin: 'file',
        tls: false,
        fallbackPort: null,
        redirectTo: { to: 'websecure', scheme: 'https', permanent: false },
        trustedIPs: [],
        insecureForwardedHeaders: false,
        timeouts: { readMs: 0, writeMs: 0, idleMs: 180_000, bodyIdleMs: 60_000 },
        maxHeaderBytes: 65_536,
      },
      {
        name: 'websecure',
        address: ':443',
        origin: 'file',
        tls: true,
        fallbackPort: null,
        redirectTo: null,
        trustedIPs: ['10.0.0.0/8'],
        insecureForwardedHeaders: false,
        timeouts: { readMs: 30_000, writeMs: 0, idleMs: 90_000, bodyIdleMs: 60_000 },
        maxHeaderBytes: 32_768,
        isMaxHeaderBytesGiven: true,
      },
      expect.objectContaining({ name: 'traefik', address: ':8080', tls: false }),
    ]);
    expect(patch.docker).toEqual({
      enabled: true,
      endpoint: 'unix:///run/docker.sock',
      exposedByDefault: false,
      network: 'proxy',
      defaultRule: 'Host(`{{ .Name }}.example.org`)',
      fixed: ['exposedByDefault', 'endpoint', 'network', 'defaultRule'],
    });
    expect(patch.file).toEqual({ path: '/etc/traefik/dynamic', fixed: true });
  });

  it('takes option names without regard to case, and a bare section for its defaults', () => {
    const { patch, issues } = readStaticFile(
      'providers:\n  Docker: true\n  FILE: { fileName: a.yml }\n',
      'traefik.yml',
    );
    expect(patch.docker?.exposedByDefault).toBe(true);
    expect(patch.file).toMatchObject({ path: expect.stringMatching(/\/a\.yml$/) as string });
    // What Traefik does by default is dangerous enough to be said.
    expect(issues).toMatchObject([
      { severity: 'warning', line: 2, message: expect.stringContaining('every container') as string },
    ]);
  });

  it('leaves Docker alone where other providers are listed and it is not', () => {
    expect(readStaticFile('providers: { file: { filename: a.yml } }', 'x.yml').patch.docker).toMatchObject({
      enabled: false,
    });
    expect(readStaticFile('log: { level: DEBUG }', 'x.yml').patch).toEqual({
      log: { level: 'debug', format: 'common', filePath: null },
    });
    expect(readStaticFile('# nothing\n', 'x.yml')).toEqual({ patch: {}, issues: [] });
  });

  it.each([
    ['entryPoints: { s: { address: ":8443" } }', true],
    ['entryPoints: { websecure: { address: ":9000" } }', true],
    ['entryPoints: { a: { address: ":9000", http: { tls: {} } } }', true],
    ['entryPoints: { a: { address: ":9000", http: { tls: { certResolver: le } } } }', true],
    ['entryPoints: { a: { address: ":9000/tcp" } }', false],
    ['entryPoints: { a: { address: "[::1]:9000" } }', false],
  ])('tells TLS from plain: %s', (text, tls) => {
    expect(readStaticFile(text, 'x.yml').patch.entryPoints?.[0]?.tls).toBe(tls);
  });

  it('takes a port as the target of a redirection, which makes that one TLS', () => {
    const { patch } = readStaticFile(
      'entryPoints:\n  a: { address: ":81", http: { redirections: { entryPoint: { to: ":4430" } } } }\n  b: { address: ":4430" }\n',
      'x.yml',
    );
    expect(patch.entryPoints).toMatchObject([{ redirectTo: { to: 'b', scheme: 'https' } }, { name: 'b', tls: true }]);
  });

  it('names the place and the nearest name of what does not exist', () => {
    expect(issuesOf('entryPoints:\n  web:\n    adress: ":80"\n')).toEqual([
      '3:5 error There is no option "entryPoints.web.adress". Did you mean "address"? [address]',
    ]);
    expect(issuesOf('log:\n  levle: INFO\nprovider: {}\n')).toEqual([
      '2:3 error There is no option "log.levle". Did you mean "level"? [level]',
      '3:1 error There is no option "provider". Did you mean "providers"? [providers]',
    ]);
  });

  it('names each option that does nothing here, once', () => {
    const text = `
metrics: { prometheus: {}, statsD: {} }
tracing: false
providers: { docker: { exposedByDefault: false }, consulCatalog: { prefix: x } }
experimental: { plugins: { a: { moduleName: b } } }
certificatesResolvers: { le: { acme: { email: a@b.c } } }
entryPoints: { web: { address: ":80", http3: {} } }
`;
    expect(issuesOf(text).toSorted()).toEqual([
      '2:28 warning metrics.statsD is for surroundings that Gatehouse does not serve; it is left out. []',
      '4:51 warning providers.consulCatalog is for surroundings that Gatehouse does not serve; it is left out. []',
      '5:1 warning experimental is for surroundings that Gatehouse does not serve; it is left out. []',
      '6:32 warning certificatesResolvers.le.acme has no challenge, so it cannot prove that a domain is yours, and the internal CA serves. Give it httpChallenge, tlsChallenge or dnsChallenge. []',
      '7:39 warning entryPoints.web.http3 is not served, as Node has no QUIC: visitors come over HTTP/2 and HTTP/1.1. []',
    ]);
  });

  it('reads metrics, the log and how an entry point stops', () => {
    const { patch, issues } = readStaticFile(
      `
metrics: { prometheus: { buckets: [5, 0.1], addRoutersLabels: true, headerLabels: { agent: User-Agent } } }
log: { level: INFO, format: json, filePath: /var/log/g.log, maxSize: 2, maxBackups: 4 }
ping: { terminatingStatusCode: 204 }
tcpServersTransport: { dialTimeout: 3s, tls: { insecureSkipVerify: true } }
entryPoints:
  web: { address: ":80", reusePort: true, transport: { lifeCycle: { requestAcceptGraceTimeout: 7 } } }
`,
      'x.yml',
    );
    expect(issues).toEqual([]);
    expect(patch).toMatchObject({
      metrics: {
        buckets: [0.1, 5],
        byEntryPoint: true,
        byRouter: true,
        byService: true,
        headerLabels: { agent: 'User-Agent' },
        internals: false,
        entryPoint: 'traefik',
        manualRouting: false,
      },
      log: { level: 'info', format: 'json', filePath: '/var/log/g.log', maxBytes: 2_000_000, keep: 4 },
      ping: { terminatingStatus: 204 },
      tcpServersTransport: { dialTimeout: '3s', tls: { insecureSkipVerify: true } },
      entryPoints: [
        { name: 'web', reusePort: true, acceptGraceMs: 7000 },
        { name: 'traefik', address: ':8080' },
      ],
    });
    expect(issuesOf('metrics: { prometheus: { headerLabels: { code: X-A } } }')).toEqual([
      expect.stringContaining('"code" cannot be a label.'),
    ]);
  });

  it('reads what an entry point does beyond the defaults', () => {
    const { patch, issues } = readStaticFile(
      `
global: { notAppendXForwardedFor: true }
entryPoints:
  web:
    address: ":80/tcp"
    asDefault: true
    reusePort: true
    proxyProtocol: { trustedIPs: [10.0.0.1] }
    forwardedHeaders: { connection: [X-Foo], addXForwardedSchemeHeaders: true }
    transport: { keepAliveMaxTime: 1m, keepAliveMaxRequests: 7, lifeCycle: { graceTimeOut: 3 } }
    http:
      redirections: { entryPoint: { to: ":8443", priority: 10 } }
      middlewares: [auth@file]
      tls: { certResolver: le, domains: [{ main: a.org, sans: ["*.a.org"] }] }
      encodedCharacters: { allowEncodedSlash: true, allowEncodedHash: false }
      encodeQuerySemicolons: true
      underscoreHeadersStrategy: delete
    http2: { maxConcurrentStreams: 20 }
    observability: { accessLogs: false, metrics: true }
  dns: { address: "127.0.0.1:53/udp", udp: { timeout: 10s } }
`,
      'x.yml',
    );
    expect(issues).toEqual([]);
    expect(patch.entryPoints).toMatchObject([
      {
        address: ':80',
        asDefault: true,
        proxyProtocol: { trustedIPs: ['10.0.0.1'], insecure: false },
        redirectTo: { to: ':8443', scheme: 'https', permanent: true, priority: 10 },
        middlewares: ['auth@file'],
        routerTls: { certResolver: 'le', domains: [{ main: 'a.org', sans: ['*.a.org'] }] },
        graceMs: 3000,
        wire: {
          connectionFields: ['x-foo'],
          notAppendXForwardedFor: true,
          addXForwardedSchemeHeaders: true,
          keepAliveMaxTimeMs: 60_000,
          keepAliveMaxRequests: 7,
          encodedCharacters: { refused: ['%23'], allowed: ['%2F'] },
          encodeQuerySemicolons: true,
          underscoreHeaders: 'delete',
          http2: { maxConcurrentStreams: 20 },
          accessLogs: false,
        },
      },
      { address: '127.0.0.1:53', transport: 'udp', udpTimeoutMs: 10_000, tls: false },
    ]);
  });

  it('adds Traefik’s own entry point where something is open on it', () => {
    const names = (text: string) => readStaticFile(text, 'x.yml').patch.entryPoints?.map(({ name }) => name);
    const web = 'entryPoints: { web: { address: ":80" } }';
    expect(names(`${web}\napi: { insecure: true }`)).toEqual(['web', 'traefik']);
    expect(names(`${web}\nping: {}`)).toEqual(['web', 'traefik']);
    expect(names(`${web}\nping: { entryPoint: web }\napi: { dashboard: true }`)).toEqual(['web']);
    expect(names(`${web}\nping: { manualRouting: true }`)).toEqual(['web']);
  });

  it.each([
    ['entryPoints: { web: { address: 80 } }', 'no address'],
    ['providers: { http: { endpoint: ftp://x } }', 'http://'],
    ['providers: { file: {} }', 'neither a directory nor a filename'],
    ['providers: { precedence: [dokcer] }', 'no provider'],
    ['providers: { docker: { defaultRule: "{{ .Nmae" } }', 'default rule'],
    ['providers: { docker: { endpoints: { NAS: { endpoint: "tcp://nas:2375" } } } }', 'cannot be the name'],
    ['providers: { docker: { endpoints: { nas: { network: web } } } }', 'endpoints.nas: it names no endpoint'],
    ['providers: { docker: { endpoints: { nas: { endpoint: "ssh://nas" } } } }', 'SSH is not supported'],
    [
      'providers: { docker: { endpoints: { nas: { endpoint: "tcp://nas", constraints: "Lable(" } } } }',
      'nas.constraints',
    ],
    ['providers: { docker: { endpoints: { nas: { endpiont: "tcp://nas" } } } }', 'endpiont'],
    ['api: { basePath: "../x" }', 'basePath'],
    ['log: { level: LOUD }', 'TRACE, DEBUG'],
    ['entryPoints: { web: { address: ":80", forwardedHeaders: { trustedIPs: [10.0.0.0/33] } } }', 'no range'],
    ['entryPoints: { web: { address: "80" } }', 'no address'],
    ['entryPoints: { web: { address: ":99999" } }', 'no address'],
    ['entryPoints: { web: {} }', 'address'],
    [
      'entryPoints: { web: { address: ":80", http: { redirections: { entryPoint: { to: websecrue } } } }, websecure: { address: ":443" } }',
      'no entry point',
    ],
    ['entryPoints: { web: { address: ":80", http: { redirections: { entryPoint: { to: web } } } } }', 'itself'],
    ['entryPoints: { web: { address: ":80", transport: { respondingTimeouts: { readTimeout: soon } } } }', 'duration'],
    ['providers: { docker: { exposedByDefault: "maybe" } }', 'exposedByDefault'],
    ['entryPoints: [web]', 'needs names with values below it'],
    ['just text', 'must hold options'],
    ['a: b: c', 'mapping'],
    ['log: {level: a}\nlog: {level: b}', 'unique'],
  ])('refuses %s', (text, message) => {
    const errors = readStaticFile(text, 'x.yml').issues.filter(({ severity }) => severity === 'error');
    expect(errors[0]?.message).toContain(message);
    expect(errors[0]?.line).toBeGreaterThan(0);
  });
});
