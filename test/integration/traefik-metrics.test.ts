import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { EngineStatus } from '../../app/contract/objects.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { pollUntil } from '../support/poll.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function server(): Promise<string> {
  const made = createServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => made.close(resolve)));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

async function started(metrics: string) {
  const dir = await mkdtemp(join(tmpdir(), 'gh-metrics-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const url = await server();
  await writeFile(
    join(dir, 'dynamic.yml'),
    `http:
  routers:
    app: { rule: "Host(\`app.test\`)", service: app }
    quiet: { rule: "Host(\`quiet.test\`)", service: app, observability: { metrics: false } }
    shut: { rule: "Host(\`shut.test\`)", service: app, middlewares: [nobody] }
  middlewares:
    nobody: { ipAllowList: { sourceRange: [192.0.2.1] } }
  services:
    app: { loadBalancer: { servers: [{ url: "${url}" }], healthCheck: { path: / } } }
`,
  );
  await writeFile(
    join(dir, 'traefik.yml'),
    `entryPoints: { web: { address: "127.0.0.1:0" }, traefik: { address: "127.0.0.1:0" } }
providers: { file: { filename: ${join(dir, 'dynamic.yml')} } }
metrics: { prometheus: ${metrics} }
api: { insecure: true, dashboard: false }
`,
  );
  const running = await startGatehouse(['--config', join(dir, 'traefik.yml')]);
  closers.push(() => running.stop());
  const { entryPoints } = JSON.parse((await running.run('status', '--json')).out) as EngineStatus;
  const at = (name: string): string => `http://${entryPoints.find((each) => each.name === name)?.listening}`;
  const get = (host: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
    send(at('web'), '/', { headers: { Host: host, ...headers }, method });
  const overview = async () => JSON.parse((await send(at('traefik'), '/api/overview')).body) as { features: object };
  const metricsText = async (): Promise<string> => (await send(at('traefik'), '/metrics')).body;
  const settled = async (...lines: readonly string[]): Promise<string> => {
    let text = '';
    await pollUntil(async () => {
      text = await metricsText();
      return lines.every((line) => text.includes(line));
    });
    return text;
  };
  return { get, settled, at, url, overview };
}

const linesOf = (text: string, name: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(`${name}{`));

test('Prometheus finds Traefik’s metrics, by its names and labels', async () => {
  const { get, settled, at, url, overview } = await started(
    '{ addRoutersLabels: true, headerLabels: { agent: User-Agent } }',
  );
  expect((await get('app.test', { 'User-Agent': 'a"b' })).body).toBe('hello');
  expect((await get('app.test', { 'User-Agent': 'a"b' })).body).toBe('hello');
  expect((await get('shut.test')).status).toBe(403);
  expect((await get('gone.test', {}, 'PURGE')).status).toBe(404);
  expect((await get('quiet.test')).status).toBe(200);
  const text = await settled(
    `traefik_service_server_up{service="app@file",url="${url}"} 1`,
    'traefik_service_requests_total{agent="a\\"b",code="200",method="GET",protocol="http",service="app@file"} 2',
    'traefik_router_requests_total{agent="",code="403",method="GET",protocol="http",router="shut@file",service="app@file"} 1',
    'code="404"',
  );

  expect(linesOf(text, 'traefik_entrypoint_requests_total').toSorted()).toEqual([
    'traefik_entrypoint_requests_total{agent="",code="403",entrypoint="web",method="GET",protocol="http"} 1',
    'traefik_entrypoint_requests_total{agent="",code="404",entrypoint="web",method="EXTENSION_METHOD",protocol="http"} 1',
    String.raw`traefik_entrypoint_requests_total{agent="a\"b",code="200",entrypoint="web",method="GET",protocol="http"} 2`,
  ]);
  expect(linesOf(text, 'traefik_router_requests_bytes_total').map((line) => line.replace(/.*\{/, '{'))).toEqual([
    '{code="200",method="GET",protocol="http",router="app@file",service="app@file"} 0',
    '{code="403",method="GET",protocol="http",router="shut@file",service="app@file"} 0',
  ]);
  expect(linesOf(text, 'traefik_service_responses_bytes_total')).toEqual([
    'traefik_service_responses_bytes_total{code="200",method="GET",protocol="http",service="app@file"} 10',
  ]);
  const inf = linesOf(text, 'traefik_service_request_duration_seconds_bucket').find((line) => line.includes('+Inf'));
  expect(inf).toMatch(/le="\+Inf",method="GET",protocol="http",service="app@file"\} 2$/);
  expect(text).toContain('# TYPE traefik_entrypoint_request_duration_seconds histogram');
  expect(text).toMatch(/^traefik_config_reloads_total [1-9]/m);
  expect(text).toMatch(/^traefik_config_last_reload_success [1-9]\d{9}/m);
  expect(text).toMatch(/^traefik_open_connections\{entrypoint="web",protocol="TCP"\} \d+$/m);
  expect(text).toMatch(/^traefik_tls_certs_not_after\{cn="[^"]*",sans="[^"]*",serial="\d+"\} [1-9]\d{9}$/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  // Each line is a comment, or a name, labels and a number.
  expect(text.split('\n').filter((line) => !/^(?:# (?:HELP|TYPE) .+|\w+(?:\{.*\})? [\d.e+-]+|)$/.test(line))).toEqual(
    [],
  );
  // As Traefik: what is asked of its own services is not measured.
  expect(text).not.toContain('prometheus@internal');
  expect((await send(at('web'), '/metrics')).status).toBe(404);
  expect((await overview()).features).toMatchObject({ metrics: 'Prometheus' });
}, 60_000);

test('the metrics can stand behind a router and middlewares of one’s own, and hold only what was asked for', async () => {
  const { get, at } = await started(
    '{ entryPoint: web, addEntryPointsLabels: false, addServicesLabels: false, addRoutersLabels: true, buckets: [60] }',
  );
  expect((await get('app.test')).status).toBe(200);
  expect((await send(at('traefik'), '/metrics')).status).toBe(404);
  let text = '';
  await pollUntil(async () => {
    text = (await send(at('web'), '/metrics')).body;
    return text.includes('traefik_router_requests_total');
  });
  expect(text).not.toMatch(/traefik_(?:entrypoint|service)_/);
  expect(linesOf(text, 'traefik_router_request_duration_seconds_bucket')).toEqual([
    expect.stringContaining('le="60"'),
    expect.stringContaining('le="+Inf"'),
  ]);
}, 60_000);
