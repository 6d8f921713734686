import { parse, TomlError } from 'smol-toml';
import type { Place, PlacedText } from './placed-text.ts';

/** Reads TOML; places are those of the lines that name a key (those within an inline table are where the table is). */
export function readPlacedToml(text: string): PlacedText {
  try {
    const value = parse(text, { maxDepth: 100, integersAsBigInt: 'asNeeded', unsafeKeyBehaviour: 'drop' });
    const places = keyPlaces(text);
    const placeOf = (path: readonly (string | number)[]): Place => {
      for (let length = path.length; length > 0; length--) {
        const found = places.get(keyOf(path.slice(0, length)));
        if (found) return found;
      }
      return { line: 1, column: 1 };
    };
    return { value, faults: [], placeOf, valuePlaceOf: () => null };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [, message = error.message] = /^Invalid TOML document: (.*)/.exec(error.message) ?? [];
    const fault = { line: error.line, column: error.column, message };
    const start = { line: 1, column: 1 };
    return { value: undefined, faults: [fault], placeOf: () => start, valuePlaceOf: () => null };
  }
}

function keyOf(path: readonly (string | number)[]): string {
  return path.map((part) => String(part).toLowerCase()).join('\n');
}

const keyPattern = String.raw`(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')`;
const dottedPattern = String.raw`${keyPattern}(?:\s*\.\s*${keyPattern})*`;
const headerLine = new RegExp(String.raw`^(\s*)(\[\[?)\s*(${dottedPattern})\s*\]`);
const keyLine = new RegExp(String.raw`^(\s*)(${dottedPattern})\s*=`);

/** The text is known to be TOML: a line that looks like a key is one, unless it is within a text over several lines. */
function keyPlaces(text: string): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const lengths = new Map<string, number>();
  let table: (string | number)[] = [];
  let fence: string | null = null;
  const note = (path: readonly (string | number)[], place: Place): void => {
    for (let length = 1; length <= path.length; length++) {
      const key = keyOf(path.slice(0, length));
      if (!places.has(key)) places.set(key, place);
    }
  };
  for (const [index, line] of text.split('\n').entries()) {
    if (fence === null) {
      const header = headerLine.exec(line);
      const key = header ? null : keyLine.exec(line);
      const place = { line: index + 1, column: (header?.[1] ?? key?.[1] ?? '').length + 1 };
      if (header) {
        table = withIndexes(partsOf(header[3] ?? ''), lengths, header[2] === '[[');
        note(table, place);
      } else if (key) note([...table, ...partsOf(key[2] ?? '')], place);
    }
    for (const [mark] of line.matchAll(/"""|'''/g)) {
      if (fence === null) fence = mark;
      else if (fence === mark) fence = null;
    }
  }
  return places;
}

/** `[[a.b]]` adds an item to the list `a.b`; what is below it is below its last item. */
function withIndexes(parts: readonly string[], lengths: Map<string, number>, isItem: boolean): (string | number)[] {
  const path: (string | number)[] = [];
  for (const [depth, part] of parts.entries()) {
    path.push(part);
    const key = keyOf(path);
    if (isItem && depth === parts.length - 1) lengths.set(key, (lengths.get(key) ?? 0) + 1);
    const length = lengths.get(key);
    if (length !== undefined) path.push(length - 1);
  }
  return path;
}

function partsOf(dotted: string): string[] {
  return [...dotted.matchAll(new RegExp(keyPattern, 'g'))].map(([part]) => part.replace(/^(["'])(.*)\1$/s, '$2'));
}
