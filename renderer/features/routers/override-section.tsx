import { FileOutput, PencilLine, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isDockerProvider } from '../../../app/contract/docker-name.ts';
import type { RouterView, ServiceView } from '../../../app/contract/objects.ts';
import { actWithUndo } from '../../client/actions.ts';
import { Button } from '../../components/button.tsx';
import { Section } from '../../components/panel.tsx';
import { OverrideExportDialog } from './override-export.tsx';
import { OverrideForm, type OverrideTarget } from './override-form.tsx';

/** What was edited here, what stands below it, and the ways from there. Nothing for what labels and files do not make. */
export function OverrideSection({
  object,
  item,
}: {
  object: OverrideTarget['object'];
  item: Pick<RouterView | ServiceView, 'name' | 'provider' | 'overridden' | 'protocol'>;
}) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<'edit' | 'export' | null>(null);
  if ((!isDockerProvider(item.provider) && item.provider !== 'file') || item.protocol !== undefined) return null;
  const { name, overridden } = item;
  const target = { object, name };
  const close = (): void => setOpen(null);
  const back = (): void => {
    void actWithUndo({ done: t('override.backDone', { name }), failed: t('override.backFailed') }, (client) =>
      client.overrides.remove(target),
    );
  };
  const edit = (
    <Button onClick={() => setOpen('edit')}>
      <PencilLine size={14} aria-hidden />
      {t('override.edit')}
    </Button>
  );
  return (
    <>
      {overridden ? (
        <Section title={t('override.section')}>
          <p className="text-13 first-letter:uppercase">
            {overridden.fields.map((field) => t(`override.fields.${field}`)).join(', ')}
          </p>
          <p className="mt-1 text-13 text-muted">
            {t('override.original')}{' '}
            <code className="font-mono [overflow-wrap:anywhere]">
              {[overridden.rule, ...overridden.middlewares].filter((text) => text !== '').join(', ') ||
                t('override.noMiddlewares')}
            </code>
          </p>
          <div className="mt-2 flex flex-wrap gap-2">
            {edit}
            <Button onClick={back}>
              <Undo2 size={14} aria-hidden />
              {t('override.back')}
            </Button>
            <Button onClick={() => setOpen('export')}>
              <FileOutput size={14} aria-hidden />
              {t('override.export')}
            </Button>
          </div>
        </Section>
      ) : (
        <div className="flex pt-3">{edit}</div>
      )}
      {open === 'edit' && <OverrideForm target={target} onClose={close} />}
      {open === 'export' && <OverrideExportDialog target={target} onClose={close} />}
    </>
  );
}
