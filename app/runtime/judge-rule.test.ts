import { describe, expect, it } from 'vitest';
import { defaultStaticConfiguration } from '../config/static.ts';
import type { Publication } from '../providers/provider.ts';
import { judgeRule } from './judge-rule.ts';
import { buildRuntime } from './merge.ts';
import { toRoutingSnapshot } from './snapshot.ts';

describe('judgeRule', () => {
  it.each([
    ['Host(`a.b`)', 'v3', ['a.b'], null],
    ['Host(`a.b`, `c.d`)', 'v2', ['a.b', 'c.d'], null],
    ['Host(`a.b`, `c.d`)', 'v3', [], 'RULE_INVALID'],
    ['HostRegexp(`{x:[a-z]+}.b`)', 'v2', [], null],
    ['Host(`a.b`) && Path(`/{id:[0-9]+}`)', 'v3', ['a.b'], 'RULE_SYNTAX_OLD'],
    [' ', 'v2', [], 'RULE_MISSING'],
  ] as const)('%s in %s', (rule, syntax, hosts, code) => {
    const judged = judgeRule(rule, syntax);
    expect(judged.hosts).toEqual(hosts);
    expect(judged.problem?.code ?? null).toBe(code);
  });

  it('warns of the place of an old template, and says what to do', () => {
    expect(judgeRule('Host(`a`) && HostRegexp(`{x:.+}.b`)').problem).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining('HostRegexp(`{x:.+}.b`) is written in version 2'),
      fix: expect.stringContaining('ruleSyntax'),
    });
  });
});

describe('the version of a rule', () => {
  const router = { rule: 'Host(`a`, `b`)', service: 'app' };
  const publication = (provider: 'file' | 'gatehouse', ruleSyntax?: 'v2'): Publication => ({
    provider,
    configuration: {
      http: {
        routers: { r: ruleSyntax === undefined ? router : { ...router, ruleSyntax } },
        services: { app: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:1' }] } } },
      },
    },
    origins: { routers: {}, services: {}, middlewares: {} },
  });

  it.each([
    ['file', 'v2', undefined, 'v2', 'enabled'],
    ['file', undefined, 'v2', 'v2', 'enabled'],
    ['file', undefined, undefined, 'v3', 'disabled'],
    ['gatehouse', undefined, 'v2', 'v3', 'disabled'],
  ] as const)('of %s: %s on the router, %s by default', (provider, own, byDefault, syntax, status) => {
    const { entryPoints } = defaultStaticConfiguration;
    const options = byDefault === undefined ? {} : { defaultRuleSyntax: byDefault };
    const state = buildRuntime([publication(provider, own)], entryPoints, 1, undefined, options);
    expect(state.routers.get(`r@${provider}`)).toMatchObject({ syntax, status });
    const served = toRoutingSnapshot(state, entryPoints, { pausedAll: false }).routers;
    expect(served.map((each) => each.syntax)).toEqual(
      status === 'enabled' ? [syntax, syntax].slice(0, served.length) : [],
    );
    expect(served.length > 0).toBe(status === 'enabled');
  });
});
