import { DnsProviderError } from './dns-error.ts';
import type { CredentialField, DnsCredentials, DnsProviderDefinition, DnsProviderOptions } from './dns-provider.ts';

/** A provider's fields as plain text, and which of them must not be seen. */
export interface ReadCredentials {
  /** '' where an optional field is absent. */
  readonly value: (key: string) => string;
  readonly secrets: readonly string[];
}

type Described = Pick<DnsProviderDefinition, 'title' | 'help' | 'credentials' | 'environment'>;

/** Reads the fields that a provider needs. Throws with the names of those that are missing. */
export function readCredentials(definition: Described, given: DnsCredentials): ReadCredentials {
  const values = new Map<string, string>();
  for (const field of definition.credentials) {
    const raw = given[field.key];
    const text = (typeof raw === 'string' ? raw : (raw?.reveal() ?? '')).trim();
    if (/[\r\n\0]/.test(text)) throw badField(definition, field, 'must stand on one line');
    if (text === '') {
      if (field.optional !== true) throw badField(definition, field, 'is missing');
      continue;
    }
    if (field.choices && !field.choices.includes(text)) {
      throw badField(definition, field, `must be one of ${field.choices.join(', ')}`);
    }
    values.set(field.key, text);
  }
  return {
    value: (key) => values.get(key) ?? '',
    secrets: definition.credentials.flatMap(({ key, secret }) => {
      const value = secret === true ? values.get(key) : undefined;
      return value === undefined ? [] : [value];
    }),
  };
}

/** A field that cannot be used as it was given. */
export function badField(definition: Described, field: Pick<CredentialField, 'key' | 'label'>, fault: string): Error {
  const names = definition.environment[field.key] ?? [];
  const spelled = names[0] === undefined ? '' : ` (${names[0]})`;
  return new DnsProviderError({
    kind: 'credentials',
    provider: definition.title,
    message: `${definition.title}: “${field.label.en}”${spelled} ${fault}.`,
    fix: definition.help.create.en,
    details: { provider: definition.title, field: field.key, label: field.label.en, fault },
  });
}

/** A field by its key; for faults that only the provider can find. */
export function fieldOf(definition: Described, key: string): CredentialField {
  const field = definition.credentials.find((candidate) => candidate.key === key);
  if (!field) throw new Error(`${definition.title} has no field ${key}.`);
  return field;
}

/** Not in the forms: the API's address, for those who run their own or go through a gateway. */
const endpointField: Pick<CredentialField, 'key' | 'label'> = {
  key: 'endpoint',
  label: { en: 'API address', fr: 'Adresse de l’API' },
};

/** The address of an API, without a slash at its end: a test's, the environment's, or the provider's own. */
export function baseOf(
  definition: Described,
  given: DnsCredentials,
  options: DnsProviderOptions | undefined,
  usual: string,
): string {
  const raw = given[endpointField.key];
  const text = options?.endpoint ?? (typeof raw === 'string' && raw.trim() !== '' ? raw.trim() : usual);
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw badField(definition, endpointField, 'must be a web address (https://…)');
  }
  return text.replace(/\/+$/, '');
}
