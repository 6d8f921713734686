import type { RPCHandler } from '@orpc/server/ws';
import type { WebSocket } from 'ws';
import type { OperationContext } from './caller.ts';

/** Of one message; the files of another program's certificates come in one. Only who may use the contract is heard. */
export const largestMessageBytes = 64 * 1024 * 1024;

/** Above this a client is slow: nothing more is made for it until its bytes have gone. */
const slowAboveBytes = 256 * 1024;

/**
 * Speaks oRPC on an open WebSocket. Sending waits while the client is slow, which stops its event stream from being
 * read further; the stream itself then leaves a gap.
 */
export function serveRpc(socket: WebSocket, handler: RPCHandler<OperationContext>, context: OperationContext): void {
  function send(data: string | ArrayBufferLike | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (socket.readyState !== socket.OPEN) {
        resolve();
        return;
      }
      const slow = socket.bufferedAmount > slowAboveBytes;
      // An error here means that the socket is closing; its close event ends everything that runs for it.
      socket.send(data, () => {
        if (slow) resolve();
      });
      if (!slow) resolve();
    });
  }
  // The handler awaits what `send` returns, although its type does not say so.
  const awaited = send as unknown as WebSocket['send'];
  void handler.upgrade({ addEventListener: socket.addEventListener.bind(socket), send: awaited }, { context });
}
