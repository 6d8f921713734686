import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { encodeXml } from '../xml.ts';
import { namecheap } from './namecheap.ts';

const answer = (body: string, status = 'OK', errors = ''): ApiAnswer => ({
  headers: { 'content-type': 'text/xml; charset=utf-8' },
  text: `<?xml version="1.0" encoding="utf-8"?>\r\n<ApiResponse Status="${status}" xmlns="http://api.namecheap.com/xml.response">\r\n  <Errors>${errors}</Errors>\r\n  <Warnings />\r\n  ${body}<Server>PHX01</Server>\r\n</ApiResponse>`,
});
const failure = (number: string, message: string): ApiAnswer =>
  answer('<RequestedCommand />', 'ERROR', `<Error Number="${number}">${message}</Error>`);

/** Mail records of a domain, which an update must not lose. */
const mail = new Map<string, string>();
let loseOne = false;

/** As the API answers: `setHosts` replaces everything that a domain has. */
function handler(store: DnsStore): ApiHandler {
  mail.clear();
  loseOne = false;
  return ({ path, text }) => {
    if (path === '/getip') return { text: '198.51.100.7\n' };
    const form = new URLSearchParams(text);
    const of = (key: string) => form.get(key) ?? '';
    if (
      of('ApiUser') !== 'owner' ||
      of('UserName') !== 'owner' ||
      !['good-secret', 'far-secret'].includes(of('ApiKey'))
    ) {
      return failure('1011102', 'API Key is invalid or API access has not been enabled');
    }
    if (of('ApiKey') === 'far-secret' || of('ClientIp') !== '198.51.100.7')
      return failure('1011150', 'Invalid request IP: 203.0.113.9');
    const command = of('Command');
    if (command === 'namecheap.domains.getList') {
      const at = Number(of('Page')) - 1;
      const some = store.zones.slice(at, at + 1).map((name) => `<Domain ID="1" Name="${name}" IsOurDNS="true" />`);
      return answer(
        `<CommandResponse Type="${command}"><DomainGetListResult>${some.join('')}</DomainGetListResult><Paging><TotalItems>${store.zones.length}</TotalItems><CurrentPage>${at + 1}</CurrentPage></Paging></CommandResponse>`,
      );
    }
    const zone = `${of('SLD')}.${of('TLD')}`;
    if (!store.zones.includes(zone)) return failure('2019166', 'Domain not found');
    if (command === 'namecheap.domains.dns.getHosts') {
      const hosts = store.records
        .filter((each) => each.zone === zone)
        .map((each, index) => {
          const name = each.name === zone ? '@' : each.name.slice(0, -zone.length - 1);
          const address = each.type === 'CNAME' ? `${each.value}.` : each.value;
          return `<host HostId="${index}" Name="${name}" Type="${each.type}" Address="${encodeXml(address)}" MXPref="10" TTL="${each.ttlS}" IsActive="true" />`;
        });
      const result = `<DomainDNSGetHostsResult Domain="${zone}" EmailType="${mail.get(zone) ?? 'NONE'}" IsUsingOurDNS="${zone !== 'elsewhere.test'}">${hosts.join('')}</DomainDNSGetHostsResult>`;
      return answer(`<CommandResponse Type="${command}">${result}</CommandResponse>`);
    }
    const kept = store.records.filter((each) => each.zone !== zone);
    store.records.splice(0, store.records.length, ...kept);
    if (form.has('EmailType')) mail.set(zone, of('EmailType'));
    else mail.delete(zone);
    for (let number = loseOne ? 2 : 1; form.has(`HostName${number}`); number += 1) {
      const part = of(`HostName${number}`);
      const name = part === '@' ? zone : `${part}.${zone}`;
      const value = of(`Address${number}`).replace(of(`RecordType${number}`) === 'CNAME' ? /\.$/ : /$^/, '');
      store.add({ zone, name, type: of(`RecordType${number}`), value, ttlS: Number(of(`TTL${number}`)) });
    }
    return answer(
      `<CommandResponse Type="${command}"><DomainDNSSetHostsResult Domain="${zone}" IsSuccess="true"><Warnings /></DomainDNSSetHostsResult></CommandResponse>`,
    );
  };
}

const good = { apiUser: 'owner', apiKey: new Secret('good-secret') };
const world = dnsProviderSuite({
  definition: namecheap,
  credentials: good,
  handler,
  changes: ({ text }) => text.includes('setHosts'),
  secrets: ['wrong-secret', 'far-secret'],
  wrong: [
    { credentials: { ...good, apiKey: new Secret('wrong-secret') }, kind: 'credentials' },
    { credentials: { ...good, apiKey: new Secret('far-secret') }, kind: 'rights' },
  ],
});

test('sends back every record of the domain, and how its mail goes', async () => {
  const { provider, signal, store } = world();
  mail.set('example.org', 'MX');
  const others = [
    { name: 'example.org', type: 'MX', value: 'mail.example.net.' },
    { name: 'example.org', type: 'TXT', value: 'v=spf1 include:"a" & <b> -all' },
    { name: 'go.example.org', type: 'URL301', value: 'https://example.net/?a=1&b=2' },
    { name: '*.example.org', type: 'A', value: '192.0.2.9' },
    { name: 'example.org', type: 'CAA', value: '0 issue "letsencrypt.org"' },
  ];
  for (const record of others) store.add({ zone: 'example.org', ttlS: 1799, ...record });
  await provider.setTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal);
  await provider.removeTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal);
  expect(store.records.map(({ name, type, value, ttlS }) => ({ name, type, value, ttlS }))).toEqual(
    others.map((record) => ({ ...record, ttlS: 1799 })),
  );
  expect(mail.get('example.org')).toBe('MX');
});

test('says so when the provider lost a record', async () => {
  const { provider, signal, store } = world();
  store.add({ zone: 'example.org', name: 'www.example.org', type: 'A', value: '192.0.2.1', ttlS: 1799 });
  loseOne = true;
  const failed = await failureOf(provider.setTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal));
  expect(failed.message).toContain('did not keep www A of example.org');
});

test('changes nothing at a domain that has other name servers', async () => {
  const { provider, signal, store, api } = world();
  store.zones.push('elsewhere.test');
  const failed = await failureOf(provider.setTxt({ fqdn: '_acme-challenge.elsewhere.test', value: 'v' }, signal));
  expect([failed.kind, failed.message]).toEqual(['zone-missing', expect.stringContaining('other name servers')]);
  expect(api.requests.some(({ text }) => text.includes('setHosts'))).toBe(false);
});
