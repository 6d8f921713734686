import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import type { Place, PlacedText, TextFault } from './placed-text.ts';

/** One bracket too many can make thousands; the first ones say all. */
const mostFaults = 10;

/** Reads YAML with the place of each key. */
export function readPlacedYaml(text: string): PlacedText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, merge: true });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = document.errors
    .slice(0, mostFaults)
    .map((error) => ({ ...place(error.pos[0]), message: firstLine(error.message) }));
  // The library compares each key with every other, which takes seconds for a file of ten thousand routers.
  for (const { key, offset } of repeatedKeys(document)) {
    faults.push({ ...place(offset), message: `Keys must be unique, and "${key}" stands here again` });
  }
  const value = faults.length > 0 ? undefined : plainValue(document, faults);
  return {
    value,
    faults,
    placeOf: (path) => place(find(document, path).offset),
    valuePlaceOf(path) {
      const { node, depth } = find(document, path);
      if (depth < path.length || !isScalar(node) || !node.range) return null;
      const [start, end] = node.range;
      const quote = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? 1 : 0;
      // In a block scalar, or where quotes are escaped, columns of the value are not those of the text.
      return text.slice(start + quote, end - quote) === node.value ? place(start + quote) : null;
    },
  };
}

function repeatedKeys(document: Document): { key: string; offset: number }[] {
  const repeated: { key: string; offset: number }[] = [];
  visit(document, {
    Map: (_key, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        // A file may merge several others: `<<` is no key of its own.
        if (seen.has(name) && name !== '<<') repeated.push({ key: name, offset: key.range?.[0] ?? 0 });
        seen.add(name);
      }
    },
  });
  return repeated;
}

/** A file that refers to itself too often is a fault of the file, not of this program. */
function plainValue(document: Document, faults: TextFault[]): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    faults.push({ line: 1, column: 1, message: error instanceof Error ? firstLine(error.message) : String(error) });
    return undefined;
  }
}

function find(
  document: Document,
  path: readonly (string | number)[],
): { node: unknown; offset: number; depth: number } {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const [depth, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = pairAt(node, String(key));
      if (!pair) return { node, offset, depth };
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(key)] as Node | undefined;
      if (!item) return { node, offset, depth };
      offset = item.range?.[0] ?? offset;
      node = item;
    } else return { node, offset, depth };
  }
  return { node, offset, depth: path.length };
}

/** Pairs by key as written, then by key in lower case: a file may hold thousands of routers. */
const pairsOf = new WeakMap<object, ReadonlyMap<string, Pair>>();

function pairAt(map: { readonly items: readonly Pair[] }, key: string): Pair | undefined {
  let pairs = pairsOf.get(map);
  if (!pairs) {
    const named = map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : []));
    const lower = named.map(([name, pair]) => [`~${name.toLowerCase()}`, pair] as const);
    pairs = new Map([...lower.toReversed(), ...named.map(([name, pair]) => [`=${name}`, pair] as const)]);
    pairsOf.set(map, pairs);
  }
  return pairs.get(`=${key}`) ?? pairs.get(`~${key.toLowerCase()}`);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
