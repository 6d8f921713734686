import { Route, SearchX, Stethoscope } from 'lucide-react';
import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import type { MiddlewareView, ObjectStatus, RouterView, ServiceView } from '../../../app/contract/objects.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import type { Picture } from '../../client/picture.ts';
import { useEngine } from '../../client/store.ts';
import { Button, LinkButton } from '../../components/button.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Select, TextInput } from '../../components/field.tsx';
import { Empty, PageHead } from '../../components/page.tsx';
import { DetailPanel } from '../../components/panel.tsx';
import { Status, type Tone, ToneIcon } from '../../components/status.tsx';
import { Term } from '../../components/term.tsx';
import { useQueryState } from '../../components/use-query-state.ts';
import { MiddlewareDetail, RouterDetail, ServiceDetail } from './details.tsx';

export type Kind = 'routers' | 'services' | 'middlewares';

export const objectTone: Record<ObjectStatus, Tone> = { enabled: 'good', warning: 'attention', disabled: 'broken' };

const kinds: readonly Kind[] = ['routers', 'services', 'middlewares'];
const order: Record<ObjectStatus, number> = { disabled: 0, warning: 1, enabled: 2 };

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
      {item.protocol && (
        <span className="shrink-0 rounded-s border border-line px-1 font-mono text-12 text-muted uppercase">
          {item.protocol}
        </span>
      )}
    </div>
  );
}

function useColumns(kind: Kind, search: string): readonly Column<RouterView | ServiceView | MiddlewareView>[] {
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
              {item.rule}
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
        const parts = item.children && item.children.length > 0 ? item.children : item.servers;
        const down = parts.filter((part) => part.health === 'down').length;
        if (item.type === 'whoami') return <span className="text-13 text-muted">{t('road.builtIn')}</span>;
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
        cell: (item) => <span className="block truncate text-13 text-muted">{item.summary}</span>,
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

function matches(item: RouterView | ServiceView | MiddlewareView, query: URLSearchParams): boolean {
  const status = query.get('status');
  if (status !== null && item.status !== status) return false;
  const provider = query.get('provider');
  if (provider !== null && item.provider !== provider) return false;
  const protocol = query.get('protocol');
  if (protocol !== null && (item.protocol ?? 'http') !== protocol) return false;
  const entryPoint = query.get('entryPoint');
  if (entryPoint !== null && 'entryPoints' in item && !item.entryPoints.includes(entryPoint)) return false;
  const needle = query.get('q')?.trim().toLowerCase() ?? '';
  if (needle === '') return true;
  const texts = [item.name];
  if ('rule' in item) texts.push(item.rule, item.service, ...item.middlewares);
  if ('servers' in item) texts.push(...item.servers.map((server) => server.url));
  if ('summary' in item) texts.push(item.type);
  return texts.some((text) => text.toLowerCase().includes(needle));
}

function useSentence(kind: Kind, picture: Picture): { readonly text: string; readonly tone: Tone } {
  const { t } = useTranslation();
  const list = picture[kind];
  const broken = list.filter((item) => item.status === 'disabled').length;
  const warned = list.filter((item) => item.status === 'warning').length;
  const tone: Tone = broken > 0 ? 'broken' : warned > 0 ? 'attention' : 'good';
  if (kind === 'routers') {
    const parts = [
      ...(broken > 0 ? [t('routing.sentenceBroken', { count: broken })] : []),
      ...(warned > 0 ? [t('routing.sentenceWarning', { count: warned })] : []),
    ];
    return {
      tone,
      text: parts.length > 0 ? parts.join(' ') : t('routing.sentenceWell', { count: list.length }),
    };
  }
  const bad = broken + warned;
  if (kind === 'services') {
    return {
      tone,
      text:
        bad > 0
          ? t('routing.sentenceServicesBad', { count: bad })
          : t('routing.sentenceServices', { count: list.length }),
    };
  }
  return {
    tone,
    text:
      bad > 0
        ? t('routing.sentenceMiddlewaresBad', { count: bad })
        : t('routing.sentenceMiddlewares', { count: list.length }),
  };
}

const words = {
  routers: { search: 'searchRouters', empty: 'emptyRouters', body: 'emptyRoutersBody', term: 'router' },
  services: { search: 'searchServices', empty: 'emptyServices', body: 'emptyServicesBody', term: 'service' },
  middlewares: {
    search: 'searchMiddlewares',
    empty: 'emptyMiddlewares',
    body: 'emptyMiddlewaresBody',
    term: 'middleware',
  },
} as const;

function Tabs({ kind, picture }: { kind: Kind; picture: Picture }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t('routing.tabs')} className="flex gap-1 border-b border-line px-2 rail:px-5">
      {kinds.map((one) => (
        <Link
          key={one}
          href={`/${one}`}
          aria-current={one === kind ? 'page' : undefined}
          className={`-mb-px border-b-2 px-2 py-2 text-14 ${one === kind ? 'border-accent font-medium text-text' : 'border-transparent text-muted hover:text-text'}`}
        >
          {t(`routing.${one}`)} <span className="text-12 text-muted">{picture[one].length}</span>
        </Link>
      ))}
    </nav>
  );
}

