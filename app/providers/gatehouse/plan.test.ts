import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { InspectedContainer } from '../docker/container.ts';
import { compose, container, createRig, ports, type Rig, routerOf } from './rig.test-support.ts';
import { schemeOf, wellKnownPort } from './well-known-ports.ts';

let rig: Rig;
beforeEach(() => {
  rig = createRig();
});
afterEach(() => rig.close());

const plan = (
  found: InspectedContainer,
  input: Partial<Parameters<Rig['exposures']['operations']['plan']>[0]> = {},
) => {
  rig.containers = [...(rig.containers ?? []).filter(({ id }) => id !== found.id), found];
  return rig.exposures.operations.plan({ container: found.name, ...input });
};

test('everything is filled in for a container with one port', () => {
  const found = container('whoami');
  expect(plan(found)).toEqual({
    containerId: found.id,
    container: 'whoami',
    name: 'whoami',
    host: 'whoami.home.example.org',
    port: 8080,
    ports: [
      { port: 80, reason: 'where example/whoami:latest has its page' },
      { port: 8080, reason: 'exposed by the container' },
    ],
    scheme: 'http',
    protection: { kind: 'none' },
    problems: [],
    preview: {
      url: 'https://whoami.home.example.org:8443',
      rule: 'Host(`whoami.home.example.org`)',
      entryPoint: 'websecure',
      middlewares: [],
      service: 'whoami@gatehouse',
      serverUrl: 'http://172.17.0.2:8080',
    },
  });
});

test('given fields replace proposals, and the preview follows', () => {
  const proposal = plan(container('whoami'), {
    name: 'Photos',
    port: 9443,
    protection: { kind: 'password', username: 'anna', password: 'not to be sent back' },
  });
  expect(proposal).toMatchObject({
    name: 'photos',
    host: 'photos.home.example.org',
    port: 9443,
    scheme: 'https',
    protection: { kind: 'password', username: 'anna' },
    problems: [],
    preview: { middlewares: ['photos-password@gatehouse'], serverUrl: 'https://172.17.0.2:9443' },
  });
  expect(JSON.stringify(proposal)).not.toContain('not to be sent back');
});

describe('names', () => {
  test.each([
    [container('My_Café.app'), 'my-cafe-app'],
    [container('___'), 'app'],
    [container('日本'), 'app'],
    [container('a'.repeat(90)), 'a'.repeat(50)],
    [container('immich_server', { labels: compose('immich', 'immich-server') }), 'immich-server'],
    [container('nextcloud-app-1', { labels: compose('nextcloud', 'app') }), 'nextcloud'],
    [container('blog-web-1', { labels: compose('blog', 'web') }), 'blog'],
  ])('%#', (found, expected) => {
    expect(plan(found)).toMatchObject({ name: expected, host: `${expected}.home.example.org` });
  });

  test('what is taken as a name or as a host gets a number', async () => {
    rig.containers = [container('photos'), container('nas')];
    await rig.exposures.operations.create({ container: 'photos', host: 'elsewhere.example.org' }, 'cli');
    expect(plan(container('photos')).name).toBe('photos-2');
    rig.others = [routerOf('docker', 'x', 'Host(`nas.home.example.org`) || Host(`nas.lan`)')];
    expect(plan(container('nas'))).toMatchObject({ name: 'nas-2', host: 'nas-2.home.example.org', problems: [] });
  });
});

