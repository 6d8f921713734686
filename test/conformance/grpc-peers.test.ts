import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { pollUntil } from '../support/poll.ts';
import { loadBalancer, startProxy } from '../support/proxy-harness.ts';
import { askPython, missingPython, startPython } from './python-peer.ts';

const missing = missingPython({ grpc: 'python3-grpcio' });
if (missing !== null && process.env['CI']) throw new Error(missing);

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

describe.skipIf(missing !== null)(`gRPC peers in Python${missing === null ? '' : ` (${missing})`}`, () => {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gh-grpc-'));
    closers.push(() => rm(dir, { recursive: true, force: true }));
  });

  it.each(['h2c', 'https'])('call, stream, fail and give up over %s', { timeout: 180_000 }, async (scheme) => {
    const certificate = await makeCertificate(['127.0.0.1'], true);
    const [certificatePath, keyPath] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
    await writeFile(certificatePath, certificate.certificatePem);
    await writeFile(keyPath, certificate.privateKeyPem);
    const server = await startPython('grpc-calls.py', [
      'server',
      ...(scheme === 'https' ? [certificatePath, keyPath] : []),
    ]);
    closers.push(() => server.stop());
    const harness = await startProxy({
      entryPoints: [{ name: 'websecure', tls: true }],
      routers: [{ entryPoints: ['websecure'], tls: true }],
      services: {
        'app@test': loadBalancer([`${scheme}://127.0.0.1:${server.port}`], { serversTransport: 'transport@test' }),
      },
      serversTransports: { 'transport@test': { insecureSkipVerify: true } },
      certificates: [certificate],
    });
    closers.push(() => harness.close());

    expect(await askPython('grpc-calls.py', ['client', String(harness.port()), certificatePath])).toEqual({
      unary: 'hello by metadata',
      first: 'before the answer',
      last: ['after the answer', '00ff'],
      big: true,
      fail: ['FAILED_PRECONDITION', 'grüße, it is closed'],
      unknown: 'UNIMPLEMENTED',
      count: 1000,
      collect: 'a+b+c',
      talk: ['ONE', 'TWO', 'THREE'],
      giveUp: ['RESOURCE_EXHAUSTED', 'enough'],
      begun: 'begun',
      cancel: 'CANCELLED',
      deadline: 'DEADLINE_EXCEEDED',
      many: true,
    });
    // What the client gave up, the server hears of: long before it would stop waiting by itself.
    await pollUntil(() => /by cancel/.test(server.output()) && /by deadline/.test(server.output()), 30_000);
    const record = await harness.record(({ target }) => target === '/test.Peer/Fail');
    expect(record).toMatchObject({ status: 200, originStatus: 200, protocol: 'HTTP/2.0', error: null });
  });
});
