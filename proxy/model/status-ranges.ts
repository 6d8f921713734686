/** Bounds of `503` or `500-504`; null where the text is neither. Statuses are 100 to 599. */
function boundsOf(text: string): readonly [number, number] | null {
  const match = /^(\d{3})(?:-(\d{3}))?$/.exec(text.trim());
  if (!match) return null;
  const from = Number(match[1]);
  const to = match[2] === undefined ? from : Number(match[2]);
  return from >= 100 && to <= 599 && from <= to ? [from, to] : null;
}

export function isStatusRange(text: string): boolean {
  return boundsOf(text) !== null;
}

/** A test for the statuses of these ranges. Throws where one is none. */
export function statusTest(ranges: readonly string[]): (status: number) => boolean {
  const bounds = ranges.map((text) => {
    const found = boundsOf(text);
    if (!found) throw new Error(`"${text}" is not a status or a range such as 500-504`);
    return found;
  });
  return (status) => bounds.some(([from, to]) => status >= from && status <= to);
}
