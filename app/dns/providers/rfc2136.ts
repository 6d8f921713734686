import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cannotList, soundAddress, typesAgainst, usualTtlS } from '../changes.ts';
import { checkProvider } from '../check-provider.ts';
import { badField, fieldOf, readCredentials } from '../credentials.ts';
import { DnsProviderError } from '../dns-error.ts';
import { dnsFailure } from '../dns-failure.ts';
import type { DnsProvider, DnsProviderDefinition } from '../dns-provider.ts';
import { askServer, overTcp, type ServerAddress } from '../message/exchange.ts';
import { decodeMessage, encodeMessage, type ResourceRecord, recordData } from '../message/message.ts';
import { checkAnswer, signMessage, type TsigKey, tsigAlgorithms } from '../message/tsig.ts';
import { dnsClass, dnsType } from '../message/wire.ts';
import { candidateZones, plainName } from '../names.ts';
import { addressesOf, parseServer, type ServerPlace } from '../server-address.ts';

const timeoutMs = 10_000;
const usualAlgorithm = 'hmac-sha256';

/** Dynamic updates of the owner's own name server (RFC 2136), signed with a shared key (RFC 8945). */
export const rfc2136: DnsProviderDefinition = {
  code: 'rfc2136',
  title: 'RFC 2136',
  credentials: [
    {
      key: 'nameserver',
      label: { en: 'Name server', fr: 'Serveur de noms' },
      placeholder: 'ns1.example.org:53',
      help: { en: 'The primary one.', fr: 'Le serveur primaire.' },
    },
    { key: 'keyName', label: { en: 'Key name', fr: 'Nom de la clé' }, optional: true, placeholder: 'gatehouse' },
    {
      key: 'algorithm',
      label: { en: 'Algorithm', fr: 'Algorithme' },
      optional: true,
      choices: ['hmac-sha256', 'hmac-sha512', 'hmac-sha384', 'hmac-sha224', 'hmac-sha1', 'hmac-md5'],
    },
    {
      key: 'secret',
      label: { en: 'Secret', fr: 'Secret' },
      secret: true,
      optional: true,
      help: {
        en: 'In Base64, as in the server’s key file.',
        fr: 'En Base64, comme dans le fichier de clé du serveur.',
      },
    },
    {
      key: 'keyFile',
      environmentOnly: true,
      label: { en: 'Key file', fr: 'Fichier de clé' },
      optional: true,
      placeholder: '/etc/gatehouse/tsig.key',
      help: {
        en: 'As tsig-keygen writes it, in place of name, algorithm and secret.',
        fr: 'Tel que l’écrit tsig-keygen, à la place du nom, de l’algorithme et du secret.',
      },
    },
    {
      key: 'zones',
      label: { en: 'Zones', fr: 'Zones' },
      optional: true,
      placeholder: 'example.org, example.net',
      help: {
        en: 'The name server is asked where this is empty.',
        fr: 'Le serveur est interrogé si le champ est vide.',
      },
    },
  ],
  help: {
    create: {
      en: 'Make a key (keymgr -t gatehouse hmac-sha256, or tsig-keygen gatehouse), and allow it to update the zone: acl with action update in Knot, update-policy in BIND.',
      fr: 'Créez une clé (keymgr -t gatehouse hmac-sha256, ou tsig-keygen gatehouse) et autorisez-la à modifier la zone : acl avec action update dans Knot, update-policy dans BIND.',
    },
    rights: {
      en: 'To update TXT records at _acme-challenge names; A, AAAA and CNAME too if Gatehouse is to make addresses.',
      fr: 'Modifier les TXT des noms _acme-challenge ; A, AAAA et CNAME aussi si Gatehouse doit créer des adresses.',
    },
    url: null,
  },
  environment: {
    nameserver: ['RFC2136_NAMESERVER', 'DNSUPDATE_NAMESERVER'],
    keyName: ['RFC2136_TSIG_KEY', 'DNSUPDATE_TSIG_KEY'],
    algorithm: ['RFC2136_TSIG_ALGORITHM', 'DNSUPDATE_TSIG_ALGORITHM'],
    secret: ['RFC2136_TSIG_SECRET', 'DNSUPDATE_TSIG_SECRET'],
    keyFile: ['RFC2136_TSIG_FILE', 'DNSUPDATE_TSIG_FILE'],
    zones: ['RFC2136_ZONES', 'DNSUPDATE_ZONES'],
  },
  create(given, options) {
    // Traefik's users write the algorithm with a dot at its end, and MD5 by its long name.
    const algorithm = typeof given['algorithm'] === 'string' ? shortAlgorithm(given['algorithm']) : '';
    const { value } = readCredentials(rfc2136, { ...given, ...(algorithm === '' ? {} : { algorithm }) });
    const parsed = parseServer(options?.endpoint ?? value('nameserver'));
    if (!parsed)
      throw badField(rfc2136, fieldOf(rfc2136, 'nameserver'), 'must be a name or address, with :PORT if not 53');
    const place: ServerPlace = parsed;
    const key = keyOf(value);
    const now = options?.now ?? Date.now;
    const ownZones = value('zones')
      .split(',')
      .map(plainName)
      .filter((zone) => zone !== '');

    /** The zone as the server itself has it. */
    async function zoneOf(name: string, signal: AbortSignal): Promise<string> {
      const candidates = candidateZones(name);
      if (ownZones.length > 0) {
        const own = candidates.find((candidate) => ownZones.includes(candidate));
        if (own === undefined) throw dnsFailure(rfc2136, 'zone-missing', { name, zones: ownZones });
        return own;
      }
      return eachAddress(place, signal, async (server) => {
        for (const candidate of candidates) {
          const query = { server, name: candidate, type: dnsType.SOA, wantsRecursion: false, timeoutMs: timeoutMs / 4 };
          const answer = await askServer(query, signal);
          const isZone = answer.answers.some(({ name: of, type }) => of === candidate && type === dnsType.SOA);
          if (isZone && answer.isAuthoritative) return candidate;
        }
        throw dnsFailure(rfc2136, 'zone-missing', {
          name,
          reason: 'the name server is not the one of any zone above it',
        });
      });
    }

    async function update(
      name: string,
      prerequisites: readonly ResourceRecord[],
      changes: readonly ResourceRecord[],
      signal: AbortSignal,
    ): Promise<number> {
      const zone = await zoneOf(name, signal);
      const plain = encodeMessage({
        id: randomInt(0x10000),
        opcode: 5,
        questions: [{ name: zone, type: dnsType.SOA }],
        answers: prerequisites,
        authority: changes,
      });
      const nowS = Math.floor(now() / 1000);
      const signed = key === null ? null : signMessage(plain, key, nowS);
      const bytes = await eachAddress(place, signal, (server) =>
        overTcp(server, signed?.bytes ?? plain, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])),
      );
      const answer = decodeMessage(bytes);
      const verdict = key === null || signed === null ? null : checkAnswer(bytes, key, signed.mac, nowS);
      if (verdict !== null && verdict.error !== 0) throw signatureRefused(verdict.error);
      if (answer.id !== plain.readUInt16BE(0)) throw unsigned('its answer is to another question');
      // Without a signature, anyone could say that the change was made.
      if (key !== null && answer.rcode === 0 && verdict?.isGood !== true)
        throw unsigned('its answer is not signed with the key');
      if (answer.rcode !== 0 && answer.rcode !== yxRrset) throw refusal(answer.rcode, zone, key !== null);
      return answer.rcode;
    }

    const record = (name: string, type: number, of: number, ttlS: number, data: Buffer): ResourceRecord => ({
      name,
      type,
      class: of,
      ttlS,
      data,
    });
    const nothing = Buffer.alloc(0);

    const provider: Omit<DnsProvider, 'check'> = {
      // A server takes a record that is there already as done (RFC 2136, section 3.4.2.2), and so for one that is gone.
      async setTxt({ fqdn, value: text, ttlS = usualTtlS }, signal) {
        const name = plainName(fqdn);
        await update(name, [], [record(name, dnsType.TXT, dnsClass.IN, ttlS, recordData('TXT', text))], signal);
      },
      async removeTxt({ fqdn, value: text }, signal) {
        const name = plainName(fqdn);
        await update(name, [], [record(name, dnsType.TXT, dnsClass.NONE, 0, recordData('TXT', text))], signal);
      },
      async upsertAddress(asked, signal) {
        const { name, value: target } = soundAddress(rfc2136, asked);
        const type = dnsType[asked.type];
        // Where types do not get along, servers ignore the change without a word.
        const absent = typesAgainst(asked.type).map((each) => record(name, dnsType[each], dnsClass.NONE, 0, nothing));
        const changes = [
          record(name, type, dnsClass.ANY, 0, nothing),
          record(name, type, dnsClass.IN, asked.ttlS ?? usualTtlS, recordData(asked.type, target)),
        ];
        if ((await update(name, absent, changes, signal)) === yxRrset) throw inTheWay(name, asked.type);
      },
      listZones: () =>
        ownZones.length === 0 ? Promise.reject(cannotList(rfc2136)) : Promise.resolve(ownZones.toSorted()),
    };
    return {
      ...provider,
      check: async (signal, domain) => {
        const result = await checkProvider({ provider, lists: ownZones.length > 0 }, signal, domain);
        if (!result.ok || domain !== undefined) return result;
        return { ...result, note: 'A name server can only be tried with a domain.' };
      },
    };
  },
};