describe('ports', () => {
  test.each<[string, InspectedContainer, number | null, 'http' | 'https']>([
    ['one exposed', container('a', { ports: ports(3000) }), 3000, 'http'],
    ['one exposed that speaks HTTPS', container('a', { ports: ports(8443) }), 8443, 'https'],
    [
      'several exposed, image known',
      container('a', { image: 'portainer/portainer-ce', ports: ports(8000, 9000, 9443) }),
      9000,
      'http',
    ],
    [
      'none exposed, image known',
      container('a', { image: 'homeassistant/home-assistant:stable', ports: [] }),
      8123,
      'http',
    ],
    ['several exposed, image unknown', container('a', { ports: ports(1, 2) }), null, 'http'],
    ['none exposed, image unknown', container('a', { ports: [] }), null, 'http'],
    ['udp only', container('a', { ports: [{ port: 53, protocol: 'udp', published: [] }] }), null, 'http'],
    [
      'named by a label',
      container('a', { ports: ports(1, 2), labels: { 'traefik.http.services.a.loadbalancer.server.port': '2' } }),
      2,
      'http',
    ],
  ])('%s', (_name, found, port, scheme) => {
    const proposal = plan(found);
    expect(proposal).toMatchObject({ port, scheme });
    const asked = proposal.problems.filter(({ code }) => code === 'CONTAINER_NO_PORT');
    expect(asked.map(({ fix }) => fix)).toEqual(port === null ? ['Choose a port.'] : []);
  });

  test('candidates tell why they are candidates', () => {
    const found = container('a', {
      image: 'grafana/grafana',
      ports: [
        { port: 3000, protocol: 'tcp', published: [] },
        { port: 9094, protocol: 'tcp', published: [{ host: '0.0.0.0', port: 19_094 }] },
      ],
    });
    expect(plan(found).ports).toEqual([
      { port: 3000, reason: 'where grafana/grafana has its page' },
      { port: 9094, reason: 'published on port 19094 of the machine' },
    ]);
  });

  test('published ports are used where addresses cannot be reached', () => {
    rig.reached = 'published';
    const found = container('a', {
      ports: [{ port: 80, protocol: 'tcp', published: [{ host: '0.0.0.0', port: 18_080 }] }],
    });
    expect(plan(found).preview.serverUrl).toBe('http://127.0.0.1:18080');
    expect(plan(container('b', { ports: ports(80) }))).toMatchObject({
      port: 80,
      preview: { serverUrl: null },
      problems: [{ code: 'CONTAINER_UNREACHABLE' }],
    });
  });

  test.each([
    ['nextcloud', 80],
    ['nextcloud:29-apache', 80],
    ['docker.io/library/nextcloud@sha256:abc', 80],
    ['ghcr.io/immich-app/immich-server:release', 2283],
    ['registry.example.org:5000/jellyfin/jellyfin:10', 8096],
    ['lscr.io/linuxserver/sonarr', 8989],
    ['vaultwarden/server:latest', 80],
    ['constructor', undefined],
    ['someone/server', undefined],
    ['', undefined],
  ])('%s has its page on %s', (image, port) => {
    expect(wellKnownPort(image)?.port).toBe(port);
  });

  test('the scheme follows image and port', () => {
    expect(schemeOf('linuxserver/unifi-network-application', 8443)).toBe('https');
    expect(schemeOf('linuxserver/code-server', 8443)).toBe('http');
    expect(schemeOf('unknown', 9443)).toBe('https');
    expect(schemeOf('unknown', 80)).toBe('http');
  });
});

describe('problems', () => {
  test('wrong fields are told one by one, and the rest of the proposal stands', () => {
    rig.others = [routerOf('file', 'nas', 'Host(`nas.example.org`)')];
    const proposal = plan(container('web'), {
      name: 'a b',
      host: 'nas.example.org',
      port: 70_000,
      protection: { kind: 'allowList', sourceRange: ['192.168.1.0/33'] },
    });
    expect(proposal.problems.map(({ code, details }) => [code, details['field'], details['reason']])).toEqual([
      ['OPTION_INVALID', 'name', 'NAME_INVALID'],
      ['RULE_DUPLICATE', 'host', 'HOST_TAKEN'],
      ['OPTION_INVALID', 'port', 'PORT_INVALID'],
      ['OPTION_INVALID', 'protection', 'RANGE_INVALID'],
    ]);
    expect(proposal.problems[1]?.message).toContain('nas@file');
    expect(proposal.container).toBe('web');
  });

  test('a container that does not run can be planned for, and says so', () => {
    const stopped = container('web', { state: 'exited', networks: [{ name: 'bridge', address: '', address6: '' }] });
    expect(plan(stopped)).toMatchObject({
      port: 8080,
      preview: { serverUrl: null },
      problems: [{ code: 'CONTAINER_NOT_RUNNING' }],
    });
  });

  test('containers of several Docker endpoints are told apart', () => {
    const id = (letter: string) => letter.repeat(64);
    rig.containers = [
      container('photos', { id: id('a') }),
      container('nas/photos', { id: `nas/${id('a')}` }),
      container('nas/music', { id: `nas/${id('b')}` }),
      container('nas/wiki', { id: `nas/${id('c')}` }),
      container('attic/wiki', { id: `attic/${id('d')}` }),
    ];
    const { plan: planned } = rig.exposures.operations;
    expect(planned({ container: 'photos' })).toMatchObject({ container: 'photos', name: 'photos' });
    expect(planned({ container: 'nas/photos' })).toMatchObject({ container: 'nas/photos', name: 'photos' });
    expect(planned({ container: 'music' })).toMatchObject({ container: 'nas/music', name: 'music' });
    expect(planned({ container: 'bbb' }).container).toBe('nas/music');
    expect(planned({ container: `nas/${id('a')}` }).container).toBe('nas/photos');
    expect(() => planned({ container: 'wiki' })).toThrow('several containers wiki: nas/wiki, attic/wiki');
  });

  test('a container that is not there, or that cannot be told, is refused', () => {
    rig.containers = [
      container('one', { id: `ab1${'0'.repeat(61)}` }),
      container('two', { id: `ab2${'0'.repeat(61)}` }),
    ];
    const { plan: planned } = rig.exposures.operations;
    expect(planned({ container: '/one' }).container).toBe('one');
    expect(planned({ container: 'ab2' }).container).toBe('two');
    const reasons: unknown[] = [];
    for (const wanted of ['ab', 'three', 'On']) {
      try {
        planned({ container: wanted });
      } catch (error) {
        reasons.push((error as { details: unknown }).details);
      }
    }
    expect(reasons).toMatchObject([
      { reason: 'CONTAINER_AMBIGUOUS', candidates: 'one, two' },
      { reason: 'CONTAINER_UNKNOWN' },
      { reason: 'CONTAINER_UNKNOWN' },
    ]);
  });
});
