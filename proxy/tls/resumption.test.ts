import { once } from 'node:events';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { type Harness, startProxy, until } from '../../test/support/proxy-harness.ts';
import type { CertificateSnapshot } from '../model/snapshot.ts';
import { defaultTlsOptions, tlsOptionsSnapshot } from '../model/tls.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

let usual: CertificateSnapshot;
beforeAll(async () => {
  usual = await makeCertificate(['usual.test', 'closed.test'], true);
});

async function worker(secret: string): Promise<Harness> {
  const closed = tlsOptionsSnapshot({ clientAuth: { clientAuthType: 'RequireAnyClientCert' } }, []);
  const harness = await startProxy({
    entryPoints: [{ name: 'web', tls: true }],
    routers: [{ entryPoints: ['web'], tls: true }],
    certificates: [usual],
    tlsOptions: { default: defaultTlsOptions, 'closed@test': closed },
    tlsHosts: { web: { 'closed.test': 'closed@test' } },
  });
  closers.push(() => harness.close());
  harness.proxy.receive({ type: 'ticketSecret', secret });
  return harness;
}

/** One request; gives the session that the server offered, and whether it went on with the one that was shown. */
async function visit(harness: Harness, servername: string, maxVersion: tls.SecureVersion, session?: Buffer) {
  const socket = tls.connect({
    port: harness.port(),
    host: '127.0.0.1',
    servername,
    maxVersion,
    rejectUnauthorized: false,
    ...(session ? { session } : {}),
  });
  closers.push(async () => socket.destroy());
  let offered: Buffer | undefined;
  let text = '';
  let isOver = false;
  socket.on('session', (next: Buffer) => {
    offered = next;
  });
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.on('close', () => {
    isOver = true;
  });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  const isReused = socket.isSessionReused();
  socket.write(`GET / HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`);
  await until(() => isOver, 'the end of the answer');
  return {
    isReused,
    session: offered,
    status: /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'none',
  };
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session by %s', (version) => {
  test('goes on with another worker', async () => {
    const [one, other] = [await worker('shared'), await worker('shared')];
    const first = await visit(one, 'usual.test', version);
    expect([first.isReused, first.status]).toEqual([false, '200']);
    const second = await visit(other, 'usual.test', version, first.session);
    expect([second.isReused, second.status]).toEqual([true, '200']);
    other.proxy.receive({ type: 'ticketSecret', secret: 'next' });
    const third = await visit(other, 'usual.test', version, first.session);
    expect([third.isReused, third.status]).toEqual([false, '200']);
  });

  test('does not go on where a client certificate is asked for', async () => {
    const one = await worker('shared');
    const { session } = await visit(one, 'usual.test', version);
    const closed = await visit(one, 'closed.test', version, session).catch(() => ({ isReused: false, status: 'none' }));
    expect([closed.isReused, closed.status]).toEqual([false, 'none']);
  });
});
