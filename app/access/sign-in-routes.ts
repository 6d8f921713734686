import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Access, NewSession } from './access.ts';
import { pageBase } from './page-base.ts';
import { redirect, sendJson, sendText } from './reply.ts';
import type { SessionCookie } from './session-cookie.ts';

const largestBodyBytes = 8 * 1024;
const bodySchema = z.strictObject({ password: z.string().max(1024) });

export interface SignInRoutes {
  /** True where it has answered. The request has passed the guard by then. */
  handle(request: IncomingMessage, response: ServerResponse, url: URL, signedIn: boolean): Promise<boolean>;
}

/** What a browser needs before it has a session: the one-time link, the password form's target and the way out. */
export function createSignInRoutes(
  access: Access,
  cookie: SessionCookie,
  clientOf: (request: IncomingMessage) => string = (request) => request.socket.remoteAddress ?? '',
): SignInRoutes {
  function cookieOf(session: NewSession): Readonly<Record<string, string>> {
    const maxAgeSeconds = Math.max(0, Math.floor((session.expiresAt - Date.now()) / 1000));
    return { 'Set-Cookie': cookie.write(session.value, maxAgeSeconds) };
  }

  async function withPassword(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const input = bodySchema.safeParse(await readJson(request));
    if (!input.success) {
      sendJson(response, 400, { code: 'INVALID', message: 'Send {"password": "…"} as JSON.', details: {} });
      return;
    }
    const result = await access.signInWithPassword(input.data.password, clientOf(request));
    switch (result.kind) {
      case 'signedIn':
        sendJson(response, 200, { signedIn: true, passwordSet: true }, cookieOf(result.session));
        return;
      case 'wrong':
        sendJson(response, 401, { code: 'PASSWORD_WRONG', message: 'The password is not right.', details: {} });
        return;
      case 'tooMany': {
        const seconds = Math.ceil(result.waitMs / 1000);
        const message = `Too many attempts. Try again in ${seconds} seconds.`;
        sendJson(
          response,
          429,
          { code: 'RATE_LIMITED', message, details: { seconds } },
          { 'Retry-After': String(seconds) },
        );
      }
    }
  }

  return {
    async handle(request, response, url, signedIn) {
      const action = `${request.method ?? ''} ${url.pathname}`;
      switch (action) {
        case 'GET /sign-in': {
          const code = url.searchParams.get('code');
          // Without a code it is the dashboard's own sign-in page.
          if (code === null) return false;
          const session = access.signInWithCode(code);
          const page = `${pageBase.get(request) ?? ''}/`;
          if (session) redirect(response, page, cookieOf(session));
          else if (signedIn) redirect(response, page);
          else {
            sendText(
              response,
              403,
              'This sign-in link has been used or is older than ten minutes.\nMake a new one with: gatehouse open\n',
            );
          }
          return true;
        }
        case 'GET /api/gatehouse/session':
          sendJson(response, 200, { signedIn, passwordSet: access.passwordSet() });
          return true;
        case 'POST /api/gatehouse/sign-in':
          await withPassword(request, response);
          return true;
        case 'POST /api/gatehouse/sign-out': {
          const value = cookie.read(request.headers.cookie);
          if (value !== null) access.signOut(value);
          sendJson(
            response,
            200,
            { signedIn: false, passwordSet: access.passwordSet() },
            { 'Set-Cookie': cookie.clear() },
          );
          return true;
        }
        default:
          return false;
      }
    },
  };
}

/** Undefined where the body is too large or no JSON. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  // A form on another site can send text/plain without asking first; JSON it cannot.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > largestBodyBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    return undefined;
  }
}