function Filters({ kind, picture }: { kind: Kind; picture: Picture }) {
  const { t } = useTranslation();
  const { query, set } = useQueryState();
  const providers = [...new Set(picture[kind].map((item) => item.provider))].toSorted();
  const protocols = [...new Set(picture[kind].map((item) => item.protocol ?? 'http'))].toSorted();
  return (
    <div className="flex flex-wrap items-center gap-2 px-4 py-3 rail:px-7">
      <div className="min-w-40 flex-1 basis-52 sm:max-w-80">
        <TextInput
          type="search"
          label={t(`routing.${words[kind].search}`)}
          placeholder={t(`routing.${words[kind].search}`)}
          value={query.get('q') ?? ''}
          onChange={(event) => set({ q: event.target.value })}
        />
      </div>
      <div className="w-40">
        <Select
          label={t('routing.status')}
          value={query.get('status') ?? ''}
          onChange={(event) => set({ status: event.target.value })}
        >
          <option value="">{t('routing.anyStatus')}</option>
          {(['enabled', 'warning', 'disabled'] as const).map((status) => (
            <option key={status} value={status}>
              {t(`status.${status}`)}
            </option>
          ))}
        </Select>
      </div>
      <div className="w-40">
        <Select
          label={t('routing.provider')}
          value={query.get('provider') ?? ''}
          onChange={(event) => set({ provider: event.target.value })}
        >
          <option value="">{t('routing.anyProvider')}</option>
          {providers.map((provider) => (
            <option key={provider}>{provider}</option>
          ))}
        </Select>
      </div>
      {(protocols.length > 1 || query.has('protocol')) && (
        <div className="w-36">
          <Select
            label={t('routing.protocol')}
            value={query.get('protocol') ?? ''}
            onChange={(event) => set({ protocol: event.target.value })}
          >
            <option value="">{t('routing.anyProtocol')}</option>
            {protocols.map((protocol) => (
              <option key={protocol} value={protocol}>
                {protocol.toUpperCase()}
              </option>
            ))}
          </Select>
        </div>
      )}
      {kind === 'routers' && (
        <div className="w-44">
          <Select
            label={t('routing.entryPoint')}
            value={query.get('entryPoint') ?? ''}
            onChange={(event) => set({ entryPoint: event.target.value })}
          >
            <option value="">{t('routing.anyEntryPoint')}</option>
            {picture.status.entryPoints.map((entry) => (
              <option key={entry.name}>{entry.name}</option>
            ))}
          </Select>
        </div>
      )}
    </div>
  );
}

