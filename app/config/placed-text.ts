export interface Place {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

export interface TextFault extends Place {
  readonly message: string;
}

/** A text in YAML or TOML as plain values, with the place of each key. */
export interface PlacedText {
  readonly value: unknown;
  readonly faults: readonly TextFault[];
  /** Place of the key at the path, or of the nearest one above it. Keys compare without regard to case. */
  readonly placeOf: (path: readonly (string | number)[]) => Place;
  /** Place of the first letter of the value at the path; null where there is none, or it is written over several lines. */
  readonly valuePlaceOf: (path: readonly (string | number)[]) => Place | null;
}
