import { type Answer, createAsk, type Headers, type Judgement, pauseFor } from '../ask.ts';
import { signedForAws } from '../aws-signature.ts';
import type { RecordType } from '../changes.ts';
import { baseOf, readCredentials } from '../credentials.ts';
import { dnsFailure } from '../dns-failure.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { plainName } from '../names.ts';
import { type RecordSet, recordSetProvider } from '../record-set-provider.ts';
import { fromWire, toWire } from '../wire-values.ts';
import { elementsAt, encodeXml, parseXml, textAt, type XmlElement } from '../xml.ts';
import type { Zone } from '../zones.ts';

const namespace = 'https://route53.amazonaws.com/doc/2013-04-01/';

/** https://docs.aws.amazon.com/Route53/latest/APIReference/ */
export const route53: DnsProviderDefinition = {
  code: 'route53',
  title: 'Amazon Route 53',
  credentials: [
    {
      key: 'accessKeyId',
      label: { en: 'Access key ID', fr: 'Identifiant de clé d’accès' },
      placeholder: 'AKIA…',
    },
    { key: 'secretAccessKey', label: { en: 'Secret access key', fr: 'Clé d’accès secrète' }, secret: true },
    {
      key: 'sessionToken',
      label: { en: 'Session token', fr: 'Jeton de session' },
      secret: true,
      optional: true,
      help: { en: 'Only with temporary keys.', fr: 'Seulement avec des clés temporaires.' },
    },
    {
      key: 'hostedZoneId',
      label: { en: 'Hosted zone ID', fr: 'Identifiant de zone hébergée' },
      optional: true,
      placeholder: 'Z…',
      help: {
        en: 'Needed where the key may not list zones.',
        fr: 'Nécessaire si la clé ne peut pas lister les zones.',
      },
    },
  ],
  help: {
    create: {
      en: 'IAM › Users › Create user, attach the policy, then Security credentials › Create access key.',
      fr: 'IAM › Utilisateurs › Créer un utilisateur, attachez la politique, puis Informations d’identification › Créer une clé d’accès.',
    },
    rights: {
      en: 'route53:ListHostedZones and route53:GetChange on all, route53:ListResourceRecordSets and route53:ChangeResourceRecordSets on the hosted zone; route53:GetHostedZone with a hosted zone ID.',
      fr: 'route53:ListHostedZones et route53:GetChange sur tout, route53:ListResourceRecordSets et route53:ChangeResourceRecordSets sur la zone hébergée ; route53:GetHostedZone avec un identifiant de zone.',
    },
    url: 'https://console.aws.amazon.com/iam/home#/users',
  },
  environment: {
    accessKeyId: ['AWS_ACCESS_KEY_ID'],
    secretAccessKey: ['AWS_SECRET_ACCESS_KEY'],
    sessionToken: ['AWS_SESSION_TOKEN'],
    hostedZoneId: ['AWS_HOSTED_ZONE_ID'],
  },
  create(given, options) {
    const { value, secrets } = readCredentials(route53, given);
    const base = `${baseOf(route53, given, options, 'https://route53.amazonaws.com')}/2013-04-01`;
    const raw = createAsk({ home: route53, secrets, reasonOf, judge, options });
    const pause = options?.pause ?? pauseFor;
    const now = options?.now ?? Date.now;

    async function ask(method: 'GET' | 'POST', path: string, body: string, signal: AbortSignal): Promise<XmlElement> {
      const url = `${base}${path}`;
      const headers = (): Headers => ({
        'content-type': 'text/xml',
        accept: 'text/xml',
        ...signedForAws({
          method,
          url,
          body,
          region: 'us-east-1',
          service: 'route53',
          accessKeyId: value('accessKeyId'),
          secretAccessKey: value('secretAccessKey'),
          sessionToken: value('sessionToken'),
          at: new Date(now()),
        }),
      });
      const answer = await raw({ method, url, headers, ...(body === '' ? {} : { body }) }, signal);
      try {
        return parseXml(answer.text);
      } catch {
        throw dnsFailure(route53, 'unavailable', { reason: 'its answer is not what its API promises' });
      }
    }

    /** Waits until all of Route 53's servers have the change. */
    async function change(
      zone: Zone,
      action: 'UPSERT' | 'DELETE',
      name: string,
      type: RecordType,
      set: RecordSet,
      before: RecordSet | null,
      signal: AbortSignal,
    ) {
      const values = toWire(type, set, before);
      const records = values
        .map((text) => `<ResourceRecord><Value>${encodeXml(text)}</Value></ResourceRecord>`)
        .join('');
      const body = `<?xml version="1.0" encoding="UTF-8"?><ChangeResourceRecordSetsRequest xmlns="${namespace}"><ChangeBatch><Changes><Change><Action>${action}</Action><ResourceRecordSet><Name>${encodeXml(name)}.</Name><Type>${type}</Type><TTL>${set.ttlS}</TTL><ResourceRecords>${records}</ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>`;
      let info = await ask('POST', `/hostedzone/${zone.id}/rrset/`, body, signal);
      const id = textAt(info, 'ChangeInfo', 'Id').replace(/^\/?change\//, '');
      for (let tries = 0; textAt(info, 'ChangeInfo', 'Status') !== 'INSYNC'; tries += 1) {
        if (tries >= 60)
          throw dnsFailure(route53, 'unavailable', { reason: 'the change is not in effect after minutes' });
        await pause(4000, signal);
        info = await ask('GET', `/change/${encodeURIComponent(id)}`, '', signal);
      }
    }

    return recordSetProvider({
      definition: route53,
      options,
      api: {
        async list(signal) {
          const only = value('hostedZoneId').replace(/^\/?hostedzone\//, '');
          if (only !== '') {
            const answer = await ask('GET', `/hostedzone/${encodeURIComponent(only)}`, '', signal);
            return elementsAt(answer, 'HostedZone').map(zoneOf);
          }
          const zones: Zone[] = [];
          for (let marker = ''; ; ) {
            const from = marker === '' ? '' : `&marker=${encodeURIComponent(marker)}`;
            const answer = await ask('GET', `/hostedzone?maxitems=100${from}`, '', signal);
            const open = elementsAt(answer, 'HostedZones', 'HostedZone').filter(
              (zone) => textAt(zone, 'Config', 'PrivateZone') !== 'true',
            );
            zones.push(...open.map(zoneOf));
            marker = textAt(answer, 'NextMarker');
            if (textAt(answer, 'IsTruncated') !== 'true' || marker === '') return zones;
          }
        },
        async read(zone, name, type, signal) {
          const query = `name=${encodeURIComponent(`${name}.`)}&type=${type}&maxitems=1`;
          const answer = await ask('GET', `/hostedzone/${zone.id}/rrset?${query}`, '', signal);
          // It lists from this name on, so the first one may be another.
          const set = elementsAt(answer, 'ResourceRecordSets', 'ResourceRecordSet').find(
            (each) => spelled(textAt(each, 'Name')) === name && textAt(each, 'Type') === type,
          );
          if (!set) return null;
          const values = elementsAt(set, 'ResourceRecords', 'ResourceRecord').map((record) => textAt(record, 'Value'));
          return fromWire(type, values, Number(textAt(set, 'TTL')) || 0);
        },
        write: (zone, name, type, set, before, signal) => change(zone, 'UPSERT', name, type, set, before, signal),
        // What is deleted must be described as it is.
        remove: (zone, name, type, before, signal) => change(zone, 'DELETE', name, type, before, before, signal),
      },
    });
  },
};

function zoneOf(element: XmlElement): Zone {
  return { name: plainName(textAt(element, 'Name')), id: textAt(element, 'Id').replace(/^\/?hostedzone\//, '') };
}

/** Route 53 writes `*` as `\052`. */
function spelled(name: string): string {
  return plainName(name.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
}

function errorOf({ text }: Answer): { readonly code: string; readonly message: string } {
  try {
    const document = parseXml(text);
    const [error = document] = elementsAt(document, 'Error');
    const [message = ''] = elementsAt(document, 'Messages', 'Message').map((each) => each.text.trim());
    return { code: textAt(error, 'Code') || document.name, message: textAt(error, 'Message') || message };
  } catch {
    return { code: '', message: '' };
  }
}

function reasonOf(answer: Answer): string | undefined {
  const { code, message } = errorOf(answer);
  return [message, code].filter((part) => part !== '').join(', ') || undefined;
}

/** AWS answers wrong keys with 403, as it does missing rights, and too many requests with 400. */
function judge(answer: Answer): Judgement | null {
  if (answer.status < 300 || answer.status >= 500) return null;
  const { code } = errorOf(answer);
  if (/^(?:Throttling|ThrottlingException|PriorRequestNotComplete|TooManyRequests)/.test(code))
    return { kind: 'rate-limited' };
  if (code.startsWith('AccessDenied')) return { kind: 'rights' };
  const wrong = ['InvalidClientTokenId', 'SignatureDoesNotMatch', 'UnrecognizedClientException', 'ExpiredToken'];
  if (
    wrong.some((each) => code.startsWith(each)) ||
    /^(?:InvalidSignature|IncompleteSignature|MissingAuth)/.test(code)
  ) {
    return { kind: 'credentials' };
  }
  return code === 'NoSuchHostedZone' ? { kind: 'zone-missing' } : null;
}
