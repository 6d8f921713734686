import { describe, expect, it } from 'vitest';
import { checkTexts } from './check.ts';

const told = (files: Readonly<Record<string, string>>): string[] =>
  checkTexts(Object.entries(files).map(([path, text]) => ({ path, text }))).map(
    ({ file, line, column, severity, message, fix }) => `${file}:${line}:${column} ${severity} ${message} ${fix ?? ''}`,
  );

const staticFile = `entryPoints:
  web: { address: ":80" }
  websecure: { address: ":443", http: { tls: { certResolver: le } } }
providers:
  docker: { exposedByDefault: false }
  file: { directory: /etc/traefik/dynamic }
certificatesResolvers:
  le: { acme: { email: me@example.org, storage: acme.json, httpChallenge: { entryPoint: web } } }
`;

const dynamicFile = `http:
  routers:
    nas: { rule: "Host(\`nas.test\`)", service: nas, entryPoints: [websecure], tls: { certResolver: le } }
  middlewares:
    auth: { basicAuth: { users: ["a:$2y$05$abcdefghijklmnopqrstuuWbHzWDqkRcDnNBZMFnwGPVGEHuUuyFu"] } }
  services:
    nas: { loadBalancer: { servers: [{ url: http://10.0.0.2 }] } }
`;

const app = (labels: readonly string[], more = ''): string =>
  `services:\n  app:\n    image: app\n${more}    labels:\n      - traefik.enable=true\n      - traefik.http.routers.app.rule=Host(\`a.test\`)\n${labels.map((label) => `      - ${label}\n`).join('')}`;

const proxy = (command: readonly string[], more = ''): string =>
  `services:\n  traefik:\n    image: traefik:v3.7\n    command:\n${command.map((flag) => `      - ${flag}\n`).join('')}    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]\n${more}`;

const usual = [
  '--entrypoints.web.address=:80',
  '--entrypoints.websecure.address=:443',
  '--providers.docker=true',
  '--providers.docker.exposedbydefault=false',
];

