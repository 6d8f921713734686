/** Encodes a text for a query as Go's `url.QueryEscape` does: a space is `+`, and only `-_.~` stand beside letters. */
export function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
