import type { ObjectStatus } from '../../../app/contract/objects.ts';
import type { Tone } from '../../components/status.tsx';

/** The three lists of one page. */
export type Kind = 'routers' | 'services' | 'middlewares';

export const kinds: readonly Kind[] = ['routers', 'services', 'middlewares'];

export const objectTone: Record<ObjectStatus, Tone> = { enabled: 'good', warning: 'attention', disabled: 'broken' };

export const kindWords = {
  routers: { search: 'searchRouters', empty: 'emptyRouters', body: 'emptyRoutersBody', term: 'router' },
  services: { search: 'searchServices', empty: 'emptyServices', body: 'emptyServicesBody', term: 'service' },
  middlewares: {
    search: 'searchMiddlewares',
    empty: 'emptyMiddlewares',
    body: 'emptyMiddlewaresBody',
    term: 'middleware',
  },
} as const;
