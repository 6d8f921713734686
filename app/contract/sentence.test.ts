import { describe, expect, it } from 'vitest';
import type { EngineStatus, Problem } from './objects.ts';
import { languageOf, sentenceOf, sentenceText } from './sentence.ts';

const none = { total: 0, warnings: 0, errors: 0 };

const well: EngineStatus = {
  version: '0.1.0',
  startedAt: 0,
  health: 'well',
  problems: [],
  entryPoints: [
    {
      name: 'websecure',
      address: ':443',
      listening: '0.0.0.0:443',
      protocol: 'https',
      redirectTo: null,
      origin: 'default',
      problems: [],
    },
  ],
  providers: [{ name: 'docker', state: 'connected', where: '', version: '', since: 0, problems: [] }],
  counts: { openApps: 7, containers: 9, routers: none, services: none, middlewares: none },
  dashboard: { url: 'http://127.0.0.1:8686', lanUrl: null },
  dataDir: '/data',
  workers: 2,
  pausedAll: false,
  certificateAuthority: { fingerprint: '', notAfter: 0, path: '' },
};

const withApps = (openApps: number): EngineStatus => ({ ...well, counts: { ...well.counts, openApps } });
const warning = (code: Problem['code']): Problem => ({
  code,
  severity: 'warning',
  message: '',
  fix: null,
  details: {},
});
const english = (status: EngineStatus | null) => sentenceText(sentenceOf(status, 'en'));
const french = (status: EngineStatus | null) => sentenceText(sentenceOf(status, 'fr'));

describe('sentenceOf', () => {
  it('says that all is well and counts open apps in both languages', () => {
    expect(english(withApps(7))).toBe('All well. 7 apps are open.');
    expect(english(withApps(1))).toBe('All well. 1 app is open.');
    expect(english(withApps(0))).toBe('All well. No app is open yet.');
    expect(french(withApps(7))).toBe('Tout va bien. 7 applications sont ouvertes.');
    expect(french(withApps(1))).toBe('Tout va bien. 1 application est ouverte.');
    expect(french(withApps(0))).toBe('Tout va bien. Aucune application n’est encore ouverte.');
  });

  it('has a tone and words for each state of the engine', () => {
    expect(sentenceOf(null, 'en')).toEqual({
      tone: 'down',
      parts: [{ text: 'The engine is not running.', link: null }],
    });
    expect(sentenceOf({ ...well, health: 'starting' }, 'fr').tone).toBe('starting');
    expect(sentenceOf('starting', 'en')).toEqual(sentenceOf({ ...well, health: 'starting' }, 'en'));
    expect(sentenceOf({ ...well, health: 'paused' }, 'en').tone).toBe('paused');
    expect(english({ ...well, pausedAll: true })).toContain('paused');
    expect(french({ ...well, pausedAll: true })).toContain('pause');
  });

  it('says which Docker it is where there are several', () => {
    const providers: EngineStatus['providers'] = [{ ...well.providers[0]!, name: 'docker-nas', state: 'lost' }];
    expect(english({ ...well, health: 'attention', providers })).toContain('Docker nas cannot be read');
    expect(french({ ...well, health: 'attention', providers })).toContain('Docker nas : lecture impossible');
  });

  it('names what is wrong, most pressing first, and links to where it can be mended', () => {
    const status: EngineStatus = {
      ...well,
      health: 'attention',
      entryPoints: well.entryPoints.map((entryPoint) => ({ ...entryPoint, listening: null })),
      providers: [{ ...well.providers[0]!, state: 'lost' }],
      counts: { ...well.counts, openApps: 1, routers: { total: 5, warnings: 0, errors: 2 } },
    };
    expect(english(status)).toBe(
      'Entry point websecure cannot listen on :443; Docker cannot be read; 2 routers are off. 1 app is open.',
    );
    expect(french(status)).toBe(
      'Le point d’entrée websecure ne peut pas écouter sur :443 ; Docker : lecture impossible ; 2 routeurs hors service. 1 application est ouverte.',
    );
    const links = sentenceOf(status, 'en').parts.flatMap((part) => part.link ?? []);
    expect(links).toEqual(['/settings', '/settings', '/routers?status=disabled', '/containers']);
  });

  it('tells a Docker that is not there from one that refuses and one that went away', () => {
    const docker = (code: Problem['code']): EngineStatus => ({
      ...well,
      health: 'attention',
      providers: [{ ...well.providers[0]!, state: 'failed', problems: [warning(code)] }],
    });
    expect(english(docker('DOCKER_ABSENT'))).toMatch(/^Docker was not found\./);
    expect(english(docker('DOCKER_DENIED'))).toMatch(/^Docker refuses access\./);
    expect(french(docker('DOCKER_ABSENT'))).toMatch(/^Docker est introuvable\./);
    expect(french(docker('DOCKER_LOST'))).toMatch(/^Docker : lecture impossible\./);
  });

  it('tells a port that had to move from one that could not be had', () => {
    const moved: EngineStatus = {
      ...well,
      health: 'attention',
      entryPoints: [{ ...well.entryPoints[0]!, listening: '0.0.0.0:8443', problems: [warning('PORT_FALLBACK')] }],
    };
    expect(english(moved)).toBe('Entry point websecure had to move to 0.0.0.0:8443. 7 apps are open.');
  });

  it('counts what does not fit', () => {
    const status: EngineStatus = {
      ...well,
      health: 'attention',
      counts: {
        openApps: 0,
        containers: 0,
        routers: { total: 3, warnings: 1, errors: 1 },
        services: { total: 3, warnings: 2, errors: 1 },
        middlewares: { total: 3, warnings: 0, errors: 1 },
      },
    };
    expect(english(status)).toBe(
      '1 router is off; 1 service is off; 1 middleware is off; and 2 more. No app is open yet.',
    );
  });

  it('still says something where the engine asks for attention without a known reason', () => {
    expect(english({ ...well, health: 'attention' })).toBe('Something needs attention. 7 apps are open.');
    const two = {
      ...well,
      health: 'attention' as const,
      problems: [warning('DISK_FULL'), warning('WORKER_RESTARTED')],
    };
    expect(english(two)).toBe('2 things need attention. 7 apps are open.');
  });
});

describe('languageOf', () => {
  it('knows French in its regional forms and gives English for the rest', () => {
    expect([languageOf('fr'), languageOf('fr-CA'), languageOf('fr_FR'), languageOf('de'), languageOf('en-GB')]).toEqual(
      ['fr', 'fr', 'fr', 'en', 'en'],
    );
  });
});
