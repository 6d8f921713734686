import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { RouterView, ServiceView } from '../../../app/contract/objects.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import type { Picture } from '../../client/picture.ts';
import { useEngine } from '../../client/store.ts';
import { CopyButton } from '../../components/copy.tsx';
import { useLocale } from '../../components/hooks.ts';
import { Road } from '../../components/road.tsx';
import { formatRate } from '../../words/format.ts';
import { serviceRate } from '../overview/traffic.ts';
import { routerPath, routerStations } from '../road/stations.tsx';

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

export function UsedBy({
  names,
  protocol,
}: {
  names: readonly string[];
  protocol: ServiceView['protocol'];
}): ReactNode {
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
