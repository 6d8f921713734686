import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { MiddlewareView, ObjectStatus, RouterView, ServiceView } from '../../../app/contract/objects.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import type { Column } from '../../components/data-table.tsx';
import { Status, ToneIcon } from '../../components/status.tsx';
import { middlewareSummary } from '../../words/said-words.ts';
import { type Kind, objectTone } from './routing-kinds.ts';

interface Named {
  readonly protocol?: 'tcp' | 'udp' | undefined;
  readonly name: string;
  readonly provider: string;
  readonly status: ObjectStatus;
  readonly overridden?: RouterView['overridden'];
}

function NameCell({ item, kind, search, below }: { item: Named; kind: Kind; search: string; below?: ReactNode }) {
  const { t } = useTranslation();
  const [name, provider] = item.name.split(/@(?=[^@]*$)/);
  return (
    <div className="flex min-w-0 items-center gap-2.5">
      <span className="shrink-0" title={t(`status.${item.status}`)}>
        <ToneIcon tone={objectTone[item.status]} />
        <span className="sr-only">{t(`status.${item.status}`)}</span>
      </span>
      <span className="min-w-0 flex-1">
        <Link
          href={`/${kind}/${encodeURIComponent(viewKey(item))}${search}`}
          data-row-link
          className="block truncate font-mono text-13 group-hover/row:underline"
        >
          {name}
          <span className="text-muted">@{provider}</span>
          {item.overridden && ' '}
          {item.overridden && (
            <span className="ml-2 rounded-s border border-line px-1 font-sans text-12 text-muted">
              {t('override.mark')}
            </span>
          )}
        </Link>
        {below}
      </span>
      {item.overridden?.changed && (
        <span className="shrink-0" title={t('override.changed')}>
          <ToneIcon tone="attention" size={14} />
          <span className="sr-only">{t('override.changed')}</span>
        </span>
      )}
      {item.protocol && (
        <span className="shrink-0 rounded-s border border-line px-1 font-mono text-12 text-muted uppercase">
          {item.protocol}
        </span>
      )}
    </div>
  );
}

/** The columns of a list; below a certain width the second line of the name says what they would. */
export function useColumns(kind: Kind, search: string): readonly Column<RouterView | ServiceView | MiddlewareView>[] {
  const { t } = useTranslation();
  return useMemo(() => {
    const name = (below?: (item: RouterView | ServiceView | MiddlewareView) => ReactNode) => ({
      id: 'name',
      head: t('routing.name'),
      sortBy: (item: Named) => item.name,
      cell: (item: RouterView | ServiceView | MiddlewareView) => (
        <NameCell item={item} kind={kind} search={search} below={below?.(item)} />
      ),
    });
    const small = (text: string) => (
      <span className="block truncate font-mono text-12 text-muted @2xl:hidden">{text}</span>
    );
    if (kind === 'routers') {
      const columns: Column<RouterView>[] = [
        name((item) => ('rule' in item ? small(item.rule) : null)),
        {
          id: 'rule',
          head: t('routing.rule'),
          className: 'hidden @2xl:table-cell',
          sortBy: (item) => item.rule,
          cell: (item) => (
            <span className="block truncate font-mono text-13 text-soft" title={item.rule}>
              {item.rule || '–'}
            </span>
          ),
        },
        {
          id: 'service',
          head: t('routing.service'),
          className: 'hidden w-[22%] @4xl:table-cell',
          sortBy: leadsTo,
          cell: (item) => <span className="block truncate font-mono text-13 text-soft">{leadsTo(item)}</span>,
        },
        {
          id: 'entryPoints',
          head: t('routing.entryPoints'),
          className: 'hidden w-32 @lg:table-cell',
          sortBy: (item) => item.entryPoints.join(' '),
          cell: (item) => <span className="block truncate text-13 text-soft">{item.entryPoints.join(', ')}</span>,
        },
      ];
      return columns as unknown as readonly Column<RouterView | ServiceView | MiddlewareView>[];
    }
    if (kind === 'services') {
      const health = (item: ServiceView): ReactNode => {
        const all = item.children && item.children.length > 0 ? item.children : item.servers;
        const parts = all.filter((part) => part.health !== 'paused');
        if (all.length > 0 && parts.length === 0) return <Status tone="paused">{t('road.paused')}</Status>;
        const down = parts.filter((part) => part.health === 'down').length;
        if (item.type === 'whoami') return <span className="text-13 text-muted">{t('road.builtInShort')}</span>;
        if (parts.length === 0) return <Status tone="broken">{t('road.noServer')}</Status>;
        if (down > 0) {
          return (
            <Status tone={down === parts.length ? 'broken' : 'attention'}>
              {t('routing.downCount', { count: down })} / {parts.length}
            </Status>
          );
        }
        return parts.some((part) => part.health === 'up') ? (
          <Status tone="good">{t('routing.up', { count: parts.length })}</Status>
        ) : (
          <Status tone="off">{t('road.unchecked')}</Status>
        );
      };
      const columns: Column<ServiceView>[] = [
        name((item) => ('servers' in item ? small(item.servers[0]?.url ?? '') : null)),
        {
          id: 'servers',
          head: t('routing.servers'),
          className: 'hidden @2xl:table-cell',
          cell: (item) => (
            <span className="block truncate font-mono text-13 text-soft">
              {item.type === 'whoami'
                ? '–'
                : [
                    ...item.servers.map((server) => server.url),
                    ...(item.children ?? []).map((child) => child.name),
                  ].join(', ') || '–'}
            </span>
          ),
        },
        {
          id: 'health',
          head: t('routing.status'),
          className: 'w-36 sm:w-48',
          sortBy: (item) => item.servers.filter((server) => server.health === 'down').length,
          cell: health,
        },
        {
          id: 'usedBy',
          head: t('routing.usedBy'),
          className: 'hidden w-32 @4xl:table-cell',
          sortBy: (item) => item.usedBy.length,
          cell: (item) => (
            <span className="text-13 text-soft">
              {item.usedBy.length === 0
                ? t('routing.usedByNone')
                : t('routing.usedByCount', { count: item.usedBy.length })}
            </span>
          ),
        },
      ];
      return columns as unknown as readonly Column<RouterView | ServiceView | MiddlewareView>[];
    }
    const columns: Column<MiddlewareView>[] = [
      name((item) => ('summary' in item ? small(item.type) : null)),
      {
        id: 'type',
        head: t('routing.type'),
        className: 'hidden w-40 @2xl:table-cell',
        sortBy: (item) => item.type,
        cell: (item) => <span className="font-mono text-13 text-soft">{item.type}</span>,
      },
      {
        id: 'summary',
        head: t('routing.does'),
        className: 'hidden @4xl:table-cell',
        cell: (item) => <span className="block truncate text-13 text-muted">{middlewareSummary(item)}</span>,
      },
      {
        id: 'usedBy',
        head: t('routing.usedBy'),
        className: 'w-28 sm:w-32',
        sortBy: (item) => item.usedBy.length,
        cell: (item) => (
          <span className="text-13 text-soft">
            {item.usedBy.length === 0 ? '–' : t('routing.usedByCount', { count: item.usedBy.length })}
          </span>
        ),
      },
    ];
    return columns as unknown as readonly Column<RouterView | ServiceView | MiddlewareView>[];
  }, [kind, search, t]);
}

/** The service of a router, or the routers below it. */
function leadsTo({ service, children }: RouterView): string {
  return children?.join(', ') ?? service;
}
