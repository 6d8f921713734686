import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** The dashboard's files, as the window gets them over `app://gatehouse/`. Nothing else of the disk can be named. */

export const pageScheme = 'app';
export const pageOrigin = 'app://gatehouse';

/** Scripts and styles are the build's own files; the page talks to the engine by a MessagePort, so it needs no network. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/**
 * The file behind an address, or null where the address names none of the dashboard's. Addresses of pages, which have
 * no ending, give index.html: the page itself finds its way from there. (The URL parser has resolved plain dot
 * segments by now; the check of the outcome catches every other spelling.)
 */
export function pageFilePath(rendererDir: string, address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, host, pathname } = new URL(address);
  if (`${protocol}//${host}` !== pageOrigin) return null;
  const decoded = decodedPath(pathname);
  if (decoded === null || /[\0\\]/.test(decoded)) return null;
  const file = path.resolve(rendererDir, `.${decoded}`);
  const inside = path.relative(rendererDir, file);
  if (inside.startsWith('..') || path.isAbsolute(inside)) return null;
  // Names of containers and routers may hold dots: only known endings are files.
  return path.extname(file) in contentTypes ? file : path.join(rendererDir, 'index.html');
}

/** Null where the escapes are not UTF-8. */
function decodedPath(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return null;
  }
}

/** Answers one request of the window. */
export async function answerPage(rendererDir: string, request: Pick<Request, 'method' | 'url'>): Promise<Response> {
  const file = request.method === 'GET' ? pageFilePath(rendererDir, request.url) : null;
  const body = file === null ? null : await readFile(file).catch(() => null);
  if (file === null || body === null) return new Response('Not found', { status: 404, headers: pageHeaders('.txt') });
  return new Response(new Uint8Array(body), { headers: pageHeaders(path.extname(file)) });
}

function pageHeaders(extension: string): Record<string, string> {
  return {
    'content-type': contentTypes[extension] ?? 'text/plain; charset=utf-8',
    'content-security-policy': contentSecurityPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}
