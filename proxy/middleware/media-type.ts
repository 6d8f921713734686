/** A media type such as `text/html; charset=utf-8`, in lower case but for the values of parameters. */
export interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Null where the text is none (RFC 9110 §8.3.1). */
export function parseMediaType(text: string): MediaType | null {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(type)) return null;
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const equals = part.indexOf('=');
    if (part === '') continue;
    if (equals < 1) return null;
    const value = part.slice(equals + 1).replace(/^"(.*)"$/, '$1');
    const name = part.slice(0, equals).toLowerCase();
    // Given twice, it means nothing.
    if (parameters.has(name)) return null;
    parameters.set(name, value);
  }
  return { type: type.toLowerCase(), parameters };
}

/** True where the types are the same and each parameter that is wanted is there. */
export function fitsMediaType(actual: MediaType, wanted: MediaType): boolean {
  if (actual.type !== wanted.type) return false;
  for (const [name, value] of wanted.parameters) {
    if (actual.parameters.get(name)?.toLowerCase() !== value.toLowerCase()) return false;
  }
  return true;
}
