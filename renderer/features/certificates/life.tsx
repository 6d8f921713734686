import { useTranslation } from 'react-i18next';
import type { CertificateView } from '../../../app/contract/certificates.ts';
import { useLocale, useNow } from '../../components/hooks.ts';
import type { Tone } from '../../components/status.tsx';
import { formatAbsolute, formatDate, formatRelativeDays } from '../../words/format.ts';
import { lifeOf, timeLeft, toneOf } from './certificate-state.ts';

const fills: Readonly<Record<Tone, string>> = {
  good: 'fill-good',
  attention: 'fill-attention',
  broken: 'fill-broken',
  off: 'fill-off',
  paused: 'fill-off',
};

/** A certificate's time from issue to end: what is spent of it, and a notch where it renews. */
function LifeBar({ certificate, heightPx }: { certificate: CertificateView; heightPx: number }) {
  const now = useNow();
  const life = lifeOf(certificate, now);
  if (!life) return <div style={{ height: heightPx }} className="rounded-full bg-line" aria-hidden />;
  return (
    <svg aria-hidden width="100%" height={heightPx} className="block overflow-visible">
      <rect width="100%" height={heightPx} rx={heightPx / 2} className="fill-line-strong" />
      <rect
        width={`${Math.max(1.5, (1 - life.spent) * 100)}%`}
        x={`${Math.min(98.5, life.spent * 100)}%`}
        height={heightPx}
        rx={heightPx / 2}
        className={fills[toneOf(certificate)]}
      />
      {life.renews !== null && life.renews > life.spent && (
        <rect
          x={`${life.renews * 100}%`}
          y={-2}
          width={2}
          height={heightPx + 4}
          className="fill-surface stroke-text"
          strokeWidth={1}
        />
      )}
    </svg>
  );
}

export function LeftWords({ certificate }: { certificate: CertificateView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  const { notAfter } = certificate;
  if (notAfter === null) return t('certificates.left.none');
  const left = timeLeft(notAfter, now);
  return (
    <time dateTime={new Date(notAfter).toISOString()} title={formatAbsolute(notAfter, locale)}>
      {left
        ? t(`certificates.left.${left.unit}`, { count: left.count })
        : t('certificates.left.ended', { when: formatRelativeDays(notAfter, now, locale) })}
    </time>
  );
}

/** For a row: the bar with the time left below it. */
export function Life({ certificate }: { certificate: CertificateView }) {
  return (
    <div className="max-w-44">
      <LifeBar certificate={certificate} heightPx={4} />
      <div className="mt-1.5 truncate text-12 text-muted">
        <LeftWords certificate={certificate} />
      </div>
    </div>
  );
}

/** For the detail: the bar with its dates. */
export function LifeLine({ certificate }: { certificate: CertificateView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const { notBefore, notAfter, renewal } = certificate;
  if (notBefore === null || notAfter === null) return null;
  const moments = [
    { at: notBefore, word: t('certificates.detail.issued') },
    ...(renewal && renewal.why !== 'owner' ? [{ at: renewal.at, word: t('certificates.detail.renews') }] : []),
    { at: notAfter, word: t('certificates.detail.ends') },
  ];
  return (
    <div>
      <div className="py-1">
        <LifeBar certificate={certificate} heightPx={8} />
      </div>
      <dl className="mt-2 flex justify-between gap-3 text-12">
        {moments.map(({ at, word }) => (
          <div key={word} className="first:text-left last:text-right">
            <dt className="text-muted">{word}</dt>
            <dd>
              <time dateTime={new Date(at).toISOString()} title={formatAbsolute(at, locale)}>
                {formatDate(at, locale)}
              </time>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
