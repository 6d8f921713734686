import { ScrollText, Stethoscope } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { EngineStatus, RouterView } from '../../../app/contract/objects.ts';
import type { Picture } from '../../client/picture.ts';
import { LinkButton } from '../../components/button.tsx';
import { Facts, Section } from '../../components/panel.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { RouterRoad, UrlLinks } from './detail-parts.tsx';
import { OverrideSection } from './override-section.tsx';
import { SourceWords } from './source.tsx';
import { TlsSettings } from './tls-settings.tsx';

export function RouterDetail({ router, picture }: { router: RouterView; picture: Picture }) {
  const { t } = useTranslation();
  const question = questionOf(router, picture.status);
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
            { name: t('routing.status'), value: t(closedWords(router)) },
            ...(router.protocol === 'udp'
              ? []
              : [
                  { name: t('routing.rule'), value: <code className="font-mono">{router.rule}</code> },
                  { name: t('routing.priority'), value: router.priority },
                  {
                    name: t(router.protocol === undefined ? 'routing.tls' : 'routing.tlsOfTcp'),
                    value: router.tls ? t('common.yes') : t('common.no'),
                  },
                ]),
            { name: t('routing.source'), value: <SourceWords source={router.source} /> },
          ]}
        />
      </Section>
      {router.tlsSettings && <TlsSettings settings={router.tlsSettings} />}
      <div className="flex flex-wrap gap-2 pt-4">
        <LinkButton to={`/logs?router=${encodeURIComponent(router.name)}`}>
          <ScrollText size={14} aria-hidden />
          {t('routing.logs')}
        </LinkButton>
        {question !== null && (
          <LinkButton to={`/explain?url=${encodeURIComponent(question)}`}>
            <Stethoscope size={14} aria-hidden />
            {t('routing.explainThis')}
          </LinkButton>
        )}
      </div>
    </>
  );
}

/** One that is closed keeps its place, so that no router below it gets what its protection should have kept out. */
function closedWords({ closed, status, protocol }: RouterView) {
  if (!closed) return `status.${status}` as const;
  return protocol === undefined ? 'routing.closed' : 'routing.closedTcp';
}

/** An address that leads to a router, to be explained; null where none is known. */
function questionOf({ protocol, urls, entryPoints, hosts, tls }: RouterView, status: EngineStatus): string | null {
  if (protocol === undefined) return urls[0] ?? null;
  const entryPoint = status.entryPoints.find((one) => entryPoints.includes(one.name) && one.listening !== null);
  const port = /:(\d+)$/.exec(entryPoint?.listening ?? '')?.[1];
  if (port === undefined) return null;
  if (protocol === 'udp') return `udp://:${port}`;
  return `${tls ? 'tls' : 'tcp'}://${tls ? (hosts[0] ?? '') : ''}:${port}`;
}
