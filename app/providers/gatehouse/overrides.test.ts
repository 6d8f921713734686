import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ruleForHost } from '../../runtime/override.ts';
import { toRoutingSnapshot } from '../../runtime/snapshot.ts';
import { createRig, type Rig, routerOf } from './rig.test-support.ts';

let rig: Rig;
beforeEach(async () => {
  rig = createRig();
  rig.others = [routerOf('docker', 'wiki', 'Host(`wiki.localhost`) && PathPrefix(`/a`)')];
  await rig.exposures.refresh();
});
afterEach(() => rig.close());

const router = () => rig.state().routers.get('wiki@docker');
const set = (input: Partial<Parameters<Rig['overrides']['operations']['set']>[0]>) =>
  rig.overrides.operations.set({ object: 'router', name: 'wiki@docker', ...input }, 'dashboard');

describe('an override', () => {
  test('changes host, middlewares and protection, and tells what stands below', async () => {
    const { override } = await set({
      host: 'Wiki.Example.org',
      middlewares: ['slow'],
      protection: { kind: 'password', username: 'anna', password: 'a long password' },
    });
    expect(override).toMatchObject({ host: 'wiki.example.org', state: 'applied' });
    expect(JSON.stringify(override)).not.toMatch(/long password|\$2/);
    expect(router()).toMatchObject({
      rule: 'Host(`wiki.example.org`) && PathPrefix(`/a`)',
      middlewares: ['router.wiki.docker-password@gatehouse', 'slow@docker'],
      overridden: {
        rule: 'Host(`wiki.localhost`) && PathPrefix(`/a`)',
        middlewares: [],
        fields: ['host', 'middlewares', 'protection'],
      },
      service: 'wiki@docker',
    });
  });

  test('survives a restart, a change of what it stands over, and that going away', async () => {
    await set({ host: 'wiki.example.org' });
    rig.others = [routerOf('docker', 'wiki', 'Host(`other.localhost`)')];
    expect(router()?.rule).toBe('Host(`wiki.example.org`)');
    expect(rig.overrides.operations.list()).toMatchObject([{ state: 'changed' }]);
    rig.others = [];
    expect(rig.overrides.operations.list()).toMatchObject([{ state: 'waiting' }]);
    rig = rig.restart();
    rig.others = [routerOf('docker', 'wiki', 'Host(`back.localhost`)')];
    await rig.exposures.refresh();
    expect(router()?.rule).toBe('Host(`wiki.example.org`)');
  });

  test('is taken back field by field, by undo, and in all', async () => {
    await set({ host: 'wiki.example.org', paused: true });
    const { changeId } = await set({ host: null });
    expect(router()?.overridden?.fields).toEqual(['paused']);
    await rig.changes.undo(changeId, 'dashboard');
    expect(router()?.overridden?.fields).toEqual(['host', 'paused']);
    const removed = await rig.overrides.operations.remove({ object: 'router', name: 'wiki@docker' }, 'dashboard');
    expect(router()?.overridden).toBeUndefined();
    await rig.changes.undo(removed.changeId, 'dashboard');
    expect(router()?.rule).toBe('Host(`wiki.example.org`) && PathPrefix(`/a`)');
    // What was undone first is not what stands now.
    await set({ host: 'again.example.org' });
    await expect(rig.changes.undo(rig.changes.list(10)[1]!.id, 'dashboard')).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  test('nothing left is no override', async () => {
    await set({ paused: true });
    expect((await set({ paused: false })).override).toBeNull();
    expect(rig.store.overrides.list()).toEqual([]);
  });

  test('a paused router takes no requests, and stays to be seen', async () => {
    await set({ paused: true });
    expect(router()).toMatchObject({ status: 'enabled', problems: [{ code: 'ROUTER_PAUSED', severity: 'info' }] });
    const names = toRoutingSnapshot(rig.state(), [], { pausedAll: false }).routers.map(({ name }) => name);
    expect(names).not.toContain('wiki@docker');
  });

  test('keeps the password that it has', async () => {
    await set({ protection: { kind: 'password', username: 'anna', password: 'a long password' } });
    const before = rig.store.overrides.list()[0]?.protection;
    await set({ protection: { kind: 'password', username: 'anna' }, host: 'a.example.org' });
    expect(rig.store.overrides.list()[0]?.protection).toEqual(before);
  });

  test('stands before a service, whatever leads there', async () => {
    await rig.overrides.operations.set(
      { object: 'service', name: 'wiki@docker', protection: { kind: 'allowList', sourceRange: ['192.168.1.0/24'] } },
      'cli',
    );
    const service = toRoutingSnapshot(rig.state(), [], { pausedAll: false }).services['wiki@docker'];
    expect(service?.middlewares).toEqual(['service.wiki.docker-allow-list@gatehouse']);
  });

  test.each([
    [{ name: 'nobody@docker', host: 'a.example.org' }, 'NOT_FOUND'],
    [{ name: 'whoami@internal', object: 'service' as const, middlewares: [] }, 'INVALID'],
    [{ host: 'not a host' }, 'INVALID'],
    [{ object: 'service' as const, host: 'a.example.org' }, 'INVALID'],
    [{ protection: { kind: 'password' as const, username: 'a', password: 'short' } }, 'INVALID'],
  ])('refuses %j', async (input, code) => {
    await expect(set(input)).rejects.toMatchObject({ code });
    expect(rig.store.overrides.list()).toEqual([]);
  });

  test('is exported as labels, for Compose and for a file', async () => {
    await set({
      host: 'wiki.example.org',
      middlewares: ['slow', 'auth@file'],
      protection: { kind: 'password', username: 'anna', password: 'a long password' },
    });
    const { labels, compose, file } = rig.overrides.operations.export({ object: 'router', name: 'wiki@docker' });
    expect(labels.slice(0, 4)).toEqual([
      'traefik.enable=true',
      'traefik.http.routers.wiki.rule=Host(`wiki.example.org`) && PathPrefix(`/a`)',
      'traefik.http.routers.wiki.middlewares=wiki-password,slow,auth@file',
      'traefik.http.routers.wiki.service=wiki',
    ]);
    expect(labels.find((label) => label.startsWith('traefik.http.middlewares.wiki-password.basicauth.users='))).toMatch(
      /=anna:\$2[aby]\$/,
    );
    expect(compose).toContain('anna:$$2');
    expect(file).toContain('service: wiki@docker');
    expect(file).toContain('- slow@docker');
    expect(file).toContain('- auth@file'.replace('@file', ''));
  });
});

test.each([
  ['Host(`a`)', 'Host(`n.x`)'],
  ['Host(`a`) || Host(`b`)', 'Host(`n.x`)'],
  ['Host(`a`, `b`) && PathPrefix(`/x`)', 'Host(`n.x`) && PathPrefix(`/x`)'],
  ['(Host(`a`) || Host(`b`)) && Path(`/Host(`)', '(Host(`n.x`) || Host(`n.x`)) && Path(`/Host(`)'],
  ['HostRegexp(`.+`) && !Host(`not`)', 'Host(`n.x`) && !Host(`not`)'],
  ['PathPrefix(`/a`) || Method(`GET`)', 'Host(`n.x`) && (PathPrefix(`/a`) || Method(`GET`))'],
  ['', 'Host(`n.x`)'],
  ['Host(`a', 'Host(`n.x`)'],
])('the rule %s for another host', (rule, expected) => {
  expect(ruleForHost(rule, 'n.x')).toBe(expected);
});
