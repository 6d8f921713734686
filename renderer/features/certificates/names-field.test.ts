import { describe, expect, it } from 'vitest';
import { firstInvalid, namesIn } from './names-field.ts';

describe('names as they are typed', () => {
  it.each([
    ['photos.example.org', ['photos.example.org']],
    [
      '  A.example.org, *.example.org;b.example.org\nA.EXAMPLE.ORG ',
      ['a.example.org', '*.example.org', 'b.example.org'],
    ],
    ['https://photos.example.org/album?id=1', ['photos.example.org']],
    ['example.org.', ['example.org']],
    ['', []],
    [' , ', []],
  ])('are read from %j', (text, names) => {
    expect(namesIn(text)).toEqual(names);
  });

  it.each([
    [['photos.example.org', '*.example.org', 'straße.example', '203.0.113.7', '2001:db8::1', 'nas'], null],
    [['a..b'], 'a..b'],
    [['fine.example', '*.*.example.org'], '*.*.example.org'],
    [['a b'], 'a b'],
    [['-a.example'], '-a.example'],
    [['x'.repeat(64)], 'x'.repeat(64)],
    [['photos.example.org:8443'], 'photos.example.org:8443'],
  ])('are judged: %j', (names, invalid) => {
    expect(firstInvalid(names)).toBe(invalid);
  });
});
