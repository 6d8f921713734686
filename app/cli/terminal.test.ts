import { expect, test } from 'vitest';
import { tableLines } from './table.ts';
import { createTerminal } from './terminal.ts';

function terminalOf(isTTY: boolean) {
  let out = '';
  let error = '';
  const streamOf = (take: (text: string) => void) => ({
    isTTY,
    write: (text: string | Uint8Array) => {
      take(String(text));
      return true;
    },
  });
  const terminal = createTerminal({
    stdin: process.stdin,
    env: {},
    stdout: streamOf((text) => {
      out += text;
    }),
    stderr: streamOf((text) => {
      error += text;
    }),
  });
  return { terminal, written: () => ({ out, error }) };
}

function withoutOwnColours(text: string): string {
  // oxlint-disable-next-line no-control-regex -- with the escape character they begin
  return text.replaceAll(/\u001b\[(?:31|32|39)m/g, '');
}

/** What a container may be labelled with, a visitor may ask for, and an argument may be. */
const hostile = 'x\u001b]0;owned\u0007\u001b[31m\u009b2J\r\nerror: forged\u202e';

test.each([true, false])('no text of others reaches a terminal as it is (colours: %s)', (isTTY) => {
  const { terminal, written } = terminalOf(isTTY);
  terminal.out(hostile);
  terminal.error(`There is no command "${hostile}".`);
  terminal.out(`${terminal.paint('good', hostile)} ${hostile}`);
  const { out, error } = written();
  const rest = withoutOwnColours(out + error);
  expect(rest.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  expect(out.split('\n')).toHaveLength(3);
  expect(out.includes('\u001b[32m')).toBe(isTTY);
});

test('colours of one terminal mean nothing to another', () => {
  const one = terminalOf(true);
  const other = terminalOf(true);
  other.terminal.out(one.terminal.paint('bad', 'x'));
  expect(other.written().out).not.toContain('\u001b');
});

test('a row stays a row, and columns stand below each other, whatever is in the cells', () => {
  const { terminal, written } = terminalOf(true);
  const rows = [
    [hostile, terminal.paint('bad', 'down'), 'end'],
    ['plain', terminal.paint('good', 'up'), 'end'],
  ];
  for (const line of tableLines(['NAME', 'STATE', 'LAST'], rows)) terminal.out(line);
  const lines = withoutOwnColours(written().out).trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(new Set(lines.map((line) => Math.max(line.indexOf('end'), line.indexOf('LAST')))).size).toBe(1);
});

test('help and JSON keep their lines', () => {
  const { terminal, written } = terminalOf(false);
  terminal.text('one\ntwo');
  expect(written().out).toBe('one\ntwo\n');
});
