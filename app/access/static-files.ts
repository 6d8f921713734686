import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

const rescanEveryMs = 1000;

export interface StaticFile {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
}

export interface StaticFiles {
  /** The file at a URL's path, or null. */
  file(urlPath: string): Promise<StaticFile | null>;
  /** The page that every address of the dashboard starts with; null where the dashboard has not been built. */
  page(): Promise<StaticFile | null>;
}

/**
 * The built dashboard. Only paths found by listing the folder are ever opened: what a client sends is looked up, never
 * joined to a path, so there is nothing to traverse. Symbolic links are not followed.
 */
export function createStaticFiles(staticDir: string, now: () => number): StaticFiles {
  let listed: Promise<ReadonlyMap<string, string>> | undefined;
  let listedAt = Number.NEGATIVE_INFINITY;

  async function find(urlPath: string): Promise<string | undefined> {
    const fresh = now() - listedAt < rescanEveryMs;
    const known = listed && (await listed).get(urlPath);
    if (known !== undefined || fresh) return known;
    // A build may have replaced the files since.
    listedAt = now();
    listed = list(staticDir);
    return (await listed).get(urlPath);
  }

  async function read(urlPath: string): Promise<StaticFile | null> {
    const filePath = await find(urlPath);
    if (filePath === undefined) return null;
    let body: Buffer;
    try {
      body = await readFile(filePath);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        listed = undefined;
        return null;
      }
      throw error;
    }
    const isPage = urlPath === '/index.html';
    // The build links relative to the page; pages also answer at deeper addresses such as /routers/NAME.
    if (isPage) body = Buffer.from(body.toString().replaceAll(/(\s(?:src|href)=")\.\//g, '$1/'));
    return {
      body,
      type: types[path.extname(filePath).toLowerCase()] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      // Names below assets/ carry a hash of their content.
      cacheControl: urlPath.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    };
  }

  return {
    file: (urlPath) => (urlPath === '/index.html' ? Promise.resolve(null) : read(urlPath)),
    page: () => read('/index.html'),
  };
}

async function list(staticDir: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const entries = await readdir(staticDir, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const filePath = path.join(entry.parentPath, entry.name);
    files.set(`/${path.relative(staticDir, filePath).split(path.sep).join('/')}`, filePath);
  }
  return files;
}
