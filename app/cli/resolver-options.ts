import { readFile } from 'node:fs/promises';
import { type ChallengeType, certificateKeyTypes } from '../contract/certificates.ts';
import { CommandError, type CommandInput, textOption, textsOption, UsageError } from './command.ts';

const challenges: Readonly<Record<string, ChallengeType>> = {
  http: 'http-01',
  'http-01': 'http-01',
  tls: 'tls-alpn-01',
  'tls-alpn-01': 'tls-alpn-01',
  dns: 'dns-01',
  'dns-01': 'dns-01',
};

export function challengeOption(input: CommandInput): ChallengeType | undefined {
  const text = textOption(input, 'challenge');
  const challenge = challenges[text ?? ''];
  if (text !== undefined && !challenge) throw new UsageError(`--challenge is http, tls or dns, not "${text}".`);
  return challenge ?? (textOption(input, 'dns') === undefined ? undefined : 'dns-01');
}

/** `--credential KEY=VALUE`; `KEY=-` asks for the value, so that it stands in no list of processes. */
async function credentialsOf(input: CommandInput): Promise<Record<string, string> | undefined> {
  const given = textsOption(input, 'credential');
  if (given.length === 0) return undefined;
  const credentials: Record<string, string> = {};
  for (const pair of given) {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError('--credential is KEY=VALUE. See the keys: gatehouse resolvers providers NAME');
    const key = pair.slice(0, at);
    const value = pair.slice(at + 1);
    const secret = value === '-' ? await input.terminal.readSecret(`${key}: `) : value;
    if (secret === null) throw new CommandError('Nothing was given; nothing was changed.');
    credentials[key] = secret;
  }
  return credentials;
}

/** What a resolver is made of, apart from its name, e-mail and challenge. */
export async function resolverFields(input: CommandInput) {
  const ca = textOption(input, 'ca');
  const dnsProvider = textOption(input, 'dns');
  const credentials = await credentialsOf(input);
  const caCertificates = await fileOption(input, 'ca-cert');
  const keyText = textOption(input, 'key-type');
  const keyType = certificateKeyTypes.find((type) => type === keyText?.toUpperCase());
  if (keyText !== undefined && !keyType) {
    throw new UsageError(`--key-type is one of ${certificateKeyTypes.join(', ')}, not "${keyText}".`);
  }
  const profile = textOption(input, 'profile');
  const kid = textOption(input, 'eab-kid');
  const hmac = textOption(input, 'eab-hmac');
  if ((kid === undefined) !== (hmac === undefined)) throw new UsageError('--eab-kid and --eab-hmac go together.');
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(dnsProvider === undefined ? {} : { dnsProvider }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(caCertificates === undefined ? {} : { caCertificates }),
    ...(keyType === undefined ? {} : { keyType }),
    ...(profile === undefined ? {} : { profile }),
    ...(kid === undefined || hmac === undefined ? {} : { eab: { kid, hmac } }),
  };
}

/** The text of the file that an option names. */
export async function fileOption(input: CommandInput, name: string): Promise<string | undefined> {
  const path = textOption(input, name);
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CommandError(`${path} cannot be read (${reason}).`);
  }
}
