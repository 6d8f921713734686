import fc from 'fast-check';
import { expect, test } from 'vitest';
import { middlewareTable } from '../../../proxy/middleware/table.ts';
import { testContainer } from '../../../test/support/container.ts';
import { defaultStaticConfiguration } from '../../config/static.ts';
import { buildRuntime } from '../../runtime/merge.ts';
import { configurationOf } from './configuration.ts';
import { compileTemplate, TemplateError } from './template.ts';

const word = fc.constantFrom(
  'http',
  'tcp',
  'routers',
  'services',
  'middlewares',
  'serversTransports',
  'a',
  'b',
  'rule',
  'service',
  'tls',
  'domains[0]',
  'main',
  'loadbalancer',
  'server',
  'port',
  'sticky',
  'cookie',
  'basicauth',
  'users',
  'headers',
  'X',
  '__proto__',
  '',
  'constructor',
  'toString',
  '[0]',
  'a[1][2]',
  'healthcheck',
  'interval',
  'chain',
  'forwardauth',
  'ratelimit',
  'é',
);
const labelName = fc.array(word, { maxLength: 7 }).map((parts) => ['traefik', ...parts].join('.'));
const labelValue = fc.oneof(
  fc.constantFrom(
    '',
    'true',
    'false',
    '80',
    '-1',
    '1e9',
    'Host(`x`)',
    'a,b',
    '10s',
    '{{ .Name }}',
    'a@file',
    '__proto__',
  ),
  fc.string(),
);
const labels = fc.dictionary(labelName, labelValue, { maxKeys: 12 });

test('whatever stands on containers, the rest is built, and each router has a state', () => {
  fc.assert(
    fc.property(fc.array(labels, { minLength: 1, maxLength: 3 }), (each) => {
      const containers = each.map((given, index) => testContainer({ name: `c${index}`, labels: given }));
      const good = testContainer({ name: 'good', labels: { 'traefik.http.routers.good.rule': 'Host(`good.lan`)' } });
      const { publication, containers: decisions } = configurationOf(
        [...containers, good],
        { exposedByDefault: true, defaultRule: 'Host(`{{ normalize .Name }}`)', network: null },
        { middlewareTable, addresses: { kind: 'direct' } },
      );
      expect(decisions).toHaveLength(containers.length + 1);
      for (const kind of ['routers', 'services', 'middlewares'] as const) {
        expect(Object.keys(publication.configuration.http?.[kind] ?? {})).toEqual(
          Object.keys(publication.origins[kind]),
        );
      }
      const state = buildRuntime([publication], defaultStaticConfiguration.entryPoints, 1);
      expect(state.routers.get('good@docker')?.status).toBe('enabled');
      expect(({} as Record<string, unknown>)['rule']).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});

test('a template renders or is refused in words', () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    ' .Name',
    ' if ',
    'end',
    'else',
    '(',
    ')',
    '|',
    '"x"',
    '`y`',
    ' lower',
    '-',
    ' index',
    'z',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      try {
        expect(typeof compileTemplate(pieces.join(''))({ Name: 'n', ContainerName: 'c', Labels: {} })).toBe('string');
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
      }
    }),
    { numRuns: 1000 },
  );
});

test('ten thousand labels do not hold up the engine, be they right or wrong', () => {
  for (const option of ['rule', 'rulez']) {
    const routes = Array.from({ length: 10_000 }, (_, i) => [
      `traefik.http.routers.r${i}.${option}`,
      `Host(\`r${i}.x\`)`,
    ]);
    const startedAt = performance.now();
    const { publication } = configurationOf(
      [testContainer({ labels: Object.fromEntries(routes) })],
      { exposedByDefault: true, defaultRule: 'Host(`x`)', network: null },
      { middlewareTable, addresses: { kind: 'direct' } },
    );
    // Comparing each label with every other took twelve seconds and more.
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(Object.keys(publication.configuration.http?.routers ?? {})).toHaveLength(10_000);
  }
});
