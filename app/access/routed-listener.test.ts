import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextDouble, logDouble } from '../../test/support/context.ts';
import { type PlainRequest, send } from '../../test/support/http-client.ts';
import type { ApiConfiguration } from '../config/static.ts';
import { createDashboardApp, type DashboardApp } from './dashboard-app.ts';
import { listenForRouters, type RoutedListener } from './routed-listener.ts';
import { createStaticFiles } from './static-files.ts';

let root: string;
let double: ReturnType<typeof contextDouble>;
let app: DashboardApp;
let listener: RoutedListener;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'gh-routed-'));
  await mkdir(path.join(root, 'assets'));
  await writeFile(path.join(root, 'index.html'), '<title>G</title><script src="/assets/main.js"></script>');
  await writeFile(path.join(root, 'assets/main.js'), 'export {};');
  double = contextDouble();
  app = createDashboardApp({
    context: double.context,
    access: double.access,
    files: createStaticFiles(root, Date.now),
    log: logDouble(),
  });
});
afterEach(async () => {
  await listener.close();
  app.close();
  await rm(root, { recursive: true, force: true });
});

async function start(options: Partial<ApiConfiguration> = {}): Promise<void> {
  listener = await listenForRouters(app, { insecure: false, dashboard: true, basePath: '/', ...options });
}

/** As a worker asks for a visitor. */
function visit(target: string, more: PlainRequest & { readonly service?: 'api' | 'dashboard' } = {}) {
  const { service = 'api', headers, ...rest } = more;
  const seen = { Host: 'traefik.example.org', 'X-Forwarded-Proto': 'https', 'X-Real-Ip': '192.0.2.7' };
  const base = new URL(listener.urls[service]);
  return send(base.origin, `${base.pathname}${target}`, { ...rest, headers: { ...seen, ...headers } });
}

describe('api@internal', () => {
  it('gives Traefik’s API to whom the router’s middlewares let in, and ours to those who are signed in', async () => {
    await start();
    // What a browser sends by itself once a basicAuth middleware has asked for it.
    const basic = { Authorization: `Basic ${Buffer.from('admin:secret').toString('base64')}` };
    expect((await visit('/api/version', { headers: basic })).status).toBe(200);
    expect(JSON.parse((await visit('/api/overview')).body)).toHaveProperty('http');
    expect((await visit('/api/gatehouse/openapi.json', { headers: basic })).status).toBe(401);
    expect((await visit('/api/overview', { method: 'POST', headers: basic })).status).toBe(403);
    const { code } = double.access.createSignInCode();
    const signedIn = await visit(`/sign-in?code=${code}`, { headers: basic });
    const [cookie = ''] = signedIn.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^__Host-gatehouse-0=.*; Secure$/);
    const session = { ...basic, Cookie: cookie.split(';')[0] ?? '' };
    expect((await visit('/api/gatehouse/openapi.json', { headers: session })).status).toBe(200);
    // Neither Origin nor token: a form on another site could have sent it, with Basic added by the browser.
    expect((await visit('/api/gatehouse/sign-out', { method: 'POST', headers: session })).status).toBe(403);
  });

  it('serves the page at the root and at Traefik’s address', async () => {
    await start();
    expect((await visit('/')).body).toContain('src="/assets/main.js"');
    const page = (await visit('/dashboard/')).body;
    expect(page).toContain('src="/dashboard/assets/main.js"');
    expect(page).toContain('<meta name="gatehouse-base" content="/dashboard" />');
    expect((await visit('/dashboard/assets/main.js')).body).toBe('export {};');
    expect((await visit('/dashboard/routers/a@docker')).body).toContain('/dashboard/assets/');
    // A link that signs in leads to the page, not to what the host has at its root.
    const { code } = double.access.createSignInCode();
    const signedIn = await visit(`/dashboard/sign-in?code=${code}`);
    expect([signedIn.status, signedIn.headers.location]).toEqual([303, '/dashboard/']);
  });

  it('stands below a base path', async () => {
    await start({ basePath: '/gate' });
    expect((await visit('/gate/api/version')).status).toBe(200);
    expect((await visit('/gate/dashboard/')).body).toContain('src="/gate/dashboard/assets/main.js"');
  });

  it('signs nobody in over plain HTTP but on this machine', async () => {
    await start();
    const plain = { 'X-Forwarded-Proto': 'http' };
    expect((await visit('/api/version', { headers: plain })).status).toBe(200);
    expect((await visit('/dashboard/', { headers: plain })).status).toBe(403);
    expect((await visit('/api/gatehouse/session', { headers: plain })).status).toBe(403);
    expect((await visit('/dashboard/', { headers: { ...plain, 'X-Real-Ip': '127.0.0.1' } })).status).toBe(200);
  });

  it('is the API alone where the dashboard is off', async () => {
    await start({ dashboard: false });
    expect((await visit('/api/version')).status).toBe(200);
    expect((await visit('/dashboard/')).status).toBe(404);
    expect((await visit('/api/gatehouse/session')).status).toBe(404);
  });
});

it('dashboard@internal gives no API without sign-in', async () => {
  await start();
  expect((await visit('/dashboard/', { service: 'dashboard' })).status).toBe(200);
  expect((await visit('/api/overview', { service: 'dashboard' })).status).toBe(401);
});

it('answers nobody who does not know the secret of this start', async () => {
  await start();
  const { origin } = new URL(listener.urls.api);
  expect((await send(origin, '/api/version')).status).toBe(404);
  expect((await send(origin, '/guess/api/version')).status).toBe(404);
});
