export interface Row {
  readonly scenario: string;
  readonly program: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What the project asks for; undefined where nothing is asked. */
  readonly goal?: { readonly atMost: number };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function show(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

/** The rows as a table for people. */
export function table(rows: readonly Row[]): string {
  const lines = [
    ['scenario', 'program', 'figure', 'value', 'goal'],
    ...rows.map((row) => [
      row.scenario,
      row.program,
      row.figure,
      `${show(row.value)} ${row.unit}`,
      row.goal ? `≤ ${row.goal.atMost} ${row.unit} ${row.value <= row.goal.atMost ? 'met' : 'MISSED'}` : '',
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
