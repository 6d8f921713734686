import { describe, expect, it } from 'vitest';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { parseDynamicFile } from './dynamic-file.ts';
import { readPlacedToml } from './toml-places.ts';

const dynamic = `# routers of the NAS
[http.routers.nas]
  rule = "Host(\`nas.example.org\`)"
  service = "nas"
  midlewares = ["auth"]
  [http.routers.nas.tls]

[http.services]
  [http.services.nas.loadBalancer]
    passHostHeader = true
    [[http.services.nas.loadBalancer.servers]]
      url = "https://10.0.0.2:5001"
    [[http.services.nas.loadBalancer.servers]]
      url = "https://10.0.0.3:5001"
      wieght = 3
`;

describe('TOML', () => {
  it('is read as YAML is, with the place of each key', () => {
    const { elements, issues, faults, placeOf } = parseDynamicFile(dynamic, middlewareTable, 'dynamic.toml');
    expect(faults).toEqual([]);
    expect(elements.routers['nas']).toEqual({ rule: 'Host(`nas.example.org`)', service: 'nas', tls: {} });
    expect(elements.services['nas']?.loadBalancer?.servers).toEqual([
      { url: 'https://10.0.0.2:5001' },
      { url: 'https://10.0.0.3:5001' },
    ]);
    expect(issues.map((issue) => [issue.suggestion, placeOf(issue.path)])).toEqual([
      ['middlewares', { line: 5, column: 3 }],
      ['weight', { line: 15, column: 7 }],
    ]);
  });

  it('says where it cannot be read', () => {
    expect(readPlacedToml('[http]\nrouters = \n').faults).toMatchObject([{ line: 2 }]);
    expect(readPlacedToml('a = 1\na = 2\n').faults).toMatchObject([{ line: 2 }]);
    expect(readPlacedToml(`a = ${'['.repeat(2000)}`).faults).toHaveLength(1);
  });

  it('takes no line within a text for a key, and no key for a prototype', () => {
    const { value, placeOf } = readPlacedToml('text = """\nkey = 1\n"""\nkey = 9223372036854775806\n__proto__.x = 1\n');
    expect(placeOf(['KEY'])).toEqual({ line: 4, column: 1 });
    expect(String((value as { key: bigint }).key)).toBe('9223372036854775806');
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});
