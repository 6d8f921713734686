import { Ghost, Stethoscope } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RequestRecord } from '../../../proxy/model/request-record.ts';
import { logBuffer, useEngine } from '../../client/store.ts';
import { LinkButton } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { useLocale } from '../../components/hooks.ts';
import { Empty } from '../../components/page.tsx';
import { DetailPanel, Facts, Section } from '../../components/panel.tsx';
import { Road } from '../../components/road.tsx';
import { ToneIcon, toneGround } from '../../components/status.tsx';
import { Time } from '../../components/time.tsx';
import { formatBytes, formatDuration } from '../../words/format.ts';
import { inReadersWords } from '../../words/reasons.ts';
import { recordAddress, recordAnswer, recordStations } from '../road/stations.tsx';
import type { LogLines } from './log-lines.ts';

function useRecord(id: string, lines: LogLines): RequestRecord | 'loading' | 'gone' {
  const client = useEngine((state) => state.client);
  const [found, setFound] = useState<RequestRecord | 'loading' | 'gone'>(
    () =>
      logBuffer.view().records.findLast((record) => record.id === id) ??
      lines.older.records.find((record) => record.id === id) ??
      'loading',
  );
  useEffect(() => {
    if (found !== 'loading' || !client) return undefined;
    let current = true;
    client.requests.get({ id }).then(
      (record) => current && setFound(record),
      () => current && setFound('gone'),
    );
    return () => {
      current = false;
    };
  }, [client, found, id]);
  return found;
}

/** Where the time went, as one bar to scale. */
function Timing({ record }: { record: RequestRecord }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const origin = record.originDurationMs ?? 0;
  const middlewares = record.middlewares.filter((step) => step.durationMs > 0);
  const between = middlewares.reduce((sum, step) => sum + step.durationMs, 0);
  const own = Math.max(0, record.durationMs - origin - between);
  const parts = [
    { name: t('logs.timingProxy'), ms: own, colour: 'var(--series-2)' },
    ...middlewares.map((step) => ({ name: step.name, ms: step.durationMs, colour: 'var(--series-4)' })),
    ...(record.originDurationMs === null
      ? []
      : [{ name: t('logs.timingOrigin'), ms: origin, colour: 'var(--series-1)' }]),
  ];
  const total = Math.max(
    parts.reduce((sum, part) => sum + part.ms, 0),
    0.001,
  );
  return (
    <div>
      <div className="flex h-2 gap-px overflow-hidden rounded-full bg-line" aria-hidden>
        {parts.map((part) => (
          <span key={part.name} style={{ width: `${(part.ms / total) * 100}%`, background: part.colour }} />
        ))}
      </div>
      <ul className="mt-2 flex flex-col gap-1 text-13">
        {parts.map((part) => (
          <li key={part.name} className="flex items-center gap-2">
            <span aria-hidden className="size-2 rounded-full" style={{ background: part.colour }} />
            <span className="min-w-0 flex-1 truncate">{part.name}</span>
            <span>{formatDuration(part.ms, locale)}</span>
          </li>
        ))}
        <li className="flex border-t border-line pt-1 font-medium">
          <span className="flex-1">{t('common.total')}</span>
          {formatDuration(record.durationMs, locale)}
        </li>
      </ul>
    </div>
  );
}

function Body({ record }: { record: RequestRecord }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { text, tone } = recordAnswer(record);
  const address = recordAddress(record);
  const url = `${record.scheme}://${address.host}${address.target}`;
  const optional = (name: string, value: string | null) => (value ? [{ name, value }] : []);
  return (
    <>
      {record.error && (
        <Section title={t('logs.whatHappened')}>
          <div
            className={`flex gap-2.5 rounded-s px-3 py-2 text-13 ${toneGround[record.status >= 500 ? 'broken' : 'attention']}`}
          >
            <span className="mt-0.5">
              <ToneIcon tone={record.status >= 500 ? 'broken' : 'attention'} />
            </span>
            <div className="min-w-0 [overflow-wrap:anywhere]">
              <p>{t(`proxyError.${record.error.code}`)}</p>
              {record.error.detail !== '' && (
                <p className="font-mono text-12 text-soft">{inReadersWords(record.error.detail)}</p>
              )}
            </div>
          </div>
        </Section>
      )}
      <Section title={t('logs.road')}>
        <Road label={t('road.label')} stations={recordStations(record, t, locale)} />
      </Section>
      <Section title={t('logs.timing')}>
        <Timing record={record} />
      </Section>
      <Section title={t('logs.request')}>
        <Facts
          facts={[
            { name: t('logs.at'), value: <Time at={record.at} /> },
            ...optional(t('logs.method'), record.method),
            {
              name: t('logs.address'),
              value: <code className="font-mono text-13">{url}</code>,
            },
            { name: t('logs.client'), value: `${record.clientIp}:${record.clientPort}` },
            { name: t('logs.protocol'), value: record.protocol },
            ...optional(t('logs.tls'), record.tlsVersion),
            ...optional(t('logs.user'), record.username),
            ...optional(t('logs.userAgent'), record.userAgent),
            ...optional(t('logs.referer'), record.referer),
            ...optional(t('logs.upgrade'), record.upgrade),
            { name: t('logs.received'), value: formatBytes(record.requestBytes, locale) },
          ]}
        />
      </Section>
      <Section title={t('logs.answer')}>
        <Facts
          facts={[
            {
              name: t('logs.status'),
              value: (
                <span className="inline-flex items-center gap-1.5">
                  <ToneIcon tone={tone} size={14} />
                  {text}
                </span>
              ),
            },
            ...(record.originStatus === null
              ? []
              : [{ name: t('logs.originStatus'), value: String(record.originStatus) }]),
            { name: t('logs.sent'), value: formatBytes(record.responseBytes, locale) },
            {
              name: t('logs.reference'),
              value: (
                <span className="-my-1.5 inline-flex items-center font-mono">
                  {record.id}
                  <CopyButton text={record.id} />
                </span>
              ),
            },
          ]}
        />
      </Section>
      <div className="flex flex-wrap gap-2 pt-4">
        <LinkButton to={`/explain?ref=${encodeURIComponent(record.id)}`}>
          <Stethoscope size={14} aria-hidden />
          {t('logs.explain')}
        </LinkButton>
        {record.router !== null && (
          <LinkButton to={`/logs?router=${encodeURIComponent(record.router)}`}>{t('logs.onlyRouter')}</LinkButton>
        )}
        <LinkButton to={`/logs?clientIp=${encodeURIComponent(record.clientIp)}`}>{t('logs.onlyClient')}</LinkButton>
      </div>
    </>
  );
}

export function RequestDetail({ id, lines, onClose }: { id: string; lines: LogLines; onClose: () => void }) {
  const { t } = useTranslation();
  const record = useRecord(id, lines);
  const known = typeof record === 'string' ? null : record;
  return (
    <DetailPanel
      title={
        <span className="font-mono text-14">
          {known ? `${known.method || known.protocol} ${recordAddress(known).host}` : t('logs.detail', { id })}
        </span>
      }
      label={t('logs.detail', { id })}
      onClose={onClose}
    >
      {known && <Body record={known} />}
      {record === 'gone' && (
        <Empty icon={Ghost} title={t('logs.gone')}>
          {t('logs.goneBody')}
        </Empty>
      )}
    </DetailPanel>
  );
}
