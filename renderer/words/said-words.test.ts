import { afterEach, describe, expect, it } from 'vitest';
import { explanationCodes } from '../../app/contract/explanation.ts';
import { serverDownCodes } from '../../app/contract/objects.ts';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { verdictSentences } from '../../proxy/middleware/verdict.ts';
import { tcpMiddlewareTypes } from '../../proxy/stream/admission.ts';
import { saidFr } from './said-fr.ts';
import { middlewareDetail, serverReason, setSaidWords, stepReason } from './said-words.ts';

afterEach(() => setSaidWords(null));

const names = (template: string): string[] => [...template.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '');

describe('what the engine says, in French', () => {
  it.each(explanationCodes)('has a sentence for %s', (code) => {
    expect(saidFr.explanations[code]).toMatch(/\p{L}/u);
  });

  it.each(Object.entries(verdictSentences))('has a sentence with the details of %s', (code, sentence) => {
    expect(names(saidFr.verdicts[code] ?? 'none').toSorted()).toEqual(names(sentence).toSorted());
  });

  it.each(serverDownCodes)('has a sentence for %s', (code) => {
    expect(saidFr.servers[code]).toMatch(/\p{L}/u);
  });

  it.each([...middlewareTable.keys(), ...tcpMiddlewareTypes])('says what %s does', (type) => {
    expect(saidFr.summaries[type]).toMatch(/\p{L}/u);
  });
});

const step = {
  name: 'lan@file',
  type: 'ipAllowList',
  verdict: 'refuses' as const,
  detail: '10.0.0.9 is not on the list.',
  said: { code: 'ADDRESS_NOT_LISTED', details: { address: '10.0.0.9' } },
};
const server = { url: 'http://a', weight: 1, health: 'down' as const, reason: 'It answered 503.' };

it('takes the engine at its word in English', () => {
  expect(middlewareDetail(step)).toBe('10.0.0.9 is not on the list.');
  expect(serverReason(server)).toBe('It answered 503.');
});

it('goes by code and details elsewhere, and falls back to English', () => {
  setSaidWords(saidFr);
  expect(middlewareDetail(step)).toBe('10.0.0.9 n’est pas dans la liste.');
  expect(middlewareDetail({ ...step, said: { code: 'NEW', details: {} } })).toBe('10.0.0.9 is not on the list.');
  expect(serverReason({ ...server, said: { code: 'ANSWERED', details: { status: 503 } } })).toBe('Il a répondu 503.');
  expect(serverReason(server)).toBe('It answered 503.');
  const part = { kind: 'header' as const, key: 'X-K', text: 'Header(`X-K`, `v`)', holds: false, actual: null };
  const reason = {
    router: 'a',
    rule: 'Header(`X-K`, `v`)',
    priority: 0,
    matched: false,
    reason: 'English',
    parts: [part],
    matchers: [],
  };
  expect(stepReason(reason)).toBe('Header(`X-K`, `v`) n’est pas vérifié : l’en-tête X-K est absent');
  expect(stepReason({ ...reason, rule: '', parts: [], matched: true })).toBe(saidFr.datagrams.first);
});
