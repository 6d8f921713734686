import type { Problem } from '../contract/objects.ts';
import type { Terminal, Tone } from './terminal.ts';

/** "3 min ago"; `now` and `at` are milliseconds since 1970. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  return seconds < 5 ? 'just now' : `${span(seconds * 1000)} ago`;
}

/** "3 min", "2 h", "5 days". */
export function span(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86_400);
  return days === 1 ? '1 day' : `${days} days`;
}

const tones: Readonly<Record<string, Tone>> = {
  enabled: 'good',
  exposed: 'good',
  connected: 'good',
  running: 'good',
  up: 'good',
  live: 'good',
  warning: 'warn',
  waiting: 'warn',
  paused: 'warn',
  lost: 'warn',
  connecting: 'warn',
  disabled: 'bad',
  broken: 'bad',
  failed: 'bad',
  down: 'bad',
};

/** A status word in its colour. */
export function statusWord(terminal: Terminal, word: string): string {
  const tone = tones[word];
  return tone === undefined ? word : terminal.paint(tone, word);
}

/** Problems under a table: what, and what to do. */
export function problemLines(terminal: Terminal, name: string, problems: readonly Problem[]): string[] {
  return problems.flatMap((problem) => {
    const tone = problem.severity === 'error' ? 'bad' : problem.severity === 'warning' ? 'warn' : 'dim';
    const lines = [
      `${terminal.paint(tone, `${problem.severity}:`)} ${name === '' ? '' : `${name}: `}${problem.message}`,
    ];
    return problem.fix === null ? lines : [...lines, `  ${problem.fix}`];
  });
}

export function printList(terminal: Terminal, lines: readonly string[], problems: readonly string[]): void {
  for (const line of lines) terminal.out(line);
  if (problems.length > 0) {
    terminal.out('');
    for (const line of problems) terminal.out(line);
  }
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.text(JSON.stringify(value, null, 2));
}
