import { MessageChannelMain, type MessagePortMain, type WebContents } from 'electron';
import type { openControlSocket } from '../app/operations/client.ts';

type ControlSocket = Awaited<ReturnType<typeof openControlSocket>>;

const retryAfterMs = 500;

/**
 * Gives the page its line to the engine: a MessagePort whose messages are the frames of a control socket of its own.
 * When either end closes, a new line is laid as soon as an engine answers; a reloaded page gets a new one at once.
 * Returns what ends it.
 */
export function bridgePage(contents: WebContents, openSocket: () => Promise<ControlSocket>): () => void {
  let line: AbortController | null = null;
  const cut = (): void => line?.abort();
  const loaded = (): void => {
    cut();
    line = new AbortController();
    void keepLine(contents, openSocket, line.signal);
  };
  contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) cut();
  });
  contents.on('did-finish-load', loaded);
  contents.once('destroyed', cut);
  return cut;
}

async function keepLine(
  contents: WebContents,
  openSocket: () => Promise<ControlSocket>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const socket = await openSocket().catch(() => null);
    if (socket && !signal.aborted && !contents.isDestroyed()) {
      const { port1, port2 } = new MessageChannelMain();
      const ended = joined(port1, socket, signal);
      contents.postMessage('gatehouse-port', null, [port2]);
      await ended;
    }
    socket?.close();
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
  }
}

/** Resolves when either end has closed; both are closed then. */
function joined(port: MessagePortMain, socket: ControlSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      socket.close();
      port.close();
      resolve();
    };
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      port.postMessage(isBinary ? new Uint8Array(data) : data.toString('utf8'));
    });
    port.on('message', ({ data }: { data: unknown }) => {
      if (typeof data === 'string' || data instanceof Uint8Array || data instanceof ArrayBuffer) socket.send(data);
    });
    socket.once('close', end);
    port.once('close', end);
    signal.addEventListener('abort', end, { once: true });
    port.start();
  });
}
