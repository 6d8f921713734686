import { describe, expect, it } from 'vitest';
import { makeRequest } from '../../test/support/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { compileRule } from './compile.ts';
import { explainRule } from './explain.ts';
import { hostsOfRule, requiredHosts } from './hosts.ts';
import { parseRule, RuleError } from './parse.ts';
import { secondVersionTemplate } from './second-version.ts';

const matches = (rule: string, changes: Parameters<typeof makeRequest>[0]): boolean =>
  compileRule(parseRule(rule, 'v2'))(makeRequest(changes));

describe('the second version of the rule language', () => {
  it.each([
    ['Host(`a.b`, `C.d`)', { host: 'c.d' }, true],
    ['Host(`a.b`, `c.d`)', { host: 'e.f' }, false],
    ['Host(`*.b`)', { host: 'a.b' }, false],
    ['!Host(`a.b`, `c.d`)', { host: 'c.d' }, false],
    ['!Host(`a.b`, `c.d`)', { host: 'e.f' }, true],
    ['HostHeader(`a.b`)', { host: 'a.b' }, true],
    ['HostRegexp(`{sub:[a-z]+}.Example.com`)', { host: 'abc.example.com' }, true],
    ['HostRegexp(`{sub:[a-z]+}.example.com`)', { host: 'abc.example.com.evil.net' }, false],
    ['HostRegexp(`{sub}.example.com`)', { host: 'a.b.example.com' }, false],
    ['HostRegexp(`x.y`, `{all:.+}`)', { host: 'q' }, true],
    ['HostRegexp(`example.com`)', { host: 'examplexcom' }, false],
    ['HostRegexp(`{d:(a|b){2}}.c`)', { host: 'ab.c' }, true],
    ['Path(`/a`, `/b`)', { path: '/b' }, true],
    ['Path(`/a`)', { path: '/a/' }, false],
    ['Path(`/{id:[0-9]+}/x`)', { path: '/12/x' }, true],
    ['Path(`/{id}`)', { path: '/12/x' }, false],
    ['PathPrefix(`/{id:[0-9]+}/`)', { path: '/12/x' }, true],
    ['PathPrefix(`/a`, `/b`)', { path: '/bc' }, true],
    ['PathPrefix(`/v{n}/c++`)', { path: '/v2/c++/x' }, true],
    ['Method(`get`, `POST`)', { method: 'POST' }, true],
    ['Headers(`x-a`, `1`)', { headers: new HeaderList(['X-A', '0', 'X-A', '1']) }, true],
    ['Headers(`x-a`, `1`, `x-b`, `2`)', { fields: { 'X-A': '1' } }, false],
    ['HeadersRegexp(`x-a`, `^\\d+$`)', { fields: { 'X-A': '12' } }, true],
    ['Query(`a=1`, `b=2`)', { query: 'b=2&a=1' }, true],
    ['Query(`a=1`, `b=2`)', { query: 'a=1' }, false],
    ['Query(`a=`)', { query: 'a=anything' }, true],
    ['Query(`a=`)', { query: 'b=1' }, false],
    ['Query(`a={v:[0-9]+}`)', { query: 'a=12' }, true],
    ['Query(`a={v:[0-9]+}`)', { query: 'a=x12' }, false],
    ['ClientIP(`10.0.0.0/8`, `192.0.2.7`)', { clientIp: '192.0.2.7' }, true],
    ['hostheader(`a.b`) || HEADERSREGEXP(`k`, `v`)', { host: 'a.b' }, true],
  ])('%s and %j', (rule, changes, expected) => {
    expect(matches(rule, changes)).toBe(expected);
  });

  it.each([
    ['Headers(`k`)', /names with their values/],
    ['Query(`k`)', /Query\(`name=value`\)/],
    ['Host(``)', /empty value/],
    ['Host()', /none is given/],
    ['Path(`a`)', /begins with/],
    ['Path(`/{a`)', /not in pairs/],
    ['Path(`/a}{b`)', /not in pairs/],
    ['Path(`/{:x}`)', /name or a pattern is missing/],
    ['HostRegexp(`{a:}`)', /name or a pattern is missing/],
    ['HostRegexp(`{a:(}`)', /cannot be read/],
    ['HeadersRegexp(`k`, `(`)', /cannot be read/],
    ['PathRegexp(`x`)', /Did you mean HostRegexp/],
    ['Header(`k`, `v`)', /Version 2 writes: Headers/],
  ])('refuses %s', (rule, message) => {
    expect(() => parseRule(rule, 'v2')).toThrow(RuleError);
    expect(() => parseRule(rule, 'v2')).toThrow(message);
  });

  it('names its hosts and is found by them', () => {
    const node = parseRule('Host(`a.b`, `c.d`) && PathPrefix(`/{x}`)', 'v2');
    expect(hostsOfRule(node)).toEqual(['a.b', 'c.d']);
    expect([...(requiredHosts(node) ?? [])]).toEqual(['a.b', 'c.d']);
  });

  it('is explained in the words in which it was written', () => {
    const { reason } = explainRule(parseRule('Path(`/{id:[0-9]+}`)', 'v2'), makeRequest({ path: '/x' }));
    expect(reason).toBe('Path(`/{id:[0-9]+}`) does not hold: the path is /x');
  });

  it.each([
    ['HostRegexp(`{sub:[a-z]+}.example.com`)', 'HostRegexp(`{sub:[a-z]+}.example.com`)'],
    ['Host(`a`) && Path(`/{id}`)', 'Path(`/{id}`)'],
    ['HostRegexp(`^[a-z]{2,3}\\p{Greek}$`)', undefined],
  ])('is recognised in a rule of the third: %s', (rule, expected) => {
    expect(secondVersionTemplate(parseRule(rule))?.text).toBe(expected);
  });
});
