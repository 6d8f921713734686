/** What is wrong with a field line, in words for the owner. */
export interface FieldFault {
  /** Two readers could take it for different things; otherwise it is merely not allowed. */
  readonly isAmbiguous: boolean;
  readonly detail: string;
}

const bareLineFeed: FieldFault = { isAmbiguous: true, detail: 'a header line that ends with a bare LF' };
const bareReturn: FieldFault = { isAmbiguous: true, detail: 'a bare CR in a header line' };
const folded: FieldFault = { isAmbiguous: true, detail: 'a folded header line' };
const noName: FieldFault = { isAmbiguous: true, detail: 'a header line without a name' };
const noColon: FieldFault = { isAmbiguous: true, detail: 'a header line without a colon' };
const spaceBeforeColon: FieldFault = { isAmbiguous: true, detail: 'a space before the colon of a header line' };
const badName: FieldFault = { isAmbiguous: false, detail: 'a character that no header name may hold' };
const badValue: FieldFault = { isAmbiguous: false, detail: 'a control character in the value of a header field' };

/** 1 for the characters of a token (RFC 9110 §5.6.2), by character code. */
export const tokenCharacters = new Uint8Array(256);
/** 1 for what may stand in a field's value (RFC 9110 §5.5): visible characters, spaces, tabs and bytes beyond ASCII. */
export const valueCharacters = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~") tokenCharacters[character.charCodeAt(0)] = 1;
for (let code = 0; code < 256; code += 1) {
  if (/[0-9A-Za-z]/.test(String.fromCharCode(code))) tokenCharacters[code] = 1;
  if (code === 0x09 || (code >= 0x20 && code !== 0x7f)) valueCharacters[code] = 1;
}

const tab = 0x09;
const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;
const colon = 0x3a;

/**
 * Reads field lines (RFC 9112 §5) from `start` to `end` of bytes that were decoded as latin1, each with its CRLF and
 * without the empty line that ends them. Adds them to `raw` as `[name, value, name, value]`, as they were spelled and
 * without the space around values. Strict: no bare CR or LF, no folding, nothing between name and colon, tokens for
 * names, no control characters. Gives what is wrong with the first bad line, or null.
 */
export function parseFields(text: string, start: number, end: number, raw: string[]): FieldFault | null {
  let at = start;
  while (at < end) {
    const nameAt = at;
    while (at < end && tokenCharacters[text.charCodeAt(at)] === 1) at += 1;
    if (text.charCodeAt(at) !== colon || at === nameAt || at === end) return nameFault(text, nameAt, at, end);
    const colonAt = at;
    at += 1;
    while (at < end && (text.charCodeAt(at) === space || text.charCodeAt(at) === tab)) at += 1;
    const valueAt = at;
    while (at < end && valueCharacters[text.charCodeAt(at)] === 1) at += 1;
    if (at + 1 >= end || text.charCodeAt(at) !== cr || text.charCodeAt(at + 1) !== lf) return valueFault(text, at, end);
    let valueEnd = at;
    while (valueEnd > valueAt && (text.charCodeAt(valueEnd - 1) === space || text.charCodeAt(valueEnd - 1) === tab)) {
      valueEnd -= 1;
    }
    at += 2;
    raw.push(text.slice(nameAt, colonAt), text.slice(valueAt, valueEnd));
  }
  return null;
}

function nameFault(text: string, nameAt: number, at: number, end: number): FieldFault {
  if (at >= end) return noColon;
  const code = text.charCodeAt(at);
  if (code === space || code === tab) return at === nameAt ? folded : spaceBeforeColon;
  if (code === lf) return bareLineFeed;
  if (code === cr) return at + 1 < end && text.charCodeAt(at + 1) === lf ? noColon : bareReturn;
  return code === colon ? noName : badName;
}

function valueFault(text: string, at: number, end: number): FieldFault {
  if (at >= end) return bareReturn;
  const code = text.charCodeAt(at);
  if (code === lf) return bareLineFeed;
  return code === cr ? bareReturn : badValue;
}
