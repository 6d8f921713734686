import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Serves the metrics to the proxy itself (`prometheus@internal`), on loopback. Its URL holds a secret that is made anew
 * at each start: other programs on this machine cannot come by the router and its middlewares.
 */
export async function listenForMetrics(
  text: () => string,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const secret = randomBytes(24).toString('base64url');
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 10_000 }, (request, response) => {
    if (request.url?.split(/[/?]/)[1] !== secret) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/${secret}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
