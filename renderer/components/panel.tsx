import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useEffectEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './button.tsx';
import { useWide } from './hooks.ts';

interface PanelProps {
  readonly title: ReactNode;
  /** The title as plain text, for screen readers. */
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** The detail of one object: beside its list where there is room, over it where there is not. */
export function DetailPanel(props: PanelProps) {
  return useWide() ? <BesidePanel {...props} /> : <OverPanel {...props} />;
}

function BesidePanel({ title, label, onClose, children }: PanelProps) {
  const { t } = useTranslation();
  const onEscape = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('[role="dialog"]')) onClose();
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => onEscape(event);
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <aside aria-label={label} className="flex w-[460px] shrink-0 flex-col border-l border-line bg-surface">
      <div className="flex min-h-14 items-center gap-2 border-b border-line px-5 py-2">
        <h2 className="min-w-0 flex-1 text-16 font-semibold [overflow-wrap:anywhere]">{title}</h2>
        <IconButton label={t('common.close')} onClick={onClose}>
          <X size={16} />
        </IconButton>
      </div>
      <section aria-label={label} tabIndex={0} className="flex-1 overflow-y-auto px-5 py-4">
        {children}
      </section>
    </aside>
  );
}

function OverPanel({ title, onClose, children }: PanelProps) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-scrim" />
        <Dialog.Popup className="fade fixed inset-y-0 right-0 z-40 flex w-full max-w-[520px] flex-col border-l border-line bg-surface shadow-float">
          <div className="flex min-h-14 items-center gap-2 border-b border-line px-4 py-2">
            <Dialog.Title className="min-w-0 flex-1 text-16 font-semibold [overflow-wrap:anywhere]">
              {title}
            </Dialog.Title>
            <Dialog.Close render={<IconButton label={t('common.close')} />}>
              <X size={16} />
            </Dialog.Close>
          </div>
          <div className="flex-1 overflow-y-auto px-4 py-4 pb-[max(16px,env(safe-area-inset-bottom))]">{children}</div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** A titled part of a detail. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="border-b border-line py-4 first:pt-0 last:border-0 last:pb-0">
      <h3 className="mb-2 text-12 font-medium text-muted">{title}</h3>
      {children}
    </section>
  );
}

export interface Fact {
  readonly name: string;
  readonly value: ReactNode;
}

export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="grid grid-cols-[minmax(96px,auto)_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-13">
      {facts.map((fact) => (
        <div key={fact.name} className="contents">
          <dt className="text-muted">{fact.name}</dt>
          <dd className="[overflow-wrap:anywhere]">{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}
