import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

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
  /** Place of the key at the path, or of the nearest one above it. Keys compare as written. */
  readonly placeOf: (path: readonly (string | number)[]) => Place;
}

export function readPlacedYaml(text: string): PlacedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = document.errors.map((error) => ({ ...place(error.pos[0]), message: firstLine(error.message) }));
  return {
    value: faults.length > 0 ? undefined : (document.toJS({ maxAliasCount: 100 }) as unknown),
    faults,
    placeOf(path) {
      let node: unknown = document.contents;
      let offset = (document.contents as Node | null)?.range?.[0] ?? 0;
      for (const key of path) {
        if (isMap(node)) {
          const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
          if (!pair) break;
          offset = (pair.key as Node).range?.[0] ?? offset;
          node = pair.value;
        } else if (isSeq(node)) {
          const item = node.items[Number(key)] as Node | undefined;
          if (!item) break;
          offset = item.range?.[0] ?? offset;
          node = item;
        } else break;
      }
      return place(offset);
    },
  };
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
