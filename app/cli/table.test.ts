import { describe, expect, it } from 'vitest';
import { tableLines } from './table.ts';

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

  it('counts neither colour codes nor combining marks, and wide characters twice', () => {
    const lines = tableLines(
      ['N', 'X'],
      [
        ['\u001b[32mok\u001b[39m', '1'],
        ['写真', '2'],
        ['e\u0301', '3'],
      ],
    );
    expect(lines).toEqual(['N     X', '\u001b[32mok\u001b[39m    1', '写真  2', 'e\u0301     3']);
  });
});
