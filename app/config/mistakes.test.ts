import { describe, expect, test } from 'vitest';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { testContainer } from '../../test/support/container.ts';
import { configurationOf } from '../providers/docker/configuration.ts';
import { buildRuntime } from '../runtime/merge.ts';
import { checkTexts } from './check.ts';
import { defaultStaticConfiguration } from './static.ts';

const host = 'traefik.http.routers.app.rule=Host(`app.example.org`)';

function compose(labels: readonly string[], more = ''): string {
  const list = labels.map((label) => `      - '${label}'\n`).join('');
  return `services:\n  app:\n    image: app\n${more}${labels.length > 0 ? `    labels:\n${list}` : ''}`;
}

/** Ten mistakes that people make, each with what `gatehouse check` says to do about it. */
describe('gatehouse check leads to the fix', () => {
  test.each<[string, string, number, RegExp]>([
    [
      'wrong entry point name',
      compose([host, 'traefik.http.routers.app.entrypoints=websecrue']),
      6,
      /no entry point websecrue.*Did you mean websecure\?/,
    ],
    [
      'missing network',
      compose([host, 'traefik.docker.network=web'], '    networks: [backend]\n'),
      7,
      /not on the network "web".*networks: \[backend, web\]/,
    ],
    [
      'middleware without @provider',
      compose([host, 'traefik.http.routers.app.middlewares=secure-headers']),
      6,
      /middleware secure-headers@docker does not exist.*secure-headers@file/,
    ],
    [
      'backticks eaten by the shell',
      compose(['traefik.http.routers.app.rule=Host()']),
      5,
      /Host takes one value; none is given.*single quotes/,
    ],
    [
      '$ not doubled in Compose',
      compose([host, 'traefik.http.middlewares.auth.basicauth.users=admin:$2y$05$abcdefghijklmnopqrstuv']),
      6,
      /reads "\$2y" in traefik\.http\.middlewares\.auth\.basicauth\.users as a variable.*Double every \$/,
    ],
    [
      'two services in one container',
      compose([
        host,
        'traefik.http.services.a.loadbalancer.server.port=80',
        'traefik.http.services.b.loadbalancer.server.port=81',
      ]),
      5,
      /does not say which of the services a, b it sends to.*traefik\.http\.routers\.app\.service/,
    ],
    ['rule with a typo', compose(['traefik.http.routers.app.rule=Hots(`a.b`)']), 5, /Did you mean Host\?/],
    [
      'label on the wrong level: deploy',
      compose([], `    deploy:\n      labels:\n        - '${host}'\n`),
      5,
      /stand under deploy.*services\.NAME\.labels/,
    ],
    [
      'label on the wrong level: beside labels',
      compose([], '    traefik.enable: true\n'),
      4,
      /stands beside labels.*traefik\.enable=true/,
    ],
    [
      'label on the wrong level: the top of the file',
      `services:\n  app:\n    image: app\nlabels:\n  - '${host}'\n`,
      4,
      /belong to no container.*services\.NAME\.labels/,
    ],
  ])('%s', (_name, text, line, expected) => {
    const findings = checkTexts([{ path: 'compose.yml', text: text }]);
    const told = findings.map((finding) => `${finding.message} ${finding.fix ?? ''}`);
    expect(told).toEqual([expect.stringMatching(expected)]);
    expect(findings[0]?.line).toBe(line);
  });

  test('what is right is left alone', () => {
    const labels = [
      host,
      'traefik.docker.network=web',
      'traefik.http.routers.app.entrypoints=custom',
      'traefik.http.routers.app.middlewares=auth,shared@file',
      'traefik.http.middlewares.auth.basicauth.users=admin:$$2y$$05$$WSNuSfJY2oqGPTLTEvwIsOZgHh6nVgTMkNrnFGoGQBPHqyfqDe6ne',
    ];
    expect(checkTexts([{ path: 'compose.yml', text: compose(labels, '    networks: [web]\n') }])).toEqual([]);
  });
});

describe('the running engine leads to the fix', () => {
  const options = { exposedByDefault: true, defaultRule: 'Host(`{{ .Name }}.local`)', network: null };
  const problemsOf = (labels: Readonly<Record<string, string>>, more: Parameters<typeof testContainer>[0] = {}) => {
    const { publication } = configurationOf([testContainer({ name: 'app', labels, ...more })], options, {
      middlewareTable,
      addresses: { kind: 'direct' },
    });
    const state = buildRuntime([publication], defaultStaticConfiguration.entryPoints, 1);
    return [...state.routers.values()]
      .flatMap(({ problems }) => problems)
      .map(({ message, fix }) => `${message} ${fix ?? ''}`);
  };

  test('port not exposed', () => {
    const labels = { 'traefik.enable': 'true', 'traefik.http.routers.app.rule': 'Host(`a`)' };
    expect(problemsOf(labels, { ports: [] })[0]).toMatch(
      /exposes no TCP port.*traefik\.http\.services\.app\.loadbalancer\.server\.port=PORT/,
    );
  });

  test('TLS missing on the router is none: an entry point for HTTPS gives it', () => {
    const labels = {
      'traefik.http.routers.app.rule': 'Host(`a`)',
      'traefik.http.routers.app.entrypoints': 'websecure',
    };
    expect(problemsOf(labels)).toEqual([]);
  });

  test('middleware without @provider, where a file has one of that name', () => {
    const labels = { 'traefik.http.routers.app.rule': 'Host(`a`)', 'traefik.http.routers.app.middlewares': 'secure' };
    const { publication } = configurationOf([testContainer({ name: 'app', labels })], options, {
      middlewareTable,
      addresses: { kind: 'direct' },
    });
    const file = {
      provider: 'file' as const,
      configuration: { http: { middlewares: { secure: { headers: { frameDeny: true } } } } },
      origins: { routers: {}, services: {}, middlewares: {} },
    };
    const state = buildRuntime([publication, file], defaultStaticConfiguration.entryPoints, 1);
    expect(state.routers.get('app@docker')?.problems).toMatchObject([{ fix: 'Did you mean secure@file?' }]);
  });
});
