import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SettingsPatch } from '../contract/objects.ts';
import { type Changes, createChanges } from '../providers/gatehouse/changes.ts';
import { openStore, type Store } from '../store/store.ts';
import { createSettings, type SettingsPart } from './settings.ts';
import { defaultStaticConfiguration, type StaticConfiguration } from './static.ts';

let dir = '';
let store: Store;
let changes: Changes;
let settings: SettingsPart;

function start(base: StaticConfiguration = defaultStaticConfiguration): void {
  store = openStore(dir);
  changes = createChanges({
    store,
    planUndo: (step) => {
      if (step.kind !== 'settings') throw new Error('only settings are part of this');
      return settings.planUndo(step);
    },
  });
  settings = createSettings({ base, store, changes });
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-settings-'));
  start();
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

const update = (patch: SettingsPatch) => settings.update(patch, 'dashboard');
const addressOf = (name: string) => settings.effective().entryPoints.find((each) => each.name === name);

test('with nothing stored, defaults hold', () => {
  expect(settings.effective()).toEqual(defaultStaticConfiguration);
  expect(settings.get()).toEqual({
    entryPoints: [
      { name: 'web', address: ':80', origin: 'default', redirectTo: 'websecure' },
      { name: 'websecure', address: ':443', origin: 'default', redirectTo: null },
    ],
    docker: {
      endpoint: null,
      exposedByDefault: false,
      defaultRule: 'Host(`{{ normalize .Name }}`)',
      network: null,
      fixed: [],
    },
    file: { path: null, fixed: false },
    domain: 'localhost',
    dashboard: { address: '127.0.0.1:8686', addressFixed: false, lanAddress: null, passwordSet: false },
  });
  store.access.setPasswordHash('hash');
  expect(settings.get().dashboard.passwordSet).toBe(true);
});

test('updates hold at once, over a restart, and are noted', async () => {
  const told: string[] = [];
  const off = settings.onChange((effective, previous) => {
    told.push(`${previous.domain} → ${effective.domain}`);
    return Promise.resolve();
  });
  const result = await update({
    entryPoints: { websecure: { address: '8443' } },
    docker: { endpoint: '/run/docker.sock', exposedByDefault: true, network: ' proxy ' },
    file: { path: '/etc/gatehouse/../gatehouse/dynamic.yml' },
    domain: '.Home.Example.org',
    dashboard: { lanAddress: '192.168.1.5:8687' },
  });
  expect(result).toMatchObject({
    entryPoints: [
      { address: ':80', origin: 'default' },
      { address: ':8443', origin: 'setting' },
    ],
    docker: { endpoint: 'unix:///run/docker.sock', exposedByDefault: true, network: 'proxy' },
    file: { path: '/etc/gatehouse/dynamic.yml' },
    domain: 'home.example.org',
    dashboard: { lanAddress: '192.168.1.5:8687' },
  });
  expect(addressOf('websecure')).toMatchObject({ fallbackPort: null, tls: true });
  expect(addressOf('web')).toMatchObject({ fallbackPort: 8080 });
  expect(told).toEqual(['localhost → home.example.org']);
  expect(changes.list(1)).toMatchObject([
    {
      kind: 'settings.updated',
      actor: 'dashboard',
      undoable: true,
      details: { sections: 'entryPoints, docker, file, domain, dashboard' },
    },
  ]);
  off();
  await update({ docker: { network: null } });
  expect(settings.effective().docker).toMatchObject({ endpoint: 'unix:///run/docker.sock', network: null });
  expect(told).toHaveLength(1);

  const before = settings.effective();
  store.close();
  start();
  expect(settings.effective()).toEqual(before);
});

test('an update that changes nothing is not noted', async () => {
  await update({ domain: 'example.org' });
  await update({ domain: 'example.org' });
  await update({});
  expect(changes.list(10)).toHaveLength(1);
});

test('the base’s own address again is no override any more', async () => {
  await update({ entryPoints: { web: { address: '127.0.0.1:8081' } } });
  expect(addressOf('web')).toMatchObject({ address: '127.0.0.1:8081', origin: 'setting', fallbackPort: null });
  await update({ entryPoints: { web: { address: ':80' } } });
  expect(addressOf('web')).toMatchObject({ address: ':80', origin: 'default', fallbackPort: 8080 });
});

test.each<[SettingsPatch, string]>([
  [{ entryPoints: { web: { address: 'nonsense' } } }, 'ADDRESS_INVALID'],
  [{ entryPoints: { web: { address: ':0' } } }, 'ADDRESS_INVALID'],
  [{ entryPoints: { web: { address: ':65536' } } }, 'ADDRESS_INVALID'],
  [{ entryPoints: { web: { address: 'nas.example.org:80' } } }, 'ADDRESS_INVALID'],
  [{ entryPoints: { web: { address: '999.1.1.1:80' } } }, 'ADDRESS_INVALID'],
  [{ entryPoints: { web: { address: '' } } }, 'ADDRESS_INVALID'],
  [{ entryPoints: { metrics: { address: ':9100' } } }, 'ENTRY_POINT_UNKNOWN'],
  [{ entryPoints: { web: { address: ':443' } } }, 'ADDRESS_TAKEN'],
  [{ entryPoints: { web: { address: '127.0.0.1:443' } } }, 'ADDRESS_TAKEN'],
  [{ entryPoints: { web: { address: ':8686' } } }, 'ADDRESS_TAKEN'],
  [{ dashboard: { lanAddress: ':443' } }, 'ADDRESS_TAKEN'],
  [{ dashboard: { lanAddress: 'x' } }, 'ADDRESS_INVALID'],
  [{ docker: { endpoint: 'docker' } }, 'ENDPOINT_INVALID'],
  [{ docker: { defaultRule: '  ' } }, 'RULE_INVALID'],
  [{ docker: { defaultRule: 'Host(`{{ .Name`)' } }, 'RULE_INVALID'],
  [{ docker: { network: 'a b' } }, 'NETWORK_INVALID'],
  [{ file: { path: 'dynamic.yml' } }, 'PATH_INVALID'],
  [{ domain: 'https://example.org' }, 'DOMAIN_INVALID'],
  [{ domain: '' }, 'DOMAIN_INVALID'],
])('%j is refused: %s', async (patch, reason) => {
  const before = settings.effective();
  await expect(update({ domain: 'example.org', ...patch })).rejects.toMatchObject({
    code: 'INVALID',
    details: { reason },
  });
  expect(settings.effective()).toEqual(before);
  expect(changes.list(10)).toEqual([]);
});

test('addresses on different interfaces may share a port', async () => {
  await update({ entryPoints: { web: { address: '192.168.1.5:8686' } } });
  await update({ dashboard: { lanAddress: '[fd00::5]:8687' } });
  expect(addressOf('web')?.address).toBe('192.168.1.5:8686');
  expect(settings.effective().dashboard.lanAddress).toBe('[fd00::5]:8687');
});

test('what flags and file decided stays, and says so', async () => {
  await update({
    entryPoints: { web: { address: ':8081' } },
    docker: { endpoint: 'tcp://nas:2375', network: 'proxy' },
    file: { path: '/a.yml' },
    domain: 'stored.example.org',
    dashboard: { lanAddress: ':8687' },
  });
  store.close();
  const [web, websecure] = defaultStaticConfiguration.entryPoints;
  const base: StaticConfiguration = {
    ...defaultStaticConfiguration,
    entryPoints: [
      { ...web!, address: ':18080', origin: 'flag' },
      { ...websecure!, origin: 'file' },
    ],
    docker: { ...defaultStaticConfiguration.docker, endpoint: 'unix:///x.sock', fixed: ['endpoint'] },
    file: { path: '/b.yml', fixed: true },
    domain: 'flag.example.org',
    dashboard: { ...defaultStaticConfiguration.dashboard, lanAddress: ':9000' },
  };
  start(base);
  expect(settings.effective()).toEqual({ ...base, docker: { ...base.docker, network: 'proxy' } });
  for (const patch of [
    { entryPoints: { web: { address: ':1' } } },
    { entryPoints: { websecure: { address: ':1' } } },
    { docker: { endpoint: null } },
    { file: { path: null } },
    { domain: 'x.org' },
    { dashboard: { lanAddress: null } },
  ]) {
    await expect(update(patch)).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'SETTING_FIXED' } });
  }
  expect((await update({ docker: { network: 'other' } })).docker.network).toBe('other');
});

test('undone, and refused where changed since', async () => {
  await update({ domain: 'one.example.org', file: { path: '/a.yml' } });
  await update({ domain: 'two.example.org' });
  const [second, first] = changes.list(2);
  await expect(changes.undo(first!.id, 'cli')).rejects.toMatchObject({
    code: 'CONFLICT',
    details: { reason: 'CHANGED_SINCE' },
  });
  await changes.undo(second!.id, 'cli');
  expect(settings.get().domain).toBe('one.example.org');
  await changes.undo(first!.id, 'cli');
  expect(settings.effective()).toEqual(defaultStaticConfiguration);
});

test('stored sections that cannot be understood say nothing', () => {
  store.settings.put('domain', 7);
  store.settings.put('docker', { endpoint: 'tcp://nas:2375', surprise: true });
  store.settings.put('entryPoints', { gone: { address: ':1' } });
  store.settings.put('file', { path: '/a.yml' });
  store.close();
  start();
  expect(settings.effective()).toEqual({ ...defaultStaticConfiguration, file: { path: '/a.yml', fixed: false } });
});