const yxRrset = 7;

/** The key, from the fields or from a file; null where updates are not signed. */
function keyOf(value: (key: string) => string): TsigKey | null {
  const file = value('keyFile') === '' ? null : keyInFile(value('keyFile'));
  const name = value('keyName') || file?.name || '';
  const secret = value('secret') || file?.secret || '';
  if (name === '' && secret === '') return null;
  if (name === '') throw badField(rfc2136, fieldOf(rfc2136, 'keyName'), 'is missing');
  if (secret === '') throw badField(rfc2136, fieldOf(rfc2136, 'secret'), 'is missing');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(secret)) throw badField(rfc2136, fieldOf(rfc2136, 'secret'), 'must be Base64');
  const short = value('algorithm') || file?.algorithm || usualAlgorithm;
  const algorithm = short === 'hmac-md5' ? 'hmac-md5.sig-alg.reg.int' : short;
  if (!Object.hasOwn(tsigAlgorithms, algorithm)) {
    throw badField(rfc2136, fieldOf(rfc2136, 'algorithm'), `cannot be ${algorithm}`);
  }
  return { name: plainName(name), algorithm, secret: Buffer.from(secret, 'base64') };
}

function shortAlgorithm(text: string): string {
  return plainName(text).replace(/\.sig-alg\.reg\.int$/, '');
}

