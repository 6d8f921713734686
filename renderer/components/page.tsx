import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSlow } from './hooks.ts';
import { type Tone, ToneIcon } from './status.tsx';

/** A page begins with its state in words. */
export function PageHead({
  title,
  sentence,
  tone,
  actions,
}: {
  title: ReactNode;
  sentence: ReactNode;
  tone?: Tone | undefined;
  actions?: ReactNode;
}) {
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-2 px-4 pt-5 pb-4 rail:px-7 rail:pt-6">
      <div className="min-w-0 flex-1 basis-64">
        <h1 className="text-12 font-medium text-muted">{title}</h1>
        <p className="mt-0.5 flex max-w-[860px] gap-2 text-16 text-text sm:text-20">
          {tone && (
            <span className="mt-[3px] sm:mt-1">
              <ToneIcon tone={tone} size={20} />
            </span>
          )}
          <span className="min-w-0 text-pretty [overflow-wrap:anywhere]">{sentence}</span>
        </p>
      </div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </header>
  );
}

/** Nothing here yet: what will be, and the first step. */
export function Empty({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="mx-auto flex max-w-[460px] flex-col items-center px-6 py-16 text-center">
      <span className="mb-4 grid size-12 place-items-center rounded-full border border-line bg-surface text-muted">
        <Icon size={22} strokeWidth={1.75} aria-hidden />
      </span>
      <h2 className="text-16 font-semibold">{title}</h2>
      {children && <div className="mt-1 text-14 text-muted">{children}</div>}
      {action && <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

const skeletonWidths = ['w-2/5', 'w-3/5', 'w-1/2', 'w-2/3', 'w-1/3', 'w-3/5', 'w-2/5', 'w-1/2'];

/** The shape of a page while it is on its way: cards or a list. Nothing for what takes no time. */
export function PageSkeleton({ area }: { area: string }) {
  const { t } = useTranslation();
  const slow = useSlow(true);
  if (!slow) return null;
  const cards = area === '' || area === 'settings';
  return (
    <div
      role="status"
      aria-label={t('common.loading')}
      aria-busy
      className={`w-full px-4 pt-6 rail:px-7 ${cards ? 'mx-auto max-w-[1200px]' : ''}`}
    >
      <h1 className="sr-only">{t('common.loading')}</h1>
      <div className="skeleton mb-2 h-3 w-20" />
      <div className="skeleton mb-6 h-6 w-80 max-w-full" />
      {cards
        ? ['h-56', 'h-72', 'h-40'].map((height) => (
            <div key={height} className={`mb-4 rounded border border-line bg-surface p-4 ${height}`}>
              <div className="skeleton h-4 w-32" />
            </div>
          ))
        : skeletonWidths.map((width, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- rows that mean nothing have no identity
            <div key={index} className="flex items-center gap-4 border-b border-line py-3.5">
              <div className="skeleton size-4 rounded-full" />
              <div className={`skeleton h-4 ${width}`} />
            </div>
          ))}
    </div>
  );
}

export function Card({ title, actions, children }: { title?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="min-w-0 rounded border border-line bg-surface">
      {title !== undefined && (
        <div className="flex min-h-11 flex-wrap items-center gap-2 border-b border-line px-4 py-1.5">
          <h2 className="flex-1 text-14 font-semibold">{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}
