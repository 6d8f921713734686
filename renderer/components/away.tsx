import { CloudOff, PlugZap } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { reconnectNow } from '../client/connection.ts';
import { dateFormat, formatAbsolute } from '../words/format.ts';
import { Button } from './button.tsx';
import { useLocale } from './hooks.ts';
import { Empty } from './page.tsx';

/** The engine is away: says since when; what was last known stays below. */
export function AwayNote({ since }: { since: number }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const time = dateFormat(locale, { timeStyle: 'short' }).format(since);
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-attention-soft px-4 py-2 text-13 rail:px-7"
    >
      <CloudOff size={16} aria-hidden className="text-attention" />
      <span className="min-w-0 flex-1 basis-56" title={formatAbsolute(since, locale)}>
        {t('link.away', { time })}
      </span>
      <Button onClick={reconnectNow}>{t('link.retry')}</Button>
    </div>
  );
}

/** The engine never answered since the page was opened. */
export function EngineAway() {
  const { t } = useTranslation();
  return (
    <Empty
      icon={PlugZap}
      title={t('link.awayTitle')}
      action={<Button onClick={reconnectNow}>{t('link.retry')}</Button>}
    >
      {t('link.awayBody')}
    </Empty>
  );
}
