import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { CertificateView } from '../../app/contract/certificates.ts';
import type { EngineStatus } from '../../app/contract/objects.ts';
import { makeCertificate } from '../support/certificates.ts';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';

const running: RunningGatehouse[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.stop();
});

async function start(...args: Parameters<typeof startGatehouse>): Promise<RunningGatehouse> {
  const started = await startGatehouse(...args);
  running.push(started);
  return started;
}

// Other systems always have a keychain.
it.runIf(process.platform === 'linux')(
  'starts though its secrets cannot be read, says so, and loses none of them',
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gh-locked-'));
    const own = await makeCertificate(['own.example.org']);
    const [cert, key] = [join(dir, 'own.pem'), join(dir, 'own.key')];
    await writeFile(cert, own.certificatePem);
    await writeFile(key, own.privateKeyPem);
    const first = await start();
    const { dataDir } = first;
    const names = async (gatehouse: RunningGatehouse): Promise<readonly string[]> => {
      const { out } = await gatehouse.run('certificates', '--json');
      return (JSON.parse(out) as CertificateView[]).flatMap((each) => each.names);
    };
    try {
      expect((await first.run('certificates', 'replace', '-', '--cert', cert, '--key', key)).code).toBe(0);
      expect(await names(first)).toContain('own.example.org');
      await first.end();

      // As where it was set up in a desktop session, and is started without one.
      const keyPath = join(dataDir, 'secrets', 'key');
      await rename(keyPath, join(dir, 'key'));
      await writeFile(keyPath, 'keychain secrets-of-another-session\n', { mode: 0o600 });
      const env = { DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: dir };
      const locked = await start([], { dataDir, env });
      const status = JSON.parse((await locked.run('status', '--json')).out) as EngineStatus;
      expect(status.problems.map(({ code }) => code)).toContain('SECRETS_UNREADABLE');
      expect(await names(locked)).not.toContain('own.example.org');
      const refused = await locked.run('certificates', 'replace', '-', '--cert', cert, '--key', key);
      expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('keychain')]);
      await locked.end();

      await rename(join(dir, 'key'), keyPath);
      const again = await start([], { dataDir });
      expect(await names(again)).toContain('own.example.org');
      await again.end();
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
  120_000,
);
