import { Box, Gauge, type LucideIcon, Route, ScrollText, Search, Settings, ShieldCheck } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { useEngine } from '../client/store.ts';
import { Mark } from './mark.tsx';

interface Entry {
  readonly to: string;
  readonly icon: LucideIcon;
  readonly word: 'overview' | 'containers' | 'routers' | 'certificates' | 'logs' | 'settings';
  /** First parts of the paths that belong to it. */
  readonly areas: readonly string[];
}

const entries: readonly Entry[] = [
  { to: '/', icon: Gauge, word: 'overview', areas: [''] },
  { to: '/containers', icon: Box, word: 'containers', areas: ['containers'] },
  { to: '/routers', icon: Route, word: 'routers', areas: ['routers', 'services', 'middlewares', 'explain'] },
  { to: '/certificates', icon: ShieldCheck, word: 'certificates', areas: ['certificates', 'resolvers'] },
  { to: '/logs', icon: ScrollText, word: 'logs', areas: ['logs'] },
  { to: '/settings', icon: Settings, word: 'settings', areas: ['settings'] },
];

const mac = navigator.platform.startsWith('Mac');

/** The way between pages: a rail at the left, or a bar at the bottom where there is little room. */
export function Rail({ onSearch }: { onSearch: () => void }) {
  const { t } = useTranslation();
  const [location] = useLocation();
  const lit = useEngine((state) => state.link.kind === 'live' && state.picture?.status.health === 'well');
  const bad = useEngine((state) => state.picture?.status.counts.routers.errors ?? 0);
  const area = location.split('/')[1] ?? '';
  return (
    <>
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-s focus:bg-raised focus:px-3 focus:py-2"
      >
        {t('common.skip')}
      </a>
      <nav
        aria-label={t('nav.label')}
        className="flex shrink-0 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] rail:w-[208px] rail:flex-col rail:gap-0.5 rail:border-t-0 rail:border-r rail:p-3"
      >
        <div className="mb-3 hidden items-center gap-2.5 px-2 pt-1.5 rail:flex">
          <Mark lit={lit} />
          <span className="text-14 font-semibold">Gatehouse</span>
        </div>
        <button
          type="button"
          onClick={onSearch}
          className="mb-3 hidden h-8 items-center gap-2 rounded-s border border-line-strong bg-ground px-2.5 text-13 text-muted hover:text-text rail:flex"
        >
          <Search size={14} aria-hidden />
          <span className="flex-1 text-left">{t('nav.commandShort')}</span>
          <kbd className="font-sans text-12">{mac ? '⌘ K' : 'Ctrl K'}</kbd>
        </button>
        {entries.map((entry) => {
          const here = entry.areas.includes(area);
          return (
            <Link
              key={entry.to}
              href={entry.to}
              aria-current={here ? 'page' : undefined}
              className={`relative flex min-w-0 flex-auto flex-col items-center gap-0.5 py-2 text-12 rail:h-8 rail:flex-none rail:flex-row rail:gap-2.5 rail:rounded-s rail:px-2.5 rail:py-0 rail:text-14 ${
                here ? 'font-medium text-text rail:bg-hover' : 'text-muted hover:text-text rail:hover:bg-hover'
              }`}
            >
              <entry.icon size={18} strokeWidth={1.75} aria-hidden className={here ? 'text-accent-text' : ''} />
              <span className="max-w-full truncate tracking-tight rail:tracking-normal">{t(`nav.${entry.word}`)}</span>
              {entry.word === 'routers' && bad > 0 && (
                <span className="ml-auto hidden rounded-full bg-broken-soft px-1.5 text-12 text-broken rail:inline">
                  {bad}
                </span>
              )}
            </Link>
          );
        })}
        <button
          type="button"
          onClick={onSearch}
          aria-label={t('nav.command')}
          className="grid w-10 shrink-0 place-items-center text-muted rail:hidden"
        >
          <Search size={18} strokeWidth={1.75} aria-hidden />
        </button>
      </nav>
    </>
  );
}
