import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { CertificateView } from '../../../app/contract/certificates.ts';
import type { Column } from '../../components/data-table.tsx';
import { useLocale, useNow } from '../../components/hooks.ts';
import { Status } from '../../components/status.tsx';
import { formatAbsolute, formatRelativeDays } from '../../words/format.ts';
import { problemWords } from '../../words/problem-words.ts';
import { routerPath } from '../road/router-links.tsx';
import { certificatePath, mainName, toneOf, wordOf } from './certificate-state.ts';
import { stepWords } from './certificate-words.ts';
import { LeftWords, Life } from './life.tsx';

export function CertificateStatus({ certificate }: { certificate: CertificateView }) {
  const { t } = useTranslation();
  return <Status tone={toneOf(certificate)}>{t(`certificates.states.${wordOf(certificate)}`)}</Status>;
}

function NameCell({ certificate, search }: { certificate: CertificateView; search: string }) {
  const { t } = useTranslation();
  const others = certificate.names.length - 1;
  return (
    <div className="min-w-0">
      <Link
        href={`${certificatePath(certificate.id)}${search}`}
        data-row-link
        className="block truncate font-medium group-hover/row:underline"
        title={certificate.names.join(', ')}
      >
        {mainName(certificate)}
        {others > 0 && (
          <span className="ml-1.5 font-normal text-muted">{t('certificates.andNames', { count: others })}</span>
        )}
      </Link>
      <span className="hidden truncate text-12 text-muted @2xl:block">
        {certificate.issuer || t(`certificates.sources.${certificate.source}`)}
      </span>
      <span className="flex items-center gap-2 text-12 text-muted @2xl:hidden">
        <CertificateStatus certificate={certificate} />
        <span className="truncate">
          <LeftWords certificate={certificate} />
        </span>
      </span>
    </div>
  );
}

/** The state; below it what is under way, or what went wrong. */
function StateCell({ certificate }: { certificate: CertificateView }) {
  const { t } = useTranslation();
  const { order, failure } = certificate;
  const step = order?.state === 'running' ? order.steps.at(-1) : undefined;
  const more = step ? stepWords(t, step) : failure ? problemWords(failure.problem).message : '';
  return (
    <div className="min-w-0">
      <CertificateStatus certificate={certificate} />
      {more !== '' && (
        <span className="block truncate text-12 text-muted" title={more}>
          {more}
        </span>
      )}
    </div>
  );
}

function RenewalCell({ certificate }: { certificate: CertificateView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  const { renewal } = certificate;
  if (!renewal) return <span className="text-13 text-muted">{t('certificates.renewal.none')}</span>;
  if (renewal.why === 'owner') {
    return <span className="block truncate text-13 text-muted">{t('certificates.renewal.why.owner')}</span>;
  }
  return (
    <div className="min-w-0">
      <time
        dateTime={new Date(renewal.at).toISOString()}
        title={formatAbsolute(renewal.at, locale)}
        className="block truncate text-13"
      >
        {renewal.at <= now ? t('certificates.renewal.now') : formatRelativeDays(renewal.at, now, locale)}
      </time>
      <span className="block truncate text-12 text-muted">{t(`certificates.renewal.why.${renewal.why}`)}</span>
    </div>
  );
}

function RoutersCell({ certificate }: { certificate: CertificateView }) {
  const { t } = useTranslation();
  const [first, ...others] = certificate.routers;
  if (first === undefined) return <span className="text-13 text-muted">{t('certificates.noRouters')}</span>;
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-13">
      <Link href={routerPath(first)} className="link min-w-0 truncate font-mono">
        {first}
      </Link>
      {others.length > 0 && <span className="text-12 text-muted">+{others.length}</span>}
    </span>
  );
}

export function certificateColumns(t: TFunction, search: string): Column<CertificateView>[] {
  return [
    {
      id: 'names',
      head: t('certificates.columns.names'),
      sortBy: mainName,
      cell: (certificate) => <NameCell certificate={certificate} search={search} />,
    },
    {
      id: 'state',
      head: t('certificates.columns.state'),
      className: 'hidden w-[22%] @2xl:table-cell',
      sortBy: (certificate) => wordOf(certificate),
      cell: (certificate) => <StateCell certificate={certificate} />,
    },
    {
      id: 'life',
      head: t('certificates.columns.life'),
      className: 'hidden w-40 @2xl:table-cell',
      sortBy: (certificate) => certificate.notAfter ?? 0,
      cell: (certificate) => <Life certificate={certificate} />,
    },
    {
      id: 'renewal',
      head: t('certificates.columns.renewal'),
      className: 'hidden w-[20%] @5xl:table-cell',
      sortBy: (certificate) => certificate.renewal?.at ?? Number.MAX_SAFE_INTEGER,
      cell: (certificate) => <RenewalCell certificate={certificate} />,
    },
    {
      id: 'routers',
      head: t('certificates.columns.routers'),
      className: 'hidden w-[18%] @5xl:table-cell',
      sortBy: (certificate) => certificate.routers.length,
      cell: (certificate) => <RoutersCell certificate={certificate} />,
    },
  ];
}
