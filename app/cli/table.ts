import { visible, withoutColours } from './visible.ts';

/** A rule may have thousands of characters; the last column may, as nothing stands behind it. */
const widestColumn = 80;

/** Rows in columns as wide as their widest cell, two spaces apart. Cells may hold colour codes. */
export function tableLines(head: readonly string[], wholeRows: readonly (readonly string[])[]): string[] {
  const rows = wholeRows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : shortened(cell))));
  const widths = head.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)),
      )
      .join('  ')
      .trimEnd(),
  );
}

function shortened(cell: string): string {
  const text = withoutColours(cell);
  return text.length <= widestColumn ? cell : `${text.slice(0, widestColumn - 1)}…`;
}

/** Columns of a terminal that the text takes: no colour codes, combining marks, nor halves of wide characters. */
function widthOf(text: string): number {
  let width = 0;
  for (const char of visible(withoutColours(text))) {
    if (/\p{Mark}/u.test(char)) continue;
    width += /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(char)
      ? 2
      : 1;
  }
  return width;
}
