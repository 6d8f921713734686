import { expect, test } from 'vitest';
import { corpus } from '../../attack/corpus.ts';
import { judge } from '../../attack/judge.ts';
import { disagreements, read } from '../../attack/readers.ts';

const head = 'POST /a HTTP/1.1\r\nHost: a\r\n';
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

test('a strict reader sees whole requests with their bodies', () => {
  const two = `${head}Content-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\n\r\n`;
  expect(read(bytes(two))).toEqual({ requests: ['POST /a 5', 'GET /b 0'], end: 'clean' });
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n2\r\nde\r\n0\r\nX-T: a\r\n\r\n`;
  expect(read(bytes(chunked))).toEqual({ requests: ['POST /a 5'], end: 'clean' });
  expect(read(bytes(`${head}Content-Length: 9\r\n\r\nhello`)).end).toBe('open');
  for (const text of [two, chunked]) expect(disagreements(bytes(text))).toEqual([]);
});

test.each([
  ['both lengths', `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two lengths', `${head}Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello`],
  ['a signed length', `${head}Content-Length: +5\r\n\r\nhello`],
  ['an alias of a length', `${head}Content_Length: 5\r\n\r\n`],
  ['an alias of a coding', `${head}Transfer_Encoding: chunked\r\n\r\n`],
  ['a coding with something about it', `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['a bare LF in a field', `${head}X-A: b\nContent-Length: 5\r\n\r\nhello`],
  ['a folded line', `${head}X-A: b\r\n c\r\n\r\n`],
  ['a space before a colon', `${head}Content-Length : 5\r\n\r\nhello`],
  ['an odd chunk size', `${head}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`],
])('readers disagree about %s', (_name, text) => {
  expect(disagreements(bytes(text))).not.toEqual([]);
});

test('more requests at the server than answers at the client are a desynchronisation', () => {
  const two = [bytes('GET /a HTTP/1.1\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n')];
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  expect(judge(two, ok).verdict).toBe('ambiguous');
  expect(judge(two, ok + ok)).toEqual({ verdict: 'forwarded', statuses: [200, 200], why: '' });
  expect(judge([], 'HTTP/1.1 400 Bad Request\r\n\r\n')).toEqual({ verdict: 'refused', statuses: [400], why: '' });
});

test('the corpus is large, and each case is there once', () => {
  const cases = corpus();
  expect(cases.length).toBeGreaterThan(400);
  expect(new Set(cases.map(({ group, name, bytes: sent }) => `${group} ${name} ${sent.toString('hex')}`)).size).toBe(
    cases.length,
  );
});
