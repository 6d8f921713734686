import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IssuanceOptions } from '../../app/certificates/acme/issuance.ts';
import { type AcmeResolver, defaultConnection } from '../../app/certificates/acme/resolver.ts';
import { certificateProblem, certificateView } from '../../app/certificates/acme/views.ts';
import { openKeyVault } from '../../app/certificates/key-vault.ts';
import { type AcmeRig, memorySecrets, pebbleResolver, startAcmeRig } from '../support/acme-rig.ts';
import { caProblem, type FakeCa, startFakeCa } from '../support/fake-ca.ts';
import { pollUntil } from '../support/poll.ts';

// Threads start slowly on a loaded machine; nothing here depends on how fast it is.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const dayMs = 86_400_000;
const minuteMs = 60_000;

let ca: FakeCa;
let rig: AcmeRig;
/** What the engine's clock is ahead of the real one. */
let aheadMs = 0;
const now = (): number => Date.now() + aheadMs;

beforeEach(async () => {
  aheadMs = 0;
  ca = await startFakeCa();
});
afterEach(async () => {
  await rig.stop();
  await ca.stop();
});

async function start(more: Partial<IssuanceOptions> = {}, resolver: Partial<AcmeResolver> = {}): Promise<void> {
  rig = await startAcmeRig({
    resolver: pebbleResolver(
      { directoryUrl: ca.directoryUrl, trustPath: '' },
      { connection: { ...defaultConnection, responseHeaderTimeoutMs: 1500, certificateTimeoutMs: 3000 }, ...resolver },
    ),
    httpPort: 0,
    tlsPort: 0,
    more: { now, random: () => 0.5, ...more },
  });
}

const entry = (id: string) => rig.issuance.get(id)!;

async function failed(id: string): Promise<NonNullable<ReturnType<typeof entry>['stored']['failure']>> {
  await pollUntil(() => entry(id).stored.failure !== null && !entry(id).isRunning, 60_000);
  return entry(id).stored.failure!;
}

async function issued(id: string): Promise<NonNullable<ReturnType<typeof entry>['stored']['issued']>> {
  await pollUntil(() => entry(id).stored.issued !== null && !entry(id).isRunning, 60_000);
  return entry(id).stored.issued!;
}

/** Lets time pass, and looks what is due then. */
function pass(ms: number): void {
  aheadMs += ms;
  rig.issuance.look();
}

