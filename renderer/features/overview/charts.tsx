import { useTranslation } from 'react-i18next';
import type { TrafficPoint, TrafficSeries } from '../../../app/contract/objects.ts';
import { Chart, type ChartSeries } from '../../components/chart.tsx';
import { useLocale } from '../../components/hooks.ts';
import { formatDuration, formatRate } from '../../words/format.ts';
import type { Range } from './use-series.ts';

const spanS: Record<Range, number> = { live: 300, hour: 3600, day: 86_400 };
const colours = [2, 4, 3] as const;

/** Requests, errors and latency over the same time. */
export function Charts({ series, range }: { series: TrafficSeries; range: Range }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const at = series.at.map((time) => time / 1000);
  const stepS = series.stepMs / 1000;
  const end = (at.at(-1) ?? 0) + (range === 'live' ? 0 : stepS);
  const shared = { at, gapS: stepS * 2.5, range: [end - spanS[range], end] as const };
  const rate = (points: readonly TrafficPoint[]): number[] => points.map((point) => point.requests / stepS);
  const entries = Object.entries(series.entryPoints)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .slice(0, 3);
  const requests: ChartSeries[] = [
    { name: t('overview.all'), colour: 1, values: rate(series.total) },
    ...(entries.length > 1
      ? entries.map(([name, points], index) => ({ name, colour: colours[index] ?? 4, values: rate(points) }))
      : []),
  ];
  return (
    <div className="grid grid-cols-1 divide-y divide-line lg:grid-cols-3 lg:divide-x lg:divide-y-0">
      <Chart
        {...shared}
        label={t('overview.requests')}
        series={requests}
        format={(value) => `${formatRate(value, locale)}/s`}
      />
      <Chart
        {...shared}
        label={t('overview.errors')}
        series={[{ name: t('overview.all'), colour: 3, values: series.total.map((point) => point.errors / stepS) }]}
        format={(value) => `${formatRate(value, locale)}/s`}
      />
      <Chart
        {...shared}
        label={t('overview.latency')}
        series={[
          { name: t('overview.p95'), colour: 1, values: series.total.map((point) => point.p95Ms) },
          { name: t('overview.median'), colour: 2, values: series.total.map((point) => point.p50Ms) },
        ]}
        format={(value) => formatDuration(value, locale)}
      />
    </div>
  );
}
