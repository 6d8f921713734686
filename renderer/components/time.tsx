import { formatAbsolute, formatRelative } from '../words/format.ts';
import { useLocale, useNow } from './hooks.ts';

/** Relative, with the absolute on hover. */
export function Time({ at }: { at: number }) {
  const locale = useLocale();
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={formatAbsolute(at, locale)}>
      {formatRelative(at, now, locale)}
    </time>
  );
}
