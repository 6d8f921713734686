import { Ghost } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { ContainerView, Exposure } from '../../../app/contract/objects.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/page.tsx';
import { DetailPanel, Facts, Section } from '../../components/panel.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { Status } from '../../components/status.tsx';
import { Time } from '../../components/time.tsx';
import { routerPath } from '../road/stations.tsx';
import { RouterRoad, UrlLinks } from '../routers/detail-parts.tsx';
import { exposureTone, exposureWord, StateWords } from './container-columns.tsx';
import type { ExposeTarget } from './expose-form.tsx';
import { ExposureMenu } from './exposure-menu.tsx';

function Ports({ container }: { container: ContainerView }) {
  const { t } = useTranslation();
  if (container.ports.length === 0) return t('containers.noPorts');
  return (
    <ul>
      {container.ports.map((port) => (
        <li key={`${port.port}/${port.protocol}`}>
          <span className="font-mono">
            {port.port}/{port.protocol}
          </span>{' '}
          {port.published.length > 0 && (
            <span className="text-muted">
              {t('containers.publishedAs', {
                where: port.published.map((one) => `${one.host}:${one.port}`).join(', '),
              })}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function protectionWord(exposure: Exposure) {
  return ({ none: 'protectionNone', password: 'protectionPassword', allowList: 'protectionAllowList' } as const)[
    exposure.protection.kind
  ];
}

export function ContainerDetail({
  name,
  onClose,
  onExpose,
}: {
  name: string;
  onClose: () => void;
  onExpose: (target: ExposeTarget) => void;
}) {
  const { t } = useTranslation();
  const picture = useEngine((state) => state.picture);
  if (!picture) return null;
  const container = picture.containers.find((one) => one.name === name);
  if (!container) {
    return (
      <DetailPanel title={name} label={name} onClose={onClose}>
        <Empty
          icon={Ghost}
          title={t('containers.gone', { name })}
          action={<Button onClick={onClose}>{t('containers.back')}</Button>}
        >
          {t('containers.goneBody')}
        </Empty>
      </DetailPanel>
    );
  }
  const exposure = picture.exposures.find((one) => one.id === container.exposureId);
  const routers = picture.routers.filter((router) => container.routers.includes(router.name));
  return (
    <DetailPanel title={name} label={name} onClose={onClose}>
      <div className="flex flex-wrap items-center gap-3 border-b border-line pb-4">
        <Status tone={exposureTone[container.exposure]}>{t(`containers.${exposureWord[container.exposure]}`)}</Status>
        <span className="flex-1" />
        {exposure ? (
          <>
            <Button onClick={() => onExpose({ kind: 'edit', container: container.name, exposureId: exposure.id })}>
              {t('common.edit')}
            </Button>
            <ExposureMenu exposureId={exposure.id} paused={exposure.paused} name={container.name} />
          </>
        ) : (
          <Button
            look={container.exposure === 'exposed' ? 'plain' : 'primary'}
            onClick={() => onExpose({ kind: 'new', container: container.name, containerId: container.id })}
          >
            {t('containers.expose')}
          </Button>
        )}
      </div>
      <div className="h-4" />
      {container.urls.length > 0 && (
        <Section title={t('containers.where')}>
          <UrlLinks urls={container.urls} />
        </Section>
      )}
      {container.problems.length > 0 && (
        <Section title={t('containers.why')}>
          <ProblemList problems={container.problems} />
        </Section>
      )}
      {routers.map((router) => (
        <Section key={router.name} title={t('containers.road')}>
          <RouterRoad router={router} picture={picture} />
          <Link href={routerPath(router.name)} className="link mt-1 inline-block font-mono text-12 text-muted">
            {router.name}
          </Link>
        </Section>
      ))}
      <Section title={t('containers.about')}>
        <Facts
          facts={[
            { name: t('containers.state'), value: <StateWords container={container} /> },
            ...(container.health === 'none'
              ? []
              : [{ name: t('routing.healthCheck'), value: t(`containers.health.${container.health}`) }]),
            { name: t('containers.image'), value: <code className="font-mono">{container.image}</code> },
            { name: t('containers.ports'), value: <Ports container={container} /> },
            {
              name: t('containers.networks'),
              value:
                container.networks.length === 0
                  ? container.networkMode
                  : container.networks.map((network) => (
                      <div key={network.name}>
                        {network.name} <span className="font-mono text-muted">{network.address}</span>
                      </div>
                    )),
            },
            ...(container.composeProject === null
              ? []
              : [
                  {
                    name: t('containers.project'),
                    value: `${container.composeProject} / ${container.composeService ?? ''}`,
                  },
                ]),
            ...(exposure ? [{ name: t('containers.protection'), value: t(`expose.${protectionWord(exposure)}`) }] : []),
            ...(container.startedAt === null
              ? []
              : [{ name: t('containers.since'), value: <Time at={container.startedAt} /> }]),
            { name: t('containers.created'), value: <Time at={container.createdAt} /> },
            { name: t('containers.id'), value: <code className="font-mono">{container.id.slice(0, 12)}</code> },
          ]}
        />
      </Section>
    </DetailPanel>
  );
}
