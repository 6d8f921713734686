import { randomFillSync } from 'node:crypto';

const poolSize = 512;
const pool = new Uint32Array(poolSize);
let used = poolSize;

function random32(): number {
  if (used === poolSize) {
    randomFillSync(pool);
    used = 0;
  }
  return pool[used++] ?? 0;
}

let lastMs = 0;
let prefix = '';
let suffix = 0;

const suffixLimit = 32 ** 7;
const fourDigits = 32 ** 4;
/** Numbers below 1,024 as two digits: `toString` with a base takes longer than all else that a request's id needs. */
const pairs = Array.from({ length: 1024 }, (_, n) => n.toString(32).padStart(2, '0'));
const digits = Array.from({ length: 32 }, (_, n) => n.toString(32));

/** Seven digits. */
function suffixText(): string {
  const high = Math.trunc(suffix / fourDigits);
  const low = suffix % fourDigits;
  return `${digits[high >>> 10]}${pairs[high & 1023]}${pairs[low >>> 10]}${pairs[low & 1023]}`;
}

/**
 * A reference for one request: 16 characters (`0-9a-v`), of which 9 are the time in milliseconds and 7 begin at random
 * and rise by a random step within one millisecond. A later request of the same worker has the greater id.
 */
export function nextRequestId(nowMs: number): string {
  if (nowMs > lastMs || suffix + 65_536 >= suffixLimit) {
    lastMs = nowMs > lastMs ? nowMs : lastMs + 1;
    prefix = lastMs.toString(32).padStart(9, '0');
    // The top bit stays free, so that steps have room before the next millisecond is borrowed.
    suffix = random32() * 4;
  } else {
    suffix += 1 + (random32() & 0xffff);
  }
  return prefix + suffixText();
}