/** `key "NAME" { algorithm ALGORITHM; secret "SECRET"; };` as BIND's tsig-keygen writes it. */
function keyInFile(file: string): { readonly name: string; readonly algorithm: string; readonly secret: string } {
  const field = fieldOf(rfc2136, 'keyFile');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
    throw badField(rfc2136, field, `names ${file}, which cannot be read (${reason})`);
  }
  const [, name] = /\bkey\s+"?([^\s"{]+)"?\s*\{/.exec(text) ?? [];
  const [, algorithm] = /\balgorithm\s+"?([^\s";]+)"?\s*;/.exec(text) ?? [];
  const [, secret] = /\bsecret\s+"?([^\s";]+)"?\s*;/.exec(text) ?? [];
  if (name === undefined || algorithm === undefined || secret === undefined) {
    throw badField(rfc2136, field, `names ${file}, which is no key file`);
  }
  return { name, algorithm: shortAlgorithm(algorithm), secret };
}

/** Tries a server's addresses one after the other; a server that answered is not asked elsewhere. */
async function eachAddress<Result>(
  place: ServerPlace,
  signal: AbortSignal,
  ask: (server: ServerAddress) => Promise<Result>,
): Promise<Result> {
  let failure: unknown = new Error('its name has no address');
  try {
    for (const server of await addressesOf(place)) {
      try {
        return await ask(server);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof DnsProviderError) throw error;
        failure = error;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DnsProviderError) throw error;
    failure = error;
  }
  const reason = failure instanceof Error ? failure.message : String(failure);
  throw dnsFailure(rfc2136, 'unavailable', { reason: `${place.host} port ${place.port}: ${reason}` });
}

/** RFC 8945, section 3: 16 a wrong signature, 17 an unknown key, 18 a wrong clock. */
function signatureRefused(error: number): DnsProviderError {
  const reasons: Readonly<Record<number, string>> = {
    16: 'the secret is wrong (BADSIG)',
    17: 'the name server does not know this key name with this algorithm, or does not let it change the zone (BADKEY)',
    18: 'the clocks of this machine and of the name server differ (BADTIME)',
    22: 'the signature was cut short (BADTRUNC)',
  };
  return dnsFailure(rfc2136, 'credentials', { reason: reasons[error] ?? `TSIG error ${error}` });
}

function unsigned(reason: string): DnsProviderError {
  return dnsFailure(rfc2136, 'unavailable', { reason });
}

function refusal(rcode: number, zone: string, isSigned: boolean): DnsProviderError {
  // Knot says NOTAUTH to those who have no key.
  switch (rcode === 9 && !isSigned ? 5 : rcode) {
    case 5:
      return dnsFailure(rfc2136, 'rights', {
        reason: `updates of ${zone} are not allowed${isSigned ? '' : ' without a key'}`,
        name: zone,
      });
    case 9:
      return dnsFailure(rfc2136, 'zone-missing', { name: zone, reason: 'it is not the primary server (NOTAUTH)' });
    case 10:
      return dnsFailure(rfc2136, 'zone-missing', { name: zone, reason: 'the name is not in the zone (NOTZONE)' });
    case 2:
      return dnsFailure(rfc2136, 'unavailable', { reason: `${zone} cannot be changed now (SERVFAIL)` });
    default:
      return dnsFailure(rfc2136, 'refused', { reason: `the answer’s code is ${rcode}`, name: zone });
  }
}

function inTheWay(name: string, type: 'A' | 'AAAA' | 'CNAME'): DnsProviderError {
  const against = type === 'CNAME' ? 'addresses' : 'an alias (CNAME)';
  return new DnsProviderError({
    kind: 'refused',
    provider: rfc2136.title,
    message: `${name} has ${against} already; a record of type ${type} cannot stand beside it.`,
    fix: 'Remove what is there if it is not needed, and try again.',
    details: { provider: rfc2136.title, name, type },
  });
}
