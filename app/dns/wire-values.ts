import type { RecordType } from './changes.ts';
import { quotedText, unquotedText } from './names.ts';
import type { RecordSet } from './record-set-provider.ts';

/** A set from values as an API has them: texts in quotes, the rest as it is. */
export function fromWire(type: RecordType, wire: readonly string[], ttlS: number): RecordSet {
  if (type !== 'TXT') return { values: wire, ttlS };
  const spelled = new Map(wire.map((text) => [unquotedText(text), text]));
  return { values: wire.map(unquotedText), ttlS, spelled };
}

/** Values as an API wants them: texts in quotes, names with a dot. Texts that were there stay as they were spelled. */
export function toWire(type: RecordType, set: RecordSet, before: RecordSet | null): readonly string[] {
  switch (type) {
    case 'TXT':
      return set.values.map((text) => before?.spelled?.get(text) ?? quotedText(text));
    case 'CNAME':
      return set.values.map((name) => `${name}.`);
    case 'A':
    case 'AAAA':
      return set.values;
  }
}
