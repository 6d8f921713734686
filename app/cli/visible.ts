/**
 * Text for a terminal, in which nothing from outside can move the cursor, clear the screen or turn the writing round:
 * names, labels and paths are chosen by others. Such characters are shown as `\u001b`, which JSON reads back; line
 * ends, tabs and the few colours of `createTerminal` stay.
 */
export function visible(text: string): string {
  return text.replaceAll(
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    /\u001b\[(?:1|2|22|31|32|33|39)m|[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (found) => (found.length > 1 ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
