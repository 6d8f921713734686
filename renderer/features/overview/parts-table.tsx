import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { TrafficSeries } from '../../../app/contract/objects.ts';
import { useLocale } from '../../components/hooks.ts';
import { Card } from '../../components/page.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { formatBytes, formatDuration, formatPercent, formatRate } from '../../words/format.ts';
import { servicePath } from '../road/stations.tsx';
import { type PartSummary, summariesOf } from './traffic.ts';

const shown = 12;

function Row({ part }: { part: PartSummary }) {
  const locale = useLocale();
  const cell = 'px-3 py-1.5 text-right whitespace-nowrap last:pr-4';
  return (
    <tr className="border-b border-line last:border-0 hover:bg-hover">
      <th scope="row" className="max-w-0 truncate py-1.5 pl-4 text-left font-mono text-13 font-normal">
        {part.kind === 'service' ? (
          <Link href={servicePath(part.name)} className="link">
            {part.name}
          </Link>
        ) : (
          <Link href="/settings#entry-points" className="link">
            {part.name}
          </Link>
        )}
      </th>
      <td className={`${cell} hidden sm:table-cell`}>
        <span className="inline-block align-middle">
          <Sparkline values={part.trend} />
        </span>
      </td>
      <td className={cell}>{formatRate(part.requestsPerSecond, locale)}/s</td>
      <td className={cell}>
        {part.errorRatio === null ? (
          <span className="text-muted">–</span>
        ) : (
          <span
            className={part.errorRatio >= 0.05 ? 'font-medium text-broken' : part.errorRatio === 0 ? 'text-muted' : ''}
          >
            {formatPercent(part.errorRatio, locale)}
          </span>
        )}
      </td>
      <td className={`${cell} hidden md:table-cell`}>
        {part.p95Ms === null ? '–' : formatDuration(part.p95Ms, locale)}
      </td>
      <td className={`${cell} hidden md:table-cell`}>{formatBytes(part.responseBytes, locale)}</td>
    </tr>
  );
}

/** Numbers per entry point and service over the time that the charts show. */
export function PartsTable({ series }: { series: TrafficSeries }) {
  const { t } = useTranslation();
  const parts = summariesOf(series).slice(0, shown);
  const head = 'px-3 py-2 text-right text-12 whitespace-nowrap font-medium text-muted last:pr-4';
  return (
    <Card title={t('overview.perPart')}>
      <table className="w-full text-13">
        <thead>
          <tr className="border-b border-line">
            <th scope="col" className="w-full px-4 py-2 text-left text-12 font-medium text-muted">
              {t('overview.name')}
            </th>
            <th scope="col" className={`${head} hidden sm:table-cell`}>
              {t('overview.trend')}
            </th>
            <th scope="col" className={head}>
              {t('overview.rate')}
            </th>
            <th scope="col" className={head}>
              {t('overview.errorRate')}
            </th>
            <th scope="col" className={`${head} hidden md:table-cell`}>
              {t('overview.p95Short')}
            </th>
            <th scope="col" className={`${head} hidden md:table-cell`}>
              {t('overview.sent')}
            </th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <Row key={`${part.kind} ${part.name}`} part={part} />
          ))}
        </tbody>
      </table>
    </Card>
  );
}
