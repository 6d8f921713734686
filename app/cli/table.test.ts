import { describe, expect, it } from 'vitest';
import { tableLines } from './table.ts';
import { colour, withoutColours } from './visible.ts';

const key = '0123456789abcdef';

describe('tableLines', () => {
  it('aligns columns and leaves no spaces at the end', () => {
    expect(
      tableLines(
        ['A', 'LONGER', 'C'],
        [
          ['one', 'x', ''],
          ['o', 'wide cell', 'end'],
        ],
      ),
    ).toEqual(['A    LONGER     C', 'one  x', 'o    wide cell  end']);
  });

  it('shortens what would push the other columns out of sight', () => {
    const rule = `Host(\`${'a'.repeat(5000)}\`)`;
    const [, line] = tableLines(['RULE', 'SERVICE'], [[rule, 'web']]);
    expect(line).toBe(`${rule.slice(0, 79)}…  web`);
  });

  it('shortens what is long and coloured to plain text', () => {
    const [, line] = tableLines(['RULE', 'X'], [[`${colour(key, 2)}${'a'.repeat(90)}${colour(key, 22)}`, '1']]);
    expect(line).toBe(`${'a'.repeat(79)}…  1`);
  });

  it('counts neither colour codes nor combining marks, and wide characters twice', () => {
    const lines = tableLines(
      ['N', 'X'],
      [
        [`${colour(key, 32)}ok${colour(key, 39)}`, '1'],
        ['写真', '2'],
        ['e\u0301', '3'],
      ],
    );
    expect(lines.map(withoutColours)).toEqual(['N     X', 'ok    1', '写真  2', 'e\u0301     3']);
    expect(lines[1]).toContain(colour(key, 32));
  });
});
