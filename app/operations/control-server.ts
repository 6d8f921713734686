import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { WebSocketServer } from 'ws';
import type { Access } from '../access/access.ts';
import type { Log } from '../log.ts';
import type { EngineContext } from './context.ts';
import { controlSocketPath } from './control-path.ts';
import { createRpcHandler } from './handlers.ts';
import { largestMessageBytes, serveRpc } from './rpc-socket.ts';

export { controlSocketPath } from './control-path.ts';

export interface ControlServer {
  readonly socketPath: string;
  /** May be called twice. */
  close(): Promise<void>;
}

export interface ControlServerOptions {
  readonly context: EngineContext;
  readonly access: Access;
  /** Its lock must be held: whatever socket lies there is taken for a dead engine's and replaced. */
  readonly dataDir: string;
  readonly log: Log;
}

/**
 * Serves the contract to this machine's own clients. Who can open the socket may do everything: the file mode
 * (0600 in a folder of mode 0700) is the access control. Throws where the socket cannot be made.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { context, access, dataDir, log } = options;
  const socketPath = controlSocketPath(dataDir);
  const isPipe = process.platform === 'win32';
  if (!isPipe) {
    await prepareFolder(path.dirname(socketPath), path.resolve(dataDir));
    await rm(socketPath, { force: true });
  }

  const handler = createRpcHandler(log);
  const http = createServer((request, response) => {
    const found = request.method === 'GET' && request.url === '/ping';
    response.writeHead(found ? 200 : 404, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(found ? 'OK' : 'Not found');
  });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestMessageBytes, perMessageDeflate: false });
  http.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://control');
    if (url.pathname !== '/rpc') {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    const actor = url.searchParams.get('client') === 'window' ? 'window' : 'cli';
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', (error) => log.warn('control socket client failed', { error }));
      serveRpc(webSocket, handler, { engine: context, access, caller: { actor, session: null } });
    });
  });

  await listen(http, socketPath);
  if (!isPipe) await chmod(socketPath, 0o600);

  let closing: Promise<void> | undefined;
  return {
    socketPath,
    close() {
      closing ??= (async () => {
        for (const client of sockets.clients) client.terminate();
        await new Promise<void>((resolve) => {
          http.close(() => resolve());
          http.closeAllConnections();
        });
        if (!isPipe && path.dirname(socketPath) !== path.resolve(dataDir)) {
          await rm(path.dirname(socketPath), { recursive: true, force: true });
        }
      })();
      return closing;
    },
  };
}

/** Makes the socket's folder. One under the shared temporary folder must be ours: another user may have made it first. */
async function prepareFolder(folder: string, dataDir: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (folder === dataDir) return;
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(`${folder} belongs to somebody else. Remove it, or choose a shorter data folder with --data-dir.`);
  }
  await chmod(folder, 0o700);
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
