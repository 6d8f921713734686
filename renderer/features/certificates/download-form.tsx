import { Download } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CertificateView } from '../../../app/contract/certificates.ts';
import { act } from '../../client/actions.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Modal } from '../../components/modal.tsx';
import { mainName } from './certificate-state.ts';
import { Choices } from './choices.tsx';
import { saveFile } from './save-file.ts';

const formats = ['chain', 'key', 'pfx'] as const;
type Format = (typeof formats)[number];

export function DownloadForm({ certificate, onClose }: { certificate: CertificateView; onClose: () => void }) {
  const { t } = useTranslation();
  const [format, setFormat] = useState<Format>('chain');
  const [passphrase, setPassphrase] = useState('');
  const [missing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const lacks = format === 'pfx' && passphrase === '';
    setMissing(lacks);
    if (lacks) return;
    setBusy(true);
    const file = await act(t('certificates.actions.failed'), (client) =>
      client.certificates.download({ id: certificate.id, format, ...(format === 'pfx' ? { passphrase } : {}) }),
    );
    setBusy(false);
    if (!file) return;
    saveFile(file);
    onClose();
  };
  return (
    <Modal title={t('certificates.downloadForm.title', { name: mainName(certificate) })} onClose={onClose}>
      <form noValidate onSubmit={(event) => void submit(event)}>
        <Choices
          label={t('certificates.downloadForm.format')}
          value={format}
          onChange={setFormat}
          options={formats.map((value) => ({
            value,
            text: t(`certificates.downloadForm.formats.${value}`),
            hint: t(`certificates.downloadForm.hints.${value}`),
          }))}
        />
        {format === 'pfx' && (
          <div className="mt-3">
            <Field
              label={t('certificates.downloadForm.passphrase')}
              error={missing ? t('certificates.downloadForm.passphraseMissing') : undefined}
            >
              {(props) => (
                <input
                  {...props}
                  type="password"
                  autoComplete="new-password"
                  value={passphrase}
                  onChange={(event) => setPassphrase(event.target.value)}
                />
              )}
            </Field>
          </div>
        )}
        <div className="mt-4 flex justify-end gap-2">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={busy}>
            <Download size={14} aria-hidden />
            {t('certificates.downloadForm.submit')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
