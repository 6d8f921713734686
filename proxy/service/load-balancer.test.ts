import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeRequest } from '../../test/support/exchange.ts';
import { type CallWatch, createBalancer, type LoadBalancerSnapshot } from './load-balancer.ts';
import { cookieName } from './sticky-cookie.ts';

const server = (url: string, weight = 1) => ({ url, weight, preservePath: false });

function service(
  servers: LoadBalancerSnapshot['servers'],
  changes: Partial<LoadBalancerSnapshot> = {},
): LoadBalancerSnapshot {
  return {
    kind: 'loadBalancer',
    servers,
    passHostHeader: true,
    sticky: null,
    healthCheck: null,
    serversTransport: null,
    flushIntervalMs: 100,
    ...changes,
  };
}

const picks = (balancer: ReturnType<typeof createBalancer>, count: number): string =>
  Array.from({ length: count }, () => balancer.pick(makeRequest())?.server.url ?? '-').join('');

describe('createBalancer', () => {
  it('spreads turns by weight', () => {
    expect(picks(createBalancer('s', service([server('a', 3), server('b')])), 8)).toBe('aaabaaab');
    expect(picks(createBalancer('s', service([server('a', 11), server('b', 3)])), 14)).toBe('aaabaaaabaaaba');
  });

  it('gives each server its share within any window, whatever the weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const balancer = createBalancer('s', service(weights.map((weight, i) => server(String(i), weight))));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const counts = weights.map(() => 0);
        for (let i = 0; i < total * 3; i += 1) {
          const index = Number(balancer.pick(makeRequest())?.server.url);
          counts[index] = (counts[index] ?? 0) + 1;
        }
        return total === 0
          ? balancer.pick(makeRequest()) === null
          : counts.every((count, i) => Math.abs(count - (weights[i] ?? 0) * 3) <= 1);
      }),
    );
  });

  it('skips servers that are down and does not flood one that comes back', () => {
    const balancer = createBalancer('s', service([server('a'), server('b')]));
    balancer.setDown(['b', 'unknown']);
    expect(picks(balancer, 6)).toBe('aaaaaa');
    balancer.setDown([]);
    expect(picks(balancer, 4).split('b')).toHaveLength(3);
    balancer.setDown(['a', 'b']);
    expect(balancer.pick(makeRequest())).toBeNull();
  });

  it('keeps what it knows of servers when it is built anew', () => {
    const first = createBalancer('s', service([server('a'), server('b'), server('c')]));
    first.setDown(['b']);
    expect(picks(first, 1)).toBe('a');
    const second = createBalancer('s', service([server('a'), server('b'), server('c')]), first);
    expect(picks(second, 3)).toBe('cac');
    const third = createBalancer('s', service([server('a'), server('d')]), second);
    expect(picks(third, 4).split('').toSorted().join('')).toBe('aadd');
  });

  it('has no server where there is none', () => {
    expect(createBalancer('s', service([])).pick(makeRequest())).toBeNull();
    expect(createBalancer('s', service([server('a', 0)])).pick(makeRequest())).toBeNull();
  });
});

const withCookie = (value: string) => makeRequest({ fields: { Cookie: `x=1; lb=${value}; y` } });

describe('sticky cookie', () => {
  const sticky = { name: 'lb' };
  const urls = [server('first'), server('second')];

  it('is set once and keeps the client at its server', () => {
    const balancer = createBalancer('s', service(urls, { sticky }));
    const set = balancer.pick(makeRequest());
    expect(set).toMatchObject({ server: { url: 'first' }, setCookie: 'lb=a7937b64b8caa58f; Path=/' });
    for (let i = 0; i < 3; i += 1) {
      expect(balancer.pick(withCookie('a7937b64b8caa58f'))).toEqual({ server: urls[0], setCookie: null, watch: null });
    }
  });

  it.each(['first', 'c0de9a9b8ec0e479'])('takes the older value %s and sets it anew', (value) => {
    const picked = createBalancer('s', service(urls, { sticky })).pick(withCookie(value));
    expect(picked).toMatchObject({ server: { url: 'first' }, setCookie: 'lb=a7937b64b8caa58f; Path=/' });
  });

  it('leads elsewhere when its server is down, unknown, or of weight 0', () => {
    const balancer = createBalancer('s', service([...urls, server('third', 0)], { sticky }));
    balancer.setDown(['first']);
    expect(balancer.pick(withCookie('first'))).toMatchObject({ server: { url: 'second' } });
    expect(balancer.pick(withCookie('third'))).toMatchObject({ server: { url: 'second' } });
    expect(balancer.pick(withCookie('nonsense'))?.setCookie).toMatch(/^lb=/);
  });

  it('carries its attributes', () => {
    const options = {
      name: 'a b;c',
      path: '/foo; Domain=evil',
      domain: 'foo.com',
      maxAge: 42,
      httpOnly: true,
      secure: true,
      sameSite: 'none',
    } as const;
    expect(createBalancer('s', service(urls, { sticky: options })).pick(makeRequest())?.setCookie).toBe(
      'a_b_c=a7937b64b8caa58f; Path=/foo Domain=evil; Domain=foo.com; Max-Age=42; HttpOnly; Secure; SameSite=None',
    );
    expect(createBalancer('s', service(urls, { sticky: { maxAge: -1 } })).pick(makeRequest())?.setCookie).toMatch(
      /; Max-Age=0$/,
    );
  });

  it('has a name made from the service where none is given', () => {
    expect(cookieName('whoami@docker', {})).toMatch(/^_[0-9a-f]{5}$/);
    expect(cookieName('whoami@docker', {})).not.toBe(cookieName('other@docker', {}));
    expect(cookieName('s', { name: '/my/BACKEND-v1.0~rc1' })).toBe('_my_BACKEND-v1.0~rc1');
  });
});

