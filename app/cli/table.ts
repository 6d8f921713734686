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
  return cell.length <= widestColumn ? cell : `${cell.slice(0, widestColumn - 1)}…`;
}

/** Columns of a terminal that the text takes: no colour codes, combining marks, nor halves of wide characters. */
function widthOf(text: string): number {
  let width = 0;
  // oxlint-disable-next-line no-control-regex -- the escape character is what a colour code begins with
  for (const char of text.replaceAll(/\u001b\[\d+m/g, '')) {
    if (/\p{Mark}/u.test(char)) continue;
    width += /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(char)
      ? 2
      : 1;
  }
  return width;
}
