import type { TFunction } from 'i18next';
import { ScrollText } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { ServiceView } from '../../../app/contract/objects.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import type { Picture } from '../../client/picture.ts';
import { useEngine } from '../../client/store.ts';
import { LinkButton } from '../../components/button.tsx';
import { Facts, Section } from '../../components/panel.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { Status } from '../../components/status.tsx';
import { serverReason } from '../../words/said-words.ts';
import { serviceRate } from '../overview/traffic.ts';
import { ServiceChildren } from '../road/service-children.tsx';
import { middlewarePath, serverTone, strategyWords } from '../road/stations.tsx';
import { RateWords, RouterRoad, UsedBy } from './detail-parts.tsx';
import { OverrideSection } from './override-section.tsx';
import { SourceWords } from './source.tsx';

export function ServiceDetail({ service, picture }: { service: ServiceView; picture: Picture }) {
  const { t } = useTranslation();
  const ticks = useEngine((state) => state.ticks);
  const router = picture.routers.find((one) => one.protocol === service.protocol && one.name === service.usedBy[0]);
  const children = service.children ?? [];
  const middlewares = service.middlewares ?? [];
  const isStream = service.protocol !== undefined;
  const hasWeights = service.servers.some(({ weight }) => weight !== 1);
  return (
    <>
      {service.problems.length > 0 && (
        <Section title={t('routing.why')}>
          <ProblemList problems={service.problems} />
        </Section>
      )}
      <OverrideSection object="service" item={service} />
      {router ? (
        <Section title={t('routing.road')}>
          <RouterRoad router={router} picture={picture} />
        </Section>
      ) : (
        <RateWords rate={serviceRate(ticks, service.name)} />
      )}
      {service.type !== 'whoami' && (
        <Section title={t(children.length > 0 ? 'routing.services' : 'routing.servers')}>
          {children.length > 0 ? (
            <ServiceChildren items={children} protocol={service.protocol} />
          ) : service.servers.length === 0 ? (
            <Status tone="broken">{t('road.noServer')}</Status>
          ) : (
            <ul className="flex flex-col gap-2">
              {service.servers.map((server) => (
                <li key={server.url}>
                  <code className="block font-mono text-13 [overflow-wrap:anywhere]">{server.url}</code>
                  <span className="flex flex-wrap items-center gap-x-1.5">
                    <Status tone={serverTone[server.health]}>{t(`road.${server.health}`)}</Status>
                    {hasWeights && (
                      <span className="text-13 text-muted">· {t('road.weight', { weight: server.weight })}</span>
                    )}
                  </span>
                  {server.reason !== null && <p className="text-13 text-muted">{serverReason(server)}</p>}
                </li>
              ))}
            </ul>
          )}
        </Section>
      )}
      <Section title={t('routing.about')}>
        <Facts
          facts={[
            { name: t('routing.status'), value: t(`status.${service.status}`) },
            { name: t('routing.type'), value: t(`routing.${service.type}`) },
            ...(service.strategy
              ? [{ name: t('routing.strategy'), value: strategyWords(service.protocol, service.strategy, t) }]
              : []),
            ...(service.type === 'loadBalancer'
              ? [{ name: t('routing.healthCheck'), value: healthWords(service, t) }]
              : []),
            ...(isStream
              ? []
              : [
                  { name: t('routing.sticky'), value: service.sticky ? t('common.yes') : t('common.no') },
                  {
                    name: t('routing.passHostHeader'),
                    value: service.passHostHeader ? t('common.yes') : t('common.no'),
                  },
                ]),
            ...(service.serversTransport === null
              ? []
              : [
                  {
                    name: t('routing.transport'),
                    value: <code className="font-mono">{service.serversTransport}</code>,
                  },
                ]),
            { name: t('routing.source'), value: <SourceWords source={service.source} /> },
          ]}
        />
      </Section>
      {middlewares.length > 0 && (
        <Section title={t('routing.serviceMiddlewares')}>
          <ul className="flex flex-col gap-1">
            {middlewares.map((name) => (
              <li key={name}>
                <Link
                  href={middlewarePath(viewKey({ protocol: service.protocol, name }))}
                  className="link font-mono text-13 [overflow-wrap:anywhere]"
                >
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title={t('routing.usedBy')}>
        <UsedBy names={service.usedBy} protocol={service.protocol} />
      </Section>
      <div className="flex flex-wrap gap-2 pt-4">
        <LinkButton to={`/logs?service=${encodeURIComponent(service.name)}`}>
          <ScrollText size={14} aria-hidden />
          {t('routing.logs')}
        </LinkButton>
      </div>
    </>
  );
}

/** TCP servers are asked by connecting, and by what they answer to a text. */
function healthWords({ healthCheck, protocol }: ServiceView, t: TFunction) {
  if (healthCheck === null) return t('common.none');
  if (protocol !== undefined && healthCheck === '') return t('routing.healthByConnecting');
  return <code className="font-mono">{healthCheck}</code>;
}
