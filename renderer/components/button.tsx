import type { ComponentProps, ReactNode } from 'react';
import { Link } from 'wouter';

const looks = {
  /** The one thing to do next. */
  primary: 'bg-accent text-on-accent hover:bg-accent-hover border border-transparent font-medium',
  plain: 'bg-surface text-text hover:bg-hover border border-line-strong',
  quiet: 'bg-transparent text-soft hover:bg-hover hover:text-text border border-transparent',
} as const;

type Look = keyof typeof looks;

const shape =
  'inline-flex h-8 items-center justify-center gap-1.5 rounded-s px-3 text-13 whitespace-nowrap select-none ' +
  'disabled:opacity-50 transition-colors';

export function Button({ look = 'plain', className = '', ...props }: ComponentProps<'button'> & { look?: Look }) {
  return <button type="button" {...props} className={`${shape} ${looks[look]} ${className}`} />;
}

export function LinkButton({ look = 'plain', to, children }: { look?: Look; to: string; children: ReactNode }) {
  return (
    <Link href={to} className={`${shape} ${looks[look]}`}>
      {children}
    </Link>
  );
}

/** A square button of an icon; `label` is what it does. */
export function IconButton({
  label,
  children,
  className = '',
  ...props
}: ComponentProps<'button'> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...props}
      className={`inline-grid size-8 shrink-0 place-items-center rounded-s text-muted hover:bg-hover hover:text-text disabled:opacity-50 ${className}`}
    >
      {children}
    </button>
  );
}
