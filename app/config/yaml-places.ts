import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';

export interface Place {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

export interface YamlFault extends Place {
  readonly message: string;
}

/** A YAML text as plain values, with the place of each key. */
export interface PlacedYaml {
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
  /** Place of the key at the path, or of the nearest one above it. Keys compare without regard to case. */
  readonly placeOf: (path: readonly (string | number)[]) => Place;
  /** Place of the first letter of the value at the path; null where there is none, or it is written over several lines. */
  readonly valuePlaceOf: (path: readonly (string | number)[]) => Place | null;
}

export function readPlacedYaml(text: string): PlacedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, merge: true });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = document.errors.map((error) => ({ ...place(error.pos[0]), message: firstLine(error.message) }));
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

/** A file that refers to itself too often is a fault of the file, not of this program. */
function plainValue(document: Document, faults: YamlFault[]): unknown {
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
      const pair = pairAt(node.items, String(key));
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

function pairAt(pairs: readonly Pair[], key: string): Pair | undefined {
  const named = (equal: (name: string) => boolean): Pair | undefined =>
    pairs.find((pair) => isScalar(pair.key) && equal(String(pair.key.value)));
  return named((name) => name === key) ?? named((name) => name.toLowerCase() === key.toLowerCase());
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
