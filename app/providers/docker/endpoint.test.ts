import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { addressesOf, type EndpointSurroundings, findEndpoints } from './endpoint.ts';

function surroundings(told: {
  env?: Record<string, string>;
  files?: Record<string, string>;
  platform?: NodeJS.Platform;
}): EndpointSurroundings {
  const files = told.files ?? {};
  return {
    env: told.env ?? {},
    homeDir: '/home/ann',
    platform: told.platform ?? 'linux',
    uid: 1000,
    hostname: 'nuc',
    exists: (path) => Object.keys(files).some((file) => file === path || file.startsWith(`${path}/`)),
    readText: (path) => files[path] ?? null,
  };
}
const urls = (explicit: string | null, told: Parameters<typeof surroundings>[0]) =>
  findEndpoints(explicit, surroundings(told)).map(({ url }) => url);

const socket = { '/var/run/docker.sock': '' };

test('what is named is the only candidate', () => {
  expect(urls('unix:///x.sock', { files: socket, env: { DOCKER_HOST: 'tcp://y:1' } })).toEqual(['unix:///x.sock']);
  expect(urls('/x.sock', {})).toEqual(['unix:///x.sock']);
  expect(urls('nas:2375', {})).toEqual(['tcp://nas:2375']);
  expect(urls(null, { files: socket, env: { DOCKER_HOST: 'tcp://y:1' } })).toEqual(['tcp://y:1']);
});

test('TLS files of the environment', () => {
  const env = { DOCKER_HOST: 'tcp://y:2376', DOCKER_TLS_VERIFY: '1' };
  expect(findEndpoints(null, surroundings({ env }))[0]?.tls).toEqual({ dir: '/home/ann/.docker', verify: true });
  expect(findEndpoints(null, surroundings({ env: { ...env, DOCKER_CERT_PATH: '/certs' } }))[0]?.tls?.dir).toBe(
    '/certs',
  );
});

describe('Docker contexts', () => {
  const folder = createHash('sha256').update('remote').digest('hex');
  const meta = (host: string) =>
    JSON.stringify({ Name: 'remote', Endpoints: { docker: { Host: host, SkipTLSVerify: true } } });
  const files = {
    ...socket,
    '/home/ann/.docker/config.json': '{"currentContext":"remote"}',
    [`/home/ann/.docker/contexts/meta/${folder}/meta.json`]: meta('tcp://nas:2376'),
    [`/home/ann/.docker/contexts/tls/${folder}/docker/ca.pem`]: '',
  };
  test('the chosen one comes before the sockets', () => {
    const found = findEndpoints(null, surroundings({ files }));
    expect(found.map(({ url, why }) => `${url}: ${why}`)).toEqual([
      'tcp://nas:2376: the Docker context remote',
      'unix:///var/run/docker.sock: the Docker socket',
    ]);
    expect(found[0]?.tls).toEqual({ dir: `/home/ann/.docker/contexts/tls/${folder}/docker`, verify: false });
  });
  test('the default one, a broken configuration and a missing context are the sockets', () => {
    expect(urls(null, { files, env: { DOCKER_CONTEXT: 'default' } })).toEqual(['unix:///var/run/docker.sock']);
    expect(urls(null, { files, env: { DOCKER_CONTEXT: 'gone' } })).toEqual(['unix:///var/run/docker.sock']);
    expect(urls(null, { files: { ...files, '/home/ann/.docker/config.json': '{' } })).toEqual([
      'unix:///var/run/docker.sock',
    ]);
  });
});

test('every known socket that exists, the system’s first', () => {
  const files = {
    ...socket,
    '/run/user/1000/docker.sock': '',
    '/home/ann/.docker/desktop/docker.sock': '',
    '/run/user/1000/podman/podman.sock': '',
  };
  expect(urls(null, { files })).toEqual([
    'unix:///var/run/docker.sock',
    'unix:///run/user/1000/docker.sock',
    'unix:///home/ann/.docker/desktop/docker.sock',
    'unix:///run/user/1000/podman/podman.sock',
  ]);
  expect(urls(null, {})).toEqual([]);
});

test('Windows has pipes', () => {
  expect(urls(null, { platform: 'win32' })[0]).toBe('npipe:////./pipe/docker_engine');
});

describe('how containers are reached', () => {
  const info = (told: { operatingSystem?: string; securityOptions?: string[]; name?: string } = {}) => ({
    operatingSystem: 'Debian GNU/Linux 12',
    securityOptions: ['name=seccomp,profile=default'],
    name: 'nuc',
    ...told,
  });
  const here = { platform: 'linux', hostname: 'nuc' } as const;
  test.each([
    ['a local daemon', 'unix:///var/run/docker.sock', info(), here, { kind: 'direct' }],
    ['nothing is known of it', 'unix:///var/run/docker.sock', null, here, { kind: 'direct' }],
    ['a socket proxy here', 'tcp://127.0.0.1:2375', null, here, { kind: 'direct' }],
    ['this machine by name', 'tcp://nuc.lan:2375', info(), here, { kind: 'direct' }],
    ['another machine', 'tcp://nas.lan:2376', info({ name: 'nas' }), here, { kind: 'published', host: 'nas.lan' }],
    ['another machine by IPv6', 'tcp://[fd00::5]:2376', null, here, { kind: 'published', host: 'fd00::5' }],
    [
      'Docker Desktop',
      'unix:///x',
      info({ operatingSystem: 'Docker Desktop' }),
      here,
      { kind: 'published', host: '127.0.0.1' },
    ],
    [
      'rootless',
      'unix:///x',
      info({ securityOptions: ['name=rootless'] }),
      here,
      { kind: 'published', host: '127.0.0.1' },
    ],
    [
      'a Mac',
      'unix:///x',
      info({ name: 'colima' }),
      { ...here, platform: 'darwin' },
      { kind: 'published', host: '127.0.0.1' },
    ],
    [
      'OrbStack',
      'unix:///x',
      info({ operatingSystem: 'OrbStack' }),
      { ...here, platform: 'darwin' },
      { kind: 'direct' },
    ],
  ] as const)('%s', (_case, url, daemon, where, expected) => {
    expect(addressesOf(url, daemon, where)).toEqual(expected);
  });
});