describe('a CA', () => {
  test('that takes no more orders for now is left alone until it does', async () => {
    await start();
    ca.lie = ({ kind }) =>
      kind === 'new-order'
        ? caProblem('rateLimited', 'too many certificates', 429, { 'Retry-After': '7200' })
        : undefined;
    const [id = ''] = rig.want(['a.example.org']);
    const failure = await failed(id);
    expect(failure.problem.code).toBe('ACME_RATE_LIMITED');
    expect(failure.retryAt! - now()).toBeGreaterThan(100 * minuteMs);
    pass(60 * minuteMs);
    expect(ca.count('new-order')).toBe(1);
    ca.lie = () => undefined;
    pass(61 * minuteMs);
    await issued(id);
    expect(ca.count('new-order')).toBe(2);
  });

  test.each([
    ['is down', { status: 503, body: 'maintenance' }, 'ACME_CA_FAULT'],
    ['answers nonsense', { body: '<html>' }, 'ACME_CA_FAULT'],
    ['does not answer', 'hang' as const, 'ACME_CA_DOWN'],
    ['refuses every nonce', caProblem('badNonce', 'bad', 400), 'ACME_CA_FAULT'],
    ['wants another account', caProblem('externalAccountRequired', 'bind it', 403), 'ACME_EAB_MISSING'],
    ['does not sign the name', caProblem('rejectedIdentifier', 'policy forbids it', 400), 'ACME_NAME_REFUSED'],
    ['finds a CAA record', caProblem('caa', 'CAA forbids it', 403), 'ACME_CAA'],
    ['knows no such profile', caProblem('invalidProfile', 'no such profile', 400), 'ACME_FAILED'],
  ])(
    'that %s is told of in words, and tried again with the same order',
    async (_, lie, code) => {
      await start();
      ca.lie = ({ kind }) => (kind === 'new-order' ? lie : undefined);
      const [id = ''] = rig.want(['a.example.org']);
      const failure = await failed(id);
      expect(failure.problem.code).toBe(code);
      expect(failure.problem.message).not.toContain('undefined');
      expect(failure.problem.fix).toBeTruthy();
      ca.lie = () => undefined;
      rig.issuance.renewNow(id);
      await issued(id);
    },
    60_000,
  );

  test('whose clock and ours are far apart is asked for nothing', async () => {
    await start();
    ca.now = () => Date.now() - 400 * dayMs;
    const [id = ''] = rig.want(['a.example.org']);
    expect((await failed(id)).problem.code).toBe('ACME_CLOCK');
    expect(ca.count('new-order')).toBe(0);
    expect(rig.issuance.clockSkewMs()).toBeLessThan(-399 * dayMs);
    ca.now = Date.now;
    pass(11 * minuteMs);
    await issued(id);
  });

  test('that forgets an order is given another one', async () => {
    await start();
    let isForgotten = false;
    ca.lie = ({ kind }) => {
      if (kind !== 'finalize' || isForgotten) return undefined;
      isForgotten = true;
      ca.forget();
      return undefined;
    };
    const [id = ''] = rig.want(['a.example.org']);
    await issued(id);
    expect(ca.count('new-order')).toBe(2);
  });

  test('that makes a certificate for another key is not believed', async () => {
    await start();
    const [first = ''] = rig.want(['a.example.org']);
    const { chain } = await issued(first);
    ca.lie = ({ kind }) => (kind === 'cert' ? { body: chain } : undefined);
    const [, second = ''] = rig.want(['a.example.org'], ['b.example.org']);
    const failure = await failed(second);
    expect([failure.problem.code, failure.problem.message]).toEqual([
      'ACME_CA_FAULT',
      expect.stringContaining('another key'),
    ]);
    expect(entry(second).snapshot).toBeNull();
  });

  test.each([
    ['a name that nobody asked for', { identifier: { type: 'dns', value: 'evil.example.net' } }, 'evil.example.net'],
    ['what is no name', { identifier: { type: 'dns', value: '../../zones?x=' } }, '../../zones'],
  ])('that wants a proof for %s gets none', async (_what, lie, said) => {
    await start();
    const challenge = { type: 'http-01', url: `${ca.directoryUrl}/chall/1`, token: 'token-of-another' };
    ca.lie = ({ kind }) =>
      kind === 'authz'
        ? { body: { status: 'pending', challenges: [{ ...challenge, status: 'pending' }], ...lie } }
        : undefined;
    const [id = ''] = rig.want(['a.example.org']);
    const { problem } = await failed(id);
    expect([problem.code, problem.message]).toEqual(['ACME_CA_FAULT', expect.stringContaining(said)]);
    expect(ca.count('chall')).toBe(0);
  });

  test('that takes its time to make the certificate is asked again later, for the same one', async () => {
    await start();
    ca.lie = ({ kind }) => {
      if (kind !== 'order' && kind !== 'finalize') return undefined;
      const identifiers = [{ type: 'dns', value: 'a.example.org' }];
      return { body: { status: 'processing', identifiers, authorizations: [], finalize: `${ca.directoryUrl}/x` } };
    };
    const [id = ''] = rig.want(['a.example.org']);
    // From the first look on it says that it is at work.
    expect((await failed(id)).problem.code).toBe('ACME_CA_DOWN');
    ca.lie = () => undefined;
    pass(2 * minuteMs);
    await issued(id);
    expect(ca.count('new-order')).toBe(1);
  });
});

describe('a challenge that fails', () => {
  const visit = (addressUsed: string) => [
    { hostname: 'a.example.org', port: '80', addressUsed, addressesResolved: [addressUsed] },
  ];
  test.each([
    ['connection', '203.0.113.7: Timeout during connect', visit('203.0.113.7'), 'ACME_PORT_CLOSED', '203.0.113.7'],
    ['connection', '2001:db8::7: Connection refused', visit('2001:db8::7'), 'ACME_IPV6_ELSEWHERE', '2001:db8::7'],
    [
      'unauthorized',
      'Invalid response from http://a.example.org: 404',
      visit('203.0.113.9'),
      'ACME_DNS_ELSEWHERE',
      '203.0.113.9',
    ],
    ['dns', 'NXDOMAIN looking up A for a.example.org', [], 'ACME_DNS_MISSING', 'NXDOMAIN'],
    ['caa', 'CAA record for example.org prevents issuance', [], 'ACME_CAA', 'example.org'],
  ])('by %s (%s) is told with its cause', async (type, detail, visits, code, named) => {
    await start();
    ca.verdict = { type, detail, visits };
    const [id = ''] = rig.want(['a.example.org']);
    const { problem } = await failed(id);
    expect([problem.code, problem.message]).toEqual([code, expect.stringContaining(named)]);
    const [order] = rig.store.certificates.orders.of(id);
    expect(order).toMatchObject({ state: 'failed', key: null });
    expect(order?.steps.find(({ step }) => step === 'ca-saw')).toMatchObject({ state: 'failed' });
    ca.verdict = null;
    pass(3 * minuteMs);
    await issued(id);
    expect(ca.count('new-order')).toBe(2);
  });
});

