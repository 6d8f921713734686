import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { KeyPairFiles } from '../../proxy/model/tls.ts';
import { makeCertificate } from '../../test/support/certificates.ts';
import { pollUntil } from '../../test/support/poll.ts';
import { createTlsFiles, type PublishedTls } from './configured.ts';
import { createKeyPairs, type KeyPairs } from './key-pairs.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).toReversed()) close();
});

function start(options: Partial<Parameters<typeof createKeyPairs>[0]> = {}): KeyPairs {
  const pairs = createKeyPairs({ onRead: () => undefined, onChanged: () => undefined, ...options });
  closers.push(pairs.stop);
  return pairs;
}

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-key-pairs-'));
  closers.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function asText(name: string): Promise<KeyPairFiles> {
  const { certificatePem, privateKeyPem } = await makeCertificate([name]);
  return { certFile: certificatePem, keyFile: privateKeyPem };
}

let written = 1_000_000;

async function inFiles(dir: string, name: string): Promise<KeyPairFiles> {
  const pair = { certFile: join(dir, 'site.pem'), keyFile: join(dir, 'site.key') };
  const { certFile, keyFile } = await asText(name);
  writeFileSync(pair.keyFile, keyFile);
  writeFileSync(pair.certFile, certFile);
  // Two keys are of one length, and a system's clock for files may stand still for some milliseconds.
  written += 1;
  for (const path of [pair.keyFile, pair.certFile]) utimesSync(path, written, written);
  return pair;
}

const many = 260;

test('of many, those that are not read at once come by themselves, and routes are told meanwhile', async () => {
  const one = await asText('default.test');
  const certificates = await Promise.all(Array.from({ length: many }, (_, n) => asText(`h${n}.test`)));
  let changes = 0;
  const files = createTlsFiles({
    onChanged: () => {
      changes += 1;
    },
  });
  closers.push(files.stop);
  const published: PublishedTls = {
    provider: 'file',
    configuration: { tls: { certificates, stores: { default: { defaultCertificate: one } } } },
  };
  const first = files.read([published]);
  expect(first.isComplete).toBe(false);
  expect(first.certificates.length).toBeLessThan(many);
  // What stands in for all others is there from the beginning.
  expect(first.certificates.find(({ isDefault }) => isDefault)?.names).toEqual(['default.test']);
  await pollUntil(() => changes === 1);
  const then = files.read([published]);
  expect(then.isComplete).toBe(true);
  expect(then.certificates).toHaveLength(many + 1);
  expect(then.certificates).toEqual(expect.arrayContaining([...first.certificates]));
  expect(files.read([published])).toBe(then);
});

test('a file that changes is read again, and one that is gone is told of', async () => {
  const dir = folder();
  const pair = await inFiles(dir, 'before.test');
  let changes = 0;
  const pairs = start({
    lookEveryMs: 20,
    onChanged: () => {
      changes += 1;
    },
  });
  const [before] = pairs.read([pair]);
  expect(before?.certificate?.names).toEqual(['before.test']);
  expect(pairs.read([pair])[0]).toBe(before);
  await inFiles(dir, 'afterwards.test');
  await pollUntil(() => changes > 0 && pairs.read([pair])[0]?.certificate?.names[0] === 'afterwards.test');
  rmSync(pair.keyFile);
  await pollUntil(() => pairs.read([pair])[0]?.reason === `the file ${pair.keyFile} does not exist`);
});

test('a key that handshakes would refuse is named before anyone comes', async () => {
  const one = await asText('one.test');
  const other = await asText('other.test');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pairs = start();
  const results = pairs.read([
    { ...one, keyFile: other.keyFile },
    { ...one, keyFile: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    { certFile: '-----BEGIN CERTIFICATE-----\nx', keyFile: one.keyFile },
  ]);
  expect(results.map((result) => result?.certificate)).toEqual([null, null, null]);
  expect(results[0]?.reason).toBe('its key belongs to another certificate');
  expect(results.every((result) => (result?.reason ?? '') !== '')).toBe(true);
});

test('files that nobody names any more are forgotten', async () => {
  const dir = folder();
  const pair = await inFiles(dir, 'site.test');
  const pairs = start();
  const [first] = pairs.read([pair]);
  pairs.forgetOthers();
  expect(pairs.read([pair])[0]).toBe(first);
  pairs.forgetOthers();
  pairs.read([]);
  pairs.forgetOthers();
  expect(pairs.read([pair])[0]).not.toBe(first);
});

test('files that cannot even be looked for are named, and looked for again', async () => {
  const dir = folder();
  // Stands for a folder that is closed to us, which it would not be to a test that runs as root.
  const loop = join(dir, 'loop.pem');
  symlinkSync(loop, loop);
  const long = join(dir, 'a'.repeat(300));
  let changes = 0;
  const pairs = start({ onChanged: () => (changes += 1), lookEveryMs: 10 });
  const { certFile, keyFile } = await asText('late.test');
  const asked = [
    { certFile: loop, keyFile },
    { certFile: long, keyFile },
  ];
  expect(pairs.read(asked).map((pair) => pair?.reason)).toEqual([
    `the file ${loop} cannot be read (ELOOP)`,
    `the file ${long} cannot be read (ENAMETOOLONG)`,
  ]);
  rmSync(loop);
  writeFileSync(loop, certFile);
  await pollUntil(() => changes > 0 && pairs.read(asked)[0]?.certificate !== null, 20_000);
  expect(pairs.read(asked)[0]?.certificate?.names).toEqual(['late.test']);
});
