import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CertificateView } from '../../../app/contract/certificates.ts';
import { failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Modal } from '../../components/modal.tsx';
import { notify } from '../../components/toasts.tsx';
import { failureWords } from '../../words/failure-words.ts';
import { mainName } from './certificate-state.ts';

/** Brings a certificate from elsewhere, beside the others or in place of one. */
export function UploadForm({ replaces, onClose }: { replaces: CertificateView | null; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const [certificatePem, setCertificatePem] = useState('');
  const [privateKeyPem, setPrivateKeyPem] = useState('');
  const [checked, setChecked] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const hasCertificate = certificatePem.includes('-----BEGIN CERTIFICATE-----');
  const hasKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(privateKeyPem);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setChecked(true);
    setFailure(null);
    if (!hasCertificate || !hasKey || !client) return;
    setBusy(true);
    try {
      const { certificate } = await client.certificates.upload({
        certificatePem,
        privateKeyPem,
        ...(replaces ? { id: replaces.id } : {}),
      });
      notify({ title: t('certificates.uploadForm.done', { name: mainName(certificate) }) });
      onClose();
    } catch (error) {
      setFailure(failureWords(failureOf(error)));
      setBusy(false);
    }
  };

  return (
    <Modal
      title={
        replaces
          ? t('certificates.uploadForm.titleReplace', { name: mainName(replaces) })
          : t('certificates.uploadForm.title')
      }
      onClose={onClose}
      wide
    >
      <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-2">
        <PemField
          label={t('certificates.uploadForm.certificate')}
          value={certificatePem}
          onChange={(text) => {
            setCertificatePem(text);
            // One file often holds both.
            const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?-----END [A-Z ]*PRIVATE KEY-----/.exec(text)?.[0];
            if (key !== undefined && privateKeyPem === '') setPrivateKeyPem(key);
          }}
          error={checked && !hasCertificate ? t('certificates.uploadForm.certificateMissing') : undefined}
        />
        <PemField
          label={t('certificates.uploadForm.key')}
          value={privateKeyPem}
          onChange={setPrivateKeyPem}
          error={checked && !hasKey ? t('certificates.uploadForm.keyMissing') : undefined}
        />
        <p className="text-13 text-muted">{t('certificates.uploadForm.hint')}</p>
        {failure !== null && (
          <p role="alert" className="text-13 text-broken">
            {failure}
          </p>
        )}
        <div className="mt-2 flex justify-end gap-2">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={busy}>
            {t('certificates.uploadForm.submit')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Text to paste, or a file to take it from. */
function PemField({
  label,
  value,
  onChange,
  error,
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
  error: string | undefined;
}) {
  const { t } = useTranslation();
  const fileId = useId();
  return (
    <div>
      <Field label={label} error={error}>
        {(props) => (
          <textarea
            {...props}
            rows={5}
            spellCheck={false}
            autoComplete="off"
            value={value}
            onChange={(event) => onChange(event.target.value)}
            placeholder="-----BEGIN …"
            className={`${props.className.replace('h-9', '')} py-1.5 font-mono text-12`}
          />
        )}
      </Field>
      <label
        htmlFor={fileId}
        className="inline-flex h-8 cursor-pointer items-center rounded-s border border-line-strong px-3 text-13 hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-accent-text"
      >
        {t('certificates.uploadForm.choose')}
        <span className="sr-only">: {label}</span>
        <input
          id={fileId}
          type="file"
          accept=".pem,.crt,.cer,.key,.txt"
          className="sr-only"
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) void file.text().then(onChange);
          }}
        />
      </label>
    </div>
  );
}
