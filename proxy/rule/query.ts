/**
 * Values that a query gives to a key, as Go's `url.ParseQuery` reads it: `+` is a space, and a pair with a bad
 * escape or a semicolon is not counted.
 */
export function queryValues(query: string, key: string): string[] {
  const values: string[] = [];
  if (query === '') return values;
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const name = unescape(equals < 0 ? pair : pair.slice(0, equals));
    if (name !== key) continue;
    const value = equals < 0 ? '' : unescape(pair.slice(equals + 1));
    if (value !== undefined) values.push(value);
  }
  return values;
}

function unescape(text: string): string | undefined {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  if (/%(?![0-9a-fA-F]{2})/.test(spaced)) return undefined;
  try {
    return decodeURIComponent(spaced);
  } catch {
    // Escapes that are no UTF-8: bytes that no rule can name.
    return Buffer.from(
      spaced.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString('utf8');
  }
}
