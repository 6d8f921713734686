import { z } from 'zod';
import type { CheckResult, DnsProviderView } from '../contract/certificates.ts';
import { DnsProviderError } from '../dns/dns-error.ts';
import type { DnsCredentials, DnsProviderDefinition } from '../dns/dns-provider.ts';
import { keptAccounts } from '../dns/kept-accounts.ts';
import { allDnsProviders, credentialsFromEnvironment, dnsProvider } from '../dns/table.ts';
import type { DnsProviderService } from '../operations/certificate-service.ts';
import { OperationError } from '../operations/error.ts';
import { Secret, type Secrets } from '../secrets/secrets.ts';
import { dnsProblem } from './dns-problem.ts';

/** Credentials of DNS providers: what was typed in goes before what the environment says. */
export interface DnsCredentialStore extends DnsProviderService {
  /** What there is for a provider; empty where there is nothing. Rejects with `SecretsError` or `DnsProviderError`. */
  readonly credentialsFor: (code: string) => Promise<DnsCredentials>;
}

export interface DnsCredentialOptions {
  readonly secrets: Secrets;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Of the definitions; tests have their own. */
  readonly load?: (code: string) => Promise<DnsProviderDefinition | undefined>;
  readonly loadAll?: () => Promise<readonly DnsProviderDefinition[]>;
}

const storedSchema = z.record(z.string(), z.string());
const checkPatienceMs = 60_000;

export function createDnsCredentials(options: DnsCredentialOptions): DnsCredentialStore {
  const { secrets, env = process.env, load = dnsProvider, loadAll = allDnsProviders } = options;
  const secretName = (code: string): string => `dns.${code}`;

  const known = async (code: string): Promise<DnsProviderDefinition> => {
    const definition = await load(code);
    if (definition) return definition;
    throw new OperationError('NOT_FOUND', `There is no DNS provider "${code}" that Gatehouse knows.`, {
      reason: 'DNS_PROVIDER_UNKNOWN',
      code,
    });
  };

  const stored = async (code: string): Promise<Record<string, string> | null> => {
    const text = await secrets.get(secretName(code));
    return text ? storedSchema.parse(JSON.parse(text.reveal())) : null;
  };

  const typed = (definition: DnsProviderDefinition, values: Readonly<Record<string, string>>): DnsCredentials => {
    const isSecret = new Set(definition.credentials.filter(({ secret }) => secret === true).map(({ key }) => key));
    return Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, isSecret.has(key) ? new Secret(value) : value]),
    );
  };

  const credentialsOf = async (definition: DnsProviderDefinition): Promise<DnsCredentials> => {
    const own = await stored(definition.code);
    return own ? typed(definition, own) : credentialsFromEnvironment(definition.code, env);
  };

  /** Fields that no provider has are a mistake of the caller, not a thing to keep. */
  const refuseUnknown = (definition: DnsProviderDefinition, given: Readonly<Record<string, string>>): void => {
    const fields = new Set(inForms(definition).map(({ key }) => key));
    const unknown = Object.keys(given).find((key) => !fields.has(key));
    if (unknown === undefined) return;
    throw new OperationError('INVALID', `${definition.title} has no field "${unknown}".`, {
      reason: 'DNS_FIELD_UNKNOWN',
      field: unknown,
      fields: [...fields].join(', '),
    });
  };

  /**
   * What was typed, over what is kept: a secret that is left empty stays. With another address it does not, as whoever
   * may use the dashboard could else have it sent to a server of his own.
   */
  const merged = async (definition: DnsProviderDefinition, given: Readonly<Record<string, string>>) => {
    refuseUnknown(definition, given);
    const isSecret = new Set(definition.credentials.filter(({ secret }) => secret === true).map(({ key }) => key));
    const kept = (await stored(definition.code)) ?? {};
    const isElsewhere = definition.credentials.some(
      ({ key, address }) => address === true && given[key] !== undefined && given[key].trim() !== kept[key]?.trim(),
    );
    const before = Object.fromEntries(Object.entries(kept).filter(([key]) => !isElsewhere || !isSecret.has(key)));
    const next = Object.entries(given).filter(([key, value]) => value.trim() !== '' || !isSecret.has(key));
    const all = { ...before, ...Object.fromEntries(next) };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value.trim() !== ''));
  };

  return {
    credentialsFor: async (code) => credentialsOf(await known(code)),
    list: async () => {
      const definitions = await loadAll();
      const names = new Set(await secrets.list());
      const views = definitions.map((each) => viewOf(each, names.has(secretName(each.code)), env));
      return views.toSorted((a, b) => a.title.localeCompare(b.title, 'en'));
    },
    keep: async (code, given) => {
      const definition = await known(code);
      await secrets.set(secretName(code), new Secret(JSON.stringify(await merged(definition, given))));
    },
    check: async ({ code, credentials, domain }, signal) => {
      const definition = await known(code);
      const patience = AbortSignal.timeout(checkPatienceMs);
      try {
        const use = credentials
          ? typed(definition, await merged(definition, credentials))
          : await credentialsOf(definition);
        const provider = definition.create(use, { accounts: keptAccounts(secrets, definition.code) });
        const found = await provider.check(signal ? AbortSignal.any([signal, patience]) : patience, domain);
        return found.ok ? { ok: true, zones: [...found.zones], problems: [], note: found.note } : failed(found.error);
      } catch (error) {
        if (error instanceof DnsProviderError) return failed(error);
        if (patience.aborted) return failed(unanswered(definition.title));
        throw error;
      }
    },
  };
}

/** Paths of programs and files are for the environment alone. */
function inForms({ credentials }: Pick<DnsProviderDefinition, 'credentials'>): DnsProviderDefinition['credentials'] {
  return credentials.filter(({ environmentOnly }) => environmentOnly !== true);
}

function failed(error: DnsProviderError): CheckResult {
  return { ok: false, zones: [], problems: [dnsProblem(error)], note: null };
}

function unanswered(title: string): DnsProviderError {
  return new DnsProviderError({
    kind: 'unavailable',
    provider: title,
    message: `${title} has not answered within a minute.`,
    fix: 'Try again later, and see whether this machine reaches the internet.',
    reason: 'timeout',
  });
}

function viewOf(
  { code, title, help, credentials, environment }: DnsProviderDefinition,
  isStored: boolean,
  env: Readonly<Record<string, string | undefined>>,
): DnsProviderView {
  const inEnvironment = Object.values(environment)
    .flat()
    .some((name) => Boolean(env[name]) || Boolean(env[`${name}_FILE`]));
  return {
    code,
    title,
    help: help.create,
    helpUrl: help.url,
    rights: help.rights,
    fields: inForms({ credentials }).map((field) => ({
      key: field.key,
      label: field.label,
      secret: field.secret === true,
      optional: field.optional === true,
      placeholder: field.placeholder ?? '',
      help: field.help ?? null,
      choices: [...(field.choices ?? [])],
      variables: [...(environment[field.key] ?? [])],
    })),
    credentials: isStored ? 'stored' : inEnvironment ? 'environment' : 'none',
  };
}
