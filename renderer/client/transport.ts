import { createORPCClient } from '@orpc/client';
import { apiBase } from './base.ts';
import type { GatehouseClient } from './contract.ts';

/** One way to the engine, open until `closed` resolves. */
export interface Transport {
  readonly client: GatehouseClient;
  readonly closed: Promise<void>;
  readonly close: () => void;
}

declare global {
  interface Window {
    /** Present in the desktop window; the preload script then posts a port as a `gatehouse-port` message. */
    readonly gatehouse?: unknown;
  }
}

let waitingPort: MessagePort | null = null;
let wantPort: ((port: MessagePort) => void) | null = null;

function isPortMessage(data: unknown): boolean {
  if (data === 'gatehouse-port') return true;
  return typeof data === 'object' && data !== null && 'type' in data && data.type === 'gatehouse-port';
}

/** The port may come before anyone asks for it, and a new one comes when the engine was away. */
export function listenForPorts(): void {
  window.addEventListener('message', (event) => {
    const port = event.ports[0];
    if (!port || event.source !== window || !isPortMessage(event.data)) return;
    if (wantPort) {
      wantPort(port);
      wantPort = null;
    } else {
      waitingPort?.close();
      waitingPort = port;
    }
  });
}

export function inDesktopWindow(): boolean {
  return 'gatehouse' in window || location.protocol === 'app:';
}

function nextPort(signal: AbortSignal): Promise<MessagePort> {
  if (waitingPort) {
    const port = waitingPort;
    waitingPort = null;
    return Promise.resolve(port);
  }
  return new Promise((resolve, reject) => {
    wantPort = resolve;
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}

export async function openPort(signal: AbortSignal): Promise<Transport> {
  const [{ RPCLink }, port] = await Promise.all([import('@orpc/client/message-port'), nextPort(signal)]);
  const closed = new Promise<void>((resolve) => {
    port.addEventListener('close', () => resolve(), { once: true });
    // A new port means that the old one leads nowhere.
    window.addEventListener(
      'message',
      (event) => {
        if (event.source === window && isPortMessage(event.data)) resolve();
      },
      { once: true },
    );
  });
  port.start();
  return { client: createORPCClient(new RPCLink({ port })), closed, close: () => port.close() };
}

export async function openWebSocket(signal: AbortSignal): Promise<Transport> {
  const { RPCLink } = await import('@orpc/client/websocket');
  const url = new URL(`${apiBase}/api/gatehouse/rpc`, location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const websocket = new WebSocket(url);
  const abort = (): void => websocket.close();
  signal.addEventListener('abort', abort, { once: true });
  const closed = new Promise<void>((resolve) => {
    websocket.addEventListener(
      'close',
      () => {
        signal.removeEventListener('abort', abort);
        resolve();
      },
      { once: true },
    );
  });
  await new Promise<void>((resolve, reject) => {
    websocket.addEventListener('open', () => resolve(), { once: true });
    websocket.addEventListener('close', () => reject(new Error('The engine closed the connection.')), { once: true });
  });
  return { client: createORPCClient(new RPCLink({ websocket })), closed, close: () => websocket.close() };
}
