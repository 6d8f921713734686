import { describe, expect, it } from 'vitest';
import { readStatic } from './static-read.ts';
import { environmentSource, flagSource, splitTraefikFlags } from './static-source.ts';

function fromFlags(args: readonly string[]) {
  const { flags, left } = splitTraefikFlags(args);
  const source = flagSource(flags);
  if (!source) throw new Error('no flag of Traefik');
  return { ...readStatic(source, 'flag'), left };
}

function messagesOf(reading: { issues: readonly { severity: string; where: string; message: string }[] }) {
  return reading.issues.map(({ severity, where, message }) => `${severity} ${where}: ${message}`);
}

describe('flags', () => {
  it('are read as a file is, whatever their case and form', () => {
    const { patch, issues, left } = fromFlags([
      '--entrypoints.web.address=:80',
      '--EntryPoints.WebSecure.Address',
      ':443',
      '-entryPoints.web.http.redirections.entryPoint.to=WebSecure',
      '--entrypoints.WebSecure.http.tls.domains[0].main=a.org',
      '--entrypoints.WebSecure.http.tls.domains[0].sans=*.a.org,b.org',
      '--entrypoints.web.forwardedheaders.trustedips=10.0.0.0/8',
      '--entrypoints.web.forwardedheaders.trustedips=192.168.0.0/16',
      '--providers.docker',
      '--providers.docker.exposedbydefault=false',
      '--api',
      '--api.insecure=false',
      '--log.level=WARN',
      '--log.level=INFO',
      '--domain',
      'home.example.org',
      '--data-dir=/x',
    ]);
    expect(issues).toEqual([]);
    expect(left).toEqual(['--domain', 'home.example.org', '--data-dir=/x']);
    expect(patch.entryPoints).toMatchObject([
      {
        name: 'web',
        address: ':80',
        redirectTo: { to: 'WebSecure' },
        trustedIPs: ['10.0.0.0/8', '192.168.0.0/16'],
      },
      { name: 'WebSecure', address: ':443', routerTls: { domains: [{ main: 'a.org', sans: ['*.a.org', 'b.org'] }] } },
    ]);
    expect(patch.docker).toMatchObject({ enabled: true, exposedByDefault: false });
    expect(patch.api).toEqual({ insecure: false, dashboard: true, basePath: '/' });
    expect(patch.log?.level).toBe('info');
  });

  it('are judged by the same schema, and named as they were written', () => {
    expect(messagesOf(fromFlags(['--entryPoints.web.adress=:80', '--api.insecure=maybe']))).toEqual([
      'error --entryPoints.web.adress: There is no option "--entryPoints.web.adress". Did you mean "address"?',
      'error --api.insecure: --api.insecure is true or false, not "maybe".',
    ]);
    expect(messagesOf(fromFlags(['--metrics.datadog=true', '--experimental.plugins.x.modulename=y']))).toEqual([
      'warning --metrics.datadog: --metrics.datadog is for surroundings that Gatehouse does not serve; it is left out.',
      'warning --experimental: --experimental is for surroundings that Gatehouse does not serve; it is left out.',
    ]);
  });

  it('leave what is Gatehouse’s own, and take Traefik’s name of the file', () => {
    expect(splitTraefikFlags(['--http', ':80', '-h', '--configFile=traefik.yml', '--', '--api'])).toEqual({
      flags: [],
      left: ['--http', ':80', '-h', '--config=traefik.yml', '--', '--api'],
    });
    expect(splitTraefikFlags(['--configfile', 'a.yml']).left).toEqual(['--config', 'a.yml']);
    expect(splitTraefikFlags(['--ping', '--http', ':80'])).toEqual({
      flags: [{ name: 'ping', value: 'true' }],
      left: ['--http', ':80'],
    });
  });
});

describe('the environment', () => {
  it('is read with underscores for dots', () => {
    const source = environmentSource({
      PATH: '/bin',
      TRAEFIK_DOMAIN: 'somebody else’s',
      TRAEFIK_ENTRYPOINTS_WEB_ADDRESS: ':80',
      TRAEFIK_ENTRYPOINTS_WEB_HTTP_TLS_DOMAINS_0_MAIN: 'a.org',
      traefik_providers_docker_exposedByDefault: 'false',
      TRAEFIK_PING: 'true',
      TRAEFIK_PING_MANUALROUTING: 'true',
    });
    const { patch, issues } = readStatic(source ?? { input: {}, strings: true, nameOf: String, placeOf: null }, 'flag');
    expect(issues).toEqual([]);
    expect(patch.entryPoints).toMatchObject([{ name: 'web', routerTls: { domains: [{ main: 'a.org' }] } }]);
    expect(patch.docker?.exposedByDefault).toBe(false);
    expect(patch.ping).toEqual({ entryPoint: 'traefik', manualRouting: true, terminatingStatus: 503 });
    expect(environmentSource({ TRAEFIK_DOMAIN: 'x', HOME: '/' })).toBeNull();
  });

  it('names the variable', () => {
    const source = environmentSource({ TRAEFIK_LOG_LEVLE: 'INFO' });
    expect(source && messagesOf(readStatic(source, 'flag'))).toEqual([
      'error TRAEFIK_LOG_LEVLE: There is no option "TRAEFIK_LOG_LEVLE". Did you mean "level"?',
    ]);
  });
});
