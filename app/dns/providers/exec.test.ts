import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { failureOf } from '../../../test/support/dns-provider-suite.ts';
import { pollUntil } from '../../../test/support/poll.ts';
import { exec } from './exec.ts';

const signal = new AbortController().signal;
let dir: string;
let path: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gatehouse exec $(x) '));
  path = join(dir, 'update.sh');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A program that notes its arguments, one on a line, and does more. */
async function program(more = ''): Promise<void> {
  await writeFile(
    path,
    `#!/bin/sh\nfor each in "$@"; do printf '%s\\n' "$each" >>"\${0%/*}/arguments"; done\n${more}\n`,
  );
  await chmod(path, 0o755);
}
const noted = async () => (await readFile(join(dir, 'arguments'), 'utf8')).trimEnd().split('\n');

// Shell injection by way of DNS credentials was CVE-2024-46257 elsewhere.
test('gives action, name and value as they are', async () => {
  await program();
  const provider = exec.create({ path });
  const record = { fqdn: '_acme-challenge.example.org', value: '$(touch x); "quoted" -v' };
  await provider.setTxt(record, signal);
  await provider.removeTxt(record, signal);
  expect(await noted()).toEqual([
    'present',
    '_acme-challenge.example.org.',
    record.value,
    'cleanup',
    '_acme-challenge.example.org.',
    record.value,
  ]);
});

test('gives domain, token and key authorization in RAW mode', async () => {
  await program();
  const provider = exec.create({ path, mode: 'RAW' });
  const record = { fqdn: '_acme-challenge.example.org', value: 'v' };
  const challenge = { domain: 'example.org', token: '-t', keyAuthorization: '-t.k' };
  await provider.setTxt({ ...record, challenge }, signal);
  await provider.removeTxt(record, signal);
  expect(await noted()).toEqual([
    'present',
    '--',
    'example.org',
    '-t',
    '-t.k',
    'cleanup',
    '--',
    'example.org',
    '-t',
    '-t.k',
  ]);
});

test('says how the program failed', async () => {
  await program('echo first >&2; echo "the zone is locked" >&2; exit 3');
  const record = { fqdn: '_acme-challenge.example.org', value: 'v' };
  const failed = await failureOf(exec.create({ path }).setTxt(record, signal));
  expect([failed.kind, failed.reason]).toEqual(['refused', `${path} ended with 3: the zone is locked`]);
  const absent = exec.create({ path: join(dir, 'absent') });
  expect((await failureOf(absent.setTxt(record, signal))).message).toContain('cannot be run: ENOENT');
  expect(await absent.check(signal)).toMatchObject({ ok: false, error: { kind: 'refused' } });
  expect(await exec.create({ path }).check(signal)).toMatchObject({ ok: true });
  expect(await exec.create({ path }).check(signal, 'example.org')).toMatchObject({ ok: false });
  expect(() => exec.create({ path: 'update.sh' })).toThrow('must be a whole path');
});

test('ends the program when nobody waits any more', async () => {
  await program('exec sleep 600');
  const abort = new AbortController();
  const outcome = exec
    .create({ path })
    .setTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, abort.signal)
    .catch((error: unknown) => error);
  await pollUntil(async () => (await noted().catch(() => [])).length === 3);
  abort.abort(new Error('no longer wanted'));
  expect(await outcome).toMatchObject({ message: 'no longer wanted' });
});
