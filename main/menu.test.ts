import { describe, expect, it } from 'vitest';
import type { EngineStatus, RouterView } from '../app/contract/objects.ts';
import type { EnginePicture } from './engine-link.ts';
import { type MenuEntry, trayIcon, trayMenu } from './menu.ts';
import { openApps } from './open-apps.ts';

const status = {
  health: 'well',
  pausedAll: false,
  problems: [],
  entryPoints: [],
  providers: [],
  counts: { openApps: 2, routers: { errors: 0 }, services: { errors: 0 }, middlewares: { errors: 0 } },
} as unknown as EngineStatus;
const app = (n: number) => ({ host: `app${n}.example.org`, url: `https://app${n}.example.org/` });
const well: EnginePicture = { status, apps: [app(1), app(2)], failure: null };
const options = { language: 'en', startAtLogin: false } as const;

const icon = (picture: Partial<EnginePicture>) => trayIcon({ ...well, ...picture });
const router = (fields: Partial<RouterView>): RouterView =>
  ({ provider: 'docker', status: 'enabled', urls: [], ...fields }) as RouterView;

const labels = (entries: readonly MenuEntry[]): string[] =>
  entries.map((entry) => (entry.kind === 'line' ? '—' : entry.label));

describe('trayMenu', () => {
  it('begins with the sentence and lists open apps with their links', () => {
    const menu = trayMenu(well, options);
    expect(labels(menu)).toEqual([
      'All well. 2 apps are open.',
      '—',
      'Open dashboard',
      'Open apps (2)',
      '—',
      'Pause all',
      'Start at login',
      '—',
      'Quit Gatehouse',
    ]);
    const group = menu.find((entry) => entry.kind === 'group');
    expect(group?.entries[0]).toEqual({
      kind: 'action',
      label: 'app1.example.org',
      action: { do: 'openUrl', url: 'https://app1.example.org/' },
      enabled: true,
    });
  });

  it('offers to resume what is paused, and nothing that needs an engine while there is none', () => {
    const paused = trayMenu({ ...well, status: { ...status, pausedAll: true } }, options);
    expect(labels(paused)).toContain('Resume all');
    const down = trayMenu({ status: null, apps: [], failure: 'first line\nthe reason' }, options);
    expect(labels(down).slice(0, 2)).toEqual(['The engine is not running.', 'the reason']);
    expect(down).toContainEqual({ kind: 'action', label: 'Pause all', action: { do: 'pauseAll' }, enabled: false });
  });

  it('stays short with many apps', () => {
    const many = { ...well, apps: Array.from({ length: 40 }, (_, n) => app(n)) };
    const group = trayMenu(many, options).find((entry) => entry.kind === 'group');
    expect(group?.entries).toHaveLength(17);
    expect(labels(group?.entries ?? []).at(-1)).toBe('25 more in the dashboard');
  });

  it('speaks French', () => {
    const menu = trayMenu(well, { language: 'fr', startAtLogin: true });
    expect(labels(menu)[0]).toBe('Tout va bien. 2 applications sont ouvertes.');
    expect(labels(menu)).toContain('Quitter Gatehouse');
    expect(menu).toContainEqual(expect.objectContaining({ kind: 'switch', on: true }));
  });
});

describe('trayIcon', () => {
  it('has one picture for each state', () => {
    expect(icon({})).toBe('lit');
    expect(icon({ status: 'starting' })).toBe('dim');
    expect(icon({ status: { ...status, pausedAll: true } })).toBe('dim');
    expect(icon({ status: { ...status, health: 'attention' } })).toBe('dot');
    expect(icon({ status: null })).toBe('cross');
  });
});

describe('openApps', () => {
  it('lists each address once, secure ones first of all, by name', () => {
    const apps = openApps([
      router({ urls: ['https://nas.example.org:8443/'] }),
      router({ urls: ['http://nas.example.org:8080/'] }),
      router({ urls: ['https://cloud.example.org/', 'https://cloud.example.org/'] }),
      router({ urls: ['http://plain.example.org/'] }),
    ]);
    expect(apps.map((entry) => entry.url)).toEqual([
      'https://cloud.example.org/',
      'https://nas.example.org:8443/',
      'http://plain.example.org/',
    ]);
  });

  it('leaves out what is broken and what is Gatehouse itself', () => {
    const urls = ['https://a.example.org/'];
    expect(openApps([router({ urls, status: 'disabled' }), router({ urls, provider: 'internal' })])).toEqual([]);
  });
});
