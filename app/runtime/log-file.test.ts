import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEngineLog } from './engine-log.ts';
import { openLogFile } from './log-file.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-log-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('turns over by size and keeps a few', () => {
  const path = join(dir, 'engine.log');
  const log = openLogFile(path, { maxBytes: 100, keep: 2 });
  for (let i = 0; i < 50; i++) log.write(`${'x'.repeat(50)} ${i}\n`);
  log.close();
  expect(readdirSync(dir).toSorted()).toEqual(['engine.log', 'engine.log.1', 'engine.log.2']);
  expect(readFileSync(path, 'utf8')).toMatch(/ 49\n$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a folder that vanishes does not stop anybody', () => {
  const log = openLogFile(join(dir, 'engine.log'), { maxBytes: 1, keep: 1 });
  rmSync(dir, { recursive: true });
  expect(() => {
    log.write('one\n');
    log.write('two\n');
    log.write('three\n');
  }).not.toThrow();
  log.close();
});

test('a line has its time, level, message and error, and no secret', () => {
  const lines: string[] = [];
  const log = openEngineLog(dir, ({ level, message }) => lines.push(`${level} ${message}`));
  log.error('it broke', { error: new Error('why'), password: 'hunter2', user: { token: 'gh_1' } });
  log.close();
  const text = readFileSync(join(dir, 'engine.log'), 'utf8');
  expect(JSON.parse(text)).toMatchObject({ level: 'error', msg: 'it broke', error: { message: 'why' } });
  expect(text).not.toMatch(/hunter2|gh_1/);
  expect(lines).toEqual(['error it broke']);
});

test('writes Traefik’s log beside its own, from its level on, without secrets', () => {
  const filePath = join(dir, 'traefik.log');
  const asked = { level: 'warn', format: 'common', filePath } as const;
  const texts: (string | null)[] = [];
  const log = openEngineLog(
    dir,
    ({ text }) => texts.push(text),
    asked,
    () => new Date(0),
  );
  log.info('not told');
  log.warn('told', { password: 'hunter2' });
  log.close();
  expect(readFileSync(filePath, 'utf8')).toBe('1970-01-01T00:00:00Z WRN told password="••••"\n');
  expect(readFileSync(join(dir, 'engine.log'), 'utf8').trim().split('\n')).toHaveLength(2);
  expect(texts).toEqual([null, null]);
});

test('hands Traefik’s log on where it goes to the standard output, or its file cannot be written', () => {
  for (const filePath of [null, join(dir, 'engine.log', 'not', 'a', 'folder')]) {
    const texts: (string | null)[] = [];
    const asked = { level: 'error', format: 'json', filePath } as const;
    const log = openEngineLog(
      dir,
      ({ text }) => texts.push(text),
      asked,
      () => new Date(0),
    );
    log.warn('below');
    log.error('said', { entryPointName: 'web' });
    log.close();
    expect(texts.slice(-2)).toEqual([
      null,
      '{"level":"error","entryPointName":"web","time":"1970-01-01T00:00:00Z","message":"said"}\n',
    ]);
  }
});

test('turns over by age too, and opens a file anew that was moved away', () => {
  const path = join(dir, 'access.log');
  let nowMs = 0;
  const log = openLogFile(path, { maxBytes: 1000, keep: 2, maxAgeMs: 60_000, mode: 0o644, now: () => nowMs });
  log.write('one\n');
  nowMs = 61_000;
  log.write('two\n');
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\n');
  renameSync(path, `${path}.moved`);
  log.reopen();
  log.write('three\n');
  log.close();
  expect(readFileSync(`${path}.moved`, 'utf8')).toBe('two\n');
  expect(readFileSync(path, 'utf8')).toBe('three\n');
});

test('what is no plain file is only written to', () => {
  const log = openLogFile('/dev/null', { maxBytes: 1, keep: 1, maxAgeMs: 0 });
  log.write('one\n');
  log.write('two\n');
  log.close();
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
});
