import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Log } from '../log.ts';
import type { Caller } from '../operations/caller.ts';
import type { EngineContext } from '../operations/context.ts';
import { createOpenApiHandler, createRpcHandler } from '../operations/handlers.ts';
import { openApiDocument } from '../operations/openapi.ts';
import { largestMessageBytes, serveRpc } from '../operations/rpc-socket.ts';
import { answerTraefikApi } from '../operations/traefik-api/answer.ts';
import type { Access } from './access.ts';
import { pageBase } from './page-base.ts';
import { securityHeaders, send, sendJson, sendText } from './reply.ts';
import { type GuardOptions, refusalOf } from './request-guard.ts';
import type { SessionCookie } from './session-cookie.ts';
import { createSignInRoutes, type SignInRoutes } from './sign-in-routes.ts';
import type { StaticFiles } from './static-files.ts';

const apiPrefix = '/api/gatehouse';
const largestApiBodyBytes = 1024 * 1024;
const heartbeatMs = 30_000;

/** What differs between the listeners: how they are reached and the name of their cookie. */
export interface ListenerTraits extends GuardOptions {
  readonly cookie: SessionCookie;
  /** Left out: the dashboard's own listeners. */
  readonly routed?: RoutedTraits;
}

/** Behind a router of the proxy (`api@internal`, `dashboard@internal`), whose middlewares guard it. */
export interface RoutedTraits {
  /** Traefik's read-only API needs no sign-in of ours, as with Traefik. */
  readonly openApi: boolean;
  readonly dashboard: boolean;
  /** The visitor came to the router over plain HTTP, and not from this machine: nobody is to sign in. */
  readonly exposed: boolean;
}

