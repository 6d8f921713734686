import type { Socket } from 'node:net';
import { continueText } from './inbound-answer-head.ts';

const firstMs = 500;
const slowestMs = 15_000;
const mostInterruptions = 4;

/**
 * A client that has ended its side of the connection waits for its answer, or is gone: only writing to it shows which.
 * Before the answer that is `100 Continue`, which every client of HTTP/1.1 passes over (RFC 9110 §15.2). Otherwise it is
 * nothing at all, which fails once the system knows.
 */
export class HalfClose {
  private readonly socket: Socket;
  private probes = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setKeepAlive(true, slowestMs);
  }

  /** Time in milliseconds to the next probe. */
  get pauseMs(): number {
    return Math.min(firstMs * 2 ** this.probes, slowestMs);
  }

  /** `canInterrupt`: no answer has begun. */
  probe(canInterrupt: boolean): void {
    const { socket } = this;
    const isInterruption = canInterrupt && this.probes < mostInterruptions;
    if (!socket.destroyed) socket.write(isInterruption ? continueText : '', 'latin1');
    this.probes += 1;
  }
}
