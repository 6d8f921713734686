import type { Duplex } from 'node:stream';

/** Bytes that crossed two joined connections. */
interface JoinedBytes {
  readonly fromClient: number;
  readonly fromServer: number;
}

/**
 * Passes bytes between two connections at the pace of the slower one. When one side ends, the other is told so and may
 * still send (half-close); when one breaks or is closed, so is the other.
 */
export function joinConnections(client: Duplex, server: Duplex, onClosed: (bytes: JoinedBytes) => void): void {
  let fromClient = 0;
  let fromServer = 0;
  let open = 2;
  const sideClosed = (other: Duplex): void => {
    closeSoon(other);
    open -= 1;
    if (open === 0) onClosed({ fromClient, fromServer });
  };
  client.on('data', (chunk: Buffer) => {
    fromClient += chunk.byteLength;
  });
  server.on('data', (chunk: Buffer) => {
    fromServer += chunk.byteLength;
  });
  client.on('error', () => server.destroy()).on('close', () => sideClosed(server));
  server.on('error', () => client.destroy()).on('close', () => sideClosed(client));
  client.pipe(server);
  server.pipe(client);
  // One of them may have broken while the other was being connected.
  if (client.destroyed) server.destroy();
  if (server.destroyed) client.destroy();
}

function closeSoon(stream: Duplex & { destroySoon?: () => void }): void {
  if (stream.destroyed) return;
  if (stream.destroySoon) stream.destroySoon();
  else stream.end();
}
