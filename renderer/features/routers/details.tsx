import { ExternalLink, ScrollText, Stethoscope } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { MiddlewareView, RouterView, ServiceView } from '../../../app/contract/objects.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import type { Picture } from '../../client/picture.ts';
import { useEngine } from '../../client/store.ts';
import { LinkButton } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { useLocale } from '../../components/hooks.ts';
import { Facts, Section } from '../../components/panel.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { Road } from '../../components/road.tsx';
import { Status } from '../../components/status.tsx';
import { formatRate } from '../../words/format.ts';
import { serviceRate } from '../overview/traffic.ts';
import { ServiceChildren } from '../road/service-children.tsx';
import { routerPath, routerStations, serverTone } from '../road/stations.tsx';
import { OverrideSection } from './override-section.tsx';
import { SourceWords } from './source.tsx';

export function RateWords({ rate }: { rate: number | null }) {
  const { t } = useTranslation();
  const locale = useLocale();
  if (rate === null) return null;
  return (
    <p className="mt-3 text-12 text-muted">
      {rate === 0 ? t('road.quiet') : t('road.perSecond', { rate: formatRate(rate, locale) })}
    </p>
  );
}

export function UrlLinks({ urls }: { urls: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <ul className="flex flex-col">
      {urls.map((url) => (
        <li key={url} className="-my-0.5 flex items-center gap-1">
          <a
            href={url}
            target="_blank"
            rel="noreferrer"
            className="link inline-flex min-w-0 items-center gap-1.5 font-mono text-13 [overflow-wrap:anywhere]"
          >
            {url}
            <ExternalLink size={12} aria-hidden className="shrink-0 text-muted" />
            <span className="sr-only">({t('common.opensInNewTab')})</span>
          </a>
          <CopyButton text={url} />
        </li>
      ))}
    </ul>
  );
}

export function RouterRoad({ router, picture }: { router: RouterView; picture: Picture }) {
  const { t } = useTranslation();
  const ticks = useEngine((state) => state.ticks);
  const rate = router.status === 'disabled' ? null : serviceRate(ticks, router.service);
  return (
    <>
      <Road label={t('road.label')} stations={routerStations(router, picture, t)} requestsPerSecond={rate} />
      <RateWords rate={rate} />
    </>
  );
}

function UsedBy({ names, protocol }: { names: readonly string[]; protocol: ServiceView['protocol'] }): ReactNode {
  const { t } = useTranslation();
  if (names.length === 0) return <p className="text-13 text-muted">{t('routing.usedByNone')}</p>;
  return (
    <ul className="flex flex-col gap-1">
      {names.map((name) => (
        <li key={name}>
          <Link
            href={routerPath(viewKey({ protocol, name }))}
            className="link font-mono text-13 [overflow-wrap:anywhere]"
          >
            {name}
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function RouterDetail({ router, picture }: { router: RouterView; picture: Picture }) {
  const { t } = useTranslation();
  const url = router.urls[0];
  return (
    <>
      {router.problems.length > 0 && (
        <Section title={t('routing.why')}>
          <ProblemList problems={router.problems} />
        </Section>
      )}
      <OverrideSection object="router" item={router} />
      <Section title={t('routing.road')}>
        <RouterRoad router={router} picture={picture} />
      </Section>
      {router.urls.length > 0 && (
        <Section title={t('routing.addresses')}>
          <UrlLinks urls={router.urls} />
        </Section>
      )}
      <Section title={t('routing.about')}>
        <Facts
          facts={[
            { name: t('routing.status'), value: t(`status.${router.status}`) },
            { name: t('routing.rule'), value: <code className="font-mono">{router.rule}</code> },
            { name: t('routing.priority'), value: router.priority },
            { name: t('routing.tls'), value: router.tls ? t('common.yes') : t('common.no') },
            { name: t('routing.source'), value: <SourceWords source={router.source} /> },
          ]}
        />
      </Section>
      <div className="flex flex-wrap gap-2 pt-4">
        <LinkButton to={`/logs?router=${encodeURIComponent(router.name)}`}>
          <ScrollText size={14} aria-hidden />
          {t('routing.logs')}
        </LinkButton>
        {url !== undefined && (
          <LinkButton to={`/explain?url=${encodeURIComponent(url)}`}>
            <Stethoscope size={14} aria-hidden />
            {t('routing.explainThis')}
          </LinkButton>
        )}
      </div>
    </>
  );
}

export function ServiceDetail({ service, picture }: { service: ServiceView; picture: Picture }) {
  const { t } = useTranslation();
  const ticks = useEngine((state) => state.ticks);
  const router = picture.routers.find((one) => one.protocol === service.protocol && one.name === service.usedBy[0]);
  const children = service.children ?? [];
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
                  <Status tone={serverTone[server.health]}>{t(`road.${server.health}`)}</Status>
                  {server.reason !== null && <p className="text-13 text-muted">{server.reason}</p>}
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
            { name: t('routing.healthCheck'), value: service.healthCheck ?? t('common.none') },
            { name: t('routing.sticky'), value: service.sticky ? t('common.yes') : t('common.no') },
            { name: t('routing.passHostHeader'), value: service.passHostHeader ? t('common.yes') : t('common.no') },
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

function optionText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.map(String).join('\n');
  return JSON.stringify(value, null, 1) ?? '';
}

export function MiddlewareDetail({ middleware }: { middleware: MiddlewareView }) {
  const { t } = useTranslation();
  const options = Object.entries(middleware.options);
  return (
    <>
      {middleware.problems.length > 0 && (
        <Section title={t('routing.why')}>
          <ProblemList problems={middleware.problems} />
        </Section>
      )}
      <Section title={t('routing.about')}>
        <p className="mb-3 text-13 text-soft">{middleware.summary}</p>
        <Facts
          facts={[
            { name: t('routing.status'), value: t(`status.${middleware.status}`) },
            { name: t('routing.type'), value: <code className="font-mono">{middleware.type}</code> },
            { name: t('routing.source'), value: <SourceWords source={middleware.source} /> },
          ]}
        />
      </Section>
      {options.length > 0 && (
        <Section title={t('routing.options')}>
          <Facts
            facts={options.map(([name, value]) => ({
              name,
              value: <code className="font-mono whitespace-pre-wrap">{optionText(value)}</code>,
            }))}
          />
        </Section>
      )}
      <Section title={t('routing.usedBy')}>
        <UsedBy names={middleware.usedBy} protocol={middleware.protocol} />
      </Section>
    </>
  );
}
