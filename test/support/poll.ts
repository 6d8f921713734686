import { setTimeout as delay } from 'node:timers/promises';

/** Waits until it holds, looking every few milliseconds. Throws after the deadline, with the caller's line. */
export async function pollUntil(holds: () => boolean | Promise<boolean>, deadlineMs = 10_000): Promise<void> {
  const late = new Error(`It did not come true within ${deadlineMs} ms: ${holds.toString()}`);
  const deadline = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw late;
    await delay(2);
  }
}
