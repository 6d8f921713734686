import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CertificateView } from '../../../app/contract/certificates.ts';
import { failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Modal } from '../../components/modal.tsx';
import { failureWords } from '../../words/failure-words.ts';
import { CaFields, caInput, isUrl, lacksEab, usualCa } from './ca-fields.tsx';
import { mainName } from './certificate-state.ts';
import { type DnsChoice, DnsFields, missingFields, useDnsProviders } from './dns-fields.tsx';
import { firstInvalid, namesIn } from './names-field.ts';
import { OrderWatch } from './order-watch.tsx';
import { useProposal } from './use-proposal.ts';
import { usualWay, type WayChoice, Ways } from './ways.tsx';

/** From a domain to a served certificate: one form, then the steps as they happen. */
export function AddForm({ name, onClose }: { name: string; onClose: () => void }) {
  const { t } = useTranslation();
  const [ordered, setOrdered] = useState<CertificateView | null>(null);
  const [shown, setShown] = useState<'form' | 'order'>('form');
  const watched = ordered !== null && shown === 'order';
  return (
    <Modal
      title={watched ? t('certificates.form.running', { name: mainName(ordered) }) : t('certificates.form.title')}
      onClose={onClose}
      wide
    >
      {/* The form stays, so that what was typed is there when something has to be changed. */}
      <div hidden={watched}>
        <Form
          name={name}
          onClose={onClose}
          onOrdered={(certificate) => {
            setOrdered(certificate);
            setShown('order');
          }}
        />
      </div>
      {watched && <OrderWatch first={ordered} onClose={onClose} onChange={() => setShown('form')} />}
    </Modal>
  );
}

function Form({
  name,
  onClose,
  onOrdered,
}: {
  name: string;
  onClose: () => void;
  onOrdered: (certificate: CertificateView) => void;
}) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const resolvers = useEngine((state) => state.picture?.resolvers) ?? [];
  const [text, setText] = useState(name);
  const [email, setEmail] = useState(() => resolvers.find((each) => each.email !== '')?.email ?? '');
  const [chosen, setChosen] = useState<WayChoice | null>(null);
  const [typedDns, setTypedDns] = useState<DnsChoice | null>(null);
  const [ca, setCa] = useState(usualCa);
  const [checked, setChecked] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const providers = useDnsProviders();
  const proposed = useProposal(text);
  const { proposal } = proposed;

  const names = namesIn(text);
  const invalid = firstInvalid(names);
  const isOffered = (way: WayChoice): boolean =>
    way === 'resolver'
      ? proposal?.resolver !== null
      : (proposal?.ways.some(({ challenge, verdict }) => challenge === way && verdict !== 'impossible') ?? false);
  const way = chosen !== null && isOffered(chosen) ? chosen : usualWay(proposal);
  const dns: DnsChoice = typedDns ?? { code: proposal?.dnsProvider ?? '', values: {} };
  const provider = providers?.find(({ code }) => code === dns.code);
  const makesResolver = way !== null && way !== 'resolver' && way !== 'internal';
  const isEmail = email.trim() === '' || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.trim());
  const covered = proposal?.names.filter(({ coveredBy }) => coveredBy !== null) ?? [];

  const isComplete = (): boolean => {
    if (names.length === 0 || invalid !== null || way === null || way === 'internal') return false;
    if (way === 'resolver') return true;
    if (!isEmail || lacksEab(ca) || (ca.ca === 'other' && !isUrl(ca.url))) return false;
    return way !== 'dns-01' || (provider !== undefined && missingFields(provider, dns).length === 0);
  };

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setChecked(true);
    setFailure(null);
    if (!isComplete() || !client || way === null || way === 'internal') return;
    setBusy(true);
    try {
      const { certificate } = await client.certificates.add(
        way === 'resolver'
          ? { names: [...names], ...(proposal?.resolver ? { resolver: proposal.resolver } : {}) }
          : {
              names: [...names],
              how: {
                email: email.trim(),
                challenge: way,
                ...caInput(ca),
                ...(way === 'dns-01' ? dnsInput(dns) : {}),
              },
            },
      );
      setBusy(false);
      onOrdered(certificate);
    } catch (error) {
      setFailure(failureWords(failureOf(error)));
      setBusy(false);
    }
  };

  const namesError =
    invalid !== null && (checked || !/\s$/.test(text))
      ? t('certificates.form.nameInvalid', { name: invalid })
      : checked && names.length === 0
        ? t('certificates.form.namesMissing')
        : undefined;

  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
      <div className="grid gap-x-4 gap-y-1 sm:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Field label={t('certificates.form.names')} hint={t('certificates.form.namesHint')} error={namesError}>
          {(props) => (
            <input
              {...props}
              value={text}
              onChange={(event) => setText(event.target.value)}
              placeholder="photos.example.org"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              className={`${props.className} font-mono`}
            />
          )}
        </Field>
        <Field
          label={t('certificates.form.email')}
          hint={t('certificates.form.emailHint')}
          error={checked && !isEmail ? t('certificates.form.emailInvalid') : undefined}
        >
          {(props) => (
            <input
              {...props}
              type="email"
              autoComplete="email"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
              placeholder="you@example.org"
            />
          )}
        </Field>
      </div>
      {covered.length > 0 && (
        <p className="text-13 text-soft">
          {covered.map((each) => t('certificates.form.covered', { name: each.name })).join(' ')}
        </p>
      )}
      <Ways proposed={proposed} resolvers={resolvers} value={way} onChange={setChosen} />
      {way === 'dns-01' && providers && (
        <DnsFields
          providers={providers}
          choice={dns}
          found={proposal?.dnsProvider ?? null}
          domain={names[0]?.replace(/^\*\./, '')}
          checked={checked}
          onChange={setTypedDns}
        />
      )}
      {makesResolver && (
        <details>
          <summary className="text-13 text-muted">{t('certificates.form.advanced')}</summary>
          <CaFields values={ca} checked={checked} onChange={setCa} />
        </details>
      )}
      {way === 'internal' && <p className="text-13 text-soft">{t('certificates.form.useInternal')}</p>}
      {failure !== null && (
        <p role="alert" className="text-13 text-broken [overflow-wrap:anywhere]">
          {failure}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button type="submit" look="primary" disabled={busy || proposed.isLooking || way === 'internal'}>
          {t('certificates.form.submit')}
        </Button>
      </div>
    </form>
  );
}

function dnsInput({ code, values }: DnsChoice) {
  const typed = Object.values(values).some((value) => value.trim() !== '');
  return { dnsProvider: code, ...(typed ? { credentials: { ...values } } : {}) };
}
