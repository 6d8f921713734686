import { describe, expect, it } from 'vitest';
import { problem } from '../problem.ts';
import type { Terminal } from './terminal.ts';
import { ago, problemLines, span } from './words.ts';

const plain: Pick<Terminal, 'paint'> = { paint: (_tone, text) => text };

describe('words', () => {
  it.each([
    [0, 'just now'],
    [4000, 'just now'],
    [45_000, '45 s ago'],
    [61_000, '1 min ago'],
    [2 * 3_600_000, '2 h ago'],
    [86_400_000, '1 day ago'],
    [5 * 86_400_000, '5 days ago'],
    [-5000, 'just now'],
  ])('%d ms are "%s"', (ms, words) => {
    expect(ago(1_000_000_000, 1_000_000_000 + ms)).toBe(words);
  });

  it('never says 60 s', () => {
    expect(span(59_600)).toBe('1 min');
  });

  it('puts a problem and its fix on lines of their own', () => {
    const found = problem('DOCKER_ABSENT', 'error', 'Docker was not found.', 'Install it.');
    expect(problemLines(plain as Terminal, 'docker', [found])).toEqual([
      'error: docker: Docker was not found.',
      '  Install it.',
    ]);
    expect(problemLines(plain as Terminal, '', [{ ...found, fix: null }])).toEqual(['error: Docker was not found.']);
  });
});
