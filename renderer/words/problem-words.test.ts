import { afterEach, describe, expect, it } from 'vitest';
import { problemCodes } from '../../app/contract/objects.ts';
import { fakeProblem } from '../dev/fake-world.ts';
import { fill, problemWords, setProblemTranslations } from './problem-words.ts';
import { problemsFr } from './problems-fr.ts';

afterEach(() => setProblemTranslations(null));

describe('fill', () => {
  it('leaves out a sentence that would have a hole', () => {
    expect(fill('Port {{port}} is used by {{process}}.', { port: 80, process: 'nginx' })).toBe(
      'Port 80 is used by nginx.',
    );
    expect(fill('Port {{port}} is used by {{process}}.', { port: 80 })).toBeNull();
  });
});

it('says a time as people read it', () => {
  expect(fill('until {{until}}', { until: Date.UTC(2026, 10, 20, 12) })).toMatch(/^until .*2026.*\d\d/);
});

describe('problemWords', () => {
  const problem = fakeProblem('PORT_IN_USE', 'error', 'Port 80 is used.', 'Stop it.', { port: 80 });

  it('takes the engine at its word in English', () => {
    expect(problemWords(problem)).toEqual({ message: 'Port 80 is used.', fix: 'Stop it.' });
  });

  it('takes the most exact sentence that the details allow', () => {
    setProblemTranslations(problemsFr);
    expect(problemWords(problem).message).toBe('Le port 80 est pris par un autre programme.');
    expect(problemWords({ ...problem, details: {} }).message).toBe('Un port est pris par un autre programme.');
  });

  it('falls back to English for a code that it does not know', () => {
    setProblemTranslations({});
    expect(problemWords(problem).message).toBe('Port 80 is used.');
  });

  it.each(problemCodes)('has French without details for %s', (code) => {
    setProblemTranslations(problemsFr);
    const words = problemWords(fakeProblem(code, 'error', 'English', null));
    expect(words.message).not.toBe('English');
    expect(words.message).not.toContain('{{');
  });
});
