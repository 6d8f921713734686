import { FileOutput, PencilLine, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isEditableProvider } from '../../../app/contract/editable.ts';
import type { RouterView, ServiceView } from '../../../app/contract/objects.ts';
import { actWithUndo } from '../../client/actions.ts';
import { Button } from '../../components/button.tsx';
import { Section } from '../../components/panel.tsx';
import { ToneIcon, toneGround } from '../../components/status.tsx';
import { OverrideExportDialog } from './override-export.tsx';
import { OverrideForm, type OverrideTarget } from './override-form.tsx';

type Overridden = NonNullable<RouterView['overridden']>;

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
  if (!isEditableProvider(item.provider)) return null;
  const { name, overridden, protocol } = item;
  const target: OverrideTarget = { object, name, ...(protocol === undefined ? {} : { protocol }) };
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
          <Original overridden={overridden} />
          {overridden.changed && (
            <p className={`mt-2 flex gap-2.5 rounded-s px-3 py-2 text-13 ${toneGround.attention}`}>
              <span className="mt-0.5">
                <ToneIcon tone="attention" />
              </span>
              {t('override.changed')}
            </p>
          )}
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
        <div className="flex pb-3">{edit}</div>
      )}
      {open === 'edit' && <OverrideForm target={target} onClose={close} />}
      {open === 'export' && <OverrideExportDialog target={target} onClose={close} />}
    </>
  );
}

/** What labels or files say of what is edited. */
function Original({ overridden }: { overridden: Overridden }) {
  const { t } = useTranslation();
  const { fields, rule, middlewares, servers = [], healthCheckPath } = overridden;
  const moved = servers.filter(({ address }) => address !== null);
  const lines = [
    ...(fields.includes('host') ? [rule] : []),
    ...(fields.includes('middlewares') ? [middlewares.join(', ') || t('override.noMiddlewares')] : []),
    ...moved.map(({ server }) => server),
    ...(fields.includes('healthCheckPath')
      ? [`${t('override.healthCheck')}: ${healthCheckPath ?? t('common.none')}`]
      : []),
  ].filter((line) => line !== '');
  if (lines.length === 0) return null;
  return (
    <div className="mt-1 text-13 text-muted">
      {t('override.original')}{' '}
      {lines.map((line) => (
        <code key={line} className="block font-mono [overflow-wrap:anywhere]">
          {line}
        </code>
      ))}
    </div>
  );
}
