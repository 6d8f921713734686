import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { ImportReport } from '../../../app/contract/certificates.ts';
import { failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Field, Segmented } from '../../components/field.tsx';
import { Modal } from '../../components/modal.tsx';
import { ToneIcon } from '../../components/status.tsx';
import { failureWords } from '../../words/failure-words.ts';
import { certificatePath } from './certificate-state.ts';
import { skippedWords } from './certificate-words.ts';
import { Choices } from './choices.tsx';
import { importFiles } from './import-files.ts';

const sources = ['traefik', 'certbot', 'nginx-proxy-manager'] as const;
type Source = (typeof sources)[number];

const placeholders: Readonly<Record<Source, string>> = {
  traefik: '/etc/traefik/acme.json',
  certbot: '/etc/letsencrypt',
  'nginx-proxy-manager': '/opt/nginx-proxy-manager',
};

/** Takes certificates over from another program, and says what became of each. */
export function ImportForm({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [report, setReport] = useState<ImportReport | null>(null);
  return (
    <Modal title={t('certificates.importForm.title')} onClose={onClose} wide>
      {report ? (
        <Report report={report} onClose={onClose} onAgain={() => setReport(null)} />
      ) : (
        <Form onClose={onClose} onDone={setReport} />
      )}
    </Modal>
  );
}

function Form({ onClose, onDone }: { onClose: () => void; onDone: (report: ImportReport) => void }) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const [from, setFrom] = useState<Source>('traefik');
  const [where, setWhere] = useState<'server' | 'upload'>('server');
  const [path, setPath] = useState('');
  const [files, setFiles] = useState<readonly File[]>([]);
  const [checked, setChecked] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const missing = where === 'server' ? path.trim() === '' : files.length === 0;

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setChecked(true);
    setFailure(null);
    if (missing || !client) return;
    setBusy(true);
    try {
      const given = where === 'server' ? { path: path.trim() } : { files: await importFiles(files) };
      onDone(await client.certificates.import({ from, ...given }));
    } catch (error) {
      setFailure(failureWords(failureOf(error)));
      setBusy(false);
    }
  };

  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      <Choices
        label={t('certificates.importForm.from')}
        value={from}
        onChange={setFrom}
        options={sources.map((value) => ({
          value,
          text: t(`certificates.importForm.sources.${value}`),
          hint: t(`certificates.importForm.hints.${value}`),
        }))}
      />
      <div>
        <div className="mb-2">
          <Segmented
            label={t('certificates.importForm.where')}
            value={where}
            onChange={setWhere}
            options={[
              { value: 'server', text: t('certificates.importForm.whereServer') },
              { value: 'upload', text: t('certificates.importForm.whereUpload') },
            ]}
          />
        </div>
        {where === 'server' ? (
          <Field
            label={t('certificates.importForm.path')}
            error={checked && missing ? t('certificates.importForm.pathMissing') : undefined}
          >
            {(props) => (
              <input
                {...props}
                value={path}
                onChange={(event) => setPath(event.target.value)}
                placeholder={placeholders[from]}
                spellCheck={false}
                className={`${props.className} font-mono`}
              />
            )}
          </Field>
        ) : (
          <FilePicker
            folder={from !== 'traefik'}
            files={files}
            onChange={setFiles}
            error={checked && missing ? t('certificates.importForm.filesMissing') : undefined}
          />
        )}
      </div>
      {failure !== null && (
        <p role="alert" className="text-13 text-broken">
          {failure}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button type="submit" look="primary" disabled={busy}>
          {t('certificates.importForm.submit')}
        </Button>
      </div>
    </form>
  );
}

function FilePicker({
  folder,
  files,
  onChange,
  error,
}: {
  folder: boolean;
  files: readonly File[];
  onChange: (files: readonly File[]) => void;
  error: string | undefined;
}) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-13 font-medium">
        {t('certificates.importForm.files')}
      </label>
      <input
        key={String(folder)}
        id={id}
        type="file"
        aria-describedby={`${id}-hint`}
        className="block w-full text-13 file:mr-3 file:h-8 file:cursor-pointer file:rounded-s file:border file:border-solid file:border-line-strong file:bg-surface file:px-3 file:text-13 file:text-text"
        onChange={(event) => onChange([...(event.target.files ?? [])])}
        {...(folder ? { webkitdirectory: '' } : { accept: '.json' })}
      />
      <div id={`${id}-hint`} className="mt-1 min-h-4 text-12 text-muted">
        {error === undefined ? (
          files.length > 0 && t('certificates.importForm.chosen', { count: files.length })
        ) : (
          <span className="text-broken">{error}</span>
        )}
      </div>
    </div>
  );
}

function Report({ report, onClose, onAgain }: { report: ImportReport; onClose: () => void; onAgain: () => void }) {
  const { t } = useTranslation();
  const { taken, skipped } = report;
  const accounts = report.accounts.filter(({ created }) => created);
  return (
    <div className="flex flex-col gap-4">
      <p role="status" className="flex items-center gap-2 text-16">
        <ToneIcon tone={taken.length > 0 ? 'good' : 'attention'} size={20} />
        {taken.length > 0
          ? t('certificates.importForm.taken', { count: taken.length })
          : t('certificates.importForm.takenNone')}
      </p>
      {taken.length > 0 && (
        <ul className="max-h-64 overflow-y-auto rounded-s border border-line">
          {taken.map(({ names, certificateId, resolver, renews }) => (
            <li key={certificateId} className="border-b border-line px-3 py-2 text-13 last:border-0">
              <Link href={certificatePath(certificateId)} onClick={onClose} className="link font-mono">
                {names.join(', ')}
              </Link>
              <span className="block text-muted">
                {renews && resolver !== null
                  ? t('certificates.importForm.renews', { resolver })
                  : t('certificates.importForm.notRenewed')}
              </span>
            </li>
          ))}
        </ul>
      )}
      {accounts.length > 0 && (
        <section>
          <h3 className="mb-1 text-12 font-medium text-muted">{t('certificates.importForm.accounts')}</h3>
          <ul className="text-13">
            {accounts.map(({ resolver, email, ca }) => (
              <li key={`${resolver} ${ca}`}>
                {email === ''
                  ? t('certificates.importForm.accountUsedNoEmail', { ca, resolver })
                  : t('certificates.importForm.accountUsed', { email, ca, resolver })}
              </li>
            ))}
          </ul>
        </section>
      )}
      {skipped.length > 0 && (
        <section>
          <h3 className="mb-1 text-12 font-medium text-muted">{t('certificates.importForm.skipped')}</h3>
          <ul
            aria-label={t('certificates.importForm.skipped')}
            tabIndex={0}
            className="flex max-h-48 flex-col gap-1 overflow-y-auto text-13 text-soft"
          >
            {skipped.map((each) => (
              <li key={`${each.code} ${each.what} ${each.message}`} className="[overflow-wrap:anywhere]">
                {skippedWords(t, each)}
              </li>
            ))}
          </ul>
        </section>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onAgain}>{t('certificates.importForm.again')}</Button>
        <Button look="primary" onClick={onClose}>
          {t('common.close')}
        </Button>
      </div>
    </div>
  );
}
