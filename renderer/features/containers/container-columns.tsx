import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { ContainerView } from '../../../app/contract/objects.ts';
import { Button } from '../../components/button.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Status, type Tone, ToneIcon } from '../../components/status.tsx';
import { problemWords } from '../../words/problem-words.ts';
import { containerPath } from '../road/stations.tsx';
import type { ExposeTarget } from './expose-form.tsx';
import { ExposureMenu } from './exposure-menu.tsx';

export const exposureTone: Record<ContainerView['exposure'], Tone> = {
  exposed: 'good',
  broken: 'broken',
  paused: 'paused',
  none: 'off',
};

export const exposureWord = {
  exposed: 'exposed',
  broken: 'broken',
  paused: 'paused',
  none: 'notExposed',
} as const;

function stateTone(container: ContainerView): Tone {
  if (container.state === 'running') {
    if (container.health === 'unhealthy') return 'broken';
    return container.health === 'starting' ? 'attention' : 'good';
  }
  if (container.state === 'paused') return 'paused';
  return container.state === 'restarting' || container.state === 'dead' ? 'broken' : 'off';
}

export function StateWords({ container }: { container: ContainerView }) {
  const { t } = useTranslation();
  const unwell = container.state === 'running' && (container.health === 'unhealthy' || container.health === 'starting');
  return (
    <Status tone={stateTone(container)}>
      {unwell ? t(`containers.health.${container.health}`) : t(`containers.states.${container.state}`)}
    </Status>
  );
}

/** Where it is open, or why it is not. */
function Where({ container }: { container: ContainerView }) {
  const { t } = useTranslation();
  const url = container.urls[0];
  const first = container.problems[0];
  if (container.exposure === 'exposed' && url !== undefined) {
    return (
      <span className="flex min-w-0 items-center gap-1.5">
        <ToneIcon tone="good" size={14} />
        <a
          href={url}
          target="_blank"
          rel="noreferrer"
          className="link relative min-w-0 truncate font-mono text-13"
          title={url}
        >
          {url.replace('https://', '').replace(/\/$/, '')}
          <span className="sr-only"> ({t('common.opensInNewTab')})</span>
        </a>
        {container.urls.length > 1 && <span className="text-12 text-muted">+{container.urls.length - 1}</span>}
      </span>
    );
  }
  return (
    <span className="flex min-w-0 items-center gap-2">
      <Status tone={exposureTone[container.exposure]}>{t(`containers.${exposureWord[container.exposure]}`)}</Status>
      {first && container.exposure === 'broken' && (
        <span className="hidden min-w-0 truncate text-13 text-muted @4xl:block" title={problemWords(first).message}>
          {problemWords(first).message}
        </span>
      )}
    </span>
  );
}

function NameCell({ container, search }: { container: ContainerView; search: string }) {
  return (
    <div className="min-w-0">
      <Link
        href={`${containerPath(container.name)}${search}`}
        data-row-link
        className="block truncate font-medium group-hover/row:underline"
      >
        {container.name}
      </Link>
      <span className="hidden truncate font-mono text-12 text-muted @lg:block" title={container.image}>
        {container.image}
      </span>
      <span className="block @lg:hidden">
        <Where container={container} />
      </span>
    </div>
  );
}

function Ports({ container }: { container: ContainerView }) {
  return (
    <span className="block truncate font-mono text-13 text-soft">
      {container.ports.map((port) => port.port).join(', ') || '–'}
    </span>
  );
}

function Actions({ container, onExpose }: { container: ContainerView; onExpose: (target: ExposeTarget) => void }) {
  const { t } = useTranslation();
  const { exposureId, name } = container;
  if (exposureId !== null) {
    return (
      <ExposureMenu
        exposureId={exposureId}
        paused={container.exposure === 'paused'}
        name={name}
        onEdit={() => onExpose({ kind: 'edit', container: name, exposureId })}
      />
    );
  }
  if (container.exposure === 'exposed') return null;
  return (
    <Button
      aria-label={t('containers.exposeNamed', { name })}
      onClick={() => onExpose({ kind: 'new', container: name, containerId: container.id })}
    >
      {t('containers.expose')}
    </Button>
  );
}

export function containerColumns(
  t: TFunction,
  search: string,
  onExpose: (target: ExposeTarget) => void,
): Column<ContainerView>[] {
  return [
    {
      id: 'name',
      head: t('containers.container'),
      sortBy: (container) => container.name,
      cell: (container) => <NameCell container={container} search={search} />,
    },
    {
      id: 'state',
      head: t('containers.state'),
      className: 'hidden w-36 @lg:table-cell',
      sortBy: (container) => container.state,
      cell: (container) => <StateWords container={container} />,
    },
    {
      id: 'ports',
      head: t('containers.ports'),
      className: 'hidden w-28 @4xl:table-cell',
      sortBy: (container) => container.ports[0]?.port ?? 0,
      cell: (container) => <Ports container={container} />,
    },
    {
      id: 'where',
      head: t('containers.where'),
      className: 'hidden w-[36%] @lg:table-cell',
      sortBy: (container) => `${container.exposure} ${container.urls[0] ?? ''}`,
      cell: (container) => <Where container={container} />,
    },
    {
      id: 'actions',
      head: <span className="sr-only">{t('common.more')}</span>,
      className: 'w-[104px] text-right @lg:w-32',
      cell: (container) => <Actions container={container} onExpose={onExpose} />,
    },
  ];
}
