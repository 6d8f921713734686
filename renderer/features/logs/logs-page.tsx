import { Pause, Play, ScrollText, SearchX, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { isEmptyFilter, type LogFilter } from '../../client/log-filter.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Select, TextInput } from '../../components/field.tsx';
import { useLocale, useSettled } from '../../components/hooks.ts';
import { Empty, PageHead } from '../../components/page.tsx';
import { useQueryState } from '../../components/use-query-state.ts';
import { formatNumber } from '../../words/format.ts';
import { useLogLines } from './log-lines.ts';
import { LogTable } from './log-table.tsx';
import { RequestDetail } from './request-detail.tsx';

/** Filters that come by link and are taken off again one by one. */
const chips = ['router', 'service', 'host', 'clientIp'] as const;
const statuses = ['2xx', '3xx', '4xx', '5xx', '401', '403', '404', '429', '502', '503', '504'];

function filterOf(query: URLSearchParams, text: string): LogFilter {
  const filter: Record<string, string> = {};
  for (const key of [...chips, 'status', 'entryPoint']) {
    const value = query.get(key);
    if (value) filter[key] = value;
  }
  if (text.trim() !== '') filter['text'] = text.trim();
  return filter;
}

export function LogsPage({ id }: { id: string | null }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const [, navigate] = useLocation();
  const { query, search, set } = useQueryState();
  const [paused, setPaused] = useState(false);
  const text = useSettled(query.get('q') ?? '', 200);
  const filter = filterOf(query, text);
  const lines = useLogLines(filter);
  const status = useEngine((state) => state.picture?.status);
  const total = lines.liveLength + lines.older.records.length;
  const nothing = total === 0 && lines.older.state === 'end';
  const reset = (): void => set({ q: '', status: '', entryPoint: '', router: '', service: '', host: '', clientIp: '' });

  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <PageHead
          title={t('nav.logs')}
          sentence={paused ? t('logs.sentencePaused') : t('logs.sentenceLive')}
          actions={
            <Button onClick={() => setPaused(!paused)} aria-pressed={paused}>
              {paused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
              {paused ? t('logs.follow') : t('logs.pause')}
            </Button>
          }
        />
        <div className="flex flex-wrap items-center gap-2 px-4 pb-3 rail:px-7">
          <div className="min-w-40 flex-1 basis-52 sm:max-w-96">
            <TextInput
              type="search"
              label={t('common.search')}
              placeholder={t('logs.search')}
              value={query.get('q') ?? ''}
              onChange={(event) => set({ q: event.target.value })}
            />
          </div>
          <div className="w-36">
            <Select
              label={t('logs.status')}
              value={query.get('status') ?? ''}
              onChange={(event) => set({ status: event.target.value })}
            >
              <option value="">{t('logs.anyStatus')}</option>
              {statuses.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          </div>
          <div className="w-44">
            <Select
              label={t('logs.entryPoint')}
              value={query.get('entryPoint') ?? ''}
              onChange={(event) => set({ entryPoint: event.target.value })}
            >
              <option value="">{t('logs.anyEntryPoint')}</option>
              {status?.entryPoints.map((entry) => (
                <option key={entry.name}>{entry.name}</option>
              ))}
            </Select>
          </div>
          {chips.map((key) => {
            const value = query.get(key);
            return value ? (
              <Button key={key} onClick={() => set({ [key]: '' })} className="max-w-full min-w-0">
                <span className="text-muted">{t(`logs.${key}`)}</span>
                <span className="truncate font-mono">{value}</span>
                <X size={12} aria-label={t('common.remove')} />
              </Button>
            ) : null;
          })}
          <span className="ml-auto text-12 text-muted">
            {total > 0 && t('logs.lines', { count: total, formatted: formatNumber(total, locale) })}
          </span>
        </div>
        {lines.skipped > 0 && (
          <div className="flex items-center gap-2 px-4 pb-2 text-12 text-muted rail:px-7">
            {t('logs.skipped', { count: lines.skipped })}
            <Button look="quiet" onClick={lines.reload}>
              {t('logs.showSkipped')}
            </Button>
          </div>
        )}
        {nothing ? (
          isEmptyFilter(filter) ? (
            <Empty icon={ScrollText} title={t('logs.emptyTitle')}>
              {t('logs.emptyBody')}
            </Empty>
          ) : (
            <Empty icon={SearchX} title={t('logs.noMatch')} action={<Button onClick={reset}>{t('logs.clear')}</Button>}>
              {t('logs.noMatchBody')}
            </Empty>
          )
        ) : (
          <LogTable key={lines.key} lines={lines} paused={paused} search={search} selected={id} />
        )}
      </div>
      {id !== null && <RequestDetail key={id} id={id} lines={lines} onClose={() => navigate(`/logs${search}`)} />}
    </div>
  );
}
