import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { dateFormat } from '../words/format.ts';
import { useLocale } from './hooks.ts';
import { useTheme } from './theme.ts';

export interface ChartSeries {
  readonly name: string;
  /** 1 to 4: more than four lines cannot be read. */
  readonly colour: 1 | 2 | 3 | 4;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly label: string;
  /** Seconds since 1970, ascending. */
  readonly at: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  /** Points further apart than this are not joined: there is no data between. */
  readonly gapS: number;
  /** The time to show, seconds since 1970. */
  readonly range: readonly [number, number];
}

const heightPx = 148;

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Nulls where steps are missing, so that the line breaks there. */
function withGaps(at: readonly number[], series: readonly ChartSeries[], gapS: number): (number | null)[][] {
  const columns: (number | null)[][] = [[], ...series.map(() => [])];
  at.forEach((time, index) => {
    const previous = at[index - 1];
    if (previous !== undefined && time - previous > gapS) {
      columns[0]?.push(previous + gapS / 2);
      series.forEach((_, column) => columns[column + 1]?.push(null));
    }
    columns[0]?.push(time);
    series.forEach((one, column) => columns[column + 1]?.push(one.values[index] ?? null));
  });
  return columns;
}

function alone(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex] ?? [];
  const has = (index: number): boolean => values[index] !== null && values[index] !== undefined;
  return Array.from(values.keys()).filter((index) => has(index) && !has(index - 1) && !has(index + 1));
}

/** A line chart with a zero line, units, gaps, and a cursor that reads all series. */
export function Chart({ label, at, series, format, gapS, range }: ChartProps) {
  const hostRef = useRef<HTMLDivElement>(null);
  const plotRef = useRef<uPlot | null>(null);
  const rangeRef = useRef(range);
  const formatRef = useRef(format);
  const dark = useTheme((state) => state.dark);
  const locale = useLocale();
  const [cursor, setCursor] = useState<number | null>(null);
  const kinds = JSON.stringify(series.map(({ name, colour }) => ({ name, colour })));

  useEffect(() => {
    const host = hostRef.current;
    if (!host) return undefined;
    // Made anew for what cannot be changed in place: theme, language, kinds of series.
    const lines = JSON.parse(kinds) as Pick<ChartSeries, 'name' | 'colour'>[];
    const muted = token('--muted');
    const line = token('--line');
    const font = '12px system-ui, sans-serif';
    const plot = new uPlot(
      {
        width: host.clientWidth || 300,
        height: heightPx,
        legend: { show: false },
        padding: [8, 4, 0, 0],
        cursor: { drag: { x: false, y: false }, points: { size: 6 }, y: false },
        scales: {
          x: { time: true, range: () => [rangeRef.current[0], rangeRef.current[1]] },
          y: { range: (_plot, _min, max) => [0, Math.max(max * 1.15, 1e-3) || 1] },
        },
        axes: [
          {
            stroke: muted,
            font,
            grid: { show: false },
            ticks: { show: false },
            size: 24,
            space: 48,
            values: (_plot, splits) => {
              const clock = dateFormat(locale, { hour: '2-digit', minute: '2-digit', hour12: false });
              return splits.map((split) => clock.format(split * 1000));
            },
          },
          {
            stroke: muted,
            font,
            grid: { stroke: line, width: 1 },
            ticks: { show: false },
            size: 64,
            space: 40,
            values: (_plot, splits) => splits.map((split) => formatRef.current(split)),
          },
        ],
        series: [
          {},
          ...lines.map((one, index) => ({
            label: one.name,
            stroke: token(`--series-${one.colour}`),
            width: 1.5,
            // A value with nothing beside it makes no line: it is drawn as a point.
            points: { show: true, size: 4, filter: alone },
            ...(index === 0 ? { fill: `${token(`--series-${one.colour}`)}14` } : {}),
          })),
        ],
        hooks: { setCursor: [(self) => setCursor(self.cursor.idx ?? null)] },
      },
      [[], ...lines.map(() => [])],
      host,
    );
    plotRef.current = plot;
    const observer = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: heightPx }));
    observer.observe(host);
    return () => {
      observer.disconnect();
      plot.destroy();
      plotRef.current = null;
    };
  }, [dark, locale, kinds]);

  const columns = withGaps(at, series, gapS);
  useEffect(() => {
    rangeRef.current = range;
    formatRef.current = format;
    plotRef.current?.setData(columns as uPlot.AlignedData);
  });

  const read = cursor ?? (columns[0]?.length ?? 0) - 1;
  const readAt = columns[0]?.[read];
  return (
    <figure className="min-w-0">
      <figcaption className="px-4 pt-3 text-12 text-muted">
        <span className="flex items-baseline justify-between gap-3">
          <span className="text-13 font-medium text-text">{label}</span>
          <span>
            {cursor !== null && typeof readAt === 'number'
              ? dateFormat(locale, { timeStyle: 'medium', hour12: false }).format(readAt * 1000)
              : null}
          </span>
        </span>
        <span className="mt-0.5 flex flex-wrap gap-x-3">
          {series.map((one, index) => {
            const value = columns[index + 1]?.[read];
            return (
              <span key={one.name} className="inline-flex items-center gap-1.5">
                <span
                  aria-hidden
                  className="h-0.5 w-3 rounded-full"
                  style={{ background: `var(--series-${one.colour})` }}
                />
                {one.name}
                <span className="min-w-11 text-text">
                  {value === null || value === undefined ? '–' : format(value)}
                </span>
              </span>
            );
          })}
        </span>
      </figcaption>
      <div ref={hostRef} className="uplot-host h-[148px] w-full overflow-hidden" aria-hidden />
    </figure>
  );
}
