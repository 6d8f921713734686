import { describe, expect, it } from 'vitest';
import { parseStaticFile } from './static-file.ts';

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
  return parseStaticFile(text, 'traefik.yml').issues.map(
    ({ line, column, severity, message, suggestion }) =>
      `${line}:${column} ${severity} ${message} [${suggestion ?? ''}]`,
  );
}

describe('parseStaticFile', () => {
  it('reads a typical file without a word', () => {
    const { patch, issues } = parseStaticFile(typical, 'traefik.yml');
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
      },
    ]);
    expect(patch.docker).toEqual({
      enabled: true,
      endpoint: 'unix:///run/docker.sock',
      exposedByDefault: false,
      network: 'proxy',
      defaultRule: 'Host(`{{ .Name }}.example.org`)',
      fixed: ['exposedByDefault', 'endpoint', 'network', 'defaultRule'],
    });
    expect(patch.file).toBe('/etc/traefik/dynamic');
  });

  it('takes option names without regard to case, and a bare section for its defaults', () => {
    const { patch, issues } = parseStaticFile(
      'providers:\n  Docker: true\n  FILE: { fileName: a.yml }\n',
      'traefik.yml',
    );
    expect(patch.docker?.exposedByDefault).toBe(true);
    expect(patch.file).toBe('a.yml');
    // What Traefik does by default is dangerous enough to be said.
    expect(issues).toMatchObject([
      { severity: 'warning', line: 2, message: expect.stringContaining('every container') as string },
    ]);
  });

  it('leaves Docker alone where other providers are listed and it is not', () => {
    expect(parseStaticFile('providers: { file: { filename: a.yml } }', 'x.yml').patch.docker).toMatchObject({
      enabled: false,
    });
    expect(parseStaticFile('log: { level: DEBUG }', 'x.yml').patch).toEqual({});
    expect(parseStaticFile('# nothing\n', 'x.yml')).toEqual({ patch: {}, issues: [] });
  });

  it.each([
    ['entryPoints: { s: { address: ":8443" } }', true],
    ['entryPoints: { websecure: { address: ":9000" } }', true],
    ['entryPoints: { a: { address: ":9000", http: { tls: {} } } }', true],
    ['entryPoints: { a: { address: ":9000", http: { tls: { certResolver: le } } } }', true],
    ['entryPoints: { a: { address: ":9000/tcp" } }', false],
    ['entryPoints: { a: { address: "[::1]:9000" } }', false],
  ])('tells TLS from plain: %s', (text, tls) => {
    expect(parseStaticFile(text, 'x.yml').patch.entryPoints?.[0]?.tls).toBe(tls);
  });

  it('takes a port as the target of a redirection, which makes that one TLS', () => {
    const { patch } = parseStaticFile(
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

  it('names everything that is left out, once', () => {
    expect(
      issuesOf('metrics: { prometheus: {} }\ncertificatesResolvers: { le: { acme: { email: a@b.c } } }\n'),
    ).toEqual(['1:1 warning Not supported yet, and left out: metrics, certificatesResolvers.le. []']);
    expect(issuesOf('entryPoints: { dns: { address: ":53/udp" }, web: { address: ":80" } }')).toEqual([
      '1:23 warning dns is a UDP entry point: not supported yet, and left out. []',
    ]);
  });

  it.each([
    ['entryPoints: { web: { address: ":80", http: { middlewares: ["auth@file"] } } }', 'http.middlewares'],
    ['providers: { docker: { constraints: "Label(`a`,`b`)" } }', 'constraints'],
  ])('does not start half closed: %s', (text, option) => {
    const [issue] = parseStaticFile(text, 'x.yml').issues;
    expect(issue).toMatchObject({ severity: 'error', message: expect.stringContaining(option) as string });
  });

  it.each([
    ['entryPoints: { web: { address: 80 } }', 'address'],
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
    ['entryPoints: [web]', 'must hold options'],
    ['just text', 'must hold options'],
    ['a: b: c', 'mapping'],
    ['log: {level: a}\nlog: {level: b}', 'unique'],
  ])('refuses %s', (text, message) => {
    const errors = parseStaticFile(text, 'x.yml').issues.filter(({ severity }) => severity === 'error');
    expect(errors[0]?.message).toContain(message);
    expect(errors[0]?.line).toBeGreaterThan(0);
  });
});
