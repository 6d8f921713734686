import {
  closeSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeOut } from './write-out.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-write-out-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test.skipIf(process.platform === 'win32')('who could read the file before reads nothing of the new one', () => {
  const path = join(dir, 'key.pem');
  writeFileSync(path, 'old', { mode: 0o644 });
  linkSync(path, join(dir, 'elsewhere.pem'));
  const opened = openSync(path, 'r');
  try {
    writeOut(path, 'secret');
    expect(readFileSync(opened, 'utf8')).toBe('old');
  } finally {
    closeSync(opened);
  }
  expect([readFileSync(path, 'utf8'), mode(path)]).toEqual(['secret', '600']);
  expect(readFileSync(join(dir, 'elsewhere.pem'), 'utf8')).toBe('old');
  expect(readdirSync(dir).toSorted()).toEqual(['elsewhere.pem', 'key.pem']);
});

test.skipIf(process.platform === 'win32')('a link stays, and what it leads to is replaced', () => {
  const [path, link] = [join(dir, 'real.pem'), join(dir, 'link.pem')];
  writeFileSync(path, 'old', { mode: 0o644 });
  symlinkSync('real.pem', link);
  writeOut(link, 'secret');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect([readFileSync(path, 'utf8'), mode(path)]).toEqual(['secret', '600']);
});

test('a folder is no file', () => {
  expect(() => writeOut(dir, 'secret')).toThrow(`${dir} cannot be written`);
  expect(readdirSync(dir)).toEqual([]);
});
