/**
 * Visitors choose most of what an access log says. Here it is written so that no byte of theirs can end a field or a
 * line, speak to a terminal, or be taken for a space by those who read the log with regular expressions.
 */

/** Header values as they came: Node hands bytes on as Latin-1. What is no UTF-8 becomes U+FFFD, as in Go. */
export function headerText(value: string): string {
  if (!/[\u0080-\u00ff]/.test(value) || /[^\0-\u00ff]/.test(value)) return value;
  return Buffer.from(value, 'latin1').toString('utf8');
}

/** One word between spaces: what could end it is percent-encoded, and `%` with it where the text itself is not. */
export function word(text: string, isEncoded: boolean): string {
  if (isEncoded ? /^[!#-[\]-~]*$/.test(text) : /^[!#-$&-Z^-~]*$/.test(text)) return text;
  return text.replaceAll(isEncoded ? notInTarget : notInWord, percentEncoded);
}

// Space, quotes, backslash and brackets, `%`, and whatever is not seen or may change its neighbours.
const notInWord = /["\\[\]%]|[^\p{L}\p{N}\p{P}\p{S}]/gu;
const notInTarget = /["\\]|[^!-~]/gu;

function percentEncoded(character: string): string {
  // A lone surrogate is no character; it becomes U+FFFD.
  return [...Buffer.from(character, 'utf8')]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

/** Text between quotes, as Traefik has it, with escapes for what a terminal or a reader of lines would act on. */
export function quoted(text: string): string {
  if (/^[ !#-[\]-~]*$/.test(text)) return `"${text}"`;
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll(unseen, unicodeEscape)}"`;
}

// Control characters, format characters (bidirectional ones among them), separators other than a plain space, halves.
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?! )\p{Zs}/gu;
const unseenInJson = /[<>&\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Each UTF-16 unit as JSON escapes it. */
export function unicodeEscape(text: string): string {
  return Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
    '',
  );
}

/** A JSON string as Go writes it, and with escapes for all that is not seen. */
export function jsonString(text: string): string {
  // The usual text stands for itself.
  if (/^[ !#-%'-;=?-[\]-~]*$/.test(text)) return `"${text}"`;
  return JSON.stringify(text.toWellFormed()).replaceAll(unseenInJson, unicodeEscape);
}