export interface DashboardApp {
  readonly onRequest: (
    traits: ListenerTraits,
    clientOf?: (request: IncomingMessage) => string,
  ) => (request: IncomingMessage, response: ServerResponse) => void;
  readonly onUpgrade: (traits: ListenerTraits) => (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  close(): void;
}

/** Somebody who may use the API, or null. */
type Identity = { readonly caller: Caller; readonly lives: () => boolean } | null;

/** The dashboard's web application, without its listeners. */
export function createDashboardApp(options: {
  readonly context: EngineContext;
  readonly access: Access;
  readonly files: StaticFiles;
  readonly log: Log;
}): DashboardApp {
  const { context, access, files, log } = options;
  const rpc = createRpcHandler(log);
  const openApi = createOpenApiHandler(log);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestMessageBytes, perMessageDeflate: false });
  const open = new Map<WebSocket, { readonly lives: () => boolean; answered: boolean }>();
  /** Answers under way; an event stream may last for days. */
  const answering = new Map<ServerResponse, () => boolean>();

  function identify(request: IncomingMessage, { cookie, routed }: ListenerTraits): Identity {
    const { authorization } = request.headers;
    if (routed?.exposed) return null;
    // Behind a router, credentials of Basic are those of its middleware.
    if (authorization !== undefined && (!routed || /^bearer /i.test(authorization))) {
      const secret = tokenIn(authorization, request.method ?? '');
      const token = secret === null ? null : access.tokenOf(secret);
      return token && { caller: { actor: 'api', session: null }, lives: () => access.tokenLives(token.id) };
    }
    const value = cookie.read(request.headers.cookie);
    const session = value === null ? null : access.session(value);
    return (
      session && {
        caller: { actor: 'dashboard', session: session.hash },
        lives: () => access.sessionLives(session.hash),
      }
    );
  }

  async function answerApi(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    { caller, lives }: NonNullable<Identity>,
  ): Promise<void> {
    if (url.pathname === `${apiPrefix}/openapi.json`) {
      sendJson(response, 200, await openApiDocument(context.snapshot().status.version));
      return;
    }
    if (url.pathname.startsWith(`${apiPrefix}/`)) {
      if (
        Number(request.headers['content-length'] ?? 0) > largestApiBodyBytes ||
        request.headers['transfer-encoding']
      ) {
        sendJson(response, 413, {
          code: 'TOO_LARGE',
          message: 'The request is too large, or does not say how large it is.',
        });
        return;
      }
      response.setHeader('Cache-Control', 'no-store');
      answering.set(response, lives);
      response.once('close', () => answering.delete(response));
      const { matched } = await openApi.handle(request, response, {
        prefix: apiPrefix,
        context: { engine: context, access, caller },
      });
      if (matched) return;
    } else if (request.method === 'GET' || request.method === 'HEAD') {
      const found = answerTraefikApi(url, { snapshot: context.snapshot(), runtime: context.runtime() });
      if (found) {
        sendJson(response, found.status, found.body, found.headers);
        return;
      }
    }
    sendJson(response, 404, { code: 'NOT_FOUND', message: `There is nothing at ${url.pathname}.` });
  }

  async function answerPage(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      sendText(response, 405, 'Method not allowed\n');
      return;
    }
    const file = await files.file(url.pathname);
    // Whatever looks like a file and is none is missing; every other address is one of the dashboard's pages.
    const looksLikeFile =
      url.pathname.startsWith('/assets/') || /\.(?:js|css|map|png|ico|svg|woff2)$/.test(url.pathname);
    const found = file ?? (looksLikeFile ? null : await files.page());
    if (!found) {
      sendText(
        response,
        looksLikeFile ? 404 : 503,
        looksLikeFile ? 'Not found\n' : 'The dashboard is not built yet. In a checkout, run: npm run build\n',
      );
      return;
    }
    const base = pageBase.get(request) ?? '';
    if (base !== '' && found.type.startsWith('text/html')) {
      send(response, 200, found.type, pageAt(base, found.body), { 'Cache-Control': 'no-store' });
      return;
    }
    if (request.headers['if-none-match'] === found.etag) {
      response.writeHead(304, { ETag: found.etag, 'Cache-Control': found.cacheControl });
      response.end();
      return;
    }
    send(response, 200, found.type, found.body, { ETag: found.etag, 'Cache-Control': found.cacheControl });
  }

  async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    traits: ListenerTraits,
    signIn: SignInRoutes,
  ): Promise<void> {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    const refusal = refusalOf(request, traits);
    if (refusal) {
      sendJson(response, refusal.status, { code: refusal.code, message: refusal.message, details: {} });
      return;
    }
    const url = urlOf(request);
    if (!url) {
      sendText(response, 400, 'Bad request\n');
      return;
    }
    if (url.pathname === '/ping') {
      sendText(response, 200, 'OK');
      return;
    }
    const { routed } = traits;
    if (routed && answerRouted(request, response, url, routed)) return;
    const identity = identify(request, traits);
    if (await signIn.handle(request, response, url, identity !== null)) return;
    if (!url.pathname.startsWith('/api/')) {
      await answerPage(request, response, url);
      return;
    }
    if (!identity) {
      sendJson(
        response,
        401,
        { code: 'UNAUTHENTICATED', message: 'Sign in, or send an API token: Authorization: Bearer gh_…', details: {} },
        { 'WWW-Authenticate': 'Bearer' },
      );
      return;
    }
    await answerApi(request, response, url, identity);
  }

  /** What a router's visitor gets without the dashboard's sign-in, or cannot have at all. True where it has answered. */
  function answerRouted(request: IncomingMessage, response: ServerResponse, url: URL, routed: RoutedTraits): boolean {
    const isOwnApi = url.pathname.startsWith(`${apiPrefix}/`);
    if (url.pathname.startsWith('/api/') && !isOwnApi) {
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      if (!routed.openApi || !isRead) return false;
      const found = answerTraefikApi(url, { snapshot: context.snapshot(), runtime: context.runtime() });
      if (!found) return false;
      sendJson(response, found.status, found.body, found.headers);
      return true;
    }
    if (!routed.dashboard) {
      sendText(response, 404, 'Not found\n');
      return true;
    }
    if (!routed.exposed) return false;
    const message = 'The dashboard is opened over HTTPS: give its router tls, or an entry point with TLS.';
    if (isOwnApi) sendJson(response, 403, { code: 'HTTPS_REQUIRED', message, details: {} });
    else sendText(response, 403, `${message}\n`);
    return true;
  }

  /** Ends what still runs for a session or token that has ended. */
  function review(): void {
    for (const [socket, state] of open) if (!state.lives()) socket.close(4401, 'signed out');
    for (const [response, lives] of answering) if (!lives()) response.destroy();
  }
  const heartbeat = setInterval(() => {
    review();
    for (const [socket, state] of open) {
      if (!state.answered) {
        socket.terminate();
        continue;
      }
      state.answered = false;
      socket.ping();
    }
  }, heartbeatMs);
  heartbeat.unref();
  const stopListening = access.onChange(review);

  return {
    onRequest(traits, clientOf) {
      const signIn = createSignInRoutes(access, traits.cookie, clientOf);
      return (request, response) => {
        answer(request, response, traits, signIn).catch((error: unknown) => {
          log.error('dashboard request failed', { method: request.method, path: urlOf(request)?.pathname, error });
          if (response.headersSent) response.destroy();
          else sendJson(response, 500, { code: 'INTERNAL', message: 'Something went wrong inside.', details: {} });
        });
      };
    },

    onUpgrade(traits) {
      return (request, socket, head) => {
        const refusal = refusalOf(request, traits);
        const identity = refusal ? null : identify(request, traits);
        const url = urlOf(request);
        if (refusal || !identity || url?.pathname !== `${apiPrefix}/rpc`) {
          const status = refusal ? refusal.status : identity ? 404 : 401;
          socket.on('error', () => undefined);
          socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
          return;
        }
        sockets.handleUpgrade(request, socket, head, (webSocket) => {
          const state = { lives: identity.lives, answered: true };
          open.set(webSocket, state);
          webSocket.on('pong', () => {
            state.answered = true;
          });
          webSocket.on('close', () => open.delete(webSocket));
          webSocket.on('error', (error) => log.warn('dashboard connection failed', { error }));
          serveRpc(webSocket, rpc, { engine: context, access, caller: identity.caller });
        });
      };
    },

    close() {
      clearInterval(heartbeat);
      stopListening();
      for (const socket of open.keys()) socket.terminate();
    },
  };
}