function Detail({ kind, name, picture, onClose }: { kind: Kind; name: string; picture: Picture; onClose: () => void }) {
  const { t } = useTranslation();
  const item = picture[kind].find((one) => viewKey(one) === name);
  const title = (
    <span className="flex items-center gap-2 font-mono text-14">
      {item && (
        <span>
          <ToneIcon tone={objectTone[item.status]} />
          <span className="sr-only">{t(`status.${item.status}`)}</span>
        </span>
      )}
      {item?.name ?? name}
    </span>
  );
  const router = kind === 'routers' ? picture.routers.find((one) => viewKey(one) === name) : undefined;
  const service = kind === 'services' ? picture.services.find((one) => viewKey(one) === name) : undefined;
  const middleware = kind === 'middlewares' ? picture.middlewares.find((one) => viewKey(one) === name) : undefined;
  return (
    <DetailPanel title={title} label={name} onClose={onClose}>
      {router && <RouterDetail router={router} picture={picture} />}
      {service && <ServiceDetail service={service} picture={picture} />}
      {middleware && <MiddlewareDetail middleware={middleware} />}
      {!item && (
        <Empty
          icon={SearchX}
          title={t('routing.gone', { name })}
          action={<Button onClick={onClose}>{t('routing.back')}</Button>}
        >
          {t('routing.goneBody')}
        </Empty>
      )}
    </DetailPanel>
  );
}

/** The service of a router, or the routers below it. */
function leadsTo({ service, children }: RouterView): string {
  return children?.join(', ') ?? service;
}

/** Routers, services and middlewares: one page with three tabs; the detail of one beside or over its list. */
export function RoutingPage({ kind, name }: { kind: Kind; name: string | null }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const picture = useEngine((state) => state.picture);
  const { query, search, set } = useQueryState();
  const columns = useColumns(kind, search);
  const known = picture?.[kind];
  const list = useMemo((): readonly (RouterView | ServiceView | MiddlewareView)[] => known ?? [], [known]);
  const filterKey = query.toString();
  const rows = useMemo(
    () =>
      list
        .filter((item) => matches(item, new URLSearchParams(filterKey)))
        .toSorted((a, b) => order[a.status] - order[b.status] || a.name.localeCompare(b.name)),
    [list, filterKey],
  );
  if (!picture) return null;
  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <RoutingHead kind={kind} picture={picture} />
        <Tabs kind={kind} picture={picture} />
        {list.length === 0 ? (
          <Empty
            icon={Route}
            title={t(`routing.${words[kind].empty}`)}
            action={<LinkButton to="/containers">{t('routing.goContainers')}</LinkButton>}
          >
            {t(`routing.${words[kind].body}`)}
          </Empty>
        ) : (
          <>
            <Filters kind={kind} picture={picture} />
            {rows.length === 0 ? (
              <Empty
                icon={SearchX}
                title={t('routing.noMatch')}
                action={
                  <Button onClick={() => set({ q: '', status: '', provider: '', protocol: '', entryPoint: '' })}>
                    {t('routing.back')}
                  </Button>
                }
              />
            ) : (
              <DataTable
                key={kind}
                label={t(`routing.${kind}`)}
                rows={rows}
                columns={columns}
                rowKey={viewKey}
                selected={name}
                rowHeightPx={44}
                onOpen={(item) => navigate(`/${kind}/${encodeURIComponent(viewKey(item))}${search}`)}
              />
            )}
          </>
        )}
      </div>
      {name !== null && (
        <Detail
          key={`${kind} ${name}`}
          kind={kind}
          name={name}
          picture={picture}
          onClose={() => navigate(`/${kind}${search}`)}
        />
      )}
    </div>
  );
}

function RoutingHead({ kind, picture }: { kind: Kind; picture: Picture }) {
  const { t } = useTranslation();
  const sentence = useSentence(kind, picture);
  return (
    <PageHead
      title={<Term word={words[kind].term}>{t(`routing.${kind}`)}</Term>}
      tone={picture[kind].length > 0 ? sentence.tone : undefined}
      sentence={picture[kind].length > 0 ? sentence.text : t(`routing.${words[kind].empty}`)}
      actions={
        <LinkButton to="/explain">
          <Stethoscope size={14} aria-hidden />
          {t('routing.explain')}
        </LinkButton>
      }
    />
  );
}