describe('strategies', () => {
  it('p2c draws two and takes the one with fewer requests under way', () => {
    const draws = [1, 0, 1, 0, 0, 0];
    const balancer = createBalancer('s', service([server('a'), server('b')], { strategy: 'p2c' }), undefined, {
      random: () => draws.shift() ?? 0,
    });
    const first = balancer.pick(makeRequest());
    expect(first?.server.url).toBe('b');
    first?.watch?.begins();
    // b is drawn first again, but it is busy.
    expect(balancer.pick(makeRequest())?.server.url).toBe('a');
    first?.watch?.ended('done');
    first?.watch?.ended('done');
    expect(balancer.pick(makeRequest())?.server.url).toBe('a');
  });

  it('hrw gives each server its share, though their URLs differ in the last digit alone', () => {
    const servers = [server('http://172.18.0.2:8080', 4), server('http://172.18.0.2:8081')];
    const balancer = createBalancer('s', service(servers, { strategy: 'hrw' }));
    let first = 0;
    for (let i = 0; i < 2000; i += 1) {
      const clientIp = `10.${i % 7}.${(i >> 3) % 256}.${(i * 37) % 256}`;
      if (balancer.pick(makeRequest({ clientIp }))?.server.url === servers[0]?.url) first += 1;
    }
    expect(first / 2000).toBeGreaterThan(0.72);
    expect(first / 2000).toBeLessThan(0.88);
  });

  it('hrw keeps a client at its server, and moves only the clients of one that goes', () => {
    const urls = ['a', 'b', 'c'];
    const balancer = createBalancer(
      's',
      service(
        urls.map((url) => server(url)),
        { strategy: 'hrw' },
      ),
    );
    const clients = Array.from({ length: 300 }, (_, i) => `10.0.${i % 7}.${i}`);
    const chosen = () => clients.map((clientIp) => balancer.pick(makeRequest({ clientIp }))?.server.url ?? '');
    const before = chosen();
    expect(chosen()).toEqual(before);
    for (const url of urls) expect(before.filter((each) => each === url).length).toBeGreaterThan(60);
    balancer.setDown(['b']);
    for (const [i, url] of chosen().entries()) {
      if (before[i] === 'b') expect(url).not.toBe('b');
      else expect(url).toBe(before[i]);
    }
  });

  it('leasttime prefers the server that answers sooner, and spreads turns while nothing is known', () => {
    let nowMs = 0;
    const balancer = createBalancer(
      's',
      service([server('fast'), server('slow')], { strategy: 'leasttime' }),
      undefined,
      {
        now: () => nowMs,
      },
    );
    const counts: Record<string, number> = { fast: 0, slow: 0 };
    for (let i = 0; i < 20; i += 1) {
      const picked = balancer.pick(makeRequest());
      const url = picked?.server.url ?? '';
      counts[url] = (counts[url] ?? 0) + 1;
      picked?.watch?.begins();
      nowMs += url === 'fast' ? 20 : 100;
      picked?.watch?.answered(200);
      picked?.watch?.ended('done');
    }
    expect(counts).toEqual({ fast: 19, slow: 1 });
  });

  it('fenced servers take only clients that hold their cookie', () => {
    const fenced = { ...server('fenced'), isFenced: true };
    const balancer = createBalancer('s', service([server('a'), fenced], { sticky: { name: 'lb' } }));
    expect(picks(balancer, 4)).toBe('aaaa');
    expect(balancer.pick(withCookie('fenced'))?.server.url).toBe('fenced');
  });
});

describe('passive health check', () => {
  it('leaves a server alone that fails too often, for as long as the window', () => {
    let nowMs = 0;
    let changes = 0;
    const checked = service([server('a'), server('b')], {
      passiveHealthCheck: { failureWindowMs: 1000, maxFailedAttempts: 2 },
    });
    const options = { now: () => nowMs, onFailing: () => void (changes += 1) };
    const balancer = createBalancer('s', checked, undefined, options);
    const call = (url: string, end: (watch: CallWatch) => void): void => {
      for (;;) {
        const picked = balancer.pick(makeRequest());
        if (picked?.server.url !== url || !picked.watch) continue;
        picked.watch.begins();
        end(picked.watch);
        return;
      }
    };
    call('a', (watch) => watch.ended('failed'));
    call('a', (watch) => watch.answered(200));
    call('a', (watch) => watch.answered(503));
    nowMs = 1500;
    // The one before is too long ago; a client that left says nothing.
    call('a', (watch) => watch.ended('failed'));
    call('a', (watch) => watch.ended('gone'));
    expect(picks(balancer, 4)).toContain('a');
    call('a', (watch) => watch.answered(500));
    expect(picks(balancer, 4)).toBe('bbbb');
    expect(changes).toBe(1);
    // A new snapshot does not forget.
    expect(picks(createBalancer('s', checked, balancer, options), 2)).toBe('bb');
    nowMs = 2600;
    expect(picks(balancer, 4)).toContain('a');
  });
});
