import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type CheckFinding, checkPaths, checkTexts } from './check.ts';

const short = (findings: readonly CheckFinding[]) =>
  findings.map(({ line, column, severity, suggestion }) => [line, column, severity, suggestion]);

test('a dynamic file without faults has no findings', () => {
  const text = `http:
  routers:
    nas:
      rule: Host(\`nas.example.org\`)
      service: nas
      middlewares: [auth@docker]
      entryPoints: [custom]
  services:
    nas:
      loadBalancer:
        servers: [{ url: https://10.0.0.2:5001/ }]
`;
  expect(checkTexts([{ path: 'dynamic.yml', text: text }])).toEqual([]);
});

test('findings of a dynamic file stand where the fault is', () => {
  const text = `http:
  routers:
    a:
      rule: "Host(\`a.local\`) && Pth(\`/x\`)"
      service: nass
      midlewares: [auth]
  services:
    nas:
      loadBalancer:
        servers: [{ url: http://10.0.0.2 }]
  middlewares:
    f: { forwardAuht: { address: x } }
`;
  const findings = checkTexts([{ path: 'dynamic.yml', text: text }]).toSorted((a, b) => a.line - b.line);
  expect(short(findings)).toEqual([
    [4, 33, 'error', null],
    [5, 7, 'error', 'nas'],
    [6, 7, 'error', 'middlewares'],
    [12, 10, 'error', 'forwardAuth'],
  ]);
  expect(findings[0]?.message).toContain('Pth');
});

test('labels of a Compose file, as a list and as a map', () => {
  const text = `services:
  web:
    image: nginx
    labels:
      - traefik.enable=true
      - "traefik.http.routers.web.rule=Host(\`a\`) && Foo(\`b\`)"
      - traefik.http.routers.web.midlewares=x
  api:
    labels:
      traefik.enable: maybe
  fine:
    labels:
      traefik.enable: "true"
      traefik.http.routers.fine.rule: Host(\`\${HOST:-fine.local}\`)
      traefik.http.routers.fine.middlewares: shared@file
  db:
    image: postgres
`;
  expect(short(checkTexts([{ path: 'compose.yml', text: text }]).toSorted((a, b) => a.line - b.line))).toEqual([
    [6, 53, 'error', null],
    [7, 9, 'error', 'middlewares'],
    [10, 7, 'error', null],
  ]);
});

test('a static file is judged as one', () => {
  expect(short(checkTexts([{ path: 'traefik.yml', text: 'entryPoints:\n  web:\n    adress: ":80"\n' }]))).toEqual([
    [3, 5, 'error', 'address'],
  ]);
});

test('broken YAML has its place', () => {
  expect(short(checkTexts([{ path: 'x.yml', text: 'http:\n  routers: [\n' }]))).toMatchObject([
    [expect.any(Number), expect.any(Number), 'error', null],
  ]);
  expect(checkTexts([{ path: 'x.yml', text: 'http: {a: 1, a: 2}' }])[0]?.message).toMatch(/unique/i);
});

test('TCP and UDP are judged too, in files and in labels', () => {
  const text = `tcp:
  routers:
    a: { rule: "HostSNI(\`x.test\`)", service: s }
    b: { rule: "HostSNI(\`*\`)", service: none }
  services:
    s: { loadBalancer: { servers: [{ address: "10.0.0.1:5432" }] } }
udp: { routers: { u: { service: s } } }
`;
  expect(
    checkTexts([{ path: 'x.yml', text: text }]).map(({ line, message }) => [line, message.split(/[:.]/, 1)[0]]),
  ).toEqual([
    [3, 'router a'],
    [4, 'router b'],
    [7, 'router u'],
  ]);
  const compose = `services:
  db:
    image: postgres
    labels:
      - traefik.enable=true
      - traefik.tcp.routers.db.rule=HostSNI(\`x.test\`)
      - traefik.tcp.services.db.loadbalancer.server.port=5432
`;
  expect(checkTexts([{ path: 'compose.yml', text: compose }])).toMatchObject([{ line: 6, severity: 'error' }]);
});

test('a bomb of aliases is a fault of the file', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c]\n`;
  expect(checkTexts([{ path: 'x.yml', text: bomb }])).toMatchObject([{ severity: 'error' }]);
});

test('reads from disk, and says what is not there', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gatehouse-check-'));
  try {
    const path = join(dir, 'dynamic.yml');
    await writeFile(path, 'htpp: {}\n');
    expect(await checkPaths([path])).toMatchObject([{ file: path, line: 1, column: 1, suggestion: 'http' }]);
    expect(await checkPaths([join(dir, 'none.yml')])).toMatchObject([
      { severity: 'error', message: expect.stringContaining('no such file') },
    ]);
    expect(await checkPaths([dir, path])).toMatchObject([{ file: path, line: 1 }]);
  } finally {
    await rm(dir, { recursive: true });
  }
});
