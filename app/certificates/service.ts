import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import type { CertificateView } from '../contract/certificates.ts';
import type { RouterView } from '../contract/objects.ts';
import { viewKey } from '../contract/view-key.ts';
import type { CertificateService } from '../operations/certificate-service.ts';
import { OperationError } from '../operations/error.ts';
import { same } from '../runtime/same.ts';
import { Secret } from '../secrets/secrets.ts';
import { type HostInUse, routersByCertificate, servedView } from './served.ts';

export interface CertificateServiceOptions {
  /** What visitors are served with now. */
  readonly served: () => readonly CertificateSnapshot[];
  readonly now: () => number;
}

/** The certificates that are served, for the operations and the picture. */
export interface ServedCertificates {
  /** Tells which routers there are now, and gives the views of certificates that follow from it. */
  readonly views: (routers: ReadonlyMap<string, RouterView>) => readonly CertificateView[];
  readonly service: CertificateService;
}

export function createCertificateService({ served, now }: CertificateServiceOptions): ServedCertificates {
  let views: ReadonlyMap<string, CertificateView> = new Map();
  let material: ReadonlyMap<string, CertificateSnapshot> = new Map();

  const known = (id: string): CertificateView => {
    const view = views.get(id);
    if (view) return view;
    throw new OperationError('NOT_FOUND', `There is no certificate ${id}.`, { reason: 'CERTIFICATE_UNKNOWN', id });
  };
  const notOrdered = (id: string): never => {
    const { source } = known(id);
    throw new OperationError('CONFLICT', `This certificate is not ordered from a CA (it is ${source}).`, {
      reason: 'CERTIFICATE_NOT_ORDERED',
      source,
    });
  };
  const withoutResolvers = (): never => {
    throw new OperationError('UNAVAILABLE', 'No resolver is set up.', { reason: 'RESOLVERS_ABSENT' });
  };

  return {
    views: (routers) => {
      const inUse = hostsInUse(routers);
      const all = served();
      const used = routersByCertificate(all, inUse);
      const next = all.map(
        (each) => [each, servedView(each, used.get(each.id) ?? [], { now: now(), path: null })] as const,
      );
      const before = views;
      views = new Map(
        next.map(([, view]) => {
          const last = before.get(view.id);
          return [view.id, last && same(last, view) ? last : view];
        }),
      );
      material = new Map(next.map(([snapshot, { id }]) => [id, snapshot]));
      return [...views.values()];
    },
    service: {
      list: () => [...views.values()],
      resolvers: () => [],
      get: (id) => ({ certificate: known(id), orders: [] }),
      material: (id) => {
        known(id);
        const { certificatePem, privateKeyPem } = material.get(id) ?? { certificatePem: '', privateKeyPem: '' };
        return Promise.resolve({ certificatePem, privateKey: new Secret(privateKeyPem) });
      },
      propose: withoutResolvers,
      add: withoutResolvers,
      renew: notOrdered,
      revoke: notOrdered,
      remove: notOrdered,
      bring: withoutResolvers,
      adopt: withoutResolvers,
      setResolver: withoutResolvers,
      removeResolver: withoutResolvers,
      checkResolver: withoutResolvers,
    },
  };
}

function hostsInUse(routers: ReadonlyMap<string, RouterView>): readonly HostInUse[] {
  const byHost = new Map<string, string[]>();
  for (const router of routers.values()) {
    if (router.status === 'disabled' || !router.tls) continue;
    for (const host of router.hosts) {
      const own = byHost.get(host) ?? [];
      own.push(viewKey(router));
      byHost.set(host, own);
    }
  }
  return [...byHost].map(([host, names]) => ({ host, routers: names }));
}
