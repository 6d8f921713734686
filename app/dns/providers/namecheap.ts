import { type Answer, createAsk, type Judgement } from '../ask.ts';
import { baseOf, readCredentials } from '../credentials.ts';
import { DnsProviderError } from '../dns-error.ts';
import { dnsFailure } from '../dns-failure.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { plainName, relativeName } from '../names.ts';
import { recordSetProvider } from '../record-set-provider.ts';
import { elementsAt, parseXml, textAt, type XmlElement } from '../xml.ts';
import type { Zone } from '../zones.ts';

/** One record of a domain, in the words of the API. */
interface Host {
  readonly name: string;
  readonly type: string;
  readonly address: string;
  readonly mxPref: string;
  readonly ttl: string;
}

interface Hosts {
  readonly hosts: readonly Host[];
  /** How the domain's mail is handled; lost when it is not sent back. */
  readonly emailType: string;
}

const perPage = 100;

/** https://www.namecheap.com/support/api/methods/ */
export const namecheap: DnsProviderDefinition = {
  code: 'namecheap',
  title: 'Namecheap',
  credentials: [
    { key: 'apiUser', label: { en: 'User name', fr: 'Nom d’utilisateur' } },
    { key: 'apiKey', label: { en: 'API key', fr: 'Clé d’API' }, secret: true },
    {
      key: 'clientIp',
      label: { en: 'Public IPv4 address of this network', fr: 'Adresse IPv4 publique de ce réseau' },
      optional: true,
      help: { en: 'Asked of Namecheap where it is left out.', fr: 'Demandée à Namecheap si elle est absente.' },
    },
  ],
  help: {
    create: {
      en: 'Profile › Tools › API Access: switch it on, and add the public IPv4 address of this network to the whitelist.',
      fr: 'Profile › Tools › API Access : activez-le, et ajoutez l’adresse IPv4 publique de ce réseau à la liste blanche.',
    },
    rights: {
      en: 'API access (it needs 20 domains, or 50 $ on the account or spent), and the address on the whitelist. Keys have no finer rights.',
      fr: 'L’accès à l’API (il faut 20 domaines, ou 50 $ sur le compte ou dépensés) et l’adresse sur la liste blanche. Les clés n’ont pas de droits plus fins.',
    },
    url: 'https://ap.www.namecheap.com/settings/tools/apiaccess/',
  },
  environment: { apiUser: ['NAMECHEAP_API_USER'], apiKey: ['NAMECHEAP_API_KEY'], clientIp: ['NAMECHEAP_CLIENT_IP'] },
  create(given, options) {
    const { value, secrets } = readCredentials(namecheap, given);
    const base = baseOf(namecheap, given, options, 'https://api.namecheap.com');
    const addressUrl =
      options?.endpoint === undefined ? 'https://dynamicdns.park-your-domain.com/getip' : `${base}/getip`;
    const raw = createAsk({ home: namecheap, secrets, reasonOf, judge, options });
    let clientIp = value('clientIp');

    async function ask(command: string, parameters: Record<string, string>, signal: AbortSignal): Promise<XmlElement> {
      if (clientIp === '') clientIp = (await raw({ url: addressUrl }, signal)).text.trim();
      const body = new URLSearchParams({
        ApiUser: value('apiUser'),
        ApiKey: value('apiKey'),
        UserName: value('apiUser'),
        ClientIp: clientIp,
        Command: command,
        ...parameters,
      }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/xml' };
      const url = `${base}/xml.response`;
      // Every command may be sent twice: none adds, those that change set everything.
      const answer = await raw({ method: 'POST', url, headers, body, repeatable: true }, signal);
      const [response] = elementsAt(parseXml(answer.text), 'CommandResponse');
      if (!response) throw unreadable();
      return response;
    }

    async function hostsOf(zone: Zone, signal: AbortSignal): Promise<Hosts> {
      const answer = await ask('namecheap.domains.dns.getHosts', domainOf(zone), signal);
      const [result] = elementsAt(answer, 'DomainDNSGetHostsResult');
      if (!result) throw unreadable();
      if (result.attributes['IsUsingOurDNS'] === 'false') throw elsewhere(zone);
      const hosts = elementsAt(result, 'host').map(({ attributes }) => ({
        name: attributes['Name'] ?? '',
        type: attributes['Type'] ?? '',
        address: attributes['Address'] ?? '',
        mxPref: attributes['MXPref'] ?? '',
        ttl: attributes['TTL'] ?? '',
      }));
      if (hosts.some((host) => host.name === '' || host.type === '')) throw unreadable();
      return { hosts, emailType: result.attributes['EmailType'] ?? '' };
    }

    /**
     * The API sets all records of a domain at once, so what is not sent is lost: they are read immediately before, sent
     * back as they were, and compared afterwards.
     */
    async function change(zone: Zone, edit: (hosts: readonly Host[]) => readonly Host[], signal: AbortSignal) {
      let before = await hostsOf(zone, signal);
      // An empty list would be the end of all records, so it is asked for twice.
      if (before.hosts.length === 0) before = await hostsOf(zone, signal);
      const hosts = edit(before.hosts);
      const parameters: Record<string, string> = domainOf(zone);
      if (before.emailType !== '') parameters['EmailType'] = before.emailType;
      for (const [index, host] of hosts.entries()) {
        const number = index + 1;
        parameters[`HostName${number}`] = host.name;
        parameters[`RecordType${number}`] = host.type;
        parameters[`Address${number}`] = host.address;
        if (host.mxPref !== '') parameters[`MXPref${number}`] = host.mxPref;
        if (host.ttl !== '') parameters[`TTL${number}`] = host.ttl;
      }
      const answer = await ask('namecheap.domains.dns.setHosts', parameters, signal);
      const [result] = elementsAt(answer, 'DomainDNSSetHostsResult');
      if (result?.attributes['IsSuccess'] !== 'true') {
        throw dnsFailure(namecheap, 'unavailable', { reason: 'it did not set the records' });
      }
      const after = new Set((await hostsOf(zone, signal)).hosts.map(identity));
      const lost = hosts.filter((host) => !after.has(identity(host)));
      if (lost.length > 0) {
        throw dnsFailure(namecheap, 'refused', {
          reason: `it did not keep ${lost.map(({ name, type }) => `${name} ${type}`).join(', ')} of ${zone.name}`,
        });
      }
    }

    return recordSetProvider({
      definition: namecheap,
      smallestTtlS: 60,
      options,
      api: {
        async list(signal) {
          const zones: Zone[] = [];
          for (let page = 1; ; page += 1) {
            const parameters = { Page: String(page), PageSize: String(perPage) };
            const answer = await ask('namecheap.domains.getList', parameters, signal);
            const some = elementsAt(answer, 'DomainGetListResult', 'Domain');
            zones.push(
              ...some.map(({ attributes }) => ({ name: attributes['Name'] ?? '', id: attributes['Name'] ?? '' })),
            );
            const total = Number(textAt(answer, 'Paging', 'TotalItems'));
            if (some.length === 0 || zones.length >= total) return zones.filter(({ name }) => name !== '');
          }
        },
        async read(zone, name, type, signal) {
          const found = (await hostsOf(zone, signal)).hosts.filter((host) => isAt(host, zone, name, type));
          const [first] = found;
          return first ? { values: found.map(({ address }) => address), ttlS: Number(first.ttl) || 1800 } : null;
        },
        write: (zone, name, type, set, _before, signal) =>
          change(
            zone,
            (hosts) => [
              ...hosts.filter((host) => !isAt(host, zone, name, type)),
              ...set.values.map((text) => ({
                name: relativeName(name, zone.name) || '@',
                type,
                address: type === 'CNAME' ? `${text}.` : text,
                mxPref: '10',
                ttl: String(set.ttlS),
              })),
            ],
            signal,
          ),
        remove: (zone, name, type, _before, signal) =>
          change(zone, (hosts) => hosts.filter((host) => !isAt(host, zone, name, type)), signal),
      },
    });
  },
};

function isAt(host: Host, zone: Zone, name: string, type: string): boolean {
  return host.type === type && plainName(host.name) === (relativeName(name, zone.name) || '@');
}

const identity = ({ name, type, address }: Host): string =>
  `${plainName(name)} ${type} ${type === 'CNAME' || type === 'MX' ? plainName(address) : address}`;

/** The API wants the label that was registered and what stands behind it apart: `example` and `co.uk`. */
function domainOf(zone: Zone): Record<string, string> {
  const dot = zone.id.indexOf('.');
  return { SLD: zone.id.slice(0, dot), TLD: zone.id.slice(dot + 1) };
}

function unreadable(): DnsProviderError {
  return dnsFailure(namecheap, 'unavailable', { reason: 'its answer is not what its API promises' });
}

function elsewhere(zone: Zone): DnsProviderError {
  return new DnsProviderError({
    kind: 'zone-missing',
    provider: namecheap.title,
    message: `${zone.name} is registered at Namecheap, but has other name servers, so records there have no effect.`,
    fix: 'Choose the provider whose name servers the domain has, or set the name servers to Namecheap BasicDNS.',
    details: { provider: namecheap.title, name: zone.name },
  });
}

function errorOf({ text }: Answer): { readonly number: string; readonly message: string } | null {
  try {
    const document = parseXml(text);
    const [error] = elementsAt(document, 'Errors', 'Error');
    if (error) return { number: error.attributes['Number'] ?? '', message: error.text.trim() };
    return document.attributes['Status'] === 'OK' ? null : { number: '', message: 'it answers without a result' };
  } catch {
    return { number: '', message: 'its answer is not what its API promises' };
  }
}

function reasonOf(answer: Answer): string | undefined {
  const error = errorOf(answer);
  return error === null ? undefined : [error.message, error.number].filter((part) => part !== '').join(', ');
}

/** Every answer has the status 200. https://www.namecheap.com/support/api/error-codes/ */
function judge(answer: Answer): Judgement | null {
  if (answer.status >= 300 || /^[\d.]{7,15}\s*$/.test(answer.text)) return null;
  const error = errorOf(answer);
  if (error === null) return null;
  if (['1011150', '1017150', '1017101', '1017103'].includes(error.number)) return { kind: 'rights' };
  if (/^(?:101[016]\d{3}|1017\d{3})$/.test(error.number)) return { kind: 'credentials' };
  if (/^(?:2019166|2016166|2011166|2030166)$/.test(error.number)) return { kind: 'zone-missing' };
  if (error.number === '500000') return { kind: 'rate-limited' };
  return { kind: error.number === '' || error.number.startsWith('5') ? 'unavailable' : 'refused' };
}
