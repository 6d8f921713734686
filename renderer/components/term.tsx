import { Popover } from '@base-ui/react/popover';
import { useTranslation } from 'react-i18next';

type Word = 'router' | 'middleware' | 'service' | 'entryPoint' | 'provider' | 'rule';

/** A word of the domain; hovering, focusing or tapping it says what it is. */
export function Term({ word, children }: { word: Word; children: string }) {
  const { t } = useTranslation();
  return (
    <Popover.Root>
      <Popover.Trigger
        openOnHover
        delay={250}
        className="cursor-help underline decoration-line-strong decoration-dotted underline-offset-4"
      >
        {children}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} className="z-50">
          <Popover.Popup
            aria-label={children}
            className="fade max-w-[280px] rounded border border-line-strong bg-raised px-3 py-2 text-13 text-soft shadow-float"
          >
            {t(`terms.${word}`)}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
