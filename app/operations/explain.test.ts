import { describe, expect, it } from 'vitest';
import type { HttpConfiguration } from '../../proxy/model/dynamic.ts';
import { runtimeOf, viewsOf } from '../../test/support/configuration.ts';
import { emptySnapshot } from '../../test/support/context.ts';
import type { EntryPointView } from '../contract/objects.ts';
import type { Health } from '../runtime/views.ts';
import { type ExplainInput, explain } from './explain.ts';

const { entryPoints } = emptySnapshot().status;
const plainWeb: EntryPointView[] = entryPoints.map((entryPoint) => ({ ...entryPoint, redirectTo: null }));
const photosServer = { loadBalancer: { servers: [{ url: 'http://10.0.0.5:2342' }] } };

function ask(
  http: HttpConfiguration,
  input: ExplainInput,
  options: {
    readonly pausedAll?: boolean;
    readonly health?: Health;
    readonly entryPoints?: readonly EntryPointView[];
  } = {},
) {
  const state = runtimeOf(http);
  const services = [...viewsOf(state, options.health).services.values()];
  return explain(
    state,
    { entryPoints: options.entryPoints ?? entryPoints, services, pausedAll: options.pausedAll ?? false },
    input,
  );
}

const photos: HttpConfiguration = {
  routers: { photos: { rule: 'Host(`photos.localhost`)', service: 'photos' } },
  services: { photos: photosServer },
};

