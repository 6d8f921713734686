import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * Ends of names that no public CA signs: RFC 6761, 6762, 7686, 8375, 9476 and ICANN's `.internal`; `.lan` and such by
 * custom.
 */
const privateEnds = new Set(
  'localhost local test invalid example onion alt internal intranet private corp home lan host localdomain arpa'.split(
    ' ',
  ),
);

export type NameKind = 'public' | 'wildcard' | 'address' | 'private';

/** What a name of a certificate is to a public CA. Lower case, as `asCertificateName` gives it. */
export function nameKind(name: string): NameKind {
  if (isIP(name) !== 0) return isPublicAddress(name) ? 'address' : 'private';
  const labels = (name.startsWith('*.') ? name.slice(2) : name).split('.');
  // A CA signs no single labels, and no underscores (CA/Browser Forum, baseline requirements, 7.1.4.2).
  if (labels.length < 2 || privateEnds.has(labels.at(-1) ?? '') || name.includes('_')) return 'private';
  return name.startsWith('*.') ? 'wildcard' : 'public';
}

export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/**
 * Domains under which anybody can register a name, so that limits count for the name below them: second levels of
 * countries, and those of dynamic DNS. A small part of publicsuffix.org's list, for as long as that is not loaded: what
 * is missing counts together with its neighbours, so that less is asked than would be allowed.
 */
const registries = new Set(
  (
    'co.uk org.uk me.uk ltd.uk plc.uk net.uk ac.uk com.au net.au org.au id.au co.nz net.nz org.nz geek.nz co.za org.za ' +
    'co.jp ne.jp or.jp co.kr or.kr com.br net.br org.br com.cn net.cn org.cn com.tw org.tw com.hk com.sg com.my co.id ' +
    'co.in net.in org.in co.il org.il com.tr com.mx com.ar com.pl net.pl org.pl waw.pl com.ua co.at or.at asso.fr nom.fr ' +
    'duckdns.org dynv6.net ddns.net no-ip.org hopto.org zapto.org sytes.net dyndns.org ddnss.de freeddns.org mywire.org ' +
    'goip.de spdns.de myfritz.net selfhost.eu dedyn.io synology.me myqnapcloud.com dynu.net webhop.me eu.org us.to ' +
    'mooo.com chickenkiller.com ydns.eu nsupdate.info twilightparadox.com pp.ua is-a.dev github.io'
  ).split(' '),
);

let fromList: ((name: string) => string | null) | null = null;

/**
 * Has `registeredDomain` go by the whole list from now on, with its private part, as CAs do. Takes some megabytes, so
 * that it is loaded by the first order, and not by who only serves.
 */
export async function loadPublicSuffixes(): Promise<void> {
  if (fromList) return;
  const { getDomain } = await import('tldts');
  fromList = (name) => getDomain(name, { allowPrivateDomains: true });
}

/** The domain that limits of CAs count by: what somebody registered. An address is one by itself. */
export function registeredDomain(name: string): string {
  if (isIP(name) !== 0) return name;
  const host = name.startsWith('*.') ? name.slice(2) : name;
  // A public suffix itself stands for itself.
  if (fromList) return fromList(host) ?? host;
  const labels = host.split('.');
  const levels = registries.has(labels.slice(-2).join('.')) ? 3 : 2;
  return labels.slice(-levels).join('.');
}
