import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** One thing that was expected and did not come. */
export interface Difference {
  readonly input: unknown;
  readonly expected: unknown;
  readonly got: unknown;
}

/** What became of one vector. */
export type Outcome =
  | { readonly kind: 'passed'; readonly asTraefik?: true }
  | { readonly kind: 'failed'; readonly differences: readonly Difference[] }
  | { readonly kind: 'notApplicable'; readonly reason: string };

/** The vector is about something that Gatehouse does not have on purpose; the reason is one of a few. */
export class NotApplicable extends Error {}

/**
 * What the vector expects is otherwise here for safety, and so again with `compatibility: traefik`: it is judged anew in
 * that mode. Where that does not hold either, it does not apply.
 */
export class ByDesign extends NotApplicable {}

/** The runner, or the product, has nothing to judge this by. It fails the vector. */
export class Missing extends Error {}

/** Gathers what differs while one vector is judged, and counts what was compared. */
export interface Judgement {
  /** The product is judged with `compatibility: traefik`. */
  readonly asTraefik: boolean;
  /** Deep equality; keys that are `undefined` count as absent. */
  equal(input: unknown, expected: unknown, got: unknown): void;
  /** Notes a difference that was found in another way. */
  differ(input: unknown, expected: unknown, got: unknown): void;
  /** Notes that something was compared and held. */
  held(): void;
}

/** How vectors of one kind are judged. Fields that the shape does not name fail the vector. */
export interface Kind {
  judge(payload: Readonly<Record<string, unknown>>, judgement: Judgement): Promise<void>;
}

export function kind<Shape extends z.ZodRawShape>(
  shape: Shape,
  judge: (vector: z.infer<z.ZodObject<Shape, z.core.$strict>>, judgement: Judgement) => void | Promise<void>,
): Kind {
  const schema = z.strictObject(shape);
  return {
    async judge(payload, judgement) {
      const parsed = schema.safeParse(payload);
      if (!parsed.success) throw new Missing(`the runner cannot read the vector: ${issuesOf(parsed.error)}`);
      await judge(parsed.data, judgement);
    },
  };
}

function issuesOf(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'its fields'}: ${issue.message}`).join('; ');
}

const envelope = z.looseObject({
  id: z.string(),
  kind: z.string(),
  source: z.unknown().optional(),
  note: z.unknown().optional(),
});

export type Vector = z.infer<typeof envelope>;

const fileSchema = z.looseObject({ format: z.literal(1), vectors: z.array(envelope) });

/** Reads a file of vectors. Throws an Error with a readable message where it is none. */
export function parseVectorFile(text: string): readonly Vector[] {
  const parsed = fileSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`This is no file of vectors: ${issuesOf(parsed.error)}`);
  return parsed.data.vectors;
}

/** Judges one vector by the table. Never throws. */
export async function judgeVector(
  vector: Vector,
  kinds: ReadonlyMap<string, Kind>,
  asTraefik = false,
): Promise<Outcome> {
  const { id: _id, kind: kindName, source: _source, note: _note, ...payload } = vector;
  const differences: Difference[] = [];
  let compared = 0;
  const judgement: Judgement = {
    asTraefik,
    equal(input, expected, got) {
      compared += 1;
      if (!isDeepStrictEqual(plain(expected), plain(got))) differences.push({ input, expected, got });
    },
    differ(input, expected, got) {
      compared += 1;
      differences.push({ input, expected, got });
    },
    held() {
      compared += 1;
    },
  };
  try {
    const judge = kinds.get(kindName);
    if (!judge) throw new Missing(`the runner does not know the kind "${kindName}"`);
    await judge.judge(payload, judgement);
  } catch (error) {
    if (error instanceof ByDesign && differences.length === 0 && !asTraefik) {
      return judgeVector(vector, kinds, true);
    }
    if (error instanceof NotApplicable && differences.length === 0) {
      return { kind: 'notApplicable', reason: error.message };
    }
    // What was found before the vector was put aside counts all the same.
    if (error instanceof NotApplicable) return { kind: 'failed', differences };
    const got = error instanceof Missing ? error.message : error instanceof Error ? error.stack : String(error);
    differences.push({ input: kindName, expected: 'a judgement', got });
  }
  // A vector of which nothing was compared has shown nothing.
  if (compared === 0 && differences.length === 0) {
    differences.push({ input: payload, expected: 'something to compare', got: 'nothing was compared' });
  }
  if (differences.length > 0) return { kind: 'failed', differences };
  return asTraefik ? { kind: 'passed', asTraefik } : { kind: 'passed' };
}

/** Values as JSON has them, so that `undefined` and absent are the same. */
export function plain(value: unknown): unknown {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown);
}
