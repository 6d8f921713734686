import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineStatus } from '../../app/contract/objects.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { pollUntil } from '../support/poll.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function server(listener: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<string> {
  const made = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    made.closeAllConnections();
    made.close();
  });
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

/** An installation that asks for what Gatehouse does otherwise, in one mode or the other. */
async function installed(compatibility: 'secure' | 'traefik', accessLog: string | null = null) {
  const dir = await mkdtemp(join(tmpdir(), 'gh-as-traefik-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const app = await server((request, response) => {
    response.statusCode = request.url === '/fail' ? 503 : 200;
    response.end(request.rawHeaders.join('\n'));
  });
  const pages = await server((request, response) =>
    response.end(`page for ${request.headers.authorization ?? 'nobody'}`),
  );
  const auth = await server((_, response) => response.writeHead(200, { 'X-User': 'eve' }).end());
  await writeFile(
    join(dir, 'dynamic.yml'),
    `http:
  routers:
    errors: { rule: "Host(\`errors.test\`)", service: app, middlewares: [pages] }
    auth: { rule: "Host(\`auth.test\`)", service: app, middlewares: [auth] }
    files: { rule: "Host(\`files.test\`)", service: app }
    admin: { rule: "Host(\`files.test\`) && PathPrefix(\`/admin\`)", service: app, middlewares: [pages] }
  middlewares:
    pages: { errors: { status: ["503"], service: pages, query: "/" } }
    auth: { forwardAuth: { address: "${auth}", authResponseHeaders: [X-User] } }
  services:
    app: { loadBalancer: { servers: [{ url: "${app}" }] } }
    pages: { loadBalancer: { servers: [{ url: "${pages}" }] } }
`,
  );
  await writeFile(
    join(dir, 'traefik.yml'),
    `gatehouse: { compatibility: ${compatibility} }
entryPoints: { web: { address: "127.0.0.1:0", forwardedHeaders: { trustedIPs: [127.0.0.1] } } }
providers: { file: { filename: ${join(dir, 'dynamic.yml')} } }
${accessLog === null ? '' : `accessLog: { filePath: ${join(dir, 'access.log')}, format: ${accessLog} }\n`}`,
  );
  const running = await startGatehouse(['--config', join(dir, 'traefik.yml')]);
  closers.push(() => running.stop());
  const { entryPoints } = JSON.parse((await running.run('status', '--json')).out) as EngineStatus;
  const url = `http://${entryPoints.find(({ name }) => name === 'web')?.listening}`;
  return {
    running,
    ask: (host: string, path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
      send(url, path, { method, headers: { Host: host, ...headers } }),
    accessLog: async (): Promise<string> => {
      const path = join(dir, 'access.log');
      await pollUntil(async () => existsSync(path) && (await readFile(path, 'utf8')).includes('\n'));
      return readFile(path, 'utf8');
    },
  };
}

describe('one setting returns what Traefik does', () => {
  it.each([
    ['secure', 'page for nobody', false, 400, 405],
    ['traefik', 'page for Basic Zm9v', true, 200, 200],
  ] as const)(
    'in the mode %s',
    async (mode, page, aliases, encoded, trace) => {
      const { ask, running } = await installed(mode);
      // Credentials and the server of error pages.
      expect((await ask('errors.test', '/fail', { Authorization: 'Basic Zm9v' })).body).toBe(page);
      // What a visitor says under another spelling of a name that the auth server answers for.
      const told = (await ask('auth.test', '/', { X_User: 'mallory' })).body;
      expect(told).toContain('X-User\neve');
      expect(told.includes('mallory')).toBe(aliases);
      // A trusted proxy's fields under another spelling.
      expect((await ask('files.test', '/', { X_Forwarded_Proto: 'https' })).body.includes('X_Forwarded_Proto')).toBe(
        aliases,
      );
      expect((await ask('files.test', '/%2e%2e%2Fadmin')).status).toBe(encoded);
      expect((await ask('files.test', '/a%00b')).status).toBe(encoded);
      expect((await ask('files.test', '/', {}, 'TRACE')).status).toBe(trace);
      // Nobody asked for an access log.
      if (mode === 'secure') await pollUntil(() => existsSync(join(running.dataDir, 'access.log')));
      else expect(existsSync(join(running.dataDir, 'access.log'))).toBe(false);
    },
    60_000,
  );

  it.each([
    ['secure', 'json', '"ClientHost":"203.0.113.7"'],
    ['traefik', 'json', '"ClientHost":"6.6.6.6, 203.0.113.7"'],
    ['secure', 'common', '203.0.113.7 - - ['],
    ['traefik', 'common', '6.6.6.6, 203.0.113.7 - - ['],
  ] as const)(
    'in the mode %s the access log (%s) names its client',
    async (mode, format, client) => {
      const { ask, accessLog } = await installed(mode, format);
      expect((await ask('files.test', '/', { 'X-Forwarded-For': '6.6.6.6, 203.0.113.7' })).status).toBe(200);
      expect(await accessLog()).toContain(client);
    },
    60_000,
  );
});
