import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { checkTexts } from './check.ts';
import { parseDynamicFile } from './dynamic-file.ts';

const key = fc.constantFrom(
  'http',
  'tcp',
  'tls',
  'routers',
  'services',
  'middlewares',
  'serversTransports',
  'a',
  'b',
  'rule',
  'service',
  'labels',
  'loadBalancer',
  'servers',
  'url',
  'sticky',
  'cookie',
  'options',
  'default',
  'clientAuth',
  'chain',
  'basicAuth',
  'users',
  '__proto__',
  'constructor',
  'entryPoints',
  'providers',
  '0',
  '',
);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, '', 'x', 'Host(`x`)', '{{ x }}', 'a@file', [], {}),
  fc.string(),
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium' },
    leaf,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('tree')), { maxLength: 4 }).map((entries) => new Map(entries)),
  ),
}));

test('whatever stands in a file, it is read or refused with a place', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        tree.map((value) => stringify(value)),
        fc.string(),
      ),
      (text) => {
        for (const finding of checkTexts([{ path: 'x.yml', text: text }])) {
          expect(finding.line).toBeGreaterThan(0);
          expect(finding.column).toBeGreaterThan(0);
          expect(finding.message).not.toBe('');
        }
        const file = parseDynamicFile(text, middlewareTable);
        if (file.faults.length > 0) expect(file.elements.routers).toEqual({});
      },
    ),
    { numRuns: 500 },
  );
});
