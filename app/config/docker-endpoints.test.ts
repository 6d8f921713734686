import { expect, it } from 'vitest';
import { resolvedEndpoints } from './docker-endpoints.ts';
import { defaultStaticConfiguration } from './static.ts';

it('an endpoint has what the first has where it says nothing, and never its credentials', () => {
  const resolved = resolvedEndpoints({
    ...defaultStaticConfiguration.docker,
    endpoint: 'tcp://here:2376',
    network: 'web',
    constraints: 'Label(`a`, `b`)',
    username: 'u',
    password: 'p',
    tls: { cert: 'cert.pem', key: 'key.pem' },
    endpoints: { nas: { endpoint: 'tcp://nas:2375', network: 'apps' }, attic: { endpoint: '/a.sock', username: 'x' } },
  });
  const shared = {
    exposedByDefault: false,
    defaultRule: defaultStaticConfiguration.docker.defaultRule,
    constraints: 'Label(`a`, `b`)',
  };
  expect(Object.fromEntries(resolved)).toEqual({
    nas: { ...shared, endpoint: 'tcp://nas:2375', network: 'apps' },
    attic: { ...shared, endpoint: '/a.sock', network: 'web', username: 'x' },
  });
});
