import { Dialog } from '@base-ui/react/dialog';
import { ArrowRight, Box, Network, Route, Search, ShieldCheck, ShieldHalf, Zap } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { actWithUndo } from '../../client/actions.ts';
import { useEngine } from '../../client/store.ts';
import { chooseTheme } from '../../components/theme.ts';
import { chooseLanguage } from '../../words/i18n.ts';
import { referenceIn } from '../explain/reference.ts';
import { type Command, find, objectCommands } from './commands.ts';

const icons = {
  pages: ArrowRight,
  actions: Zap,
  containers: Box,
  routers: Route,
  services: Network,
  middlewares: ShieldHalf,
  certificates: ShieldCheck,
};

const shown = 40;

function useCommands(query: string, close: () => void): readonly Command[] {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const picture = useEngine((state) => state.picture);
  // The list is made once: it does not move under the hand while the engine goes on.
  const [still] = useState(picture);
  const all = useMemo(() => {
    const go = (path: string): void => navigate(path);
    const pages: Command[] = (
      [
        ['/', t('nav.overview')],
        ['/containers', t('nav.containers')],
        ['/routers', t('routing.routers')],
        ['/services', t('routing.services')],
        ['/middlewares', t('routing.middlewares')],
        ['/certificates', t('nav.certificates')],
        ['/resolvers', t('certificates.resolvers')],
        ['/logs', t('nav.logs')],
        ['/explain', t('explain.title')],
        ['/settings', t('nav.settings')],
      ] as const
    ).map(([path, text]) => ({ id: path, group: 'pages', text, run: () => go(path) }));
    const actions: Command[] = [
      { id: 'add domain', group: 'actions', text: t('certificates.add'), run: () => go('/certificates?add=1') },
    ];
    if (still) {
      for (const container of still.containers) {
        if (container.exposureId === null && container.exposure !== 'exposed') {
          actions.push({
            id: `expose ${container.id}`,
            group: 'actions',
            text: t('containers.exposeNamed', { name: container.name }),
            run: () => go(`/containers/${encodeURIComponent(container.name)}?expose=1`),
          });
        }
      }
      for (const router of still.routers) {
        const url = router.urls[0];
        if (url !== undefined && router.status !== 'disabled') {
          actions.push({
            id: `open ${router.name}`,
            group: 'actions',
            text: t('palette.openApp', { host: router.hosts[0] ?? url }),
            run: () => window.open(url, '_blank', 'noreferrer'),
          });
        }
      }
      for (const exposure of still.exposures) {
        const words = {
          done: t(exposure.paused ? 'expose.resumedDone' : 'expose.pausedDone', { name: exposure.name }),
          failed: t('expose.failedEdit', { name: exposure.name }),
        };
        actions.push({
          id: `pause ${exposure.id}`,
          group: 'actions',
          text: `${t(exposure.paused ? 'common.resume' : 'common.pause')} ${exposure.name}`,
          run: () =>
            void actWithUndo(words, (client) =>
              exposure.paused
                ? client.exposures.resume({ id: exposure.id })
                : client.exposures.pause({ id: exposure.id }),
            ),
        });
        actions.push({
          id: `remove ${exposure.id}`,
          group: 'actions',
          text: `${t('expose.stop')}: ${exposure.name}`,
          run: () =>
            void actWithUndo({ done: t('expose.removed', { name: exposure.name }), failed: words.failed }, (client) =>
              client.exposures.remove({ id: exposure.id }),
            ),
        });
      }
      const { pausedAll } = still.status;
      actions.push({
        id: 'pause all',
        group: 'actions',
        text: t(pausedAll ? 'overview.resumeAll' : 'overview.pauseAll'),
        run: () =>
          void actWithUndo(
            {
              done: t(pausedAll ? 'overview.resumedAllDone' : 'overview.pausedAllDone'),
              failed: t('overview.pauseFailed'),
            },
            (client) => (pausedAll ? client.exposures.resumeAll() : client.exposures.pauseAll()),
          ),
      });
    }
    for (const theme of ['system', 'light', 'dark'] as const) {
      actions.push({
        id: `theme ${theme}`,
        group: 'actions',
        text: t(`palette.themeTo.${theme}`),
        run: () => chooseTheme(theme),
      });
    }
    for (const language of ['en', 'fr'] as const) {
      actions.push({
        id: `language ${language}`,
        group: 'actions',
        text: t(`palette.languageTo.${language}`),
        run: () => void chooseLanguage(language),
      });
    }
    return [...pages, ...actions, ...(still ? objectCommands(still, go) : [])];
  }, [still, t, navigate]);

  return useMemo(() => {
    const found = query.trim() === '' ? all.filter((command) => command.group === 'pages') : find(all, query, shown);
    const url = /^https?:\/\/.+|^[\w-]+(\.[\w-]+)+(\/.*)?$/.exec(query.trim())?.[0];
    const explain: Command[] = url
      ? [
          {
            id: 'explain url',
            group: 'actions',
            text: t('palette.explainThis', { url }),
            run: () => navigate(`/explain?url=${encodeURIComponent(url.includes('://') ? url : `https://${url}`)}`),
          },
        ]
      : [];
    // What a visitor reads from an error page, with whatever was copied around it.
    const reference = referenceIn(query);
    if (reference !== null) {
      explain.push({
        id: 'explain reference',
        group: 'actions',
        text: t('palette.explainReference', { reference }),
        run: () => navigate(`/explain?ref=${reference}`),
      });
    }
    return [...explain, ...found].map((command) => ({
      ...command,
      run: () => {
        close();
        command.run();
      },
    }));
  }, [all, query, t, navigate, close]);
}

/** Reaches every object and action by typing. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const listId = useId();
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const commands = useCommands(query, onClose);
  const listRef = useRef<HTMLDivElement>(null);
  const index = Math.min(active, commands.length - 1);

  useEffect(() => {
    listRef.current?.children[index]?.scrollIntoView({ block: 'nearest' });
  }, [index]);

  const onKey = (event: KeyboardEvent): void => {
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: commands.length - 1 }[event.key];
    if (event.key === 'Enter') {
      event.preventDefault();
      commands[index]?.run();
    } else if (to !== undefined && commands.length > 0) {
      event.preventDefault();
      setActive((to + commands.length) % commands.length);
    }
  };

  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-scrim" />
        <Dialog.Popup
          aria-label={t('palette.title')}
          className="fade fixed inset-x-3 top-3 z-50 mx-auto flex max-h-[min(480px,calc(100dvh-24px))] max-w-[600px] flex-col overflow-hidden rounded border border-line-strong bg-raised shadow-float sm:top-[12vh]"
        >
          <div className="flex items-center gap-2.5 border-b border-line px-4">
            <Search size={16} aria-hidden className="shrink-0 text-muted" />
            <input
              role="combobox"
              aria-expanded
              aria-controls={listId}
              aria-activedescendant={commands[index] ? `${listId}-${index}` : undefined}
              aria-label={t('palette.title')}
              placeholder={t('palette.placeholder')}
              autoComplete="off"
              spellCheck={false}
              value={query}
              onChange={(event) => {
                setQuery(event.target.value);
                setActive(0);
              }}
              onKeyDown={onKey}
              className="h-12 min-w-0 flex-1 bg-transparent text-16 outline-none placeholder:text-muted"
            />
          </div>
          {commands.length === 0 && <p className="px-4 py-6 text-13 text-muted">{t('palette.none')}</p>}
          <div
            ref={listRef}
            id={listId}
            role="listbox"
            aria-label={t('palette.results')}
            className={`min-h-0 overflow-y-auto p-1.5 ${commands.length === 0 ? 'hidden' : ''}`}
          >
            {commands.map((command, at) => {
              const Icon = icons[command.group];
              return (
                <button
                  type="button"
                  tabIndex={-1}
                  key={command.id}
                  id={`${listId}-${at}`}
                  role="option"
                  aria-selected={at === index}
                  className={`flex h-9 w-full items-center gap-2.5 rounded-s px-2.5 text-left text-14 ${at === index ? 'bg-hover' : ''}`}
                  onMouseMove={() => setActive(at)}
                  onClick={command.run}
                >
                  <Icon size={15} aria-hidden className="shrink-0 text-muted" />
                  <span className="min-w-0 shrink truncate">{command.text}</span>
                  {command.hint !== undefined && (
                    <span className="min-w-0 flex-1 truncate font-mono text-12 text-muted">{command.hint}</span>
                  )}
                  {command.group !== 'pages' && command.group !== 'actions' && (
                    <span className="ml-auto shrink-0 text-12 text-muted">
                      {command.group === 'containers' || command.group === 'certificates'
                        ? t(`nav.${command.group}`)
                        : t(`routing.${command.group}`)}
                    </span>
                  )}
                </button>
              );
            })}
          </div>
          <p className="hidden border-t border-line px-4 py-2 text-12 text-muted sm:block">{t('palette.keys')}</p>
          <Dialog.Close className="sr-only">{t('common.close')}</Dialog.Close>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
