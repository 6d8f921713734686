import { expect, test } from 'vitest';
import { fuzz, fuzzWire } from '../fuzz/fuzz.ts';
import { hpack } from '../fuzz/hpack-target.ts';
import { http2 } from '../fuzz/http2-target.ts';
import { targets } from '../fuzz/targets.ts';
import { openAnswers, openForwarder } from '../fuzz/wire-targets.ts';

/** A minute in all; `npm run fuzz` takes as long as it is told to. A new seed each day, named where something fails. */
const seconds = 6;
const seed = Math.floor(Date.now() / 86_400_000);

test.each([...targets, hpack, http2])('$name holds what must hold', { timeout: 60_000 }, async (target) => {
  const { inputs, failure } = await fuzz(target, { seconds, seed });
  expect(failure && `${failure.message}\nseed ${seed}, base64 ${failure.input.toString('base64')}`).toBeNull();
  expect(inputs).toBeGreaterThan(target.seeds.length);
});

test.each([
  ['forwarder', openForwarder],
  ['answers', openAnswers],
])('%s holds what must hold', { timeout: 120_000 }, async (_name, open) => {
  const { inputs, failure } = await fuzzWire(open, 8, { seconds, seed });
  expect(failure && `${failure.message}\nseed ${seed}, base64 ${failure.input.toString('base64')}`).toBeNull();
  expect(inputs).toBeGreaterThan(8);
});
