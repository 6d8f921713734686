import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OverrideExport } from '../../../app/contract/objects.ts';
import { failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { CopyButton } from '../../components/copy.tsx';
import { Modal } from '../../components/modal.tsx';
import { failureWords } from '../../words/failure-words.ts';
import type { OverrideTarget } from './override-form.tsx';

/** An edited object as text to paste where it comes from. */
export function OverrideExportDialog({ target, onClose }: { target: OverrideTarget; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const { object, name, protocol } = target;
  const [text, setText] = useState<OverrideExport | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    if (!client) return undefined;
    let current = true;
    client.overrides.export({ object, name, ...(protocol === undefined ? {} : { protocol }) }).then(
      (found) => current && setText(found),
      (error: unknown) => current && setFailure(failureWords(failureOf(error))),
    );
    return () => {
      current = false;
    };
  }, [client, object, name, protocol]);
  const forms = text
    ? ([
        ['labels', text.labels.join('\n')],
        ['compose', text.compose],
        ['file', text.file],
      ] as const)
    : [];
  return (
    <Modal title={t('override.exportTitle', { name })} onClose={onClose} wide>
      <p className="text-13 text-soft">{t('override.exportIntro')}</p>
      {failure !== null && <p className="mt-3 text-13 text-broken">{failure}</p>}
      <div className="min-h-56">
        {forms.map(([form, content]) => (
          <section key={form} aria-label={t(`override.${form}`)} className="mt-4">
            <h3 className="flex items-center justify-between text-12 font-medium text-muted">
              {t(`override.${form}`)}
              {content !== '' && <CopyButton text={content} />}
            </h3>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard */}
            <pre
              tabIndex={0}
              className="max-h-44 overflow-auto rounded border border-line bg-surface p-3 font-mono text-12"
            >
              {content === '' ? t('override.exportEmpty') : content.trimEnd()}
            </pre>
          </section>
        ))}
      </div>
    </Modal>
  );
}
