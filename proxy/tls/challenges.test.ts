import { once } from 'node:events';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { type Harness, type HarnessOptions, sendRaw, startProxy, until } from '../../test/support/proxy-harness.ts';
import type { CertificateSnapshot, ChallengeSnapshot } from '../model/snapshot.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(options: HarnessOptions, challenges: readonly ChallengeSnapshot[]): Promise<Harness> {
  const harness = await startProxy(options);
  closers.push(() => harness.close());
  harness.proxy.receive({ type: 'challenges', revision: 1, challenges });
  return harness;
}

const redirect = { scheme: 'https', port: 443, permanent: true } as const;
const token: ChallengeSnapshot = { type: 'http-01', host: 'photos.test', token: 'T-1', answer: 'T-1.thumbprint' };

const get = (harness: Harness, host: string, path: string, method = 'GET') =>
  sendRaw(harness.port(), `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

describe('HTTP-01', () => {
  test('answers a live token before redirects and routers, and says that it was asked', async () => {
    const harness = await start({ entryPoints: [{ redirect }] }, [token]);
    const answer = await get(harness, 'Photos.test:80', '/.well-known/acme-challenge/T-1');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer.endsWith('\r\n\r\nT-1.thumbprint')).toBe(true);
    expect(harness.messages).toContainEqual({ type: 'challengesSet', revision: 1 });
    expect(harness.messages).toContainEqual({
      type: 'challengeAsked',
      challenge: 'http-01',
      host: 'photos.test',
      clientIp: '127.0.0.1',
    });
  });

  test.each([
    ['another host', 'other.test', '/.well-known/acme-challenge/T-1'],
    ['another token', 'photos.test', '/.well-known/acme-challenge/T-2'],
    ['a path below it', 'photos.test', '/.well-known/acme-challenge/T-1/x'],
    ['a path that leads out', 'photos.test', '/.well-known/acme-challenge/../../T-1'],
    ['the folder', 'photos.test', '/.well-known/acme-challenge/'],
  ])('leaves %s to the rules that hold for all', async (_, host, path) => {
    const harness = await start({ entryPoints: [{ redirect }] }, [token]);
    expect(await get(harness, host, path)).toMatch(/^HTTP\/1\.1 301 /);
  });

  test('forgets a token that is no longer live', async () => {
    const harness = await start({ entryPoints: [{ redirect }] }, [token]);
    harness.proxy.receive({ type: 'challenges', revision: 2, challenges: [] });
    expect(await get(harness, 'photos.test', '/.well-known/acme-challenge/T-1')).toMatch(/^HTTP\/1\.1 301 /);
  });

  test('sends no body to HEAD', async () => {
    const harness = await start({}, [token]);
    expect(await get(harness, 'photos.test', '/.well-known/acme-challenge/T-1', 'HEAD')).toMatch(
      /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n$/,
    );
  });
});

describe('TLS-ALPN-01', () => {
  let usual: CertificateSnapshot;
  let proof: CertificateSnapshot;
  let challenge: ChallengeSnapshot;
  beforeAll(async () => {
    usual = await makeCertificate(['usual.test'], true);
    proof = await makeCertificate(['photos.test']);
    const { certificatePem, privateKeyPem } = proof;
    challenge = { type: 'tls-alpn-01', host: 'photos.test', serverName: 'photos.test', certificatePem, privateKeyPem };
  });

  async function hello(harness: Harness, servername: string, protocols: string[]) {
    const socket = tls.connect({
      port: harness.port(),
      host: '127.0.0.1',
      servername,
      ALPNProtocols: protocols,
      rejectUnauthorized: false,
    });
    closers.push(async () => socket.destroy());
    await once(socket, 'secureConnect');
    return { subject: socket.getPeerCertificate().subject.CN, protocol: socket.alpnProtocol };
  }

  const entryPoints = [{ name: 'web', tls: true }];

  test.each([
    ['alone', {}],
    [
      'behind TCP routers',
      {
        streams: {
          tcpRouters: [
            {
              name: 'all@test',
              entryPoints: ['web'],
              rule: 'HostSNI(`*`)',
              syntax: 'v3' as const,
              priority: 1,
              tls: 'passthrough' as const,
              tlsOptions: null,
              middlewares: [],
              service: 'nothing@test',
            },
          ],
        },
      },
    ],
  ])('shows the live certificate to who asks for it, %s', async (_, more) => {
    const harness = await start({ entryPoints, certificates: [usual], ...more }, [challenge]);
    expect(await hello(harness, 'photos.test', ['acme-tls/1'])).toEqual({
      subject: 'photos.test',
      protocol: 'acme-tls/1',
    });
    await until(() => harness.messages.some(({ type }) => type === 'challengeAsked'), 'word of the challenge');
  });

  test('keeps it from everybody else', async () => {
    const harness = await start({ entryPoints, certificates: [usual] }, [challenge]);
    expect(await hello(harness, 'photos.test', ['http/1.1'])).toEqual({ subject: 'usual.test', protocol: 'http/1.1' });
    await expect(hello(harness, 'other.test', ['acme-tls/1'])).rejects.toThrow();
    harness.proxy.receive({ type: 'challenges', revision: 2, challenges: [] });
    await expect(hello(harness, 'photos.test', ['acme-tls/1'])).rejects.toThrow();
  });
});