/** A token as a bearer; for reading also as the password of Basic, as widgets made for Traefik know nothing else. */
function tokenIn(authorization: string, method: string): string | null {
  const [, scheme = '', value = ''] = /^(Bearer|Basic) +(\S+)$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (method !== 'GET' && method !== 'HEAD') return null;
  const credentials = Buffer.from(value, 'base64').toString();
  const colon = credentials.indexOf(':');
  return colon < 0 ? null : credentials.slice(colon + 1);
}

/** The page with its files' addresses, and its own, below a path. */
function pageAt(base: string, page: Buffer): Buffer {
  const moved = page.toString().replaceAll(/\b(href|src)="\//g, `$1="${base}/`);
  return Buffer.from(moved.replace('<title>', `<meta name="gatehouse-base" content="${base}" />\n    <title>`));
}

const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

function urlOf(request: IncomingMessage): URL | null {
  const target = request.url ?? '';
  // Only origin-form: an absolute target or `//host` would name another host than the one that was checked.
  // Reading it as a URL would turn backslashes into slashes and take dot segments out: another path than was checked.
  const path = target.split('?', 1)[0] ?? '';
  if (!path.startsWith('/') || path.startsWith('//') || path.includes('\\') || dotSegment.test(path)) return null;
  return URL.canParse(target, 'http://dashboard') ? new URL(target, 'http://dashboard') : null;
}