test('our own look at the answer is shown, and where it fails the CA has the last word', async () => {
  await start({ selfCheck: () => Promise.resolve({ isAnswered: false, reason: 'web answers with status 404' }) });
  const [id = ''] = rig.want(['a.example.org']);
  await issued(id);
  const steps = rig.store.certificates.orders.of(id)[0]?.steps ?? [];
  expect(steps.filter(({ step }) => step === 'self-check')).toMatchObject([
    { state: 'failed', name: 'a.example.org', details: { reason: 'web answers with status 404' } },
  ]);
  await rig.issuance.idle();
});

describe('what is kept', () => {
  test('waits ever longer after failures in a row', async () => {
    await start();
    ca.lie = ({ kind }) => (kind === 'new-order' ? { status: 500 } : undefined);
    const [id = ''] = rig.want(['a.example.org']);
    const waits: number[] = [];
    for (let attempts = 1; attempts <= 4; attempts += 1) {
      await pollUntil(() => entry(id).stored.failure?.attempts === attempts && !entry(id).isRunning, 60_000);
      waits.push(entry(id).stored.failure!.retryAt! - entry(id).stored.failure!.at);
      pass(waits.at(-1)! + 1000);
    }
    expect(waits).toEqual([1, 5, 20, 60].map((minutes) => minutes * minuteMs));
    await rig.issuance.idle();
  });

  test('is not acted on where it cannot be kept, and goes on once it can', async () => {
    let isFull = true;
    await start();
    const { certificates } = rig.store;
    const orders = {
      ...certificates.orders,
      put: (order: Parameters<typeof certificates.orders.put>[0]) => {
        if (isFull && order.isAsked) throw new Error('SQLITE_FULL');
        certificates.orders.put(order);
      },
    };
    await rig.restart({ repository: { ...certificates, orders } });
    const [id = ''] = rig.want(['a.example.org']);
    await failed(id);
    expect(ca.count('new-order')).toBe(0);
    isFull = false;
    pass(2 * minuteMs);
    await issued(id);
    expect(ca.count('new-order')).toBe(1);
  });
});

describe('keys that cannot be opened any more, as their secret is lost,', () => {
  test('are made anew with a new account and a new certificate, once, and that is said', async () => {
    const news: string[] = [];
    await start({ onNews: ({ kind, details }) => news.push(`${kind} ${String(details['reason'] ?? '')}`) });
    const [id = ''] = rig.want(['a.example.org']);
    const first = await issued(id);
    await rig.issuance.idle();
    const accountKey = rig.store.certificates.accounts.list()[0]?.key;
    ca.lie = ({ kind }) => (kind === 'new-order' ? { status: 503 } : undefined);
    await rig.restart({ vault: await openKeyVault(memorySecrets()) });
    expect(certificateView(entry(id), [], { now: now(), profile: null }).status).toBe('failed');
    expect(certificateProblem(entry(id), now())).toMatchObject({
      code: 'ACME_KEY_LOST',
      message: expect.stringContaining('a.example.org'),
      fix: expect.stringContaining('by itself'),
    });
    expect(rig.issuance.certificates()).toEqual([]);
    rig.want(['a.example.org']);
    await pollUntil(() => entry(id).stored.failure?.problem.code === 'ACME_CA_FAULT' && !entry(id).isRunning, 60_000);
    ca.lie = () => undefined;
    pass(2 * minuteMs);
    await pollUntil(() => entry(id).stored.issued?.chain !== first.chain && !entry(id).isRunning, 60_000);
    expect(entry(id).stored.failure).toBeNull();
    expect(rig.issuance.certificates()).toHaveLength(1);
    expect(ca.count('new-account')).toBe(2);
    expect(rig.store.certificates.accounts.list().map(({ key }) => key)).not.toContain(accountKey);
    const steps = rig.store.certificates.orders.of(id).flatMap((order) => order.steps);
    expect(steps.filter(({ details }) => String(details['reason']).includes('new account was made'))).toHaveLength(1);
    expect(news.filter((each) => each.includes('cannot be opened'))).toHaveLength(1);
    await rig.issuance.idle();
  });

  test('end the order that was under way, and another one is made', async () => {
    await start();
    ca.lie = ({ kind }) => (kind === 'finalize' ? { status: 503 } : undefined);
    const [id = ''] = rig.want(['a.example.org']);
    await failed(id);
    ca.lie = () => undefined;
    await rig.restart({ vault: await openKeyVault(memorySecrets()) });
    rig.want(['a.example.org']);
    pass(2 * minuteMs);
    await issued(id);
    expect(rig.store.certificates.orders.of(id).map(({ state }) => state)).toEqual(['done', 'failed']);
  });

  test('are found again with their secret, and no more is said', async () => {
    await start();
    const [id = ''] = rig.want(['a.example.org']);
    const { chain } = await issued(id);
    await rig.issuance.idle();
    // Nothing is ordered in between.
    rig.want();
    await rig.restart({ vault: await openKeyVault(memorySecrets()) });
    expect(entry(id).stored.failure?.problem.code).toBe('ACME_KEY_LOST');
    await rig.restart();
    rig.want(['a.example.org']);
    expect(entry(id).stored).toMatchObject({ failure: null, issued: { chain } });
    expect(rig.issuance.certificates()).toHaveLength(1);
    await rig.issuance.idle();
    expect(ca.count('new-order')).toBe(1);
  });
});

