import { expect, test } from 'vitest';
import { middlewareTable } from '../../../proxy/middleware/table.ts';
import { testContainer } from '../../../test/support/container.ts';
import { configurationOf } from './configuration.ts';
import { compileConstraints, constraintsFault } from './constraints.ts';

const labels = { team: 'home', 'com.example.stage': 'live' };

test.each([
  ['', true],
  ['Label(`team`, `home`)', true],
  ['Label("team", "work")', false],
  ['Label(`absent`, ``)', false],
  ['LabelRegex(`team`, `^ho`) && !Label(`com.example.stage`, `test`)', true],
  ['Label(`team`,`work`) || (LabelRegex(`com.example.stage`, `li.e`))', true],
  ['LabelRegex(`team`, `(`)', false],
])('constraints: %s', (expression, expected) => {
  expect(compileConstraints(expression)(labels)).toBe(expected);
});

test('what cannot be read is said', () => {
  expect(constraintsFault('Label(`a`)')).toContain('a label and a value');
  expect(constraintsFault('Lable(`a`, `b`)')).toContain('Label');
  expect(constraintsFault('LabelRegex(`a`, `(`)')).toContain('cannot be read');
  expect(constraintsFault('Label(`a`, `b`')).not.toBeNull();
  expect(constraintsFault('Label(`a`, `b`)')).toBeNull();
  expect(constraintsFault('')).toBeNull();
});

const options = { exposedByDefault: true, defaultRule: 'Host(`{{ .Name }}.local`)', network: null };
const context = { middlewareTable, addresses: { kind: 'direct' } } as const;

test('a container that does not meet them yields nothing, and says why', () => {
  const containers = [testContainer({ name: 'in', labels }), testContainer({ name: 'out' })];
  const selective = { ...options, constraints: 'Label(`team`, `home`)' };
  const { publication, containers: decisions } = configurationOf(containers, selective, context);
  expect(Object.keys(publication.configuration.http?.routers ?? {})).toEqual(['in']);
  expect(decisions[1]).toMatchObject({ enabled: false, problems: [{ code: 'CONTAINER_NOT_SELECTED' }] });
});

test('a port on one address of the machine stands in for the container’s where that is asked for', () => {
  const ports = [
    { port: 80, protocol: 'tcp' as const, published: [{ host: '192.168.0.7', port: 8081 }] },
    { port: 90, protocol: 'tcp' as const, published: [{ host: '0.0.0.0', port: 9091 }] },
  ];
  const urlOf = (port: string, useBindPortIP: boolean): string | undefined => {
    const label = { 'traefik.http.services.a.loadbalancer.server.port': port };
    const container = testContainer({ name: 'a', labels: label, ports });
    const { publication } = configurationOf([container], { ...options, useBindPortIP }, context);
    return publication.configuration.http?.services?.['a']?.loadBalancer?.servers?.[0]?.url;
  };
  expect(urlOf('80', true)).toBe('http://192.168.0.7:8081');
  expect(urlOf('80', false)).toMatch(/:80$/);
  // A port on every address says nothing of which one to use.
  expect(urlOf('90', true)).toMatch(/:90$/);
});

test('unhealthy containers keep their routers where that is asked for', () => {
  for (const health of ['unhealthy', 'starting'] as const) {
    const container = testContainer({ name: 'a', health });
    const kept = configurationOf([container], { ...options, allowEmptyServices: true }, context).publication;
    expect(kept.configuration.http?.routers?.['a']).toBeDefined();
    expect(kept.configuration.http?.services?.['a']?.loadBalancer?.servers ?? []).toEqual([]);
    expect(kept.origins.routers['a']?.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  }
  const { publication } = configurationOf([testContainer({ name: 'a', health: 'starting' })], options, context);
  expect(publication.configuration).toEqual({});
});
