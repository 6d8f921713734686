import type { Socket } from 'node:net';
import { continueText } from './inbound-answer-head.ts';

/** From the client's end to the first probe, and from each to the next; the last one again and again. */
const pausesMs = [500, 250, 1000, 4000, 15_000] as const;
const slowestMs = 15_000;

/**
 * A client that has ended its side of the connection waits for its answer, or is gone: only writing to it shows which,
 * and only the second time. Before the answer that is `100 Continue`, which every client of HTTP/1.1 passes over
 * (RFC 9110 §15.2). Otherwise it is nothing at all, which fails once the system knows.
 */
export class HalfClose {
  private readonly socket: Socket;
  private readonly canInterrupt: () => boolean;
  private probes = 0;
  private timer: NodeJS.Timeout | null = null;

  /** `canInterrupt`: a 1xx answer may be sent now. */
  constructor(socket: Socket, canInterrupt: () => boolean) {
    this.socket = socket;
    this.canInterrupt = canInterrupt;
    socket.setKeepAlive(true, slowestMs);
  }

  /** A request is under way. */
  watch(): void {
    this.timer ??= setTimeout(() => this.probe(), pausesMs[this.probes] ?? slowestMs);
    this.timer.unref();
  }

  /** It is no longer. */
  rest(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private probe(): void {
    const { socket } = this;
    this.timer = null;
    if (socket.destroyed) return;
    const isInterruption = this.probes < pausesMs.length - 1 && this.canInterrupt();
    this.probes += 1;
    socket.write(isInterruption ? continueText : '', 'latin1');
    this.watch();
  }
}