describe('renewal', () => {
  test('is when the CA says, and names what it replaces', async () => {
    const start0 = Date.now();
    ca.renewalWindow = { start: start0 + 50 * dayMs, end: start0 + 52 * dayMs };
    await start();
    const [id = ''] = rig.want(['a.example.org']);
    const first = await issued(id);
    await pollUntil(() => entry(id).stored.renewal?.why === 'ari', 60_000);
    expect(entry(id).stored.renewal).toEqual({
      at: start0 + 51 * dayMs,
      why: 'ari',
      window: ca.renewalWindow,
      explanationUrl: 'https://ca.example/why',
    });
    await rig.issuance.idle();
    // The CA changes its mind: now.
    ca.renewalWindow = { start: start0 - dayMs, end: start0 - 1000 };
    ca.now = now;
    pass(2 * 3_600_000);
    await pollUntil(() => entry(id).stored.issued?.chain !== first.chain, 60_000);
    const [, second] = ca.questions.filter(({ kind }) => kind === 'new-order');
    expect(second?.payload['replaces']).toMatch(/^[\w-]+\.[\w-]+$/);
    await rig.issuance.idle();
  });

  test('is at two thirds of the lifetime where the CA says nothing, and the old one serves until then', async () => {
    await start();
    const [id = ''] = rig.want(['a.example.org']);
    const first = await issued(id);
    const { renewal } = entry(id).stored;
    expect(renewal?.why).toBe('two-thirds');
    expect(Math.round((renewal!.at - first.notBefore) / dayMs)).toBe(59);
    ca.now = now;
    ca.lie = ({ kind }) => (kind === 'new-order' ? { status: 500 } : undefined);
    pass(61 * dayMs);
    await failed(id);
    expect(rig.issuance.certificates()).toHaveLength(1);
    ca.lie = () => undefined;
    pass(2 * minuteMs);
    await pollUntil(() => entry(id).stored.issued?.chain !== first.chain, 60_000);
    await rig.issuance.idle();
    expect(rig.issuance.certificates()).toHaveLength(1);
  });

  test('does not happen for what nobody wants; it goes 30 days after its end', async () => {
    await start();
    const [id = ''] = rig.want(['a.example.org']);
    await issued(id);
    await rig.issuance.idle();
    rig.want();
    ca.now = now;
    pass(80 * dayMs);
    await rig.issuance.idle();
    expect(ca.count('new-order')).toBe(1);
    expect(rig.issuance.get(id)).toBeDefined();
    pass(41 * dayMs);
    expect(rig.issuance.get(id)).toBeUndefined();
    expect(rig.store.certificates.list()).toEqual([]);
  });
});

test('a trial comes first where the CA offers one, and what it finds costs nothing', async () => {
  const staging = await startFakeCa();
  try {
    await start({ stagingOf: (url) => (url === ca.directoryUrl ? staging.directoryUrl : null) });
    staging.verdict = { type: 'connection', detail: 'Timeout during connect' };
    const [id = ''] = rig.want(['a.example.org']);
    expect((await failed(id)).problem.code).toBe('ACME_PORT_CLOSED');
    expect([staging.count('new-order'), ca.questions.length]).toEqual([1, 0]);
    staging.verdict = null;
    pass(2 * minuteMs);
    await issued(id);
    expect([staging.count('new-order'), ca.count('new-order')]).toEqual([2, 1]);
    const [, more = ''] = rig.want(['a.example.org'], ['b.example.org']);
    await issued(more);
    expect(staging.count('new-order')).toBe(2);
    expect(rig.store.certificates.orders.of(id)[0]?.steps.map(({ step, state }) => `${step} ${state}`)).toContain(
      'dry-run done',
    );
  } finally {
    await staging.stop();
  }
});
