import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type ChallengeType,
  certificateKeyTypes,
  challengeTypes,
  type ResolverView,
} from '../../../app/contract/certificates.ts';
import { failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Modal } from '../../components/modal.tsx';
import { notify } from '../../components/toasts.tsx';
import { failureWords } from '../../words/failure-words.ts';
import { CaFields, type CaValues, caInput, isUrl, usualCa } from './ca-fields.tsx';
import { type DnsChoice, DnsFields, missingFields, useDnsProviders } from './dns-fields.tsx';

/** Changes a resolver of the dashboard. Secrets that are kept stay where their fields are left empty. */
export function ResolverForm({ resolver, onClose }: { resolver: ResolverView; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const { name } = resolver;
  const [email, setEmail] = useState(resolver.email);
  const [challenge, setChallenge] = useState<ChallengeType>(resolver.challenge);
  const [dns, setDns] = useState<DnsChoice>({ code: resolver.dnsProvider ?? '', values: {} });
  const [ca, setCa] = useState<CaValues>({
    ...usualCa,
    ca: resolver.ca.code || 'other',
    url: resolver.ca.code === '' ? resolver.ca.url : '',
    keyType: certificateKeyTypes.find((type) => type === resolver.keyType) ?? 'EC256',
    profile: resolver.profile ?? '',
  });
  const [checked, setChecked] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const providers = useDnsProviders();
  const provider = providers?.find(({ code }) => code === dns.code);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setChecked(true);
    setFailure(null);
    const lacksDns = challenge === 'dns-01' && (!provider || missingFields(provider, dns).length > 0);
    if (!client || lacksDns || (ca.ca === 'other' && !isUrl(ca.url))) return;
    const typed = Object.values(dns.values).some((value) => value.trim() !== '');
    setBusy(true);
    try {
      await client.resolvers.set({
        name,
        email: email.trim(),
        challenge,
        ...caInput(ca),
        // Empty goes back to the CA's usual one; left out it would stay.
        profile: ca.profile.trim(),
        ...(challenge === 'dns-01'
          ? { dnsProvider: dns.code, ...(typed ? { credentials: { ...dns.values } } : {}) }
          : {}),
      });
      notify({ title: t('certificates.resolver.saved', { name }) });
      onClose();
    } catch (error) {
      setFailure(failureWords(failureOf(error)));
      setBusy(false);
    }
  };

  return (
    <Modal title={t('certificates.resolver.editTitle', { name })} onClose={onClose} wide>
      <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-2">
        <div className="grid gap-x-4 gap-y-1 sm:grid-cols-2">
          <Field label={t('certificates.form.email')} hint={t('certificates.form.emailHint')}>
            {(props) => (
              <input
                {...props}
                type="email"
                autoComplete="email"
                value={email}
                onChange={(event) => setEmail(event.target.value)}
              />
            )}
          </Field>
          <Field label={t('certificates.form.how')} hint={t(`certificates.form.waysHint.${challenge}`)}>
            {(props) => (
              <select
                {...props}
                value={challenge}
                onChange={(event) =>
                  setChallenge(challengeTypes.find((type) => type === event.target.value) ?? 'http-01')
                }
              >
                {challengeTypes.map((type) => (
                  <option key={type} value={type}>
                    {t(`certificates.form.ways.${type}`)}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        {challenge === 'dns-01' && providers && (
          <DnsFields
            providers={providers}
            choice={dns}
            found={null}
            domain={undefined}
            checked={checked}
            onChange={setDns}
          />
        )}
        <CaFields values={ca} checked={checked} onChange={setCa} />
        {failure !== null && (
          <p role="alert" className="text-13 text-broken [overflow-wrap:anywhere]">
            {failure}
          </p>
        )}
        <div className="mt-2 flex justify-end gap-2">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={busy}>
            {t('common.save')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
