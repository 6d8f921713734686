import { type Holdup, stuckAfterMs } from './crowd.ts';
import type { EntryContext } from './entry-context.ts';
import type { RequestBody } from './request-body.ts';
import type { Limited } from './time-limits.ts';

/** Once a body has been waited for as long as it may pause, it must have come at this rate: bytes a second. */
const slowestRate = 500;

/** The side of an exchange that a slow body concerns. */
interface SlowBodyListener {
  /** `before`: no answer yet; `during`: one is under way, and its server is in charge; `after`: it has gone out. */
  readonly answerPhase: () => 'before' | 'during' | 'after';
  /** The body is too slow; the exchange is answered with 408 or, after its answer, broken off. */
  readonly tooSlow: (detail: string) => void;
}

/**
 * Sees to it that a client which sends a body keeps sending. Only time in which we want bytes counts: a server that
 * reads slowly is no fault of the client's. There is no bound on the whole, so an upload may take hours.
 */
export class BodyWatch implements Limited, Holdup {
  private readonly body: RequestBody;
  private readonly context: Pick<EntryContext, 'limits' | 'unsent'>;
  private readonly idleMs: number;
  private readonly listener: SlowBodyListener;
  private answeredAt: number | null = null;
  private isCrowded = false;

  constructor(
    body: RequestBody,
    context: Pick<EntryContext, 'limits' | 'unsent'>,
    idleMs: number,
    listener: SlowBodyListener,
  ) {
    this.body = body;
    this.context = context;
    this.idleMs = idleMs;
    this.listener = listener;
    context.limits.watch(this, idleMs);
    context.unsent.add(this);
    // Or whoever sends half a body and goes would leave an exchange here for as long as a body may pause.
    body.whenOver = () => {
      context.unsent.delete(this);
      context.limits.forget(this);
    };
  }

  /** Of whoever sends as slowly as a limit forbids, but was not given its time yet. */
  isStuck(nowMs: number): boolean {
    const { body } = this;
    const wantedMs = body.wantedMs(nowMs);
    if (body.isOver || body.wantedSince === null || wantedMs < stuckAfterMs) return false;
    this.isCrowded = this.listener.answerPhase() === 'before' && (body.bytes * 1000) / wantedMs < slowestRate;
    return this.isCrowded;
  }

  /** The answer is out. A body that is not in by then is watched until it is. */
  answered(): void {
    this.context.unsent.delete(this);
  }

  expired(): void {
    const { body, idleMs } = this;
    if (body.isOver) return;
    if (this.isCrowded) {
      this.isCrowded = false;
      this.listener.tooSlow('the body hardly moved while too many others did not either');
      return;
    }
    const nowMs = performance.now();
    const phase = this.listener.answerPhase();
    let nextMs = idleMs;
    if (phase === 'after') {
      // What is left of it is thrown away, so that the client gets to read its answer; not for ever.
      this.answeredAt ??= nowMs;
      nextMs = this.answeredAt + idleMs - nowMs;
      if (nextMs <= 0) this.listener.tooSlow('the rest of the body did not arrive in time');
    } else if (phase === 'before' && body.wantedSince !== null) {
      nextMs = body.wantedSince + idleMs - nowMs;
      const wantedMs = body.wantedMs(nowMs);
      if (nextMs <= 0) this.listener.tooSlow(`no byte of the body came for ${idleMs / 1000} s`);
      else if (wantedMs > idleMs && (body.bytes * 1000) / wantedMs < slowestRate) {
        nextMs = 0;
        this.listener.tooSlow(`the body came with less than ${slowestRate} bytes a second`);
      }
    }
    if (nextMs > 0) this.context.limits.watch(this, nextMs);
  }
}