describe('explain', () => {
  it('tells the road of a request that is forwarded', () => {
    const explanation = ask(photos, { url: 'https://photos.localhost:8443/album?id=3' });
    expect(explanation).toMatchObject({
      entryPoint: 'websecure',
      outcome: 'forwarded',
      request: {
        method: 'GET',
        scheme: 'https',
        host: 'photos.localhost',
        path: '/album',
        query: 'id=3',
        clientIp: '127.0.0.1',
      },
      router: 'photos@file',
      service: 'photos@file',
      servers: [{ url: 'http://10.0.0.5:2342', health: 'unchecked' }],
      skippedByHost: 1,
    });
    expect(explanation.routers).toMatchObject([
      { router: 'photos@file', matched: true, rule: 'Host(`photos.localhost`)' },
    ]);
    expect(explanation.sentence).toBe('photos@file matches, so it goes to http://10.0.0.5:2342 (photos@file).');
  });

  it.each([
    'photos.localhost',
    'https://photos.localhost',
    'https://PHOTOS.localhost.:443/',
    'wss://photos.localhost/socket',
  ])('finds the entry point of %s although it listens on another port', (url) => {
    expect(ask(photos, { url })).toMatchObject({ entryPoint: 'websecure', router: 'photos@file' });
  });

  it('says where one may knock when nobody listens', () => {
    const explanation = ask(photos, { url: 'https://photos.localhost:9999/' });
    expect(explanation).toMatchObject({ entryPoint: null, outcome: 'no-entry-point', router: null });
    expect(explanation.sentence).toContain('websecure (https) on 0.0.0.0:8443');
  });

  it('stops at an entry point that redirects', () => {
    expect(ask(photos, { url: 'http://photos.localhost/' })).toMatchObject({
      entryPoint: 'web',
      outcome: 'redirected',
      routers: [],
    });
  });

  it('keeps routers with TLS off plain HTTP, as the workers do', () => {
    const http: HttpConfiguration = {
      routers: {
        secure: { rule: 'Host(`a.localhost`)', service: 'photos', tls: {} },
        plain: { rule: 'Host(`b.localhost`)', service: 'photos' },
      },
      services: { photos: photosServer },
    };
    expect(ask(http, { url: 'http://a.localhost/' }, { entryPoints: plainWeb })).toMatchObject({
      outcome: 'no-router',
    });
    expect(ask(http, { url: 'http://b.localhost/' }, { entryPoints: plainWeb })).toMatchObject({
      router: 'plain@file',
    });
  });

  it('lists what was tried, by priority, until one matches', () => {
    const http: HttpConfiguration = {
      routers: {
        low: { rule: 'Host(`photos.localhost`)', service: 'photos', priority: 1 },
        api: { rule: 'Host(`photos.localhost`) && PathPrefix(`/api`)', service: 'photos', priority: 50 },
        admin: { rule: 'Host(`photos.localhost`) && Header(`X-Admin`, `yes`)', service: 'photos', priority: 90 },
        other: { rule: 'Host(`other.localhost`)', service: 'photos', priority: 99 },
      },
      services: { photos: photosServer },
    };
    const { routers, skippedByHost, router } = ask(http, { url: 'https://photos.localhost/api/v1' });
    expect(routers.map((step) => [step.router, step.matched])).toEqual([
      ['admin@file', false],
      ['api@file', true],
    ]);
    expect(routers[0]?.reason).toContain('X-Admin');
    // The built-in whoami is for another host too.
    expect(skippedByHost).toBe(2);
    expect(router).toBe('api@file');
    const withHeader = ask(http, { url: 'https://photos.localhost/', headers: [['x-admin', 'yes']] });
    expect(withHeader.router).toBe('admin@file');
  });

  it('says which router takes it and is closed', () => {
    const http: HttpConfiguration = {
      routers: {
        all: { rule: 'Host(`photos.localhost`)', service: 'photos' },
        admin: { rule: 'Host(`photos.localhost`) && PathPrefix(`/admin`)', service: 'photos', middlewares: ['none'] },
      },
      services: { photos: photosServer },
    };
    const explanation = ask(http, { url: 'https://photos.localhost/admin' });
    expect(explanation).toMatchObject({
      outcome: 'refused',
      router: 'admin@file',
      service: null,
      said: { code: 'ROUTER_CLOSED', details: { router: 'admin@file' } },
      disabled: [{ router: 'admin@file' }],
    });
    expect(explanation.sentence).toBe(
      'admin@file matches, but is closed: The middleware none@file does not exist. The visitor sees 503.',
    );
    expect(viewsOf(runtimeOf(http)).routers.get('admin@file')).toMatchObject({ status: 'disabled', closed: true });
    expect(ask(http, { url: 'https://photos.localhost/' })).toMatchObject({ outcome: 'forwarded', router: 'all@file' });
  });

  it('names the disabled router that would have taken it', () => {
    const http: HttpConfiguration = {
      routers: {
        broken: { rule: 'Host(`photos.localhost`)', service: 'nobody' },
        unreadable: { rule: 'Host(`photos.localhost`', service: 'photos' },
        elsewhere: { rule: 'Host(`else.localhost`)', service: 'nobody' },
      },
      services: { photos: photosServer },
    };
    const { outcome, disabled, sentence } = ask(http, { url: 'https://photos.localhost/' });
    expect(outcome).toBe('no-router');
    expect(disabled.map(({ router, problems }) => [router, problems[0]?.code])).toEqual([
      ['broken@file', 'SERVICE_UNKNOWN'],
      ['unreadable@file', 'RULE_INVALID'],
    ]);
    expect(sentence).toContain('broken@file would, but it is disabled.');
  });

  it.each([
    [{ redirectScheme: { scheme: 'https', port: '444' } }, 'redirected', 'answers'],
    [{ ipAllowList: { sourceRange: ['192.168.0.0/16'] } }, 'refused', 'refuses'],
    [
      { basicAuth: { users: ['ada:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC'] } },
      'refused',
      'refuses',
    ],
  ] as const)('asks the middleware %j', (config, outcome, verdict) => {
    const http: HttpConfiguration = {
      routers: { photos: { rule: 'Host(`photos.localhost`)', service: 'photos', middlewares: ['guard', 'after'] } },
      services: { photos: photosServer },
      middlewares: { guard: config, after: { addPrefix: { prefix: '/x' } } },
    };
    const explanation = ask(http, { url: 'http://photos.localhost/' }, { entryPoints: plainWeb });
    expect(explanation.outcome).toBe(outcome);
    expect(explanation.middlewares[0]).toMatchObject({ name: 'guard@file', verdict });
    // Nothing behind a certain end is reached.
    expect(explanation.middlewares).toHaveLength(1);
    expect(explanation.sentence).toContain('guard@file');
  });

  it('leaves open what only the request itself can tell', () => {
    const users = ['ada:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC'];
    const http: HttpConfiguration = {
      routers: { photos: { rule: 'Host(`photos.localhost`)', service: 'photos', middlewares: ['auth', 'after'] } },
      services: { photos: photosServer },
      middlewares: { auth: { basicAuth: { users } }, after: { addPrefix: { prefix: '/x' } } },
    };
    const explanation = ask(http, {
      url: 'https://photos.localhost/',
      headers: [['Authorization', `Basic ${Buffer.from('ada:x').toString('base64')}`]],
    });
    expect(explanation.outcome).toBe('depends');
    expect(explanation.middlewares.map(({ verdict }) => verdict)).toEqual(['depends', 'passes']);
    expect(explanation.sentence).toContain('if auth@file lets it pass');
  });

  it('unfolds chains and judges by the visitor that is asked about', () => {
    const http: HttpConfiguration = {
      routers: { photos: { rule: 'Host(`photos.localhost`)', service: 'photos', middlewares: ['all'] } },
      services: { photos: photosServer },
      middlewares: {
        all: { chain: { middlewares: ['lan'] } },
        lan: { ipAllowList: { sourceRange: ['192.168.0.0/16'] } },
      },
    };
    expect(ask(http, { url: 'https://photos.localhost/', from: '192.168.1.9' }).outcome).toBe('forwarded');
    expect(ask(http, { url: 'https://photos.localhost/', from: '203.0.113.1' })).toMatchObject({
      outcome: 'refused',
      middlewares: [{ name: 'lan@file', type: 'ipAllowList', verdict: 'refuses' }],
    });
  });

  it('says when no server is up', () => {
    const health: Health = {
      down: { 'photos@file': ['http://10.0.0.5:2342'] },
      reasons: { 'photos@file': { 'http://10.0.0.5:2342': 'it refused the connection' } },
    };
    const http: HttpConfiguration = {
      ...photos,
      services: { photos: { loadBalancer: { ...photosServer.loadBalancer, healthCheck: { path: '/' } } } },
    };
    expect(ask(http, { url: 'https://photos.localhost/' }, { health })).toMatchObject({
      outcome: 'no-server',
      servers: [{ health: 'down', reason: 'it refused the connection' }],
    });
  });

  it('knows that everything but the built-in is paused', () => {
    expect(ask(photos, { url: 'https://photos.localhost/' }, { pausedAll: true })).toMatchObject({
      outcome: 'no-router',
      sentence: expect.stringContaining('paused') as string,
    });
    expect(ask(photos, { url: 'https://whoami.localhost/' }, { pausedAll: true })).toMatchObject({
      outcome: 'answered',
    });
  });

  it('refuses what the proxy refuses', () => {
    expect(ask(photos, { url: 'https://photos.localhost/a%00b' }).outcome).toBe('refused');
    expect(ask(photos, { url: 'https://photos.localhost/a\\b' }).outcome).toBe('refused');
    const http: HttpConfiguration = {
      routers: {
        open: { rule: 'Host(`photos.localhost`)', service: 'photos' },
        admin: { rule: 'Host(`photos.localhost`) && PathPrefix(`/admin`)', service: 'photos' },
      },
      services: { photos: photosServer },
    };
    expect(ask(http, { url: 'https://photos.localhost/public/%2e%2e/admin' }).router).toBe('admin@file');
    const ambiguous = ask(http, { url: 'https://photos.localhost/public%2F..%2Fadmin' });
    expect(ambiguous.outcome).toBe('refused');
    expect(ambiguous.sentence).toContain('open@file and admin@file');
  });

  it.each(['', '/just/a/path', 'ftp://photos.localhost/', 'https://'])('refuses "%s" as an address', (url) => {
    expect(() => ask(photos, { url })).toThrow('is not');
  });

  it('reads addresses as browsers send them', () => {
    expect(ask(photos, { url: 'https://photos.localhost/über uns' }).request.path).toBe('/%C3%BCber%20uns');
    expect(ask(photos, { url: 'https://bücher.localhost/' }).request.host).toBe('xn--bcher-kva.localhost');
  });

  it('asks routers above the priority of a redirect first', () => {
    const web = entryPoints.map((each) =>
      each.name === 'web' ? { ...each, redirectTo: 'websecure', redirectPriority: 50 } : each,
    );
    const http: HttpConfiguration = {
      routers: {
        low: { rule: 'Host(`a.test`)', service: 'photos', priority: 50 },
        high: { rule: 'PathPrefix(`/.well-known`)', service: 'photos', priority: 51 },
      },
      services: { photos: photosServer },
    };
    const at = (path: string) => ask(http, { url: `http://a.test${path}`, entryPoint: 'web' }, { entryPoints: web });
    expect(at('/.well-known/x')).toMatchObject({ outcome: 'forwarded', router: 'high@file' });
    expect(at('/')).toMatchObject({ outcome: 'redirected', router: null });
    expect(at('/').sentence).toContain('no router that matches has a priority above 50');
  });

  it('names both routers that an encoded path stands between', () => {
    const http: HttpConfiguration = {
      routers: {
        all: { rule: 'Host(`a.test`)', service: 'photos' },
        admin: { rule: 'Host(`a.test`) && PathPrefix(`/admin/x`)', service: 'photos' },
      },
      services: { photos: photosServer },
    };
    const explanation = ask(http, { url: 'https://a.test/admin%2Fx' });
    expect(explanation).toMatchObject({ outcome: 'refused', router: null });
    expect(explanation.sentence).toContain('all@file and admin@file');
    const reading = (encodedCharacters: NonNullable<EntryPointView['encodedCharacters']>) =>
      ask(
        http,
        { url: 'https://a.test/admin%2Fx' },
        { entryPoints: entryPoints.map((each) => ({ ...each, encodedCharacters })) },
      );
    expect(reading({ refused: [], allowed: ['%2F'] })).toMatchObject({ outcome: 'forwarded', router: 'all@file' });
    expect(reading({ refused: ['%2F'], allowed: [] }).sentence).toContain('takes no path with %2F');
  });

  describe('with routers below routers', () => {
    const layered: HttpConfiguration = {
      routers: {
        root: { rule: 'Host(`photos.localhost`)', middlewares: ['role', 'strip'] },
        admin: { rule: 'Header(`X-Role`, `admin`) && Path(`/in`)', parentRefs: ['root'], service: 'photos' },
        rest: { rule: 'PathPrefix(`/open`)', parentRefs: ['root'], service: 'photos' },
      },
      middlewares: {
        role: { headers: { customRequestHeaders: { 'X-Role': 'admin' } } },
        strip: { stripPrefix: { prefixes: ['/app'] } },
      },
      services: { photos: photosServer },
    };

    it('goes down with the request as the middlewares leave it', () => {
      const explanation = ask(layered, { url: 'https://photos.localhost/app/in' });
      expect(explanation).toMatchObject({
        outcome: 'forwarded',
        router: 'admin@file',
        service: 'photos@file',
        middlewares: [{ name: 'role@file' }, { name: 'strip@file' }],
      });
      expect(explanation.routers.filter(({ matched }) => matched).map(({ router }) => router)).toEqual([
        'root@file',
        'admin@file',
      ]);
    });

    it('says where none of them matches', () => {
      const explanation = ask(layered, { url: 'https://photos.localhost/elsewhere' });
      expect(explanation).toMatchObject({ outcome: 'no-router', router: 'root@file', service: null });
      expect(explanation.sentence).toBe('root@file matches, but no router below it does: the visitor sees 404.');
    });

    it('leaves it open where a middleware asks somebody else first', () => {
      const asking: HttpConfiguration = {
        ...layered,
        middlewares: { ...layered.middlewares, role: { forwardAuth: { address: 'http://10.0.0.9/' } } },
      };
      const explanation = ask(asking, { url: 'https://photos.localhost/app/in' });
      expect(explanation).toMatchObject({ outcome: 'depends', router: 'root@file' });
      expect(explanation.sentence).toContain('role@file');
    });
  });
});
