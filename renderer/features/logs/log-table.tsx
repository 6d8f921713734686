import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp } from 'lucide-react';
import { memo, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { RequestRecord } from '../../../proxy/model/request-record.ts';
import { Button } from '../../components/button.tsx';
import { useLocale, useMediaQuery } from '../../components/hooks.ts';
import { ToneIcon } from '../../components/status.tsx';
import { useRowKeys } from '../../components/use-row-keys.ts';
import { formatClock, formatDuration, formatNumber } from '../../words/format.ts';
import { recordAddress, recordAnswer, requestPath } from '../road/stations.tsx';
import type { LogLines } from './log-lines.ts';

const toneClass = {
  good: 'text-good',
  off: 'text-off',
  attention: 'text-attention',
  broken: 'text-broken',
  paused: 'text-off',
};

const Line = memo(function Line({
  record,
  locale,
  search,
  selected,
  navigate,
}: {
  record: RequestRecord;
  locale: string;
  search: string;
  selected: boolean;
  navigate: (path: string) => void;
}) {
  const { text, tone } = recordAnswer(record);
  const { host, target } = recordAddress(record);
  const path = `${requestPath(record.id)}${search}`;
  // A plain link: hundreds are made while one scrolls, and the router's own would each watch the address.
  return (
    <a
      href={path}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        navigate(path);
      }}
      data-row-link
      aria-current={selected || undefined}
      className={`flex h-full items-center gap-3 border-b border-line px-4 text-13 -outline-offset-2 rail:px-7 ${selected ? 'bg-accent-soft' : 'hover:bg-hover'}`}
    >
      <span className="w-[86px] shrink-0 font-mono text-12 text-muted">{formatClock(record.at, locale)}</span>
      <span className={`flex w-12 shrink-0 items-center gap-1 font-mono ${toneClass[tone]}`}>
        <ToneIcon tone={tone} size={12} />
        {text}
      </span>
      <span className="hidden w-14 shrink-0 font-mono text-12 text-muted sm:block">{record.method}</span>
      <span className="min-w-0 flex-1 truncate font-mono sm:flex">
        <span className="block truncate sm:max-w-[50%] sm:shrink-0">{host}</span>
        <span className="block min-w-0 truncate text-12 text-muted sm:text-13">{target}</span>
      </span>
      <span className="hidden w-44 shrink-0 truncate font-mono text-12 text-muted @5xl:block">
        {record.router ?? '–'}
      </span>
      <span className="hidden w-36 shrink-0 truncate font-mono text-12 text-muted @3xl:block">{record.clientIp}</span>
      <span className="w-16 shrink-0 text-right text-12 text-soft">{formatDuration(record.durationMs, locale)}</span>
    </a>
  );
});

/**
 * Newest first. At the top it follows; further down the lines stand still and it says how many wait. Only the lines
 * in sight are in the page, however many there are.
 */
export function LogTable({
  lines,
  paused,
  search,
  selected,
}: {
  lines: LogLines;
  paused: boolean;
  search: string;
  selected: string | null;
}) {
  const { t } = useTranslation();
  const locale = useLocale();
  const [, navigate] = useLocation();
  const scrollRef = useRef<HTMLDivElement>(null);
  const wide = useMediaQuery('(min-width: 640px)');
  const rowPx = wide ? 32 : 48;
  const [atTop, setAtTop] = useState(true);
  /** What is shown while the list stands still; null while it follows. */
  const [frozen, setFrozen] = useState<{
    readonly live: readonly RequestRecord[];
    readonly length: number;
    readonly total: number;
  } | null>(null);
  const following = atTop && !paused;
  const now = { live: lines.live, length: lines.liveLength, total: lines.liveTotal };
  if (!following && frozen === null) setFrozen(now);
  if (following && frozen !== null) setFrozen(null);
  const view = following ? now : (frozen ?? now);
  const shown = view.length;
  const waiting = lines.liveTotal - view.total;
  const { older } = lines;
  const count = shown + older.records.length + 1;
  const recordAt = (index: number): RequestRecord | undefined =>
    index < shown ? view.live[shown - 1 - index] : older.records[index - shown];

  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => rowPx,
    overscan: 6,
  });
  useEffect(() => virtual.measure(), [virtual, rowPx]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { loadOlder } = lines;
  const wantsOlder = last >= count - 20 && older.state === 'idle' && older.records.length > 0;
  useEffect(() => {
    if (wantsOlder) loadOlder();
  });

  const toTop = (): void => {
    setFrozen(null);
    setAtTop(true);
    scrollRef.current?.scrollTo({ top: 0 });
  };
  useRowKeys(scrollRef);

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {waiting > 0 && (
        <div className="pointer-events-none absolute inset-x-0 top-2 z-10 flex justify-center" role="status">
          <Button look="primary" onClick={toTop} className="pointer-events-auto rounded-full shadow-float">
            <ArrowUp size={14} aria-hidden />
            {t('logs.newLines', { count: waiting, formatted: formatNumber(waiting, locale) })}
          </Button>
        </div>
      )}
      <div
        ref={scrollRef}
        role="group"
        aria-label={t('logs.list')}
        className="@container min-h-0 flex-1 overflow-x-hidden overflow-y-auto border-t border-line [overflow-anchor:none]"
        onScroll={(event) => setAtTop(event.currentTarget.scrollTop < rowPx)}
      >
        <ul className="relative" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const record = recordAt(item.index);
            return (
              <li
                key={record?.id ?? 'end'}
                data-index={item.index}
                className="absolute inset-x-0 top-0"
                style={{ height: item.size, transform: `translateY(${item.start}px)` }}
              >
                {record ? (
                  <Line
                    record={record}
                    locale={locale}
                    search={search}
                    selected={record.id === selected}
                    navigate={navigate}
                  />
                ) : (
                  <div className="flex h-full items-center justify-center gap-2 text-12 text-muted">
                    {older.state === 'loading' && t('logs.loadingOlder')}
                    {older.state === 'end' && t('logs.noOlder')}
                    {older.state === 'failed' && (
                      <>
                        {t('logs.olderFailed')}
                        <Button look="quiet" onClick={loadOlder}>
                          {t('logs.tryAgain')}
                        </Button>
                      </>
                    )}
                  </div>
                )}
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
