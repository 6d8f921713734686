import { X509Certificate } from 'node:crypto';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import type { CertificateView } from '../contract/certificates.ts';

/** What a certificate says of itself. Read once for each, as reading takes some 50 µs. */
export interface CertificateFacts {
  /** The CA's common name, else its organisation. */
  readonly issuer: string;
  readonly keyType: string;
  readonly fingerprint: string;
  readonly serialNumber: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

const factsOf = new WeakMap<CertificateSnapshot, CertificateFacts>();

/** Of the first certificate in the text. Throws where it is none. */
export function certificateFacts(certificatePem: string): CertificateFacts {
  return factsIn(new X509Certificate(certificatePem));
}

export function factsIn(certificate: X509Certificate): CertificateFacts {
  return {
    issuer: issuerName(certificate.issuer),
    keyType: keyTypeOf(certificate),
    fingerprint: certificate.fingerprint256,
    serialNumber: certificate.serialNumber,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  };
}

/** For whoever knows already what a certificate says: ten thousand of them would take seconds to read. */
export function rememberFacts(snapshot: CertificateSnapshot, facts: CertificateFacts): void {
  factsOf.set(snapshot, facts);
}

function knownFacts(snapshot: CertificateSnapshot): CertificateFacts {
  const known = factsOf.get(snapshot) ?? certificateFacts(snapshot.certificatePem);
  factsOf.set(snapshot, known);
  return known;
}

/** DNS names and addresses that it is good for; the common name where it says nothing else. */
export function namesOf({ subjectAltName, subject }: X509Certificate): readonly string[] {
  const names = (subjectAltName ?? '')
    .split(', ')
    .map((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1]?.toLowerCase())
    .filter((name) => name !== undefined);
  if (names.length > 0) return names;
  const commonName = /^CN=(.+)$/m.exec(subject)?.[1];
  return commonName === undefined ? [] : [commonName.toLowerCase()];
}

/** "CN=R11\nO=Let's Encrypt" is "Let's Encrypt R11"; one that bears its organisation's name already is left alone. */
function issuerName(issuer: string): string {
  const part = (key: string): string => new RegExp(`^${key}=(.+)$`, 'm').exec(issuer)?.[1] ?? '';
  const [name, organisation] = [part('CN'), part('O')];
  if (name === '' || organisation === '') return name || organisation;
  return name.includes(organisation) ? name : `${organisation} ${name}`;
}

const curves: Readonly<Record<string, string>> = { prime256v1: 'EC256', secp384r1: 'EC384', secp521r1: 'EC521' };

function keyTypeOf({ publicKey }: X509Certificate): string {
  const { namedCurve = '', modulusLength } = publicKey.asymmetricKeyDetails ?? {};
  if (publicKey.asymmetricKeyType === 'rsa') return `RSA${modulusLength ?? ''}`;
  return curves[namedCurve] ?? publicKey.asymmetricKeyType ?? '';
}

const dayMs = 86_400_000;
/** An owner who renews by hand wants to know this early. */
export const ownersNoticeMs = 14 * dayMs;

/** A certificate that nobody orders: of the internal authority, or of a file. */
export function servedView(
  snapshot: CertificateSnapshot,
  routers: readonly string[],
  { now, path }: { readonly now: number; readonly path: string | null },
): CertificateView {
  const facts = knownFacts(snapshot);
  const isInternal = snapshot.isOwn === true;
  const left = facts.notAfter - now;
  const status = left <= 0 ? 'expired' : !isInternal && left < ownersNoticeMs ? 'expiring' : 'valid';
  return {
    id: isInternal ? `internal:${snapshot.isDefault ? 'default' : (snapshot.names[0] ?? '')}` : snapshot.id,
    names: [...snapshot.names],
    source: isInternal ? 'internal' : 'file',
    resolver: null,
    ...facts,
    renewal: isInternal
      ? { at: facts.notAfter - Math.floor((facts.notAfter - facts.notBefore) / 3), why: 'third' }
      : { at: facts.notAfter, why: 'owner' },
    status,
    meanwhile: null,
    routers: [...routers],
    byHand: false,
    failure: null,
    order: null,
    profile: null,
    path,
  };
}

interface KnownView {
  readonly routers: readonly string[];
  /** From when on it may say something else. */
  readonly until: number;
  readonly view: CertificateView;
}

const knownViews = new WeakMap<CertificateSnapshot, KnownView>();

/** The same view again while the routers are the same ones and no day has come: there may be ten thousand of them. */
export function keptServedView(
  snapshot: CertificateSnapshot,
  routers: readonly string[],
  now: number,
): CertificateView {
  const known = knownViews.get(snapshot);
  if (known && known.routers === routers && now < known.until) return known.view;
  const view = servedView(snapshot, routers, { now, path: null });
  const ends = view.notAfter ?? 0;
  const until = [ends - ownersNoticeMs, ends].find((at) => at > now) ?? Infinity;
  knownViews.set(snapshot, { routers, until, view });
  return view;
}

/** A host with the routers that serve it over TLS. */
export interface HostInUse {
  readonly host: string;
  readonly routers: readonly string[];
}

/**
 * Which routers' visitors get which certificate: for each host the one that names it, else the one whose wildcard does.
 * Of several the first wins. Keys are the certificates' ids.
 */
export function routersByCertificate(
  certificates: readonly { readonly id: string; readonly names: readonly string[] }[],
  inUse: readonly HostInUse[],
): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, string>();
  for (const { id, names } of certificates) {
    for (const name of names) if (!byName.has(name)) byName.set(name, id);
  }
  const found = new Map<string, Set<string>>();
  for (const { host, routers } of inUse) {
    const name = host.toLowerCase();
    const dot = name.indexOf('.');
    const id = byName.get(name) ?? (dot > 0 ? byName.get(`*${name.slice(dot)}`) : undefined);
    if (id === undefined) continue;
    const own = found.get(id) ?? new Set();
    for (const router of routers) own.add(router);
    found.set(id, own);
  }
  return new Map([...found].map(([id, routers]) => [id, [...routers].toSorted()]));
}

/** Routers by the names that a certificate for them may have: the host's own, and the wildcard for its first label. */
export type RoutersByName = ReadonlyMap<string, readonly string[]>;

export function routersByName(inUse: readonly HostInUse[]): RoutersByName {
  const found = new Map<string, string[]>();
  const add = (name: string, routers: readonly string[]): void => {
    const own = found.get(name);
    if (own) own.push(...routers);
    else found.set(name, [...routers]);
  };
  for (const { host, routers } of inUse) {
    const name = host.toLowerCase();
    const dot = name.indexOf('.');
    add(name, routers);
    if (dot > 0) add(`*${name.slice(dot)}`, routers);
  }
  return found;
}

/** Routers whose visitors could get a certificate with these names. */
export function routersOf(names: readonly string[], byName: RoutersByName): readonly string[] {
  return [...new Set(names.flatMap((name) => byName.get(name) ?? []))].toSorted();
}
