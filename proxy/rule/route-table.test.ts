import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeRequest } from '../../test/support/exchange.ts';
import { compileRule } from './compile.ts';
import { parseRule } from './parse.ts';
import { buildRouteTable } from './route-table.ts';

const route = (name: string, rule: string, priority = rule.length) => ({ name, rule, priority, target: name });

/** The shortest of twenty rounds of 5,000 lookups, in milliseconds. */
function shortestRoundMs(count: number): number {
  const table = buildRouteTable(Array.from({ length: count }, (_, i) => route(`r${i}`, `Host(\`h${i}.example\`)`)));
  const requests = Array.from({ length: 10 }, (_, i) => makeRequest({ host: `h${i}.example` }));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round += 1) {
    const started = performance.now();
    for (let i = 0; i < 5000; i += 1) table.match(requests[i % 10]!);
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

describe('buildRouteTable', () => {
  it('tries the highest priority first, whichever list a route stands in', () => {
    const table = buildRouteTable([
      route('host', 'Host(`a.example.com`)'),
      route('wild', 'Host(`*.example.com`)', 50),
      route('any', 'PathPrefix(`/x`)', 100),
      route('admin', 'Host(`a.example.com`) && PathPrefix(`/admin`)', 200),
    ]);
    const target = (host: string, path: string) => table.match(makeRequest({ host, path }));
    expect(target('a.example.com', '/admin')).toEqual({ kind: 'match', name: 'admin', target: 'admin' });
    expect(target('a.example.com', '/x')).toMatchObject({ name: 'any' });
    expect(target('a.example.com', '/y')).toMatchObject({ name: 'wild' });
    expect(target('example.com', '/y')).toEqual({ kind: 'none' });
  });

  it("breaks ties by the rule's length, then by name", () => {
    const table = buildRouteTable([
      route('b', 'Host(`a`)', 1),
      route('a', 'Host(`a`)', 1),
      route('c', 'Host(`a`) && Path(`/x`)', 1),
    ]);
    expect(table.match(makeRequest({ host: 'a', path: '/x' }))).toMatchObject({ name: 'c' });
    expect(table.match(makeRequest({ host: 'a', path: '/' }))).toMatchObject({ name: 'a' });
  });

  it('does not take a longer host for one it knows', () => {
    const table = buildRouteTable([route('a', 'Host(`a.example`)')]);
    expect(table.match(makeRequest({ host: 'a.example.evil.net' })).kind).toBe('none');
    expect(table.match(makeRequest({ host: 'xa.example' })).kind).toBe('none');
  });

  it('reads each rule in its own version, and keeps the two apart', () => {
    const rule = 'Path(`/{id}`)';
    const third = route('third', rule);
    const second = { ...route('second', rule), syntax: 'v2' as const };
    const request = makeRequest({ path: '/x' });
    expect(buildRouteTable([third]).match(request).kind).toBe('none');
    expect(buildRouteTable([second]).match(request).kind).toBe('match');
    expect(buildRouteTable([third]).match(request).kind).toBe('none');
  });

  it('asks those of the preferred provider first where priorities are equal', () => {
    const ranked = (name: string, rule: string, providerRank?: number) => ({
      ...route(name, rule, 5),
      ...(providerRank === undefined ? {} : { providerRank }),
    });
    const routes = [ranked('a', 'Host(`a`) && Path(`/`)'), ranked('b', 'Path(`/`)', 1), ranked('c', 'Path(`/`)', 0)];
    const request = makeRequest({ host: 'a', path: '/' });
    expect(buildRouteTable(routes).match(request)).toMatchObject({ name: 'c' });
    expect(buildRouteTable([...routes, route('d', 'Path(`/`)', 6)]).match(request)).toMatchObject({ name: 'd' });
  });

  it('names the route whose rule is broken', () => {
    expect(() => buildRouteTable([route('bad@docker', 'Hst(`a`)')])).toThrow(/bad@docker.*Did you mean Host/);
  });

  it.each([
    ['/public/..%2Fadmin', 'public', 'admin'],
    ['/public%5C..%5Cadmin', 'public', 'admin'],
    ['/public%3F%2F..%2Fadmin', 'public', 'admin'],
    ['/admin%252F', null, null],
    ['//admin', null, 'admin'],
    ['/%2e%2e%2fpublic', null, 'public'],
  ])('refuses %j where its readings lead to different routes', (path, first, second) => {
    const table = buildRouteTable([
      route('admin', 'Host(`a`) && PathPrefix(`/admin`)'),
      route('public', 'Host(`a`) && PathPrefix(`/public`)'),
    ]);
    const request = makeRequest({ host: 'a', path });
    const result = table.match(request);
    if (first === null && second === null) expect(result).toMatchObject({ kind: 'match', name: 'admin' });
    else expect(result).toEqual({ kind: 'ambiguous', first, second });
    expect(request.path).toBe(path);
  });

  it('passes an encoded path whose readings agree', () => {
    const table = buildRouteTable([route('gitlab', 'Host(`a`)')]);
    expect(table.match(makeRequest({ host: 'a', path: '/api/projects/group%2Fname' }))).toMatchObject({
      name: 'gitlab',
    });
  });

  it('equals a linear scan', () => {
    const parts = fc.constantFrom(
      'Host(`a.x`)',
      'Host(`b.x`)',
      'Host(`*.x`)',
      'Host(`*`)',
      '!Host(`a.x`)',
      'PathPrefix(`/p`)',
      'HostRegexp(`^a`)',
    );
    const rules = fc
      .array(fc.tuple(parts, fc.constantFrom(' && ', ' || ')), { minLength: 1, maxLength: 3 })
      .map((list) => list.map(([part, operator], i) => (i === 0 ? part : operator + part)).join(''));
    const routes = fc
      .array(fc.tuple(rules, fc.integer({ min: 0, max: 3 })), { maxLength: 8 })
      .map((list) => list.map(([rule, priority], i) => route(`r${i}`, rule, priority)));
    fc.assert(
      fc.property(
        routes,
        fc.constantFrom('a.x', 'b.x', 'c.x', 'x', ''),
        fc.constantFrom('/', '/p/q'),
        (list, host, path) => {
          const request = makeRequest({ host, path });
          const linear = list
            .toSorted(
              (a, b) => b.priority - a.priority || b.rule.length - a.rule.length || a.name.localeCompare(b.name),
            )
            .find((candidate) => compileRule(parseRule(candidate.rule))(request));
          const found = buildRouteTable(list).match(request);
          return found.kind === 'match' ? found.name === linear?.name : linear === undefined;
        },
      ),
      { numRuns: 500 },
    );
  });

  it('costs the same with 10,000 hosts as with 10', () => {
    const few = shortestRoundMs(10);
    expect(shortestRoundMs(10_000)).toBeLessThan(few * 4 + 1);
  });
});