describe('files that are given together', () => {
  it('have nothing to be said about where they fit', () => {
    expect(
      told({
        'traefik.yml': staticFile,
        'dynamic.yml': dynamicFile,
        'compose.yml': app([
          'traefik.http.routers.app.entrypoints=websecure',
          'traefik.http.routers.app.middlewares=auth@file',
          'traefik.http.routers.app.tls.certresolver=le',
        ]),
      }),
    ).toEqual([]);
  });

  it.each([
    [
      'an entry point that the static file lacks',
      'traefik.http.routers.app.entrypoints=https',
      'There is no entry point https. The entry points are: web, websecure.',
    ],
    [
      'a misspelt one',
      'traefik.http.routers.app.entrypoints=websecrue',
      'There is no entry point websecrue. Did you mean websecure? The entry points are: web, websecure.',
    ],
    [
      'a middleware that no dynamic file defines',
      'traefik.http.routers.app.middlewares=auht@file',
      'The middleware auht@file does not exist. Did you mean auth@file?',
    ],
    [
      'a service that no dynamic file defines',
      'traefik.http.routers.app.service=nsa@file',
      'The service nsa@file does not exist. Did you mean nas@file?',
    ],
    [
      'a certificate resolver that is not set up',
      'traefik.http.routers.app.tls.certresolver=lee',
      'There is no certificate resolver lee. There are: le. Did you mean le?',
    ],
  ])('name %s', (_, label, message) => {
    const found = told({ 'traefik.yml': staticFile, 'dynamic.yml': dynamicFile, 'compose.yml': app([label]) });
    expect(found).toEqual([`compose.yml:7:9 error router app: ${message}`]);
  });

  it('judge dynamic files the same, and entry points among themselves', () => {
    const found = told({
      'traefik.yml': staticFile.replace('certResolver: le', 'certResolver: el'),
      'dynamic.yml': dynamicFile
        .replace('[websecure]', '[https]')
        .replace('tls: { certResolver: le }', 'middlewares: [auth@docker]'),
    });
    expect(found).toEqual([
      'traefik.yml:3:48 error entry point websecure: There is no certificate resolver el. There are: le. Did you mean le?',
      'dynamic.yml:3:52 error router nas: There is no entry point https. The entry points are: web, websecure.',
    ]);
  });

  it('take several dynamic files as one', () => {
    const [first, second] = [
      dynamicFile.split('  middlewares:')[0] ?? '',
      `http:\n  services:\n    nas: { loadBalancer: { servers: [{ url: http://10.0.0.2 }] } }\n`,
    ];
    expect(told({ 'a.yml': first, 'b.yml': second })).toEqual([]);
    expect(told({ 'a.yml': first })).toEqual([expect.stringContaining('The service nas@file does not exist')]);
    expect(told({ 'a.yml': dynamicFile, 'b.yml': second }).join('\n')).toMatch(/defined twice/);
  });

  it('say that there is no file provider, and which containers stay out', () => {
    const without = staticFile.replace(/ {2}file: .*\n/, '');
    const compose = app(['traefik.http.routers.app.middlewares=auth@file']).replace(
      '      - traefik.enable=true\n',
      '',
    );
    expect(told({ 'traefik.yml': without, 'compose.yml': compose })).toEqual([
      'compose.yml:5:9 warning service app: It is not exposed: exposedByDefault is false, and no label says otherwise. Add the label traefik.enable=true.',
      'compose.yml:6:9 error router app: The middleware auth@file does not exist. The static configuration has no file provider. Set providers.file.directory or providers.file.filename there.',
    ]);
  });

  it('know which services the static configuration turns on, and judge nothing by what variables may hold', () => {
    const labels = ['traefik.http.routers.app.service=api@internal', 'traefik.http.routers.app.middlewares=auth'];
    const compose = app([...labels, 'traefik.http.middlewares.auth.basicauth.users=${USERS}']);
    expect(told({ 'compose.yml': compose })).toEqual([]);
    expect(told({ 'compose.yml': compose, 'traefik.yml': `${staticFile}api: {}\n` })).toEqual([]);
    expect(told({ 'compose.yml': compose, 'traefik.yml': staticFile })).toEqual([
      expect.stringMatching(/^compose\.yml:7:9 error router app: The service api@internal does not exist.*--api/),
    ]);
  });

  it('leave alone what the rest of an installation may define', () => {
    expect(told({ 'compose.yml': app(['traefik.http.routers.app.middlewares=auth@file']) })).toEqual([]);
    expect(
      told({ 'traefik.yml': staticFile, 'compose.yml': app(['traefik.http.routers.app.middlewares=auth@file']) }),
    ).toEqual([]);
    expect(
      told({
        'broken.yml': 'entryPoints: { web: { adress: ":80" } }',
        'compose.yml': app(['traefik.http.routers.app.entrypoints=https']),
      }),
    ).toEqual([expect.stringContaining('There is no option "entryPoints.web.adress"')]);
  });
});

