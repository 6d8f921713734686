import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { missingPeers } from '../support/peers.ts';

const execute = promisify(execFile);
const secretsDir = fileURLToPath(new URL('../../app/secrets', import.meta.url));
const missing = missingPeers({ 'dbus-run-session': 'dbus', 'gnome-keyring-daemon': 'gnome-keyring' });
if (missing !== null && !process.env['CI']) console.warn(`keychain: left out, ${missing}`);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gh-keychain-'));
  for (const folder of ['home', 'run', 'data']) await mkdir(join(dir, folder), { mode: 0o700 });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Runs a script in a desktop session of its own, with an open keyring that both calls of a test share. */
async function inSession(script: string): Promise<string> {
  const program = `
    import { createSecrets } from ${JSON.stringify(join(secretsDir, 'files.ts'))};
    import { Secret } from ${JSON.stringify(join(secretsDir, 'secret.ts'))};
    const secrets = createSecrets({ dataDir: ${JSON.stringify(join(dir, 'data'))} });
    ${script}
    process.exit(0);
  `;
  await writeFile(join(dir, 'program.ts'), program);
  // In the foreground, so that it ends with the session and not some time after.
  await writeFile(
    join(dir, 'session.sh'),
    `printf 'pass' | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
     keyring=$!
     until dbus-send --session --print-reply --dest=org.freedesktop.DBus / \\
       org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q 'boolean true'
     do kill -0 $keyring || exit 9; done
     "$1" "$2"; status=$?
     kill $keyring; wait $keyring 2>/dev/null
     exit $status`,
  );
  const { GATEHOUSE_SECRETS: _, DBUS_SESSION_BUS_ADDRESS: __, ...env } = process.env;
  const { stdout } = await execute(
    'dbus-run-session',
    ['--', 'sh', join(dir, 'session.sh'), process.execPath, join(dir, 'program.ts')],
    { env: { ...env, HOME: join(dir, 'home'), XDG_RUNTIME_DIR: join(dir, 'run') }, timeout: 60_000 },
  );
  return stdout;
}

it.runIf(missing === null || process.env['CI'])(
  'keeps the key of secrets in a real keychain',
  async () => {
    const kept = await inSession(`
      await secrets.set('dns.test', new Secret('a-token'));
      console.log((await secrets.get('dns.test'))?.reveal());
    `);
    expect(kept.trim()).toBe('a-token');
    expect(await readFile(join(dir, 'data', 'secrets', 'key'), 'utf8')).toMatch(/^keychain secrets-[\w-]+\n$/);
    const [sealed] = (await readdir(join(dir, 'data', 'secrets'))).filter((file) => file.endsWith('.secret'));
    expect(await readFile(join(dir, 'data', 'secrets', sealed ?? ''), 'utf8')).not.toContain('a-token');

    // Another session of the same person, with the same keyring.
    const read = await inSession("console.log((await secrets.get('dns.test'))?.reveal());");
    expect(read.trim()).toBe('a-token');
  },
  120_000,
);
