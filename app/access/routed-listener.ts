import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiConfiguration } from '../config/static.ts';
import type { DashboardApp, ListenerTraits } from './dashboard-app.ts';
import { pageBase } from './page-base.ts';
import { sessionCookie } from './session-cookie.ts';

/** Where the proxy's workers reach what `api@internal` and `dashboard@internal` serve. */
export interface RoutedListener {
  readonly urls: { readonly api: string; readonly dashboard: string };
  readonly close: () => Promise<void>;
}

/**
 * Serves the dashboard's application to the proxy itself, on loopback. Its URLs hold a secret that is made anew at each
 * start: other programs on this machine cannot come by the router and its middlewares.
 */
export async function listenForRouters(app: DashboardApp, api: ApiConfiguration): Promise<RoutedListener> {
  const secrets = { api: randomBytes(24).toString('base64url'), dashboard: randomBytes(24).toString('base64url') };
  const handlers = new Map<string, ReturnType<typeof handlersOf>>();
  for (const service of ['api', 'dashboard'] as const) {
    for (const scheme of ['http', 'https'] as const) {
      for (const exposed of [true, false]) {
        const routed = { openApi: service === 'api', dashboard: api.dashboard, exposed };
        handlers.set(`${service} ${scheme} ${exposed}`, handlersOf(app, scheme, routed));
      }
    }
  }
  /** Takes secret and base path off. Null: it does not come from a worker. */
  const handlerOf = (request: IncomingMessage): ReturnType<typeof handlersOf> | null => {
    const [, secret = '', rest = ''] = /^\/([^/?]*)(.*)$/s.exec(request.url ?? '') ?? [];
    const service = secret === secrets.api ? 'api' : secret === secrets.dashboard ? 'dashboard' : null;
    if (service === null) return null;
    request.url = pathBelow(request, rest, api.basePath);
    const proto = String(request.headers['x-forwarded-proto'] ?? '');
    const scheme = proto === 'https' || proto === 'wss' ? 'https' : 'http';
    const exposed = scheme === 'http' && !/^(?:127\.|::1$)/.test(clientOf(request));
    return handlers.get(`${service} ${scheme} ${exposed}`) ?? null;
  };
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 10_000, maxHeaderSize: 64 * 1024 });
  server.on('request', (request, response) => {
    const handler = handlerOf(request);
    if (handler) handler.onRequest(request, response);
    else response.writeHead(404).end();
  });
  server.on('upgrade', (request, socket, head) => {
    const handler = handlerOf(request);
    if (handler) handler.onUpgrade(request, socket, head);
    else socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const urlOf = (secret: string): string => `http://127.0.0.1:${port}/${secret}`;
  return {
    urls: { api: urlOf(secrets.api), dashboard: urlOf(secrets.dashboard) },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function handlersOf(app: DashboardApp, scheme: 'http' | 'https', routed: NonNullable<ListenerTraits['routed']>) {
  const traits: ListenerTraits = {
    scheme,
    lan: false,
    // Which names it answers to, the router's rule has decided.
    hostAllowed: () => true,
    basicByBrowser: true,
    cookie: sessionCookie(0, scheme === 'https'),
    routed,
  };
  return { onRequest: app.onRequest(traits, clientOf), onUpgrade: app.onUpgrade(traits) };
}

/** As the worker tells it. */
function clientOf(request: IncomingMessage): string {
  return String(request.headers['x-real-ip'] ?? '');
}

/** Takes off what the page stands below: `/dashboard` is Traefik's address of it, here it may also stand at the root. */
function pathBelow(request: IncomingMessage, path: string, basePath: string): string {
  const base = basePath === '/' ? '' : basePath;
  const below = path.startsWith(base) ? path.slice(base.length) : path;
  const page = below.replace(/^\/dashboard(?=[/?]|$)/, '');
  pageBase.set(request, page === below ? base : `${base}/dashboard`);
  return page.startsWith('/') ? page : `/${page}`;
}
