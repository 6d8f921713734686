import { createRandom, mutate } from './mutate.ts';
import type { Target } from './targets.ts';

export interface FuzzResult {
  readonly name: string;
  readonly inputs: number;
  /** Different things that came of them. */
  readonly outcomes: number;
  /** The input that broke what must hold, and how; null where none did. */
  readonly failure: { readonly input: Buffer; readonly message: string } | null;
}

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Changed inputs from the first on: the seeds are tried elsewhere. */
  readonly skipsSeeds?: boolean;
}

/** Outcomes that are remembered; a target that tells ever new ones would fill the memory. */
const mostOutcomes = 5000;

/** Tries a target's seeds, then changed ones, until the time is up or something fails. The same seed, the same inputs. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  const random = createRandom(options.seed);
  const kept = [...target.seeds];
  const outcomes = new Set<string>();
  const seeds = options.skipsSeeds ? [] : target.seeds;
  const until = performance.now() + options.seconds * 1000;
  let inputs = 0;
  while (inputs < seeds.length || performance.now() < until) {
    const input = seeds[inputs] ?? mutate(random, kept, target.words);
    inputs += 1;
    try {
      const outcome = await target.attempt(input, random);
      if (!outcomes.has(outcome) && outcomes.size < mostOutcomes) {
        outcomes.add(outcome);
        if (inputs > seeds.length) kept.push(input);
      }
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { name: target.name, inputs, outcomes: outcomes.size, failure: { input, message } };
    }
    // What the proxy in this process has to do is done in between.
    if (inputs % 512 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return { name: target.name, inputs, outcomes: outcomes.size, failure: null };
}

/** Several at once, where one input waits for the network most of its time. */
export async function fuzzWire(
  open: () => Promise<{ readonly target: Target; readonly close: () => Promise<void> }>,
  lanes: number,
  options: FuzzOptions,
): Promise<FuzzResult> {
  const results = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const { target, close } = await open();
      try {
        return await fuzz(target, { ...options, skipsSeeds: true, seed: options.seed * lanes + lane });
      } finally {
        await close();
      }
    }),
  );
  return {
    name: results[0]?.name ?? '',
    inputs: results.reduce((sum, { inputs }) => sum + inputs, 0),
    outcomes: Math.max(...results.map(({ outcomes }) => outcomes)),
    failure: results.find(({ failure }) => failure !== null)?.failure ?? null,
  };
}
