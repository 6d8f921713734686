import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectCa, connectCa } from '../../app/certificates/acme/ca-client.ts';
import { createIssuance, type Issuance, type IssuanceOptions } from '../../app/certificates/acme/issuance.ts';
import { createLiveChallenges } from '../../app/certificates/acme/live-challenges.ts';
import { certificateId } from '../../app/certificates/acme/plan.ts';
import { type AcmeResolver, defaultConnection } from '../../app/certificates/acme/resolver.ts';
import { openKeyVault } from '../../app/certificates/key-vault.ts';
import type { Log } from '../../app/log.ts';
import type { Secret } from '../../app/secrets/secrets.ts';
import { openStore, type Store } from '../../app/store/store.ts';
import { makeCertificate } from './certificates.ts';
import type { TestPebble } from './pebble.ts';
import { type Harness, startProxy } from './proxy-harness.ts';

/** All that has certificates, with real listeners where the CA looks, and no engine around. */
export interface AcmeRig {
  readonly issuance: Issuance;
  readonly store: Store;
  readonly proxy: Harness;
  readonly logged: readonly string[];
  /** Names of the certificate → its id. */
  readonly want: (...certificates: (readonly string[])[]) => readonly string[];
  /** Ends it as a kill would: nothing that it does from now on counts. */
  readonly kill: () => Promise<void>;
  /** Begins anew with what was kept. */
  readonly restart: (more?: Partial<IssuanceOptions>) => Promise<Issuance>;
  readonly stop: () => Promise<void>;
}

export interface AcmeRigOptions {
  readonly resolver: AcmeResolver;
  readonly httpPort: number;
  readonly tlsPort: number;
  readonly connect?: ConnectCa;
  readonly more?: Partial<IssuanceOptions>;
}

/** A resolver for a Pebble; what is left out is as it is usual. */
export function pebbleResolver(
  pebble: Pick<TestPebble, 'directoryUrl' | 'trustPath'>,
  more: Partial<AcmeResolver> = {},
): AcmeResolver {
  return {
    name: 'pebble',
    source: 'static',
    directoryUrl: pebble.directoryUrl,
    email: 'owner@example.org',
    keyType: 'EC256',
    preferredChain: null,
    profile: null,
    emailAddresses: [],
    withCommonName: false,
    eab: null,
    lifetimeMs: null,
    challenge: { type: 'http-01', entryPoint: null, delayMs: 0 },
    connection: { ...defaultConnection, caCertificates: [pebble.trustPath], systemAuthorities: false },
    ...more,
  };
}

/** Secrets of a test, which end with it. */
export function memorySecrets() {
  const kept = new Map<string, Secret>();
  return {
    get: (name: string) => Promise.resolve(kept.get(name)),
    set: (name: string, value: Secret) => {
      kept.set(name, value);
      return Promise.resolve();
    },
  };
}

export async function startAcmeRig(options: AcmeRigOptions): Promise<AcmeRig> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gh-acme-'));
  const { resolver, httpPort, tlsPort } = options;
  const store = openStore(dataDir);
  const vault = await openKeyVault(memorySecrets());
  const fallback = await makeCertificate(['fallback.test'], true);
  const proxy = await startProxy({
    entryPoints: [
      { name: 'web', port: httpPort, redirect: { scheme: 'https', port: 443, permanent: true } },
      { name: 'websecure', port: tlsPort, tls: true },
    ],
    routers: [{ entryPoints: ['websecure'], tls: true }],
    certificates: [fallback],
  });
  const failed = proxy.messages.find(({ type }) => type === 'listenFailed');
  if (failed) throw new Error(`The rig cannot listen: ${JSON.stringify(failed)}`);
  const logged: string[] = [];
  const note = (message: string, details?: unknown): void => {
    logged.push(
      `${message} ${JSON.stringify(details, (_, value: unknown) => (value instanceof Error ? value.message : value))}`,
    );
  };
  const log: Log = { info: note, warn: note, error: note };

  let generation = 0;
  const make = (more: Partial<IssuanceOptions> = {}): Issuance => {
    generation += 1;
    const own = generation;
    let served: readonly string[] = [];
    const live = createLiveChallenges((challenges) => {
      if (own === generation) proxy.proxy.receive({ type: 'challenges', revision: own, challenges });
      return Promise.resolve();
    });
    asked = live.asked;
    const made: Issuance = createIssuance({
      repository: store.certificates,
      vault,
      connect: options.connect ?? connectCa,
      live,
      dnsFor: () => Promise.reject(new Error('this rig has no DNS')),
      log,
      onCertificates: () => {
        if (own !== generation) return;
        queueMicrotask(() => {
          const next = made.certificates();
          const remove = served.filter((id) => !next.some((each) => each.id === id));
          served = next.map(({ id }) => id);
          proxy.proxy.receive({ type: 'certificates', upsert: next, remove });
        });
      },
      onChange: () => undefined,
      ...options.more,
      ...more,
    });
    made.setResolvers(new Map([[resolver.name, resolver]]));
    return made;
  };
  let asked: ReturnType<typeof createLiveChallenges>['asked'] = () => undefined;
  let seen = 0;
  const listening = setInterval(() => {
    for (; seen < proxy.messages.length; seen += 1) {
      const message = proxy.messages[seen];
      if (message?.type === 'challengeAsked') asked(message.challenge, message.host, message.clientIp);
    }
  }, 5);
  let issuance = make();
  const rig: AcmeRig = {
    get issuance() {
      return issuance;
    },
    store,
    proxy,
    logged,
    want: (...certificates) => {
      const wanted = certificates.map((names) => ({
        id: certificateId(resolver.name, names),
        resolver: resolver.name,
        names,
        byHand: false,
      }));
      issuance.setWanted(wanted);
      return wanted.map(({ id }) => id);
    },
    kill: async () => {
      generation += 1;
      await issuance.stop();
      proxy.proxy.receive({ type: 'challenges', revision: 0, challenges: [] });
    },
    restart: async (more) => {
      await rig.kill();
      issuance = make(more);
      return issuance;
    },
    stop: async () => {
      clearInterval(listening);
      await issuance.stop();
      await proxy.close();
      store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return rig;
}
