import { describe, expect, it } from 'vitest';
import { BodyWatch } from './body-watch.ts';
import { Crowd } from './crowd.ts';
import { RequestBody } from './request-body.ts';
import { type Limited, TimeLimits } from './time-limits.ts';

/** A body whose wire is the test. */
class TestBody extends RequestBody {
  override finish(): void {
    super.finish();
  }
  override fail(error: Error): void {
    super.fail(error);
  }
  protected begin(): void {
    // Nobody waits for a word.
  }
  protected wanted(): void {
    // What is wanted does not come.
  }
  protected held(): void {
    // Nothing comes.
  }
  protected discard(): void {
    // The rest is passed over.
  }
}

class Limits extends TimeLimits {
  readonly watched = new Set<Limited>();
  override watch(limited: Limited, limitMs: number): void {
    this.watched.add(limited);
    super.watch(limited, limitMs);
  }
  override forget(limited: Limited): void {
    this.watched.delete(limited);
    super.forget(limited);
  }
}

class Unsent extends Crowd {
  count = 0;
  override add(...given: Parameters<Crowd['add']>): void {
    this.count += 1;
    super.add(...given);
  }
  override delete(...given: Parameters<Crowd['delete']>): void {
    this.count -= 1;
    super.delete(...given);
  }
}

describe('a body that is over is watched no more, and keeps nothing in memory', () => {
  it.each<[string, (body: TestBody, watch: BodyWatch) => void]>([
    ['it has come', (body) => body.finish()],
    ['its client has gone', (body) => body.fail(new Error('gone'))],
    [
      'its client has gone after the answer',
      (body, watch) => {
        watch.answered();
        body.fail(new Error('gone'));
      },
    ],
    [
      'its client goes, and is told of first',
      (body, watch) => {
        body.destroy();
        watch.answered();
        body.fail(new Error('gone'));
      },
    ],
    [
      'the rest of it has come after the answer, and nobody read it',
      (body, watch) => {
        body.destroy();
        watch.answered();
        body.finish();
      },
    ],
  ])('%s', (_what, end) => {
    const limits = new Limits();
    const unsent = new Unsent(10);
    const body = new TestBody();
    const listener = { answerPhase: () => 'before' as const, tooSlow: () => undefined };
    const watch = new BodyWatch(body, { limits, unsent }, 60_000, listener);
    expect(limits.watched.size).toBe(1);
    end(body, watch);
    expect(limits.watched.size).toBe(0);
    expect(unsent.count).toBeLessThanOrEqual(0);
  });
});
