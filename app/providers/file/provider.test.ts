import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pollUntil } from '../../../test/support/poll.ts';
import type { ProviderView } from '../../contract/objects.ts';
import type { Provider, Publication } from '../provider.ts';
import { createFileProvider } from './provider.ts';

let dir: string;
let provider: Provider | undefined;
let publications: Publication[];
let views: ProviderView[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gatehouse-file-'));
  publications = [];
  views = [];
});
afterEach(async () => {
  await provider?.stop();
  provider = undefined;
  await rm(dir, { recursive: true, force: true });
});

async function start(path: string): Promise<void> {
  provider = createFileProvider({
    path,
    host: { publish: (publication) => publications.push(publication), report: (view) => views.push(view) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  await provider.start();
}

const router = (name: string, host: string) =>
  `http:\n  routers:\n    ${name}:\n      rule: Host(\`${host}\`)\n      service: nas\n`;
const routers = () => publications.at(-1)?.configuration.http?.routers ?? {};
const problemCodes = () => views.at(-1)?.problems.map(({ code }) => code) ?? [];

test('reads a NAS behind its own certificate', async () => {
  const path = join(dir, 'dynamic.yml');
  await writeFile(
    path,
    `http:
  routers:
    nas:
      rule: Host(\`nas.example.org\`)
      entryPoints: [websecure]
      service: nas
      tls: {}
  services:
    nas:
      loadBalancer:
        passHostHeader: true
        serversTransport: selfsigned
        servers:
          - url: https://192.168.1.10:5001/
  serversTransports:
    selfsigned:
      insecureSkipVerify: true
`,
  );
  await start(path);
  expect(publications).toHaveLength(1);
  expect(publications[0]?.configuration.http).toEqual({
    routers: { nas: { rule: 'Host(`nas.example.org`)', entryPoints: ['websecure'], service: 'nas', tls: {} } },
    services: {
      nas: {
        loadBalancer: {
          passHostHeader: true,
          serversTransport: 'selfsigned',
          servers: [{ url: 'https://192.168.1.10:5001/' }],
        },
      },
    },
    serversTransports: { selfsigned: { insecureSkipVerify: true } },
  });
  expect(publications[0]?.origins.routers['nas']).toEqual({
    source: { kind: 'file', path, line: 3, column: 5 },
    problems: [],
  });
  expect(views.at(-1)).toMatchObject({ state: 'connected', where: path, problems: [] });
});

test('a broken edit keeps the last good state and says where it is broken', async () => {
  const path = join(dir, 'dynamic.yml');
  await writeFile(path, router('a', 'a.localhost'));
  await start(path);
  await appendFile(path, '    b: [\n');
  await pollUntil(() => problemCodes().includes('FILE_INVALID'));
  expect(views.at(-1)?.problems[0]?.message).toMatch(
    /dynamic\.yml:\d+:\d+: .+ What the file said before still counts\./,
  );
  expect(publications).toHaveLength(1);
  await writeFile(path, router('b', 'b.localhost'));
  await pollUntil(() => 'b' in routers());
  expect(problemCodes()).toEqual([]);
});

test('follows editors that rename over the file, and those that delete and write anew', async () => {
  const path = join(dir, 'dynamic.yml');
  await writeFile(path, router('a', 'a.localhost'));
  await start(path);
  for (const name of ['b', 'c', 'd']) {
    await writeFile(join(dir, '.new'), router(name, 'x.localhost'));
    await rename(join(dir, '.new'), path);
    await pollUntil(() => name in routers());
  }
  await unlink(path);
  await writeFile(path, router('e', 'x.localhost'));
  await pollUntil(() => 'e' in routers());
  // At no time were there no routes.
  expect(publications.every(({ configuration }) => Object.keys(configuration.http?.routers ?? {}).length === 1)).toBe(
    true,
  );
});

test('a file that is gone keeps its routes and is reported', async () => {
  const path = join(dir, 'dynamic.yml');
  await writeFile(path, router('a', 'a.localhost'));
  await start(path);
  await unlink(path);
  await pollUntil(() => problemCodes().includes('FILE_UNREADABLE'));
  expect(views.at(-1)?.state).toBe('lost');
  expect(publications).toHaveLength(1);
  await writeFile(path, router('b', 'b.localhost'));
  await pollUntil(() => 'b' in routers());
  expect(views.at(-1)?.state).toBe('connected');
});

test('a file that is not there yet is read when it comes', async () => {
  const path = join(dir, 'later.yml');
  await start(path);
  expect(views.at(-1)).toMatchObject({ state: 'failed' });
  expect(publications).toEqual([]);
  await writeFile(path, router('a', 'a.localhost'));
  await pollUntil(() => 'a' in routers());
});

test('follows the links that Kubernetes swaps', async () => {
  await mkdir(join(dir, '..1'));
  await writeFile(join(dir, '..1', 'dynamic.yml'), router('a', 'a.localhost'));
  await symlink('..1', join(dir, '..data'));
  await symlink('..data/dynamic.yml', join(dir, 'dynamic.yml'));
  await start(join(dir, 'dynamic.yml'));
  expect(Object.keys(routers())).toEqual(['a']);
  await mkdir(join(dir, '..2'));
  await writeFile(join(dir, '..2', 'dynamic.yml'), router('b', 'b.localhost'));
  await symlink('..2', join(dir, '..new'));
  await rename(join(dir, '..new'), join(dir, '..data'));
  await pollUntil(() => 'b' in routers(), 5000);
});

test('a folder is read with what is below it; one broken file does not stop the others', async () => {
  await mkdir(join(dir, 'apps'));
  await writeFile(join(dir, 'one.yml'), router('one', 'one.localhost'));
  await writeFile(join(dir, 'apps', 'two.yaml'), router('two', 'two.localhost'));
  await writeFile(join(dir, 'notes.txt'), 'no: configuration');
  await start(dir);
  expect(Object.keys(routers()).toSorted()).toEqual(['one', 'two']);
  await writeFile(join(dir, 'apps', 'two.yaml'), 'http: [');
  await pollUntil(() => problemCodes().includes('FILE_INVALID'));
  await writeFile(join(dir, 'three.yml'), router('three', 'three.localhost'));
  await pollUntil(() => 'three' in routers());
  expect(Object.keys(routers()).toSorted()).toEqual(['one', 'three', 'two']);
  await unlink(join(dir, 'one.yml'));
  await pollUntil(() => !('one' in routers()));
  expect(Object.keys(routers()).toSorted()).toEqual(['three', 'two']);
});

test('what two files define is disabled and names both places', async () => {
  await writeFile(join(dir, 'a.yml'), router('same', 'a.localhost'));
  await writeFile(join(dir, 'b.yml'), router('same', 'b.localhost'));
  await start(dir);
  const [problem] = publications.at(-1)?.origins.routers['same']?.problems ?? [];
  expect(problem).toMatchObject({ code: 'DEFINED_TWICE', severity: 'error' });
  expect(problem?.message).toContain(join(dir, 'a.yml:3'));
  expect(problem?.message).toContain(join(dir, 'b.yml:3'));
});

test('names may be those of what every object has', async () => {
  await writeFile(join(dir, 'a.yml'), router('constructor', 'a.localhost'));
  await writeFile(
    join(dir, 'b.yml'),
    `${router('toString', 'b.localhost')}tls:\n  options:\n    valueOf: {}\n  stores:\n    constructor: {}\n`,
  );
  await start(dir);
  expect(Object.keys(routers()).toSorted()).toEqual(['constructor', 'toString']);
  expect(publications.at(-1)?.origins.routers['constructor']?.problems).toEqual([]);
  expect(Object.keys(publications.at(-1)?.configuration.tls?.stores ?? {})).toEqual(['constructor']);
});

test('an option that is misspelt disables its router alone and names the nearest', async () => {
  const path = join(dir, 'dynamic.yml');
  await writeFile(
    path,
    `${router('bad', 'bad.localhost')}      midlewares: [auth]\n    good:\n      rule: Host(\`g\`)\n`,
  );
  await start(path);
  const { origins } = publications.at(-1)!;
  expect(origins.routers['good']?.problems).toEqual([]);
  expect(origins.routers['bad']?.problems).toMatchObject([
    { code: 'OPTION_UNKNOWN', severity: 'error', fix: 'Did you mean "middlewares"?' },
  ]);
  expect(origins.routers['bad']?.problems[0]?.message).toContain('dynamic.yml:6:7: http.routers.bad.midlewares');
});

test('sections and options that nobody knows are named once, and the rest works', async () => {
  const path = join(dir, 'dynamic.yml');
  await writeFile(
    path,
    `${router('a', 'a.localhost')}tcp:\n  routers: {}\ntls:\n  certificates: []\n  stores: { default: { defaultGeneratedCert: { resolver: le } } }\nhtpp: {}\n`,
  );
  await start(path);
  expect('a' in routers()).toBe(true);
  expect(views.at(-1)?.problems.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
    'OPTION_UNKNOWN error',
    'OPTION_UNSUPPORTED warning',
  ]);
});

test('TCP and UDP stand apart from HTTP, each with its place and what is wrong with it', async () => {
  const path = join(dir, 'dynamic.yml');
  await writeFile(
    path,
    `${router('a', 'a.localhost')}tcp:
  routers:
    a:
      rule: HostSNI(\`*\`)
      servise: db
  services:
    db:
      loadBalancer:
        servers: [{address: "10.0.0.2:5432", tls: true}]
        serversTransport: slow
  serversTransports:
    slow: {dialTimeot: 1s}
udp:
  services:
    dns: {loadBalancer: {servers: [{address: "10.0.0.3:53"}]}}
`,
  );
  await start(path);
  const { configuration, origins, streamOrigins } = publications.at(-1)!;
  expect(configuration.tcp).toMatchObject({
    routers: { a: { rule: 'HostSNI(`*`)' } },
    services: { db: { loadBalancer: { servers: [{ address: '10.0.0.2:5432', tls: true }] } } },
  });
  expect(configuration.udp).toEqual({
    services: { dns: { loadBalancer: { servers: [{ address: '10.0.0.3:53' }] } } },
  });
  expect(origins.routers['a']?.problems).toEqual([]);
  expect(streamOrigins?.tcp.routers['a']?.problems).toMatchObject([{ fix: 'Did you mean "service"?' }]);
  expect(streamOrigins?.tcp.services['db']?.problems).toMatchObject([{ fix: 'Did you mean "dialTimeout"?' }]);
});

test.runIf(process.platform !== 'win32')('pipes, devices and links that lead round keep nobody waiting', async () => {
  execFileSync('mkfifo', [join(dir, 'a.yml')]);
  await symlink('/dev/zero', join(dir, 'b.yml'));
  await mkdir(join(dir, 'below'));
  await symlink('..', join(dir, 'below', 'up'));
  await writeFile(join(dir, 'c.yml'), router('nas', 'nas.example.org'));
  await start(dir);
  await pollUntil(() => 'nas' in routers(), 5000);
  const said = views.at(-1)?.problems.map(({ message }) => message) ?? [];
  expect(said.filter((message) => message.includes('it is no regular file'))).toHaveLength(2);
});

test('a file that is wrong all over says so a few times, not a thousand', async () => {
  await writeFile(join(dir, 'a.yml'), `http: ${'['.repeat(5000)}`);
  await start(dir);
  expect(problemCodes().length).toBeGreaterThan(0);
  expect(problemCodes().length).toBeLessThan(20);
});
