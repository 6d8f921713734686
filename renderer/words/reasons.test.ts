import { afterEach, expect, it, test } from 'vitest';
import { fakeProblem } from '../dev/fake-world.ts';
import { problemWords, setProblemTranslations } from './problem-words.ts';
import { problemsFr } from './problems-fr.ts';
import { inReadersWords, setReasonRules } from './reasons.ts';
import { reasonsFr } from './reasons-fr.ts';

afterEach(() => {
  setReasonRules([]);
  setProblemTranslations(null);
});

it('takes the engine at its word in English', () => {
  expect(inReadersWords('it answers with status 503')).toBe('it answers with status 503');
});

test.each([
  ['it answers with status 503', 'il répond par le statut 503'],
  [
    '“zones.0.id” in its answer is not what its API promises',
    '« zones.0.id » dans sa réponse n’est pas conforme à son API',
  ],
  [
    'updates of example.org are not allowed without a key',
    'les mises à jour de example.org ne sont pas permises sans clé',
  ],
  ['In RAW mode, only a challenge can try it.', 'En mode RAW, seule une vraie demande peut l’essayer.'],
  ['web (127.0.0.1:80) answers something else', 'web (127.0.0.1:80) répond autre chose'],
  [
    "what should be a CA's directory cannot be read (newNonce)",
    'ce qui devrait être l’annuaire d’une autorité est illisible (newNonce)',
  ],
  ['no router of web matches a.test/x', 'aucun routeur de web ne prend a.test/x'],
  ['where ghcr.io/a/b:1 has its page', 'là où ghcr.io/a/b:1 a sa page'],
])('says in French: %s', (english, french) => {
  setReasonRules(reasonsFr);
  expect(inReadersWords(english)).toBe(french);
});

it('leaves what others have said as they said it', () => {
  setReasonRules(reasonsFr);
  expect(inReadersWords('Zone is locked by your administrator')).toBe('Zone is locked by your administrator');
});

it('puts it in the sentence of a problem', () => {
  setReasonRules(reasonsFr);
  setProblemTranslations(problemsFr);
  const problem = fakeProblem('ACME_DNS_FAILED', 'error', 'English', null, {
    provider: 'Webhook',
    reason: 'it answers with status 503',
  });
  expect(problemWords(problem).message).toBe('Webhook n’a pas pu créer l’enregistrement : il répond par le statut 503');
});

test.each(reasonsFr.map(([pattern, words]) => [pattern.source, pattern, words] as const))(
  'names in the words only what the pattern finds: %s',
  (_source, pattern, words) => {
    const found = [...pattern.source.matchAll(/\(\?<(\w+)>/g)]
      .map((match) => match[1] ?? '')
      .toSorted((a, b) => a.localeCompare(b));
    const used = [...words.matchAll(/\{\{(\w+)\}\}/g)]
      .map((match) => match[1] ?? '')
      .toSorted((a, b) => a.localeCompare(b));
    expect(used).toEqual(found);
    expect(pattern.source.startsWith('^') && pattern.source.endsWith('$')).toBe(true);
  },
);
