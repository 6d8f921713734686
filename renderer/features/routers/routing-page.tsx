import { Route, SearchX, Stethoscope } from 'lucide-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import type { MiddlewareView, ObjectStatus, RouterView, ServiceView } from '../../../app/contract/objects.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import type { Picture } from '../../client/picture.ts';
import { useEngine } from '../../client/store.ts';
import { Button, LinkButton } from '../../components/button.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { Empty, PageHead } from '../../components/page.tsx';
import { DetailPanel } from '../../components/panel.tsx';
import { type Tone, ToneIcon } from '../../components/status.tsx';
import { Term } from '../../components/term.tsx';
import { useQueryState } from '../../components/use-query-state.ts';
import { MiddlewareDetail } from './middleware-detail.tsx';
import { RouterDetail } from './router-detail.tsx';
import { useColumns } from './routing-columns.tsx';
import { Filters, matchesFilters } from './routing-filters.tsx';
import { type Kind, kinds, kindWords, objectTone } from './routing-kinds.ts';
import { ServiceDetail } from './service-detail.tsx';
import { WaitingOverrides } from './waiting-overrides.tsx';

const order: Record<ObjectStatus, number> = { disabled: 0, warning: 1, enabled: 2 };

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
        .filter((item) => matchesFilters(item, new URLSearchParams(filterKey)))
        .toSorted((a, b) => order[a.status] - order[b.status] || a.name.localeCompare(b.name)),
    [list, filterKey],
  );
  if (!picture) return null;
  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <RoutingHead kind={kind} picture={picture} />
        <Tabs kind={kind} picture={picture} />
        <WaitingOverrides kind={kind} picture={picture} />
        {list.length === 0 ? (
          <Empty
            icon={Route}
            title={t(`routing.${kindWords[kind].empty}`)}
            action={<LinkButton to="/containers">{t('routing.goContainers')}</LinkButton>}
          >
            {t(`routing.${kindWords[kind].body}`)}
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
      title={<Term word={kindWords[kind].term}>{t(`routing.${kind}`)}</Term>}
      tone={picture[kind].length > 0 ? sentence.tone : undefined}
      sentence={picture[kind].length > 0 ? sentence.text : t(`routing.${kindWords[kind].empty}`)}
      actions={
        <LinkButton to="/explain">
          <Stethoscope size={14} aria-hidden />
          {t('routing.explain')}
        </LinkButton>
      }
    />
  );
}
