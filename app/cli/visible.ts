import { unicodeEscape } from '../../proxy/access-log/escape.ts';

/** Where one of our own colours begins or ends; the key is not known to those who wrote the text around it. */
const mark = /\0(?<key>[0-9a-f]{16})(?<code>\d{1,2})m/g;
const unseen = new RegExp(String.raw`${mark.source}|[\p{Cc}\p{Bidi_Control}\u2028\u2029]`, 'gu');

/** A colour for {@link visible} to put in place: 1, 2, 22, 31 to 33 or 39. `key` is 16 hexadecimal digits. */
export function colour(key: string, code: number): string {
  return `\0${key}${code}m`;
}

/** The text as it is seen, to be measured. */
export function withoutColours(text: string): string {
  return text.replaceAll(mark, '');
}

/**
 * Text for a terminal, in which nothing from outside can move the cursor, clear the screen, turn the writing round,
 * pose as a colour or begin a line of its own: arguments, names, labels and paths are chosen by others. Such characters
 * are shown as `\u001b`, `\n` and `\t`, which JSON reads back; what {@link colour} made with this key becomes one.
 */
export function visible(text: string, key?: string): string {
  return text.replaceAll(unseen, (found, ...rest) => {
    const groups = rest.at(-1) as { readonly key?: string; readonly code?: string };
    if (groups.code !== undefined && groups.key === key) return `\u001b[${groups.code}m`;
    // Of what only looks like a mark, the first character is all that is not seen.
    return escaped(found.charAt(0)) + found.slice(1);
  });
}

function escaped(character: string): string {
  if (character === '\n') return String.raw`\n`;
  return character === '\t' ? String.raw`\t` : unicodeEscape(character);
}
