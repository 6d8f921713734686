import { useTranslation } from 'react-i18next';
import { certificateKeyTypes, type KeyType, knownAuthorities } from '../../../app/contract/certificates.ts';
import { Field } from '../../components/field.tsx';

/** What most leave as it is: the authority, the key, the profile. */
export interface CaValues {
  /** A code of `knownAuthorities`, or `other`. */
  readonly ca: string;
  readonly url: string;
  readonly rootPem: string;
  readonly keyType: KeyType;
  readonly profile: string;
  readonly eabKid: string;
  readonly eabHmac: string;
}

export const usualCa: CaValues = {
  ca: 'letsencrypt',
  url: '',
  rootPem: '',
  keyType: 'EC256',
  profile: '',
  eabKid: '',
  eabHmac: '',
};

const authorityOf = (code: string) => knownAuthorities.find((each) => each.code === code);

/** Whether an account of this authority needs a key from its own site, which is not there yet. */
export function lacksEab({ ca, eabKid, eabHmac }: CaValues): boolean {
  return authorityOf(ca)?.needsEab === true && (eabKid.trim() === '' || eabHmac.trim() === '');
}

export function isUrl(text: string): boolean {
  return URL.canParse(text.trim()) && /^https?:$/.test(new URL(text.trim()).protocol);
}

/** As an operation takes them: what is left as usual is left out. */
export function caInput(values: CaValues) {
  const { ca, url, rootPem, keyType, profile, eabKid, eabHmac } = values;
  return {
    ca: ca === 'other' ? url.trim() : ca,
    keyType,
    // A root that was given for another authority would keep this one from being trusted.
    ...(ca !== 'other' ? { caCertificates: '' } : rootPem.trim() === '' ? {} : { caCertificates: rootPem }),
    ...(profile.trim() === '' ? {} : { profile: profile.trim() }),
    ...(eabKid.trim() === '' ? {} : { eab: { kid: eabKid.trim(), hmac: eabHmac.trim() } }),
  };
}

export function CaFields({
  values,
  checked,
  onChange,
}: {
  values: CaValues;
  checked: boolean;
  onChange: (values: CaValues) => void;
}) {
  const { t } = useTranslation();
  const set = (change: Partial<CaValues>): void => onChange({ ...values, ...change });
  const authority = authorityOf(values.ca);
  const wantsEab = authority?.needsEab === true || values.ca === 'other';
  return (
    <div className="grid gap-x-4 gap-y-1 pt-2 sm:grid-cols-2">
      <Field label={t('certificates.form.ca')}>
        {(props) => (
          <select {...props} value={values.ca} onChange={(event) => set({ ca: event.target.value })}>
            {knownAuthorities.map(({ code, title }) => (
              <option key={code} value={code}>
                {title}
              </option>
            ))}
            <option value="other">{t('certificates.form.caOther')}</option>
          </select>
        )}
      </Field>
      <Field label={t('certificates.form.keyType')}>
        {(props) => (
          <select
            {...props}
            value={values.keyType}
            onChange={(event) =>
              set({ keyType: certificateKeyTypes.find((type) => type === event.target.value) ?? 'EC256' })
            }
          >
            {certificateKeyTypes.map((type) => (
              <option key={type}>{type}</option>
            ))}
          </select>
        )}
      </Field>
      {values.ca === 'other' && (
        <>
          <Field
            label={t('certificates.form.caUrl')}
            hint={t('certificates.form.caUrlHint')}
            error={checked && !isUrl(values.url) ? t('certificates.form.caUrlHint') : undefined}
          >
            {(props) => (
              <input
                {...props}
                type="url"
                spellCheck={false}
                value={values.url}
                onChange={(event) => set({ url: event.target.value })}
              />
            )}
          </Field>
          <Field label={t('certificates.form.caRoot')} hint={t('certificates.form.caRootHint')}>
            {(props) => (
              <textarea
                {...props}
                rows={2}
                spellCheck={false}
                placeholder="-----BEGIN CERTIFICATE-----"
                value={values.rootPem}
                onChange={(event) => set({ rootPem: event.target.value })}
                className={`${props.className.replace('h-9', '')} py-1.5 font-mono text-12`}
              />
            )}
          </Field>
        </>
      )}
      <Field label={t('certificates.form.profile')} hint={t('certificates.form.profileHint')}>
        {(props) => (
          <input
            {...props}
            spellCheck={false}
            value={values.profile}
            onChange={(event) => set({ profile: event.target.value })}
          />
        )}
      </Field>
      {wantsEab && (
        <div className="grid gap-x-4 sm:col-span-2 sm:grid-cols-2">
          {authority && (
            <p className="mb-1 text-13 text-soft sm:col-span-2">
              {t('certificates.form.eabHint', { ca: authority.title })}
            </p>
          )}
          <Field
            label={t('certificates.form.eabKid')}
            error={checked && lacksEab(values) ? t('certificates.form.eabMissing') : undefined}
          >
            {(props) => (
              <input
                {...props}
                autoComplete="off"
                spellCheck={false}
                value={values.eabKid}
                onChange={(event) => set({ eabKid: event.target.value })}
              />
            )}
          </Field>
          <Field label={t('certificates.form.eabHmac')}>
            {(props) => (
              <input
                {...props}
                type="password"
                autoComplete="new-password"
                value={values.eabHmac}
                onChange={(event) => set({ eabHmac: event.target.value })}
              />
            )}
          </Field>
        </div>
      )}
    </div>
  );
}
