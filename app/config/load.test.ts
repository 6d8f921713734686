import { describe, expect, it } from 'vitest';
import { loadStaticConfiguration, StaticConfigurationError, type StaticFlags } from './load.ts';
import { defaultStaticConfiguration } from './static.ts';

function load(flags: StaticFlags, options: { readonly env?: Record<string, string>; readonly text?: string } = {}) {
  const file = options.text === undefined ? null : { path: 'traefik.yml', text: options.text };
  return loadStaticConfiguration({ flags, env: options.env ?? {}, file }).configuration;
}

describe('loadStaticConfiguration', () => {
  it('gives the defaults where nothing is said', () => {
    expect(load({})).toEqual(defaultStaticConfiguration);
  });

  it('takes addresses from flags and never falls back from them', () => {
    const { entryPoints } = load({ http: '8080', https: '127.0.0.1:18443' });
    expect(entryPoints).toMatchObject([
      { name: 'web', address: ':8080', origin: 'flag', fallbackPort: null, redirectTo: { to: 'websecure' } },
      { name: 'websecure', address: '127.0.0.1:18443', origin: 'flag', fallbackPort: null, tls: true },
    ]);
  });

  it('lets flags win over the environment, and both over the file', () => {
    const text = 'entryPoints: { web: { address: ":81" }, websecure: { address: ":444" } }';
    const env = { GATEHOUSE_HTTP: ':82', GATEHOUSE_HTTPS: ':445' };
    const { entryPoints } = load({ http: ':83' }, { env, text });
    expect(entryPoints.map(({ address, origin }) => [address, origin])).toEqual([
      [':83', 'flag'],
      [':445', 'flag'],
    ]);
  });

  it('sets the address of a file’s entry points whatever their names, and adds what a file lacks', () => {
    const text = 'entryPoints: { insecure: { address: ":81" } }';
    expect(load({ http: ':1', https: ':2' }, { text }).entryPoints).toMatchObject([
      { name: 'insecure', address: ':1' },
      { name: 'websecure', address: ':2', tls: true },
    ]);
  });

  it('turns Traefik’s behaviour on by flag, variable and file, for every entry point', () => {
    const ways = [
      load({ compatibility: 'traefik' }),
      load({}, { env: { GATEHOUSE_COMPATIBILITY: 'traefik' } }),
      load({}, { text: 'gatehouse: { compatibility: traefik }' }),
      load({}, { env: { TRAEFIK_GATEHOUSE_COMPATIBILITY: 'traefik' } }),
    ];
    for (const configuration of ways) {
      expect(configuration.compatibility).toBe('traefik');
      expect(configuration.entryPoints.map(({ wire }) => wire?.asTraefik)).toEqual([true, true]);
    }
    const [web] = ways[0]?.entryPoints ?? [];
    expect(web).toMatchObject({ maxHeaderBytes: 1_048_576, timeouts: { readMs: 60_000, bodyIdleMs: 0 } });
    const said =
      'gatehouse: { compatibility: traefik }\nentryPoints: { web: { address: ":80", transport: { respondingTimeouts: { readTimeout: 5 } }, http: { maxHeaderBytes: 4096 } } }';
    expect(load({}, { text: said }).entryPoints).toMatchObject([{ maxHeaderBytes: 4096, timeouts: { readMs: 5000 } }]);
    const usual = said.replace('4096', '65536');
    expect(load({}, { text: usual }).entryPoints).toMatchObject([{ maxHeaderBytes: 65_536 }]);
    const secure = load({ compatibility: 'secure' }, { text: 'gatehouse: { compatibility: traefik }' });
    expect(secure.entryPoints.map(({ wire }) => wire?.asTraefik)).toEqual([undefined, undefined]);
    expect(() => load({ compatibility: 'nginx' })).toThrow('--compatibility nginx: write secure or traefik.');
  });

  it('takes Docker’s endpoint, a path, or "off"', () => {
    expect(load({ docker: ['/run/d.sock'] }).docker).toMatchObject({
      endpoint: 'unix:///run/d.sock',
      fixed: ['endpoint'],
    });
    expect(load({ docker: ['tcp://nas:2375'] }).docker).toMatchObject({ enabled: true, endpoint: 'tcp://nas:2375' });
    expect(load({ docker: ['off'] }).docker.enabled).toBe(false);
  });

  it('keeps plain HTTP on this machine', () => {
    expect(load({ dashboard: '127.0.0.1:9' }).dashboard).toEqual({
      address: '127.0.0.1:9',
      addressFixed: true,
      lanAddress: null,
    });
    expect(load({ dashboard: ':9' }).dashboard).toMatchObject({ address: '127.0.0.1:9', lanAddress: null });
    expect(load({ dashboard: '0.0.0.0:9' }).dashboard).toEqual({
      address: '127.0.0.1:8686',
      addressFixed: false,
      lanAddress: '0.0.0.0:9',
    });
  });

  it('takes further Docker endpoints, which leave the first as it is', () => {
    expect(load({ docker: ['nas=tcp://nas:2375', '/run/d.sock', 'attic=/run/attic.sock'] }).docker).toMatchObject({
      enabled: true,
      endpoint: 'unix:///run/d.sock',
      endpoints: { nas: { endpoint: 'tcp://nas:2375' }, attic: { endpoint: '/run/attic.sock' } },
    });
    const own = load({ docker: ['nas=tcp://nas:2375'] }).docker;
    expect(own).toEqual({ ...load({}).docker, endpoints: { nas: { endpoint: 'tcp://nas:2375' } } });
    expect(load({ docker: ['off', 'nas=tcp://nas:2375'] }).docker).toMatchObject({ enabled: false, endpoints: {} });
    const { docker } = loadStaticConfiguration({
      flags: {},
      env: { GATEHOUSE_DOCKER: 'off,nas=tcp://nas:2375,attic=unix:///run/a=b.sock' },
      file: null,
    }).configuration;
    expect(docker.enabled).toBe(false);
    expect(docker.endpoints).toEqual({
      nas: { endpoint: 'tcp://nas:2375' },
      attic: { endpoint: 'unix:///run/a=b.sock' },
    });
  });

  it.each([
    [['NAS=tcp://nas:2375'], 'cannot be the name'],
    [['=tcp://nas:2375'], 'cannot be the name'],
    [['nas='], 'names no endpoint'],
    [['nas=nowhere'], 'no Docker endpoint'],
    [['nas=ssh://nas'], 'SSH'],
    [['nas=tcp://a:1', 'nas=tcp://b:1'], 'two endpoints nas'],
    [['/run/a.sock', '/run/b.sock'], 'NAME=/run/b.sock'],
  ])('refuses the Docker endpoints %j', (docker, words) => {
    expect(() => load({ docker })).toThrow(words);
  });

  it('reads further Docker endpoints from a file and from variables of Traefik', () => {
    const text = `providers:
  docker:
    exposedByDefault: false
    endpoints:
      nas: { endpoint: "tcp://nas:2375", network: web, httpClientTimeout: 5s, username: u, password: p }
`;
    const file = { path: 'traefik.yml', text };
    expect(loadStaticConfiguration({ flags: {}, env: {}, file }).configuration.docker.endpoints).toEqual({
      nas: { endpoint: 'tcp://nas:2375', network: 'web', requestTimeoutMs: 5000, username: 'u', password: 'p' },
    });
    const env = {
      TRAEFIK_PROVIDERS_DOCKER_EXPOSEDBYDEFAULT: 'false',
      TRAEFIK_PROVIDERS_DOCKER_ENDPOINTS_NAS_ENDPOINT: 'tcp://nas:2375',
    };
    expect(loadStaticConfiguration({ flags: {}, env, file: null }).configuration.docker.endpoints).toEqual({
      nas: { endpoint: 'tcp://nas:2375' },
    });
  });

  it('takes a domain and a dynamic file', () => {
    const { domain, file } = load({ domain: 'Home.Example.org.', file: 'dynamic' });
    expect(domain).toBe('home.example.org');
    expect(file).toEqual({ path: `${process.cwd()}/dynamic`, fixed: true });
  });

  it.each([
    { http: 'nowhere' },
    { https: ':70000' },
    { https: 'a b:1' },
    { dashboard: 'http://x' },
    { docker: ['docker.sock'] },
    { domain: 'not a domain' },
    { domain: '-x' },
  ])('refuses %j with a way out', (flags) => {
    expect(() => load(flags)).toThrow(StaticConfigurationError);
    expect(() => load(flags)).toThrow(`--${Object.keys(flags)[0] ?? ''} ${Object.values(flags)[0] ?? ''}: write `);
  });

  it('names every error of the file with its place', () => {
    const text = 'entryPoints:\n  web:\n    adress: ":80"\nlogg: {}\n';
    expect(() => load({}, { text })).toThrow(/traefik\.yml:3:5: .*\ntraefik\.yml:4:1: /);
  });

  it('reads TOML as YAML', () => {
    const file = {
      path: 'traefik.toml',
      text: '[entryPoints.web]\n  address = ":81"\n[providers.docker]\n  exposedByDefault = false\n',
    };
    const { configuration, warnings } = loadStaticConfiguration({ flags: {}, env: {}, file });
    expect(configuration.entryPoints).toMatchObject([{ name: 'web', address: ':81', origin: 'file' }]);
    expect(configuration.docker.exposedByDefault).toBe(false);
    expect(warnings).toEqual([]);
    const wrong = { path: 'traefik.toml', text: '[entryPoints.web]\n  adress = ":81"\n' };
    expect(() => loadStaticConfiguration({ flags: {}, env: {}, file: wrong })).toThrow(
      /traefik\.toml:2:3: .*"address"/,
    );
  });

  it('takes one of Traefik’s sources: the file, else flags, else variables', () => {
    const env = { TRAEFIK_ENTRYPOINTS_WEB_ADDRESS: ':83', GATEHOUSE_HTTPS: ':9443' };
    const traefikFlags = [{ name: 'entrypoints.web.address', value: ':82' }];
    const file = { path: 'traefik.yml', text: 'entryPoints: { web: { address: ":81" } }' };
    const all = loadStaticConfiguration({ flags: {}, traefikFlags, env, file });
    expect(all.configuration.entryPoints.map(({ address, origin }) => [address, origin])).toEqual([
      [':81', 'file'],
      [':9443', 'flag'],
    ]);
    expect(all.warnings.map(({ message }) => message)).toEqual([
      'Static configuration comes from the file traefik.yml alone, as in Traefik; its flags and TRAEFIK_ variables are left out.',
    ]);
    const flags = loadStaticConfiguration({ flags: { http: ':84' }, traefikFlags, env, file: null });
    expect(flags.configuration.entryPoints[0]).toMatchObject({ address: ':84', origin: 'flag' });
    const variables = loadStaticConfiguration({ flags: {}, env, file: null });
    expect(variables.configuration.entryPoints[0]).toMatchObject({ address: ':83', origin: 'flag' });
    expect(variables.warnings).toEqual([]);
  });
});
