import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeRequest } from '../../test/support/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { compileRule } from './compile.ts';
import { explainRule } from './explain.ts';
import { hostsOfRule, requiredHosts } from './hosts.ts';
import { parseRule, type RuleNode } from './parse.ts';

const matches = (rule: string, changes: Parameters<typeof makeRequest>[0]): boolean =>
  compileRule(parseRule(rule))(makeRequest(changes));

describe('compileRule', () => {
  it.each([
    ['Host(`APP.example.com.`)', { host: 'app.example.com' }, true],
    ['Host(`app.example.com`)', { host: 'app.example.com.evil.net' }, false],
    ['Host(`xn--bcher-kva.example`)', { host: 'xn--bcher-kva.example' }, true],
    ['Host(`*.example.com`)', { host: 'a.example.com' }, true],
    ['Host(`*.example.com`)', { host: 'a.b.example.com' }, false],
    ['Host(`*.example.com`)', { host: 'example.com' }, false],
    ['Host(`*`)', { host: '' }, true],
    ['Host(`[::1]`)', { host: '::1' }, true],
    ['HostRegexp(`^[a-z]+\\.example\\.com$`)', { host: 'abc.example.com' }, true],
    ['HostRegexp(`example`)', { host: 'my.example.org' }, true],
    ['Path(`/a b`)', { path: '/a%20b' }, true],
    ['Path(`/a/b`)', { path: '/a%2Fb' }, false],
    ['Path(`/a%2Fb`)', { path: '/a%2fb' }, true],
    ['Path(`/a%2fb%20c`)', { path: '/a%2Fb%20c' }, true],
    ['Path(`/100%`)', { path: '/100%25' }, false],
    ['Path(`/é`)', { path: '/%C3%a9' }, true],
    ['Path(`/a`)', { path: '/a/' }, false],
    ['PathPrefix(`/api`)', { path: '/apinot' }, true],
    ['PathPrefix(`/admin`)', { path: '/%61dmin' }, true],
    ['PathRegexp(`^/(css|js)/`)', { path: '/js/x' }, true],
    ['PathRegexp(`^/(css|js)/`)', { path: '/JS/x' }, false],
    ['Method(`get`)', { method: 'GET' }, true],
    ['Header(`x-a`, `1`)', { headers: new HeaderList(['X-A', '0', 'X-A', '1']) }, true],
    ['Header(`x-a`, `1`)', { fields: { 'X-A': '1, 2' } }, false],
    ['HeaderRegexp(`x-a`, `^\\d+$`)', { fields: { 'X-A': '12' } }, true],
    ['Query(`q`, `a b`)', { query: 'x=1&q=a+b' }, true],
    ['Query(`q`, `a;b`)', { query: 'q=a;b' }, false],
    ['Query(`q`, `%zz`)', { query: 'q=%zz' }, false],
    ['Query(`mobile`)', { query: 'mobile' }, true],
    ['Query(`mobile`)', { query: 'mobile=1' }, false],
    ['QueryRegexp(`q`, `^a`)', { query: 'q=b&q=%61b' }, true],
    ['ClientIP(`10.0.0.0/8`)', { clientIp: '::ffff:10.1.2.3' }, true],
    ['ClientIP(`10.0.0.0/8`)', { clientIp: '11.0.0.1' }, false],
    ['ClientIP(`fe80::/10`)', { clientIp: 'fe80::1%eth0' }, true],
    ['ClientIP(`10.0.0.7`)', { clientIp: '' }, false],
  ])('%s and %j', (rule, changes, expected) => {
    expect(matches(rule, changes)).toBe(expected);
  });

  it('takes no more than moments over a pattern that makes others backtrack', () => {
    const started = performance.now();
    expect(matches('PathRegexp(`^/(a+)+$`)', { path: `/${'a'.repeat(5000)}!` })).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('equals a naive reading of the rule', () => {
    const request = makeRequest({ host: 'a', path: '/x', method: 'GET' });
    const facts = ['Host(`a`)', 'Host(`b`)', 'Path(`/x`)', 'Path(`/y`)', 'Method(`GET`)', 'Method(`PUT`)'];
    const rules = fc.letrec<{ rule: string }>((tie) => ({
      rule: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(...facts),
        tie('rule').map((inner) => `!(${inner})`),
        fc.tuple(tie('rule'), fc.constantFrom('&&', '||'), tie('rule')).map(([a, op, b]) => `(${a}) ${op} (${b})`),
        fc.tuple(tie('rule'), fc.constantFrom('&&', '||'), tie('rule')).map(([a, op, b]) => `${a} ${op} ${b}`),
      ),
    })).rule;
    fc.assert(
      fc.property(rules, (rule) => {
        const truths = rule.replaceAll(/(?:Host\(`a`\)|Path\(`\/x`\)|Method\(`GET`\))/g, 'true');
        const expression = truths.replaceAll(/[A-Z]\w*\(`[^`]*`\)/g, 'false');
        // JavaScript reads !, && and || with the same precedence.
        // oxlint-disable-next-line no-implied-eval -- the text holds nothing but true, false, operators and parentheses
        const naive = new Function(`return ${expression}`)() as boolean;
        const node = parseRule(rule);
        const explained = explainRule(node, request);
        return compileRule(node)(request) === naive && explained.matched === naive && explained.reason !== '';
      }),
      { numRuns: 500 },
    );
  });
});

describe('hosts', () => {
  it.each([
    ['Host(`A.b`) || Host(`c.d`) && Path(`/x`)', ['a.b', 'c.d']],
    ['Host(`a.b`) && !Host(`c.d`)', ['a.b']],
    ['!(!Host(`a.b`))', ['a.b']],
    ['Host(`*`) || Host(`*.a.b`)', ['*.a.b']],
    ['Path(`/x`)', []],
  ])('named by %s', (rule, expected) => {
    expect(hostsOfRule(parseRule(rule))).toEqual(expected);
  });

  it.each([
    ['Host(`a`)', ['a']],
    ['Host(`a`) || Host(`b`)', ['a', 'b']],
    ['Host(`a`) || Path(`/x`)', null],
    ['(Host(`a`) || Host(`b`)) && Host(`c`)', ['c']],
    ['!Host(`a`)', null],
    ['!(!Host(`a`) || Path(`/x`))', ['a']],
    ['!(!Host(`a`) && !Host(`b`))', ['a', 'b']],
    ['Host(`*`)', null],
  ])('required by %s', (rule, expected) => {
    const node: RuleNode = parseRule(rule);
    const required = requiredHosts(node);
    expect(required === null ? null : [...required]).toEqual(expected);
  });
});

describe('explainRule', () => {
  const request = makeRequest({ host: 'a', path: '/b%20c', fields: { 'X-K': 'v' }, query: 'q=1' });

  it.each([
    ['Host(`a`) && Path(`/x`)', false, 'Path(`/x`) does not hold: the path is /b c'],
    ['Host(`x`) || Header(`X-K`, `v`)', true, 'Header(`X-K`, `v`) holds: the header X-K is v'],
    ['Host(`a`) && !Query(`q`, `1`)', false, "!Query(`q`, `1`) does not hold: the query's q is 1"],
    ['Host(`a`) && Method(`GET`)', true, 'Host(`a`) holds: the host is a; Method(`GET`) holds: the method is GET'],
    ['!(Host(`x`) || Host(`y`))', true, '!Host(`x`) holds: the host is a; !Host(`y`) holds: the host is a'],
    ['ClientIP(`10.0.0.1`)', false, 'ClientIP(`10.0.0.1`) does not hold: the client is 192.0.2.7'],
    ['Header(`X-L`, `v`)', false, 'Header(`X-L`, `v`) does not hold: the header X-L is absent'],
  ])('%s', (rule, matched, reason) => {
    expect(explainRule(parseRule(rule), request)).toMatchObject({ matched, reason });
  });

  it('lists every matcher with what the request has', () => {
    expect(explainRule(parseRule('Host(`a`) && !Query(`q`, `2`)'), request).matchers).toEqual([
      { text: 'Host(`a`)', matched: true, actual: 'a' },
      { text: 'Query(`q`, `2`)', matched: false, actual: '1' },
    ]);
  });
});