describe('a Compose file that runs the proxy', () => {
  const ports = '    ports: ["80:80", "443:443"]\n';

  it('is static configuration, by its flags', () => {
    const text = proxy([...usual, '--log.levle=DEBUG', '"--certificatesresolvers.le.acme.tlschallenge=true"'], ports);
    expect(told({ 'c.yml': text })).toEqual([
      'c.yml:9:9 error There is no option "--log.levle". Did you mean "level"? ',
    ]);
    const services = app(['traefik.http.routers.app.entrypoints=webs']).replace('services:\n', '');
    expect(told({ 'c.yml': proxy(usual, ports) + services })).toEqual([
      'c.yml:16:9 error router app: There is no entry point webs. Did you mean web? The entry points are: web, websecure.',
    ]);
  });

  it('is read from a command on one line, and from variables as a list and as a map', () => {
    const one = `services:\n  traefik:\n    image: traefik\n    network_mode: host\n    command: --entrypoints.web.adress=:80 --log.level=INFO\n`;
    expect(told({ 'c.yml': one })).toEqual([
      'c.yml:5:14 error There is no option "--entrypoints.web.adress". Did you mean "address"? ',
    ]);
    const list = `services:\n  traefik:\n    image: traefik\n    environment:\n      - TZ=UTC\n      - TRAEFIK_LOG_LEVLE=INFO\n`;
    expect(told({ 'c.yml': list })).toEqual([
      'c.yml:6:9 error There is no option "TRAEFIK_LOG_LEVLE". Did you mean "level"? ',
    ]);
    const map = `services:\n  traefik:\n    image: traefik\n    environment:\n      TRAEFIK_LOG_LEVEL: LOUD\n`;
    expect(told({ 'c.yml': map })).toEqual([expect.stringMatching(/^c\.yml:5:7 error TRAEFIK_LOG_LEVEL is one of/)]);
  });

  it('is not judged by what variables may hold', () => {
    const text = proxy(
      [
        '--entrypoints.web.address=:${WEB_PORT}',
        '--log.level=${LEVEL}',
        '--providers.docker.exposedbydefault=${ALL:-true}',
      ],
      '    network_mode: host\n',
    );
    expect(told({ 'c.yml': text })).toEqual([]);
  });

  it('says which source counts, as Traefik takes one alone', () => {
    const both = proxy(usual, `${ports}    environment: [TRAEFIK_LOG_LEVEL=INFO]\n`);
    expect(told({ 'c.yml': both })).toEqual([
      expect.stringMatching(
        /^c\.yml:11:5 warning service traefik: Static configuration comes from the flags of its command alone/,
      ),
    ]);
    const mounted = proxy(usual, ports).replace('"/var/run', '"./traefik.yml:/etc/traefik/traefik.yml", "/var/run');
    expect(told({ 'c.yml': mounted })).toEqual([
      expect.stringMatching(/^c\.yml:4:5 warning service traefik: .*mounted at \/etc\/traefik\/traefik\.yml alone/),
    ]);
  });

  it('has the usual entry points where it names none, of which nobody need publish any', () => {
    expect(
      told({ 'c.yml': proxy(['--api.insecure=true', ...usual.slice(2)], '    ports: ["80:80", "8080:8080"]\n') }),
    ).toEqual([]);
  });

  it('says which ports are shut, and which lead nowhere', () => {
    const text = proxy([...usual, '--entrypoints.inner.address=:9000'], '    ports: ["80:80", "8443:8443"]\n');
    expect(told({ 'c.yml': text })).toEqual([
      'c.yml:11:5 warning service traefik: The entry point websecure listens on 443, and that port is not published: nobody outside Docker reaches it. Publish it: services.traefik.ports: ["443:443"].',
      'c.yml:11:22 warning service traefik: It publishes its port 8443, and no entry point listens there. The entry points listen on 80 (web), 443 (websecure), 9000 (inner).',
    ]);
    expect(told({ 'c.yml': proxy(usual).replace(/ {4}volumes: .*\n/, '    network_mode: host\n') })).toEqual([
      expect.stringContaining('Docker’s socket is not mounted'),
    ]);
  });

  it('says which services share no network with it, in one file and across files', () => {
    const networks = `${ports}    networks: [web]\n`;
    const lone = app([]).replace('services:\n', '');
    const end = 'networks: { web: { external: true } }\n';
    expect(told({ 'c.yml': proxy(usual, networks) + lone + end })).toEqual([
      'c.yml:14:5 error service app: It shares no network with traefik: it is on default, traefik is on web. Nothing reaches it. Add the network: services.app.networks: [default, web].',
    ]);
    const joined = app([], '    networks: [web, db]\n').replace('services:\n', '');
    expect(told({ 'c.yml': proxy(usual, networks) + joined + end })).toEqual([]);
    const other = app([], '    networks: [proxy]\n');
    expect(
      told({
        'c.yml': proxy(usual, networks) + end,
        'd.yml': `${other}networks: { proxy: { name: web, external: true } }\n`,
      }),
    ).toEqual([]);
    expect(told({ 'c.yml': proxy(usual, networks) + end, 'd.yml': other })).toEqual([
      expect.stringMatching(
        /^d\.yml:4:5 error service app: It shares no network with traefik.*networks: \[proxy, proxy\]|external: true/,
      ),
    ]);
  });

  it('belongs to the static file that is given with it', () => {
    const text = proxy(usual, '    ports: ["80:80"]\n').replace(/ {4}command:\n(?: {6}- .*\n)+/, '');
    expect(told({ 'traefik.yml': staticFile, 'c.yml': text })).toEqual([
      expect.stringContaining('The entry point websecure listens on 443, and that port is not published'),
    ]);
  });

  it('says which port of a container is that of the machine', () => {
    const text = app(['traefik.http.services.app.loadbalancer.server.port=8080'], '    ports: ["8080:80"]\n');
    expect(told({ 'c.yml': text })).toEqual([
      "c.yml:8:9 warning service app: 8080 is its port on the machine; in Docker's network it listens on 80. Write traefik.http.services.app.loadbalancer.server.port=80.",
    ]);
  });
});
