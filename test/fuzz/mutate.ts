/** Numbers that look random and are the same for the same seed (mulberry32). */
export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

const mostBytes = 16_384;

/** A few changes to some input: bits, bytes, pieces of others, words of the format. */
export function mutate(random: Random, inputs: readonly Buffer[], words: readonly string[]): Buffer {
  let bytes = Buffer.from(pick(random, inputs));
  const changes = 1 + Math.floor(random() * 5);
  for (let n = 0; n < changes; n += 1) bytes = change(random, bytes, inputs, words);
  return bytes.subarray(0, mostBytes);
}

function change(random: Random, bytes: Buffer<ArrayBuffer>, inputs: readonly Buffer[], words: readonly string[]) {
  const at = Math.floor(random() * (bytes.length + 1));
  const length = Math.min(bytes.length - at, 1 + Math.floor(random() ** 3 * 64));
  const splice = (removed: number, added: Uint8Array) =>
    Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
  switch (Math.floor(random() * 8)) {
    case 0:
      return splice(length, Buffer.alloc(0));
    case 1:
      return splice(0, Buffer.from([Math.floor(random() * 256)]));
    case 2:
      return splice(Math.min(1, bytes.length - at), Buffer.from([Math.floor(random() * 256)]));
    case 3: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      return copy;
    }
    case 4:
      return splice(0, bytes.subarray(at, at + length));
    case 5: {
      const other = pick(random, inputs);
      const from = Math.floor(random() * other.length);
      return splice(length, other.subarray(from, from + 1 + Math.floor(random() * 128)));
    }
    default:
      return splice(random() < 0.5 ? 0 : length, Buffer.from(pick(random, words), 'latin1'));
  }
}
