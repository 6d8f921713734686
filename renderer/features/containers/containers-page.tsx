import { Box, SearchX } from 'lucide-react';
import { type ReactNode, useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { isDockerProvider } from '../../../app/contract/docker-name.ts';
import type { ContainerView, Exposure } from '../../../app/contract/objects.ts';
import { useEngine } from '../../client/store.ts';
import { Button, LinkButton } from '../../components/button.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { Segmented, TextInput } from '../../components/field.tsx';
import { Empty, PageHead } from '../../components/page.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { useQueryState } from '../../components/use-query-state.ts';
import { containerPath } from '../road/stations.tsx';
import { containerColumns } from './container-columns.tsx';
import { ContainerDetail } from './container-detail.tsx';
import { ExposeForm, type ExposeTarget } from './expose-form.tsx';
import { ExposureMenu } from './exposure-menu.tsx';

const filters = ['all', 'exposed', 'broken', 'none'] as const;
type Filter = (typeof filters)[number];

export function ContainersPage({ name }: { name: string | null }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const containers = useEngine((state) => state.picture?.containers);
  const exposures = useEngine((state) => state.picture?.exposures);
  const status = useEngine((state) => state.picture?.status);
  const { query, search, set } = useQueryState();
  const [chosen, setChosen] = useState<ExposeTarget | null>(null);
  // `?expose=1` opens the form at once: links and the palette lead there.
  const asked = query.get('expose') === null ? undefined : containers?.find((container) => container.name === name);
  const target: ExposeTarget | null =
    chosen ?? (asked ? { kind: 'new', container: asked.name, containerId: asked.id } : null);
  const closeForm = (): void => {
    setChosen(null);
    if (asked) set({ expose: '' });
  };
  const filter: Filter = filters.find((one) => one === query.get('exposure')) ?? 'all';
  const needle = query.get('q')?.trim().toLowerCase() ?? '';

  const rows = useMemo(() => {
    const fits = (container: ContainerView): boolean =>
      (filter === 'all' || container.exposure === filter || (filter === 'none' && container.exposure === 'paused')) &&
      (needle === '' ||
        [container.name, container.image, container.composeProject ?? '', ...container.urls].some((text) =>
          text.toLowerCase().includes(needle),
        ));
    // Compose projects by name, then what belongs to none.
    const alone = (container: ContainerView): number => (container.composeProject === null ? 1 : 0);
    return (containers ?? [])
      .filter(fits)
      .toSorted(
        (a, b) =>
          alone(a) - alone(b) ||
          (a.composeProject ?? '').localeCompare(b.composeProject ?? '') ||
          a.name.localeCompare(b.name),
      );
  }, [containers, filter, needle]);

  const columns = useMemo(() => containerColumns(t, search, setChosen), [t, search]);
  const groupOf = useCallback(
    (container: ContainerView): { key: string; head: ReactNode } => ({
      key: container.composeProject ?? '',
      head:
        container.composeProject === null ? (
          t('containers.noProject')
        ) : (
          <>
            {t('containers.project')} <span className="font-mono text-text">{container.composeProject}</span>
          </>
        ),
    }),
    [t],
  );

  if (!containers || !exposures || !status) return null;
  const open = containers.filter((container) => container.exposure === 'exposed').length;
  const broken = containers.filter((container) => container.exposure === 'broken').length;
  const docker = status.providers.filter((provider) => isDockerProvider(provider.name));
  const isConnected = docker.some(({ state }) => state === 'connected');
  const dockerProblems = docker.flatMap(({ problems }) => problems);
  const grouped = containers.some((container) => container.composeProject !== null);
  const waiting = exposures.filter((exposure) => !containers.some((container) => container.exposureId === exposure.id));
  const words: Record<Filter, string> = {
    all: t('containers.filterAll'),
    exposed: t('containers.filterExposed'),
    broken: t('containers.filterBroken'),
    none: t('containers.filterNone'),
  };

  return (
    <div className="flex min-h-0 flex-1">
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <PageHead
          title={t('nav.containers')}
          tone={containers.length === 0 ? undefined : broken > 0 ? 'broken' : 'good'}
          sentence={
            containers.length === 0 ? (
              t('containers.emptyTitle')
            ) : (
              <>
                {broken > 0 && (
                  <>
                    <Link href="/containers?exposure=broken" className="link">
                      {t('containers.sentenceBroken', { count: broken })}
                    </Link>{' '}
                  </>
                )}
                {t('containers.sentenceAll', { count: containers.length, open })}
              </>
            )
          }
        />
        {dockerProblems.length > 0 && (
          <div className="px-4 pb-3 rail:px-7">
            <ProblemList problems={dockerProblems} />
          </div>
        )}
        {waiting.length > 0 && <Waiting exposures={waiting} />}
        {containers.length === 0 ? (
          <Empty
            icon={Box}
            title={isConnected ? t('containers.emptyTitle') : t('containers.emptyDocker')}
            action={
              isConnected ? undefined : (
                <LinkButton to="/settings#providers">{t('containers.emptyDockerAction')}</LinkButton>
              )
            }
          >
            {t('containers.emptyBody')}
          </Empty>
        ) : (
          <>
            <div className="flex flex-wrap items-center gap-2 px-4 pb-3 rail:px-7">
              <div className="min-w-40 flex-1 basis-52 sm:max-w-80">
                <TextInput
                  type="search"
                  label={t('containers.search')}
                  placeholder={t('containers.search')}
                  value={query.get('q') ?? ''}
                  onChange={(event) => set({ q: event.target.value })}
                />
              </div>
              <Segmented
                label={t('containers.filter')}
                value={filter}
                onChange={(value) => set({ exposure: value === 'all' ? '' : value })}
                options={filters.map((value) => ({ value, text: words[value] }))}
              />
            </div>
            {rows.length === 0 ? (
              <Empty
                icon={SearchX}
                title={t('containers.noMatch')}
                action={<Button onClick={() => set({ q: '', exposure: '' })}>{t('containers.clear')}</Button>}
              >
                {t('containers.noMatchBody')}
              </Empty>
            ) : (
              <DataTable
                label={t('containers.list')}
                rows={rows}
                columns={columns}
                rowKey={(container) => container.id}
                selected={containers.find((container) => container.name === name)?.id}
                rowHeightPx={52}
                groupOf={grouped ? groupOf : undefined}
                onOpen={(container) => navigate(`${containerPath(container.name)}${search}`)}
              />
            )}
          </>
        )}
      </div>
      {name !== null && (
        <ContainerDetail key={name} name={name} onClose={() => navigate(`/containers${search}`)} onExpose={setChosen} />
      )}
      {target && <ExposeForm target={target} onClose={closeForm} />}
    </div>
  );
}

/** Exposures whose container is not there now: they wait, and can be taken off. */
function Waiting({ exposures }: { exposures: readonly Exposure[] }) {
  const { t } = useTranslation();
  return (
    <section
      aria-label={t('containers.goneWaiting')}
      className="mx-4 mb-3 rounded border border-line bg-surface rail:mx-7"
    >
      <h2 className="border-b border-line px-4 py-2 text-12 font-medium text-muted">{t('containers.goneWaiting')}</h2>
      <ul>
        {exposures.map((exposure) => (
          <li key={exposure.id} className="flex items-center gap-3 border-b border-line px-4 py-1.5 last:border-0">
            <span className="min-w-0 flex-1 truncate">
              {exposure.name} <span className="font-mono text-12 text-muted">{exposure.host}</span>
            </span>
            <ExposureMenu exposureId={exposure.id} paused={exposure.paused} name={exposure.name} />
          </li>
        ))}
      </ul>
    </section>
  );
}
