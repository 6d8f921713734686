import { createAsk } from '../ask.ts';
import { cannotList } from '../changes.ts';
import { checkProvider } from '../check-provider.ts';
import { badField, baseOf, fieldOf, readCredentials } from '../credentials.ts';
import { dnsFailure } from '../dns-failure.ts';
import type { DnsProvider, DnsProviderDefinition, TxtRecord } from '../dns-provider.ts';
import { plainName } from '../names.ts';
import { rawChallenges } from '../raw-challenge.ts';

/** A web service of the owner's own, with the two calls that lego's `httpreq` makes. */
export const httpreq: DnsProviderDefinition = {
  code: 'httpreq',
  title: 'Webhook',
  credentials: [
    {
      key: 'url',
      address: true,
      label: { en: 'Address', fr: 'Adresse' },
      placeholder: 'https://dns.example.org/hook',
      help: { en: '/present and /cleanup are added to it.', fr: '/present et /cleanup y sont ajoutés.' },
    },
    {
      key: 'mode',
      label: { en: 'What is sent', fr: 'Ce qui est envoyé' },
      optional: true,
      choices: ['default', 'RAW'],
      help: {
        en: 'default: name and value of the record. RAW: domain, token and key authorization.',
        fr: 'default : nom et valeur de l’enregistrement. RAW : domaine, jeton et autorisation de clé.',
      },
    },
    { key: 'username', label: { en: 'User name', fr: 'Nom d’utilisateur' }, optional: true },
    { key: 'password', label: { en: 'Password', fr: 'Mot de passe' }, secret: true, optional: true },
  ],
  help: {
    create: {
      en: 'A service that answers POST /present and POST /cleanup with JSON {"fqdn", "value"}, and with a status below 300 when it is done.',
      fr: 'Un service qui répond à POST /present et POST /cleanup avec le JSON {"fqdn", "value"}, par un statut inférieur à 300 quand c’est fait.',
    },
    rights: {
      en: 'It should change TXT records at _acme-challenge names only, and ask for a user name and password.',
      fr: 'Il ne devrait modifier que les TXT des noms _acme-challenge, et demander un nom d’utilisateur et un mot de passe.',
    },
    url: null,
  },
  environment: {
    url: ['HTTPREQ_ENDPOINT'],
    mode: ['HTTPREQ_MODE'],
    username: ['HTTPREQ_USERNAME'],
    password: ['HTTPREQ_PASSWORD'],
  },
  create(given, options) {
    const { value, secrets } = readCredentials(httpreq, given);
    const base = baseOf(httpreq, { endpoint: value('url') }, options, value('url'));
    const isRaw = value('mode') === 'RAW';
    const [username, password] = [value('username'), value('password')];
    if (username === '' && password !== '') throw badField(httpreq, fieldOf(httpreq, 'username'), 'is missing');
    const credentials = Buffer.from(`${username}:${password}`).toString('base64');
    const headers = username === '' ? {} : { authorization: `Basic ${credentials}` };
    // Its status alone is told: whoever may name the address could else read what anything in this network answers.
    const ask = createAsk({ home: httpreq, secrets: [...secrets, credentials], options });
    const remembered = rawChallenges(base);

    const call = async (path: 'present' | 'cleanup', record: TxtRecord, signal: AbortSignal): Promise<void> => {
      const { domain, token, keyAuthorization } = isRaw ? remembered.of(httpreq, record) : blank;
      const json = isRaw
        ? { domain, token, keyAuth: keyAuthorization }
        : { fqdn: `${plainName(record.fqdn)}.`, value: record.value };
      await ask({ method: 'POST', url: `${base}/${path}`, headers, json, repeatable: true }, signal);
    };

    const provider: Omit<DnsProvider, 'check'> = {
      setTxt: (record, signal) => call('present', record, signal),
      async removeTxt(record, signal) {
        await call('cleanup', record, signal);
        remembered.forget(record);
      },
      upsertAddress: () => Promise.reject(dnsFailure(httpreq, 'refused', { reason: 'it knows TXT records only' })),
      listZones: () => Promise.reject(cannotList(httpreq)),
    };
    return {
      ...provider,
      check: async (signal, domain) => {
        const domainToTry = isRaw ? undefined : domain;
        const result = await checkProvider({ provider, lists: false }, signal, domainToTry);
        if (!result.ok || domainToTry !== undefined) return result;
        return {
          ...result,
          note: isRaw ? 'In RAW mode, only a challenge can try it.' : 'It can only be tried with a domain.',
        };
      },
    };
  },
};

const blank = { domain: '', token: '', keyAuthorization: '' };
