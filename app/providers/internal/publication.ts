import type { Publication } from '../provider.ts';

const origin = { source: { kind: 'internal' }, problems: [] } as const;

/**
 * What Gatehouse always serves: whoami, which shows that the road works before there is any container.
 * Its service `whoami@internal` is built in; the runtime adds it.
 */
export function internalPublication(): Publication {
  return {
    provider: 'internal',
    configuration: { http: { routers: { whoami: { rule: 'Host(`whoami.localhost`)', service: 'whoami@internal' } } } },
    origins: { routers: { whoami: origin }, services: {}, middlewares: {} },
  };
}
