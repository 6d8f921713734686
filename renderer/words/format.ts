/** Numbers, sizes and times as people read them. Pure; `locale` is a BCP 47 tag. */

const cache = new Map<string, Intl.NumberFormat>();

function numberFormat(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  let format = cache.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, options);
    cache.set(key, format);
  }
  return format;
}

export function formatNumber(value: number, locale: string): string {
  return numberFormat(locale, { maximumFractionDigits: 0 }).format(value);
}

/** Three figures at most, so that the width stays: 0.4, 12.5, 340, 1.2 k. */
export function formatRate(perSecond: number, locale: string): string {
  if (perSecond === 0) return '0';
  if (perSecond < 0.1) return `< ${numberFormat(locale, { maximumFractionDigits: 1 }).format(0.1)}`;
  if (perSecond >= 1000) {
    return `${numberFormat(locale, { maximumFractionDigits: 1 }).format(perSecond / 1000)} k`;
  }
  return numberFormat(locale, { maximumFractionDigits: perSecond < 100 ? 1 : 0 }).format(perSecond);
}

/** `ratio` between 0 and 1. What is not nothing never reads as 0 %. */
export function formatPercent(ratio: number, locale: string): string {
  const shown = ratio > 0 && ratio < 0.001 ? 0.001 : ratio;
  return numberFormat(locale, { style: 'percent', maximumFractionDigits: shown < 0.1 ? 1 : 0 }).format(shown);
}

/** Milliseconds as ms, s or min. */
export function formatDuration(ms: number, locale: string): string {
  if (ms > 0 && ms < 1) return `${numberFormat(locale, { maximumSignificantDigits: 1 }).format(Math.max(ms, 0.01))} ms`;
  if (ms < 1000) return `${numberFormat(locale, { maximumFractionDigits: ms < 10 ? 1 : 0 }).format(ms)} ms`;
  if (ms < 60_000) return `${numberFormat(locale, { maximumFractionDigits: ms < 10_000 ? 1 : 0 }).format(ms / 1000)} s`;
  return `${numberFormat(locale, { maximumFractionDigits: 1 }).format(ms / 60_000)} min`;
}

const byteUnits = {
  en: ['B', 'kB', 'MB', 'GB', 'TB'],
  fr: ['o', 'ko', 'Mo', 'Go', 'To'],
} as const;

/** Decimal units: 1 kB is 1,000 bytes. */
export function formatBytes(bytes: number, locale: string): string {
  const units = locale.startsWith('fr') ? byteUnits.fr : byteUnits.en;
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${numberFormat(locale, { maximumFractionDigits: unit > 0 && value < 10 ? 1 : 0 }).format(value)} ${units[unit]}`;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs far more than using one, and a log has thousands of lines. */
export function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  let format = clocks.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(locale, options);
    clocks.set(key, format);
  }
  return format;
}

const relatives = new Map<string, Intl.RelativeTimeFormat>();

const steps: readonly (readonly [limitS: number, unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  [60, 'second', 1],
  [3600, 'minute', 60],
  [86_400, 'hour', 3600],
  [86_400 * 30, 'day', 86_400],
  [86_400 * 365, 'month', 86_400 * 30.44],
  [Number.POSITIVE_INFINITY, 'year', 86_400 * 365.25],
];

function relativeFormat(locale: string): Intl.RelativeTimeFormat {
  let format = relatives.get(locale);
  if (!format) {
    format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
    relatives.set(locale, format);
  }
  return format;
}

/** "3 minutes ago", "in 23 days"; what is closer than five seconds is "now". */
export function formatRelative(at: number, now: number, locale: string): string {
  const seconds = (at - now) / 1000;
  const format = relativeFormat(locale);
  if (Math.abs(seconds) < 5) return format.format(0, 'second');
  for (const [limit, unit, size] of steps) {
    if (Math.abs(seconds) < limit) return format.format(Math.trunc(seconds / size), unit);
  }
  return '';
}

const daysUpTo = 180;

/** As {@link formatRelative}, but in days for up to half a year: "in 38 days" says more than "next month" of a plan. */
export function formatRelativeDays(at: number, now: number, locale: string): string {
  const days = Math.trunc((at - now) / 86_400_000);
  if (Math.abs(days) < 2 || Math.abs(days) > daysUpTo) return formatRelative(at, now, locale);
  return relativeFormat(locale).format(days, 'day');
}

export function formatAbsolute(at: number, locale: string): string {
  return dateFormat(locale, { dateStyle: 'full', timeStyle: 'medium' }).format(at);
}

const clockOptions: Intl.DateTimeFormatOptions = {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hour12: false,
};

/** Time of day with milliseconds, as log lines have it. */
export function formatClock(at: number, locale: string): string {
  return dateFormat(locale, clockOptions).format(at);
}

/** Day and time to the minute, short enough for a sentence. */
export function formatMoment(at: number, locale: string): string {
  return dateFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(at);
}

export function formatDate(at: number, locale: string): string {
  return dateFormat(locale, { dateStyle: 'long' }).format(at);
}
