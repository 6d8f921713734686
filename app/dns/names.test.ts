import { expect, test } from 'vitest';
import {
  absoluteName,
  candidateZones,
  closestZone,
  plainName,
  quotedText,
  relativeName,
  unquotedText,
} from './names.ts';

test('writes names in one way', () => {
  expect(plainName(' _acme-Challenge.Example.ORG. ')).toBe('_acme-challenge.example.org');
  expect(plainName('bücher.example')).toBe('xn--bcher-kva.example');
  expect(plainName('*.example.org')).toBe('*.example.org');
});

test('takes names apart at their zone, and puts them together', () => {
  const zones = [{ name: 'example.org' }, { name: 'a.example.org.' }, { name: 'org' }];
  expect(closestZone('x.a.example.org', zones)).toEqual({ name: 'a.example.org.' });
  expect(closestZone('xa.example.org', zones)).toEqual({ name: 'example.org' });
  expect(closestZone('notexample.com', zones)).toBeUndefined();
  expect([relativeName('a.b.example.org.', 'example.org'), relativeName('example.org', 'example.org')]).toEqual([
    'a.b',
    '',
  ]);
  expect(['', '@', 'a'].map((part) => absoluteName(part, 'example.org'))).toEqual([
    'example.org',
    'example.org',
    'a.example.org',
  ]);
  expect(candidateZones('a.b.example.org')).toEqual(['a.b.example.org', 'b.example.org', 'example.org']);
});

test('quotes texts as zone files do', () => {
  for (const text of ['v', 'with "quotes" and \\ back', 'x'.repeat(600), ''])
    expect(unquotedText(quotedText(text))).toBe(text);
  expect(quotedText('x'.repeat(256))).toBe(`"${'x'.repeat(255)}" "x"`);
  expect(unquotedText('plain')).toBe('plain');
  expect(unquotedText(String.raw`"a\065b" "c"`)).toBe('aAbc');
});
