import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AcmeResolver } from '../../app/certificates/acme/resolver.ts';
import { type AcmeRig, pebbleResolver, startAcmeRig } from '../support/acme-rig.ts';
import { missingForPebble, startPebble, type TestPebble } from '../support/pebble.ts';
import { pollUntil } from '../support/poll.ts';

const missing = missingForPebble();
if (missing !== null && process.env['CI']) throw new Error(missing);

let pebble: TestPebble;
let rig: AcmeRig;
beforeAll(async () => {
  if (missing === null) pebble = await startPebble({ nonceReject: 20 });
});
afterAll(() => pebble?.stop());
afterEach(() => rig?.stop());

async function start(more: Partial<AcmeResolver> = {}): Promise<AcmeRig> {
  const { httpPort, tlsPort } = pebble;
  rig = await startAcmeRig({ resolver: pebbleResolver(pebble, more), httpPort, tlsPort });
  return rig;
}

/** What `openssl s_client` thinks of a host's certificate, by Pebble's root. */
async function verify(host: string): Promise<string> {
  const rootPath = `${pebble.trustPath}.root`;
  await writeFile(rootPath, await pebble.root());
  return new Promise((resolve, reject) => {
    const at = `127.0.0.1:${pebble.tlsPort}`;
    const args = ['s_client', '-connect', at, '-servername', host, '-verify_hostname', host, '-CAfile', rootPath];
    const child = execFile('openssl', [...args, '-verify_return_error'], (_, out, error) => {
      const text = `${out}\n${error}`;
      const verdict = /Verify return code: (.*)/.exec(text)?.[1] ?? /verify error:(.*)/.exec(text)?.[1];
      if (verdict === undefined) reject(new Error(text));
      else resolve(verdict);
    });
    child.stdin?.end();
  });
}

const issued = async (id: string): Promise<void> =>
  pollUntil(() => {
    const entry = rig.issuance.get(id);
    if (entry?.stored.failure) throw new Error(`${entry.stored.failure.problem.message}\n${rig.logged.join('\n')}`);
    return (entry?.stored.issued ?? null) !== null;
  }, 60_000);

describe.skipIf(missing !== null)(`with Pebble${missing === null ? '' : ` (${missing})`}`, () => {
  test('HTTP-01: a certificate with two names is had and served, each step told', async () => {
    await start();
    const names = ['photos.example.org', 'music.example.org'];
    const [id = ''] = rig.want(names);
    await issued(id);
    expect(await verify('photos.example.org')).toBe('0 (ok)');
    expect(await verify('music.example.org')).toBe('0 (ok)');
    const [order] = rig.store.certificates.orders.of(id);
    const steps = order?.steps.map(({ step, state, name }) => `${step} ${name ?? ''} ${state}`) ?? [];
    expect(steps).toEqual(
      expect.arrayContaining([
        'account  done',
        'order  done',
        'authorization photos.example.org done',
        'challenge-set photos.example.org done',
        'told-ca music.example.org done',
        'ca-saw photos.example.org done',
        'validated music.example.org done',
        'finalised  done',
        'downloaded  done',
        'installed  done',
      ]),
    );
    expect(order).toMatchObject({ state: 'done', key: null });
  });

  test('TLS-ALPN-01', async () => {
    await start({ challenge: { type: 'tls-alpn-01', delayMs: 0 } });
    const [id = ''] = rig.want(['alpn.example.org']);
    await issued(id);
    expect(await verify('alpn.example.org')).toBe('0 (ok)');
  });
});
