import { compare } from 'bcryptjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Exposure } from '../../contract/objects.ts';
import type { ExposureInput } from '../../operations/context.ts';
import { compose, container, createRig, type Rig, routerOf } from './rig.test-support.ts';

let rig: Rig;
beforeEach(async () => {
  rig = createRig();
  rig.containers = [
    container('whoami'),
    container('nas', { networks: [{ name: 'bridge', address: '172.17.0.3', address6: '' }] }),
  ];
  await rig.exposures.refresh();
});
afterEach(() => rig.close());

const expose = async (input: ExposureInput): Promise<Exposure> =>
  (await rig.exposures.operations.create(input, 'dashboard')).exposure;

const http = () => rig.published.at(-1)!.configuration.http!;
const servers = (name: string) => http().services?.[name]?.loadBalancer?.servers?.map(({ url }) => url);
const only = (): Exposure => rig.exposures.operations.list()[0]!;

describe('exposing', () => {
  test('publishes a router and a service, and says what came of it', async () => {
    const { exposure, changeId } = await rig.exposures.operations.create({ container: 'whoami' }, 'dashboard');
    expect(http()).toEqual({
      routers: {
        whoami: {
          rule: 'Host(`whoami.home.example.org`)',
          entryPoints: ['websecure'],
          middlewares: [],
          service: 'whoami',
          tls: {},
        },
      },
      services: { whoami: { loadBalancer: { servers: [{ url: 'http://172.17.0.2:8080' }], passHostHeader: true } } },
      middlewares: {},
      serversTransports: {},
    });
    expect(exposure).toMatchObject({
      name: 'whoami',
      target: { container: 'whoami', composeProject: null, composeService: null },
      host: 'whoami.home.example.org',
      state: 'live',
      problems: [],
      url: 'https://whoami.home.example.org:8443',
      containerId: rig.containers![0]!.id,
    });
    expect(rig.exposures.operations.list()).toEqual([exposure]);
    expect(rig.state().routers.get('whoami@gatehouse')).toMatchObject({ status: 'enabled', hosts: [exposure.host] });
    expect(rig.told).toMatchObject([
      { id: changeId, actor: 'dashboard', kind: 'exposure.created', subject: 'whoami@gatehouse', undoable: true },
    ]);
  });

  test('a password is kept as a hash, and nothing shows it', async () => {
    const exposure = await expose({
      container: 'whoami',
      protection: { kind: 'password', username: ' anna ', password: 'correct horse' },
    });
    expect(exposure.protection).toEqual({ kind: 'password', username: 'anna' });
    const [user] = (http().middlewares!['whoami-password']!['basicAuth'] as { users: string[] }).users;
    const [name, hashed] = user!.split(':');
    expect(name).toBe('anna');
    expect(await compare('correct horse', hashed!)).toBe(true);
    expect(http().routers!['whoami']!.middlewares).toEqual(['whoami-password']);
    const shown = JSON.stringify([exposure, rig.exposures.operations.list(), rig.changes.list(10), rig.told]);
    expect(shown).not.toContain('correct horse');
    expect(shown).not.toContain('$2');
  });

  test('an allow-list and an app that speaks HTTPS', async () => {
    await expose({
      container: 'nas',
      port: 5001,
      scheme: 'https',
      protection: { kind: 'allowList', sourceRange: [' 192.168.1.0/24', 'fd00::/8', '10.0.0.1', '10.0.0.1'] },
    });
    expect(http().middlewares).toEqual({
      'nas-allow-list': { ipAllowList: { sourceRange: ['192.168.1.0/24', 'fd00::/8', '10.0.0.1'] } },
    });
    expect(http().services!['nas']!.loadBalancer).toMatchObject({
      servers: [{ url: 'https://172.17.0.3:5001' }],
      serversTransport: 'nas',
    });
    expect(http().serversTransports).toEqual({ nas: { insecureSkipVerify: true } });
    expect([...rig.state().middlewares.values()].map(({ status }) => status)).toEqual(['enabled']);
  });

  test.each<[Partial<ExposureInput>, string, string]>([
    [{ host: 'https://photos.example.org' }, 'INVALID', 'HOST_INVALID'],
    [{ host: 'photos.example.org/x' }, 'INVALID', 'HOST_INVALID'],
    [{ host: 'photos.example.org:8443' }, 'INVALID', 'HOST_INVALID'],
    [{ host: '*.example.org' }, 'INVALID', 'HOST_INVALID'],
    [{ host: '192.168.1.5' }, 'INVALID', 'HOST_INVALID'],
    [{ host: 'a`) || Host(`b' }, 'INVALID', 'HOST_INVALID'],
    [{ host: '' }, 'INVALID', 'HOST_INVALID'],
    [{ host: `${'a'.repeat(64)}.org` }, 'INVALID', 'HOST_INVALID'],
    [{ host: 'TAKEN.example.org' }, 'CONFLICT', 'HOST_TAKEN'],
    [{ host: 'nas.home.example.org' }, 'CONFLICT', 'HOST_TAKEN'],
    [{ name: 'nas' }, 'CONFLICT', 'NAME_TAKEN'],
    [{ name: 'a_b' }, 'INVALID', 'NAME_INVALID'],
    [{ name: '' }, 'INVALID', 'NAME_INVALID'],
    [{ port: 0 }, 'INVALID', 'PORT_INVALID'],
    [{ container: 'empty' }, 'INVALID', 'PORT_REQUIRED'],
    [{ container: 'none' }, 'NOT_FOUND', 'CONTAINER_UNKNOWN'],
    [{ protection: { kind: 'password', username: 'anna' } }, 'INVALID', 'PASSWORD_REQUIRED'],
    [{ protection: { kind: 'password', username: 'anna', password: '1234567' } }, 'INVALID', 'PASSWORD_REQUIRED'],
    [{ protection: { kind: 'password', username: 'anna', password: 'ü'.repeat(37) } }, 'INVALID', 'PASSWORD_TOO_LONG'],
    [{ protection: { kind: 'password', username: 'a:b', password: '12345678' } }, 'INVALID', 'USERNAME_INVALID'],
    [{ protection: { kind: 'password', username: '', password: '12345678' } }, 'INVALID', 'USERNAME_INVALID'],
    [{ protection: { kind: 'allowList', sourceRange: [] } }, 'INVALID', 'RANGE_INVALID'],
    [{ protection: { kind: 'allowList', sourceRange: ['home'] } }, 'INVALID', 'RANGE_INVALID'],
    [{ protection: { kind: 'allowList', sourceRange: ['10'] } }, 'INVALID', 'RANGE_INVALID'],
  ])('%j is refused: %s %s', async (input, code, reason) => {
    rig.containers = [...rig.containers!, container('empty', { ports: [] })];
    rig.others = [routerOf('docker', 'taken', 'Host(`taken.example.org`)')];
    await expose({ container: 'nas' });
    const before = [rig.published.length, rig.changes.list(10).length];
    await expect(expose({ container: 'whoami', ...input })).rejects.toMatchObject({
      name: 'OperationError',
      code,
      details: { reason },
    });
    expect([rig.published.length, rig.changes.list(10).length]).toEqual(before);
    expect(rig.store.exposures.list()).toHaveLength(1);
  });

  test('a router that asks for more than the host leaves the host free', async () => {
    rig.others = [routerOf('docker', 'api', 'Host(`whoami.home.example.org`) && PathPrefix(`/api`)')];
    expect((await expose({ container: 'whoami' })).host).toBe('whoami.home.example.org');
  });

  test('of two at the same time for one name, one wins', async () => {
    const protection = { kind: 'password', username: 'anna', password: 'correct horse' } as const;
    const input = { container: 'whoami', name: 'photos', protection };
    const outcomes = await Promise.allSettled([expose(input), expose(input)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(rig.store.exposures.list()).toHaveLength(1);
  });

  test('international names are kept as the network has them', async () => {
    expect((await expose({ container: 'whoami', host: 'Bücher.example.' })).host).toBe('xn--bcher-kva.example');
  });
});

describe('following the container', () => {
  test('by name: recreated under another id and address', async () => {
    await expose({ container: 'whoami' });
    rig.containers = [
      container('whoami', { id: 'f'.repeat(64), networks: [{ name: 'bridge', address: '172.17.0.77', address6: '' }] }),
    ];
    await rig.exposures.refresh();
    expect(servers('whoami')).toEqual(['http://172.17.0.77:8080']);
    expect(only()).toMatchObject({ state: 'live', containerId: 'f'.repeat(64) });
  });

  test('by Compose project and service: renamed, scaled, and not by one-off runs', async () => {
    const labels = compose('immich', 'server');
    rig.containers = [container('immich-server-1', { labels })];
    await expose({ container: 'immich-server-1' });
    const address = (last: number) => [{ name: 'immich_default', address: `172.18.0.${last}`, address6: '' }];
    rig.containers = [
      container('immich-server-2', { labels, networks: address(2) }),
      container('x_immich-server-1', { labels, networks: address(1) }),
      container('immich-server-run-9', {
        labels: { ...labels, 'com.docker.compose.oneoff': 'True' },
        networks: address(9),
      }),
      container('immich-server-3', { labels, state: 'exited', networks: address(3) }),
      container('other-server-1', { labels: compose('other', 'server'), networks: address(8) }),
    ];
    await rig.exposures.refresh();
    expect(servers('immich')).toEqual(['http://172.18.0.2:8080', 'http://172.18.0.1:8080']);
    rig.containers = [container('immich-server-1', { networks: address(5) })];
    await rig.exposures.refresh();
    expect(servers('immich')).toEqual(['http://172.18.0.5:8080']);
  });

  test('at its Docker endpoint, and at no other', async () => {
    const at = (name: string, address: string) =>
      container(name, {
        labels: compose('home', 'photos'),
        networks: [{ name: 'bridge', address, address6: '' }],
      });
    rig.containers = [at('photos', '172.17.0.5'), at('nas/photos', '172.18.0.5')];
    await expose({ container: 'nas/photos', name: 'far' });
    await expose({ container: 'photos', name: 'near' });
    expect([servers('far'), servers('near')]).toEqual([['http://172.18.0.5:8080'], ['http://172.17.0.5:8080']]);
    rig.containers = [at('photos', '172.17.0.5')];
    rig.silent = ['nas'];
    await rig.exposures.refresh();
    const [far, near] = rig.exposures.operations.list();
    expect(far).toMatchObject({ state: 'waiting', target: { container: 'nas/photos' } });
    expect(far?.problems[0]?.message).toBe(
      'Docker has not answered yet, so it cannot be told whether nas/photos runs.',
    );
    expect(near).toMatchObject({ state: 'live' });
  });

  test('away, stopped, on no network, or not to be told: the route stays and says why', async () => {
    await expose({ container: 'whoami' });
    const cases = [
      [[], 'waiting', 'CONTAINER_MISSING'],
      [null, 'waiting', 'CONTAINER_MISSING'],
      [[container('whoami', { state: 'exited' })], 'waiting', 'CONTAINER_NOT_RUNNING'],
      [[container('whoami', { state: 'paused' })], 'waiting', 'CONTAINER_PAUSED'],
      [[container('whoami', { networkMode: 'none', networks: [] })], 'broken', 'CONTAINER_NO_NETWORK'],
      [[container('whoami', { health: 'unhealthy' })], 'live', 'CONTAINER_UNHEALTHY'],
      [[container('whoami')], 'live', undefined],
    ] as const;
    for (const [containers, state, code] of cases) {
      rig.containers = containers;
      await rig.exposures.refresh();
      expect(only()).toMatchObject({ state, problems: code === undefined ? [] : [{ code }] });
      expect(rig.state().routers.get('whoami@gatehouse')?.status).not.toBe('disabled');
    }
  });

  test('a port that is not published where only those can be reached is broken, and says so once', async () => {
    await expose({ container: 'whoami' });
    rig.reached = 'published';
    await rig.exposures.refresh();
    expect(only()).toMatchObject({ state: 'broken', problems: [{ code: 'CONTAINER_UNREACHABLE' }] });
  });

  test('nothing is published where nothing changed', async () => {
    await expose({ container: 'whoami' });
    const before = rig.published.length;
    await rig.exposures.refresh();
    rig.containers = [...rig.containers!, container('another')];
    await rig.exposures.refresh();
    expect(rig.published.length).toBe(before);
  });

  test('it is all there after a restart', async () => {
    await expose({
      container: 'whoami',
      protection: { kind: 'password', username: 'anna', password: 'correct horse' },
    });
    await rig.exposures.operations.pauseAll('cli');
    const { containers } = rig;
    const before = http();
    rig = rig.restart();
    rig.containers = containers;
    await rig.exposures.refresh();
    expect(http()).toEqual(before);
    expect(rig.exposures.pausedAll()).toBe(true);
    expect(only().state).toBe('paused');
  });
});

describe('changing', () => {
  test('an edit changes what is given and keeps the rest', async () => {
    const { id } = await expose({
      container: 'whoami',
      protection: { kind: 'password', username: 'anna', password: 'correct horse' },
    });
    const hash = JSON.stringify(http().middlewares).split('anna:')[1];
    const { exposure } = await rig.exposures.operations.update(
      id,
      { name: 'hello', host: 'Hello.example.org', port: 9000, protection: { kind: 'password', username: 'bert' } },
      'cli',
    );
    expect(exposure).toMatchObject({
      id,
      name: 'hello',
      host: 'hello.example.org',
      port: 9000,
      protection: { username: 'bert' },
    });
    expect(exposure.updatedAt).toBeGreaterThan(exposure.createdAt);
    expect(Object.keys(http().routers!)).toEqual(['hello']);
    expect(servers('hello')).toEqual(['http://172.17.0.2:9000']);
    expect(JSON.stringify(http().middlewares).split('bert:')[1]).toBe(hash);
    expect(rig.changes.list(1)[0]).toMatchObject({
      kind: 'exposure.updated',
      subject: 'hello@gatehouse',
      details: { fields: 'name, host, port, protection' },
    });
    const again = await rig.exposures.operations.update(id, { host: 'hello.example.org', name: 'hello' }, 'cli');
    expect(again.exposure.host).toBe('hello.example.org');
    await expect(rig.exposures.operations.update('none', {}, 'cli')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { reason: 'EXPOSURE_UNKNOWN' },
    });
    await expect(
      rig.exposures.operations.update(id, { protection: { kind: 'allowList', sourceRange: ['x'] } }, 'cli'),
    ).rejects.toMatchObject({ code: 'INVALID' });
  });

  test('a password where there was none must be given', async () => {
    const { id } = await expose({ container: 'whoami' });
    const protection = { kind: 'password', username: 'anna' } as const;
    await expect(rig.exposures.operations.update(id, { protection }, 'cli')).rejects.toMatchObject({
      details: { reason: 'PASSWORD_REQUIRED' },
    });
  });

  test('paused, it is not published; resumed, it is again', async () => {
    const { id } = await expose({ container: 'whoami' });
    expect((await rig.exposures.operations.pause(id, 'window')).exposure).toMatchObject({
      paused: true,
      state: 'paused',
    });
    expect(http().routers).toEqual({});
    expect((await rig.exposures.operations.resume(id, 'window')).exposure).toMatchObject({
      paused: false,
      state: 'live',
    });
    expect(Object.keys(http().routers!)).toEqual(['whoami']);
    expect(rig.changes.list(2).map(({ kind }) => kind)).toEqual(['exposure.resumed', 'exposure.paused']);
    await expect(rig.exposures.operations.pause('none', 'cli')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('removing works by name too', async () => {
    await expose({ container: 'whoami' });
    await rig.exposures.operations.remove('WHOAMI', 'cli');
    expect(http().routers).toEqual({});
    expect(rig.exposures.operations.list()).toEqual([]);
    await expect(rig.exposures.operations.remove('whoami', 'cli')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('pausing all shows in every exposure', async () => {
    await expose({ container: 'whoami' });
    await rig.exposures.operations.pauseAll('window');
    expect(rig.pausedAll()).toBe(true);
    expect(only()).toMatchObject({ state: 'paused', paused: false, problems: [{ code: 'EXPOSURE_PAUSED_ALL' }] });
    await rig.exposures.operations.resumeAll('window');
    expect(rig.pausedAll()).toBe(false);
    expect(only()).toMatchObject({ state: 'live', problems: [] });
  });
});

describe('undoing', () => {
  const newest = () => rig.changes.list(1)[0]!;
  const undo = (id = newest().id) => rig.changes.undo(id, 'dashboard');

  test('a creation, and then the undoing', async () => {
    const exposure = await expose({ container: 'whoami' });
    const created = newest().id;
    const undone = await undo();
    expect(undone).toMatchObject({
      kind: 'change.undone',
      actor: 'dashboard',
      subject: 'whoami@gatehouse',
      details: { change: created, kind: 'exposure.created' },
    });
    expect(http().routers).toEqual({});
    expect(rig.changes.list(10).map(({ undoable }) => undoable)).toEqual([true, false]);
    expect(rig.told.at(-2)).toMatchObject({ id: created, undoable: false });
    await undo(undone.id);
    expect(rig.exposures.operations.list()).toEqual([exposure]);
  });

  test('a removal: the same id comes back, with its password', async () => {
    const exposure = await expose({
      container: 'whoami',
      protection: { kind: 'password', username: 'anna', password: 'correct horse' },
    });
    const before = http();
    await rig.exposures.operations.remove(exposure.id, 'cli');
    await undo();
    expect(rig.exposures.operations.list()).toEqual([exposure]);
    expect(http()).toEqual(before);
  });

  test('twice is refused, as is what cannot be undone or is not known', async () => {
    await expose({ container: 'whoami' });
    const { id } = newest();
    await undo(id);
    await expect(undo(id)).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'ALREADY_UNDONE' } });
    const fact = rig.changes.record({ actor: 'system', kind: 'container.gone', subject: 'x', details: {} });
    expect(fact.undoable).toBe(false);
    await expect(undo(fact.id)).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'NOT_UNDOABLE' } });
    await expect(undo('none')).rejects.toMatchObject({ code: 'NOT_FOUND', details: { reason: 'CHANGE_UNKNOWN' } });
  });

  test('an edit: only its own fields, and only where nobody has changed them since', async () => {
    const { id } = await expose({ container: 'whoami' });
    const { changeId: hostChange } = await rig.exposures.operations.update(id, { host: 'one.example.org' }, 'cli');
    await rig.exposures.operations.update(id, { port: 9000 }, 'cli');
    await undo(hostChange);
    expect(only()).toMatchObject({ host: 'whoami.home.example.org', port: 9000 });
    const { changeId: second } = await rig.exposures.operations.update(id, { port: 9001 }, 'cli');
    await rig.exposures.operations.update(id, { port: 9002 }, 'cli');
    await expect(undo(second)).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { reason: 'CHANGED_SINCE', field: 'port' },
    });
    expect(only().port).toBe(9002);
  });

  test('what has been taken meanwhile stays with who has it', async () => {
    const { id } = await expose({ container: 'whoami', name: 'photos', host: 'photos.example.org' });
    const { changeId } = await rig.exposures.operations.remove(id, 'cli');
    await expose({ container: 'nas', name: 'photos', host: 'other.example.org' });
    await expect(undo(changeId)).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'NAME_TAKEN' } });
    await rig.exposures.operations.update('photos', { name: 'other' }, 'cli');
    rig.others = [routerOf('file', 'photos', 'Host(`photos.example.org`)')];
    await expect(undo(changeId)).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { reason: 'HOST_TAKEN', router: 'photos@file' },
    });
    rig.others = [];
    await undo(changeId);
    expect(rig.exposures.operations.list().map(({ name }) => name)).toEqual(['photos', 'other']);
  });

  test('of something that is gone is refused', async () => {
    const { id } = await expose({ container: 'whoami' });
    const created = newest().id;
    const { changeId } = await rig.exposures.operations.pause(id, 'cli');
    await rig.exposures.operations.remove(id, 'cli');
    for (const change of [created, changeId]) {
      await expect(undo(change)).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'EXPOSURE_GONE' } });
    }
  });

  test('pausing, of one and of all', async () => {
    const { id } = await expose({ container: 'whoami' });
    await rig.exposures.operations.pause(id, 'cli');
    await undo();
    expect(only().paused).toBe(false);
    await rig.exposures.operations.pauseAll('cli');
    await undo();
    expect([rig.pausedAll(), rig.exposures.pausedAll()]).toEqual([false, false]);
  });

  test('works after a restart', async () => {
    await expose({ container: 'whoami' });
    await rig.exposures.operations.remove('whoami', 'cli');
    const { containers } = rig;
    rig = rig.restart();
    rig.containers = containers;
    await rig.exposures.refresh();
    await undo();
    expect(only()).toMatchObject({ name: 'whoami', state: 'live' });
  });
});
