import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './button.tsx';

/** A small task over the page: a form, or something to read exactly once. */
export function Modal({
  title,
  onClose,
  children,
  wide = false,
}: {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}) {
  const { t } = useTranslation();
  const popupRef = useRef<HTMLDivElement>(null);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-scrim" />
        <Dialog.Viewport className="fixed inset-0 z-50 flex items-end justify-center overflow-y-auto sm:items-center sm:p-6">
          <Dialog.Popup
            ref={popupRef}
            initialFocus={() => popupRef.current?.querySelector<HTMLElement>('input, select, textarea') ?? true}
            className={`fade flex max-h-full w-full flex-col rounded-t border border-line bg-raised shadow-float sm:rounded ${wide ? 'sm:max-w-[820px]' : 'sm:max-w-[520px]'}`}
          >
            <div className="flex items-center gap-2 px-5 pt-4 pb-2">
              <Dialog.Title className="min-w-0 flex-1 text-16 font-semibold [overflow-wrap:anywhere]">
                {title}
              </Dialog.Title>
              <Dialog.Close render={<IconButton label={t('common.close')} />}>
                <X size={16} />
              </Dialog.Close>
            </div>
            <div className="overflow-y-auto px-5 pb-5">{children}</div>
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
