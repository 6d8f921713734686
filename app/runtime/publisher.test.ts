import { describe, expect, test } from 'vitest';
import type { CertificateSnapshot, RoutingSnapshot } from '../../proxy/model/snapshot.ts';
import type { CertificateAuthority } from '../certificates/authority.ts';
import { type ConfiguredTls, noConfiguredTls } from '../certificates/configured.ts';
import { defaultStaticConfiguration } from '../config/static.ts';
import type { Publication } from '../providers/provider.ts';
import { createPublisher } from './publisher.ts';
import type { AppliedError, WorkerPool } from './worker-pool.ts';

const { entryPoints } = defaultStaticConfiguration;

function publication(provider: Publication['provider'], ...hosts: string[]): Publication {
  const routers = Object.fromEntries(
    hosts.map((host) => [host, { rule: `Host(\`${host}\`)`, service: 'whoami@internal', tls: {} }]),
  );
  return { provider, configuration: { http: { routers } }, origins: { routers: {}, services: {}, middlewares: {} } };
}

function setUp(
  certify?: (hosts: readonly string[]) => Promise<readonly CertificateSnapshot[]>,
  read: (() => ConfiguredTls) | null = null,
) {
  const published: { snapshot: RoutingSnapshot; certificates: readonly string[] }[] = [];
  const answers: ((errors: readonly AppliedError[]) => void)[] = [];
  const asked: (readonly string[])[] = [];
  const logged: string[] = [];
  let errorsChanged = 0;
  const note = (message: string): void => void logged.push(message);
  const pool = {
    bring: () => Promise.resolve(),
    publish: (snapshot: RoutingSnapshot, certificates: readonly CertificateSnapshot[]) => {
      published.push({ snapshot, certificates: certificates.map(({ id }) => id) });
      return new Promise<readonly AppliedError[]>((resolve) => answers.push(resolve));
    },
  } as unknown as WorkerPool;
  const authority = {
    certificatesFor: (hosts: readonly string[]) => {
      asked.push(hosts);
      return certify?.(hosts) ?? Promise.resolve(hosts.map((id) => ({ id }) as CertificateSnapshot));
    },
  } as unknown as CertificateAuthority;
  const publisher = createPublisher({
    pool,
    authority,
    entryPoints,
    pausedAll: false,
    ...(read ? { tlsFiles: { read } } : {}),
    log: { info: note, warn: note, error: note },
    onState: () => undefined,
    onErrors: () => (errorsChanged += 1),
  });
  return { publisher, published, answers, asked, logged, errorsChanged: () => errorsChanged };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const names = (snapshot: RoutingSnapshot | undefined): string[] => (snapshot?.routers ?? []).map(({ name }) => name);

describe('publisher', () => {
  test('what is published together goes out once, with certificates for its hosts', async () => {
    const { publisher, published, answers, asked } = setUp();
    const first = publisher.publish(publication('docker', 'a.localhost'));
    const second = publisher.publish(publication('file', 'b.localhost'));
    await settled();
    expect(published).toHaveLength(1);
    expect(names(published[0]?.snapshot)).toEqual(['a.localhost@docker', 'b.localhost@file']);
    expect(asked).toEqual([['a.localhost', 'b.localhost']]);
    expect(published[0]?.certificates).toEqual(['a.localhost', 'b.localhost']);
    let served = false;
    void first.then(() => (served = true));
    await settled();
    expect(served).toBe(false);
    answers[0]?.([]);
    await Promise.all([first, second]);
  });

  test('what comes while certificates are made joins the next round, and does not wait for workers', async () => {
    let release: (() => void) | undefined;
    const { publisher, published } = setUp(
      (hosts) =>
        new Promise((resolve) => (release = () => resolve(hosts.map((id) => ({ id }) as CertificateSnapshot)))),
    );
    void publisher.publish(publication('docker', 'a.localhost'));
    await settled();
    void publisher.publish(publication('docker', 'a.localhost', 'b.localhost'));
    void publisher.publish(publication('docker', 'a.localhost', 'c.localhost'));
    expect(published).toHaveLength(0);
    release?.();
    await settled();
    release?.();
    await settled();
    expect(published.map(({ snapshot }) => names(snapshot).length)).toEqual([1, 2]);
    expect(names(published[1]?.snapshot)).toContain('c.localhost@docker');
    expect(published.map(({ snapshot }) => snapshot.revision)).toEqual([1, 2]);
  });

  test('a router that is closed has its certificate, so that its visitors see the answer; one that left has none', async () => {
    const { publisher, published, answers } = setUp();
    const { configuration, ...rest } = publication('docker', 'a.localhost', 'b.localhost', 'c.localhost');
    const [a, b, c] = Object.values(configuration.http?.routers ?? {});
    const routers = { a: { ...a, middlewares: ['none'] }, b: { ...b, service: 'none' }, c: { ...c } };
    const served = publisher.publish({ ...rest, configuration: { http: { routers } } });
    await settled();
    expect(published[0]?.certificates).toEqual(['a.localhost', 'c.localhost']);
    expect(published[0]?.snapshot.routers.map(({ name, refuse }) => [name, refuse !== undefined])).toEqual([
      ['a@docker', true],
      ['c@docker', false],
    ]);
    answers[0]?.([]);
    await served;
  });

  test('the same hosts are not asked for again', async () => {
    const { publisher, asked } = setUp();
    void publisher.publish(publication('docker', 'a.localhost'));
    await settled();
    void publisher.setPausedAll(true);
    await settled();
    expect(asked).toHaveLength(1);
    void publisher.refreshCertificates();
    await settled();
    expect(asked).toHaveLength(2);
  });

  test('routes go out where certificates cannot be made, which are asked for again with the next', async () => {
    let full = true;
    const { publisher, published, logged } = setUp((hosts) =>
      full
        ? Promise.reject(new Error('disk full'))
        : Promise.resolve(hosts.map((id) => ({ id }) as CertificateSnapshot)),
    );
    void publisher.publish(publication('docker', 'a.localhost'));
    await settled();
    expect(published[0]).toMatchObject({ certificates: [] });
    expect(logged).toContain('certificates could not be made');
    full = false;
    void publisher.setPausedAll(false);
    await settled();
    expect(published[1]).toMatchObject({ certificates: ['a.localhost'] });
  });

  test('what workers cannot build is known by router until they can', async () => {
    const { publisher, answers, errorsChanged } = setUp();
    void publisher.publish(publication('docker', 'a.localhost'));
    await settled();
    answers[0]?.([{ object: 'a.localhost@docker', message: 'no such file' }]);
    await settled();
    expect([...publisher.errors()]).toEqual([['a.localhost@docker', 'no such file']]);
    void publisher.setPausedAll(false);
    await settled();
    answers[1]?.([]);
    await settled();
    expect(publisher.errors().size).toBe(0);
    expect(errorsChanged()).toBe(2);
  });

  test('a provider that is no longer configured leaves nothing', async () => {
    const { publisher, published } = setUp();
    void publisher.publish(publication('docker', 'a.localhost'));
    await settled();
    void publisher.retract('docker');
    await settled();
    expect(names(published[1]?.snapshot)).toEqual([]);
    await publisher.retract('file');
    expect(published).toHaveLength(2);
  });

  test('while certificates are still read, none of ours is made for a host that may be in them', async () => {
    let tls: ConfiguredTls = noConfiguredTls;
    const { publisher, published, asked } = setUp(undefined, () => tls);
    void publisher.publish(publication('docker', 'ours.localhost'));
    await settled();
    tls = { ...noConfiguredTls, isComplete: false };
    void publisher.publish(publication('file', 'theirs.localhost'));
    await settled();
    tls = {
      ...noConfiguredTls,
      certificates: [{ id: 'f', names: ['theirs.localhost'], certificatePem: '', privateKeyPem: '', isDefault: false }],
    };
    void publisher.refreshCertificates();
    await settled();
    // Its route is there all the while.
    expect(names(published[1]?.snapshot)).toEqual(['ours.localhost@docker', 'theirs.localhost@file']);
    expect(asked).toEqual([['ours.localhost'], ['ours.localhost'], ['ours.localhost']]);
    expect(published[2]?.certificates).toEqual(['ours.localhost', 'f']);
  });
});
