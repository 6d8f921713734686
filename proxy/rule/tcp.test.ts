import { describe, expect, it } from 'vitest';
import { RuleError } from './rule-error.ts';
import {
  compileTcpRule,
  defaultTcpPriority,
  hostsOfTcpRule,
  isTcpCatchAll,
  needsServerName,
  parseTcpRule,
  type TcpConnection,
} from './tcp.ts';

const matches = (rule: string, changes: Partial<TcpConnection>, syntax: 'v2' | 'v3' = 'v3'): boolean =>
  compileTcpRule(parseTcpRule(rule, syntax))({ serverName: '', clientIp: '192.0.2.7', alpn: [], ...changes });

describe('rules of TCP routers', () => {
  it.each([
    ['HostSNI(`*`)', {}, true],
    ['HostSNI(`*`)', { serverName: 'a.b' }, true],
    ['HostSNI(`a.b`)', {}, false],
    ['HostSNI(`A.b.`)', { serverName: 'a.B' }, true],
    ['HostSNI(`*.b`)', { serverName: 'a.b' }, true],
    ['HostSNI(`*.b`)', { serverName: 'c.a.b' }, false],
    ['HostSNI(`*.b`)', { serverName: 'b' }, false],
    ['HostSNIRegexp(`^a+\\.b$`)', { serverName: 'aa.b' }, true],
    ['HostSNIRegexp(`^a+\\.b$`)', { serverName: 'c.b' }, false],
    ['ClientIP(`192.0.2.0/24`)', {}, true],
    ['ClientIP(`10.0.0.1`)', {}, false],
    ['ALPN(`h2`)', { alpn: ['http/1.1', 'h2'] }, true],
    ['ALPN(`h2`)', { alpn: ['http/1.1'] }, false],
    ['!ALPN(`h2`) && (HostSNI(`a`) || HostSNI(`b`))', { serverName: 'b' }, true],
  ] as const)('%s and %j', (rule, connection, expected) => {
    expect(matches(rule, connection)).toBe(expected);
  });

  it.each([
    ['HostSNI(`a`, `b`)', { serverName: 'b' }, true],
    ['HostSNI(`a`, `*`)', { serverName: 'c' }, true],
    ['HostSNI(`a`, `*`)', {}, false],
    ['HostSNI(`*`, `a`)', {}, true],
    ['!HostSNI(`a`, `b`)', { serverName: 'b' }, false],
    ['HostSNIRegexp(`{sub:[a-z]+}.example.com`)', { serverName: 'abc.Example.com' }, true],
    ['HostSNIRegexp(`{sub}.example.com`, `x`)', { serverName: 'x' }, true],
    ['ClientIP(`10.0.0.1`, `192.0.2.7`)', {}, true],
    ['ALPN(`h2`, `mqtt`)', { alpn: ['mqtt'] }, true],
  ] as const)('%s and %j, in the second version', (rule, connection, expected) => {
    expect(matches(rule, connection, 'v2')).toBe(expected);
  });

  it.each([
    ['HostSNI(`a`, `b`)', 'v3', /HostSNI\(`a`\) \|\| HostSNI\(`b`\)/],
    ['HostSNI(`*.b`)', 'v2', /no host name/],
    ['HostSNI(`a b`)', 'v3', /no host name/],
    ['HostSNI(`*b`)', 'v3', /no host name/],
    ['HostSNI()', 'v2', /none is given/],
    ['ALPN(`acme-tls/1`)', 'v3', /acme-tls/],
    ['ALPN(`h2`, `acme-tls/1`)', 'v2', /acme-tls/],
    ['ClientIP(`10.1`)', 'v3', /no address/],
    ['HostSNIRegexp(`(`)', 'v3', /cannot be read/],
    ['HostSNIRegexp(`é`)', 'v3', /xn--/],
    ['Host(`a`)', 'v3', /Matchers are: ALPN/],
    ['', 'v3', /HostSNI/],
  ] as const)('refuses %s (%s)', (rule, syntax, message) => {
    expect(() => parseTcpRule(rule, syntax)).toThrow(RuleError);
    expect(() => parseTcpRule(rule, syntax)).toThrow(message);
  });

  it.each([
    ['HostSNI(`*`)', -1],
    ['hostsni( "*" )', -1],
    ['HostSNI(`example.org`)', 22],
    ['HostSNI(`*`) && ClientIP(`10.0.0.0/8`)', 38],
  ])('rank by themselves: %s', (rule, priority) => {
    const node = parseTcpRule(rule);
    expect([defaultTcpPriority(rule, node), isTcpCatchAll(node)]).toEqual([priority, priority === -1]);
  });

  it.each([
    ['HostSNI(`A.b`) || HostSNI(`*.c`) || !HostSNI(`d`)', ['a.b', '*.c'], true],
    ['HostSNI(`*`) && ClientIP(`10.0.0.0/8`)', [], false],
    ['ALPN(`h2`)', [], true],
  ])('tell their hosts, and whether they need TLS: %s', (rule, hosts, needed) => {
    const node = parseTcpRule(rule);
    expect(hostsOfTcpRule(node)).toEqual(hosts);
    expect(needsServerName(node)).toBe(needed);
  });
});
