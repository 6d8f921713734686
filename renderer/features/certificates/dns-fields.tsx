import { ExternalLink } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CheckResult, DnsProviderView } from '../../../app/contract/certificates.ts';
import { failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { useLocale } from '../../components/hooks.ts';
import { ProblemList } from '../../components/problems.tsx';
import { Status } from '../../components/status.tsx';
import { failureWords } from '../../words/failure-words.ts';
import { inReadersWords } from '../../words/reasons.ts';

export interface DnsChoice {
  /** Empty: none chosen yet. */
  readonly code: string;
  readonly values: Readonly<Record<string, string>>;
}

export function useDnsProviders(): readonly DnsProviderView[] | null {
  const client = useEngine((state) => state.client);
  const [providers, setProviders] = useState<readonly DnsProviderView[] | null>(null);
  useEffect(() => {
    let current = true;
    client?.dnsProviders.list().then(
      (list) => current && setProviders(list),
      () => current && setProviders([]),
    );
    return () => {
      current = false;
    };
  }, [client]);
  return providers;
}

/** Fields that are needed and empty; none where credentials are kept or in the environment and nothing was typed. */
export function missingFields(provider: DnsProviderView | undefined, { values }: DnsChoice): readonly string[] {
  if (!provider) return [];
  const typed = Object.values(values).some((value) => value.trim() !== '');
  if (provider.credentials === 'environment' && !typed) return [];
  return provider.fields
    .filter(({ key, optional, secret, choices }) => {
      if (optional || choices.length > 0 || (values[key] ?? '').trim() !== '') return false;
      return provider.credentials !== 'stored' || (typed && !secret);
    })
    .map(({ key }) => key);
}

/** Who holds the DNS, and the credentials for it, with what to create where. */
export function DnsFields({
  providers,
  choice,
  found,
  domain,
  checked,
  onChange,
}: {
  providers: readonly DnsProviderView[];
  choice: DnsChoice;
  /** Code of the provider that the name servers belong to. */
  found: string | null;
  /** For the check: a record is made and taken away beneath it. */
  domain: string | undefined;
  /** Whether what is missing is to be said. */
  checked: boolean;
  onChange: (choice: DnsChoice) => void;
}) {
  const { t } = useTranslation();
  const locale = useLocale();
  const language = locale === 'fr' ? 'fr' : 'en';
  const provider = providers.find(({ code }) => code === choice.code);
  const foundTitle = providers.find(({ code }) => code === found)?.title;
  const missing = missingFields(provider, choice);
  return (
    <div className="flex flex-col gap-2 rounded-s border border-line bg-sunken p-3">
      <Field
        label={t('certificates.dns.provider')}
        hint={foundTitle === undefined ? undefined : t('certificates.dns.found', { name: foundTitle })}
        error={checked && !provider ? t('certificates.dns.chooseMissing') : undefined}
      >
        {(props) => (
          <select
            {...props}
            value={choice.code}
            onChange={(event) => onChange({ code: event.target.value, values: {} })}
          >
            <option value="">{t('certificates.dns.choose')}</option>
            {providers.map(({ code, title }) => (
              <option key={code} value={code}>
                {title}
              </option>
            ))}
          </select>
        )}
      </Field>
      {provider && (
        <>
          <dl className="text-13">
            <dt className="text-12 font-medium text-muted">{t('certificates.dns.help')}</dt>
            <dd className="[overflow-wrap:anywhere]">
              {provider.help[language]}{' '}
              {provider.helpUrl !== null && (
                <a href={provider.helpUrl} target="_blank" rel="noreferrer" className="link whitespace-nowrap">
                  {t('certificates.dns.open')} <ExternalLink size={12} aria-hidden className="inline" />
                  <span className="sr-only"> ({t('common.opensInNewTab')})</span>
                </a>
              )}
            </dd>
            <dt className="mt-2 text-12 font-medium text-muted">{t('certificates.dns.rights')}</dt>
            <dd className="[overflow-wrap:anywhere]">{provider.rights[language]}</dd>
          </dl>
          {provider.credentials !== 'none' && (
            <p className="text-13 text-soft">{t(`certificates.dns.${provider.credentials}`)}</p>
          )}
          <div className="grid gap-x-3 sm:grid-cols-2">
            {provider.fields.map((field) => (
              <CredentialInput
                key={`${provider.code} ${field.key}`}
                field={field}
                language={language}
                value={choice.values[field.key] ?? ''}
                error={checked && missing.includes(field.key) ? t('certificates.dns.fieldMissing') : undefined}
                onChange={(value) => onChange({ ...choice, values: { ...choice.values, [field.key]: value } })}
              />
            ))}
          </div>
          <CredentialCheck key={provider.code} choice={choice} domain={domain} />
        </>
      )}
    </div>
  );
}

function CredentialInput({
  field,
  language,
  value,
  error,
  onChange,
}: {
  field: DnsProviderView['fields'][number];
  language: 'en' | 'fr';
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}) {
  return (
    <Field label={field.label[language]} hint={field.help?.[language]} error={error}>
      {(props) =>
        field.choices.length > 0 ? (
          <select {...props} value={value || field.choices[0]} onChange={(event) => onChange(event.target.value)}>
            {field.choices.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        ) : (
          <input
            {...props}
            type={field.secret ? 'password' : 'text'}
            autoComplete={field.secret ? 'new-password' : 'off'}
            spellCheck={false}
            placeholder={field.placeholder}
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        )
      }
    </Field>
  );
}

/** Asks the provider whether the credentials work, before anything depends on them. */
function CredentialCheck({ choice, domain }: { choice: DnsChoice; domain: string | undefined }) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const [state, setState] = useState<'idle' | 'busy' | { readonly result: CheckResult } | { readonly error: string }>(
    'idle',
  );
  const check = async (): Promise<void> => {
    if (!client) return;
    setState('busy');
    const typed = Object.values(choice.values).some((value) => value.trim() !== '');
    try {
      const result = await client.dnsProviders.check({
        code: choice.code,
        ...(typed ? { credentials: { ...choice.values } } : {}),
        ...(domain === undefined ? {} : { domain }),
      });
      setState({ result });
    } catch (error) {
      setState({ error: failureWords(failureOf(error)) });
    }
  };
  const result = typeof state === 'object' && 'result' in state ? state.result : null;
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-3">
        <Button disabled={state === 'busy'} onClick={() => void check()}>
          {t(state === 'busy' ? 'certificates.dns.checking' : 'certificates.dns.check')}
        </Button>
        <span role="status" className="min-w-0 text-13 [overflow-wrap:anywhere]">
          {result?.ok === true && (
            <span className="inline-flex flex-wrap items-center gap-1">
              <Status tone="good">{t('certificates.dns.ok')}</Status>
              {result.zones.length > 0 && <span className="text-muted">{result.zones.slice(0, 8).join(', ')}</span>}
            </span>
          )}
          {typeof state === 'object' && 'error' in state && <span className="text-broken">{state.error}</span>}
        </span>
      </div>
      {result?.note != null && <p className="text-13 text-soft">{inReadersWords(result.note)}</p>}
      {result && result.problems.length > 0 && <ProblemList problems={result.problems} />}
    </div>
  );
}
