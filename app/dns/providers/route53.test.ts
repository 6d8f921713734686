import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { elementsAt, encodeXml, parseXml, textAt } from '../xml.ts';
import { route53 } from './route53.ts';

const nowMs = Date.parse('2026-11-20T10:00:00Z');

const answer = (body: string, status = 200): ApiAnswer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  text: `<?xml version="1.0"?>\n${body}`,
});
const failure = (status: number, code: string, message: string): ApiAnswer =>
  answer(
    `<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
    status,
  );

/** As the API answers: one zone on a page, names with a dot and `\052`, changes that are pending first. */
function handler(store: DnsStore): ApiHandler {
  const name = (text: string) => `${text.replaceAll('*', String.raw`\052`)}.`;
  const zone = (of: string, isPrivate = false) =>
    `<HostedZone><Id>/hostedzone/Z${of.toUpperCase()}</Id><Name>${of}.</Name><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone>`;
  let throttled = 1;
  return ({ method, path, query, headers, text }) => {
    const [, keyId = ''] =
      /Credential=([^/]+)\/20261120\/us-east-1\/route53\/aws4_request/.exec(headers.authorization ?? '') ?? [];
    if (keyId === 'AKIAUNKNOWN')
      return failure(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
    if (keyId === 'AKIAWRONG')
      return failure(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match');
    if (keyId !== 'AKIAGOOD' && keyId !== 'AKIANARROW') return failure(400, 'IncompleteSignature', 'no');
    const [, rest = ''] = /^\/2013-04-01\/(.*)$/.exec(path) ?? [];
    if (rest === 'hostedzone') {
      if (throttled-- > 0) return failure(400, 'Throttling', 'Rate exceeded');
      // A private zone of the same name comes first, and is of no use here.
      const all = [zone('example.org', true), ...store.zones.map((each) => zone(each))];
      const at = Number(query.get('marker') ?? 0);
      const more = at + 1 < all.length;
      return answer(
        `<ListHostedZonesResponse><HostedZones>${all[at]}</HostedZones><IsTruncated>${more}</IsTruncated>${more ? `<NextMarker>${at + 1}</NextMarker>` : ''}<MaxItems>100</MaxItems></ListHostedZonesResponse>`,
      );
    }
    if (rest.startsWith('change/')) {
      return answer(
        `<GetChangeResponse><ChangeInfo><Id>/change/C1</Id><Status>INSYNC</Status></ChangeInfo></GetChangeResponse>`,
      );
    }
    const [, zoneId = '', sets] = /^hostedzone\/Z([^/]+)(\/rrset\/?)?$/.exec(rest) ?? [];
    const zoneName = zoneId.toLowerCase();
    if (!store.zones.includes(zoneName)) return failure(404, 'NoSuchHostedZone', 'No hosted zone found with ID');
    if (sets === undefined) return answer(`<GetHostedZoneResponse>${zone(zoneName)}</GetHostedZoneResponse>`);
    if (method === 'GET') {
      const wanted = (query.get('name') ?? '').replace(/\.$/, '');
      const type = query.get('type') ?? '';
      // It begins at the name, and lists what follows it as well.
      const exact = store.find(wanted, type);
      const found = exact.length > 0 ? exact : store.records.slice(0, 1);
      const [first] = found;
      if (!first)
        return answer('<ListResourceRecordSetsResponse><ResourceRecordSets/></ListResourceRecordSetsResponse>');
      const values = found
        .map(({ value }) => (first.type === 'TXT' ? `"${value}"` : value))
        .map((value) => `<ResourceRecord><Value>${encodeXml(value)}</Value></ResourceRecord>`);
      return answer(
        `<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>${name(first.name)}</Name><Type>${first.type}</Type><TTL>${first.ttlS}</TTL><ResourceRecords>${values.join('')}</ResourceRecords></ResourceRecordSet></ResourceRecordSets></ListResourceRecordSetsResponse>`,
      );
    }
    if (keyId === 'AKIANARROW')
      return failure(403, 'AccessDenied', 'User is not authorized to perform: route53:ChangeResourceRecordSets');
    const [change] = elementsAt(parseXml(text), 'ChangeBatch', 'Changes', 'Change');
    if (!change) return failure(400, 'InvalidInput', 'no change');
    const set = elementsAt(change, 'ResourceRecordSet')[0]!;
    const full = textAt(set, 'Name').replace(/\.$/, '');
    const type = textAt(set, 'Type');
    const values = elementsAt(set, 'ResourceRecords', 'ResourceRecord').map((record) =>
      textAt(record, 'Value').replaceAll('"', ''),
    );
    const present = store.values(full, type);
    if (textAt(change, 'Action') === 'DELETE') {
      const isSame =
        values.toSorted().join() === present.toSorted().join() &&
        Number(textAt(set, 'TTL')) === store.find(full, type)[0]?.ttlS;
      if (!isSame) return failure(400, 'InvalidChangeBatch', 'values provided do not match the current values');
      store.remove(full, type);
    } else store.put(zoneName, full, type, values, Number(textAt(set, 'TTL')));
    return answer(
      '<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status></ChangeInfo></ChangeResourceRecordSetsResponse>',
    );
  };
}

const key = (accessKeyId: string) => ({ accessKeyId, secretAccessKey: new Secret('aws-secret-key') });
const world = dnsProviderSuite({
  definition: route53,
  credentials: key('AKIAGOOD'),
  handler,
  secrets: ['aws-secret-key'],
  options: { now: () => nowMs },
  wrong: [
    { credentials: key('AKIAUNKNOWN'), kind: 'credentials' },
    { credentials: key('AKIAWRONG'), kind: 'credentials' },
    { credentials: key('AKIANARROW'), kind: 'rights' },
  ],
});

test('waits until all servers have a change', async () => {
  const { provider, signal, api, pauses } = world();
  await provider.setTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal);
  expect(api.requests.at(-1)?.path).toBe('/2013-04-01/change/C1');
  expect(pauses).toContain(4000);
});

test('keeps to the hosted zone that it is told', async () => {
  const { with: make, signal, api } = world();
  const one = make({ ...key('AKIAGOOD'), hostedZoneId: '/hostedzone/ZEXAMPLE.ORG' });
  expect(await one.listZones(signal)).toEqual(['example.org']);
  expect(api.requests.map(({ path }) => path)).toEqual(['/2013-04-01/hostedzone/ZEXAMPLE.ORG']);
  const failed = await failureOf(one.setTxt({ fqdn: '_acme-challenge.example.net', value: 'v' }, signal));
  expect(failed).toMatchObject({ kind: 'zone-missing', details: { zones: 'example.org' } });
});
