import { Ghost, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { CertificateView, Order } from '../../../app/contract/certificates.ts';
import { act } from '../../client/actions.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy.tsx';
import { useLocale, useNow } from '../../components/hooks.ts';
import { Empty } from '../../components/page.tsx';
import { DetailPanel, Facts, Section } from '../../components/panel.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { Time } from '../../components/time.tsx';
import { notify } from '../../components/toasts.tsx';
import { formatMoment, formatRelative } from '../../words/format.ts';
import { RouterLinks } from '../road/router-links.tsx';
import { CertificateStatus } from './certificate-columns.tsx';
import { CertificateMenu } from './certificate-menu.tsx';
import { mainName, wordOf } from './certificate-state.ts';
import { LeftWords, LifeLine } from './life.tsx';
import { OrderSteps } from './order-steps.tsx';
import { OwnerRecord } from './owner-record.tsx';

export function CertificateDetail({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTranslation();
  const certificate = useEngine((state) => state.picture?.certificates.find((each) => each.id === id));
  if (!certificate) {
    return (
      <DetailPanel title={t('certificates.detail.gone')} label={t('certificates.detail.gone')} onClose={onClose}>
        <Empty
          icon={Ghost}
          title={t('certificates.detail.gone')}
          action={<Button onClick={onClose}>{t('certificates.detail.back')}</Button>}
        >
          {t('certificates.detail.goneBody')}
        </Empty>
      </DetailPanel>
    );
  }
  const name = mainName(certificate);
  return (
    <DetailPanel title={name} label={name} onClose={onClose}>
      <Head certificate={certificate} onRemoved={onClose} />
      <Trouble certificate={certificate} />
      {certificate.order && (
        <Section
          title={t(
            certificate.order.state === 'failed'
              ? 'certificates.detail.orderFailed'
              : 'certificates.detail.orderRunning',
          )}
        >
          <OwnerRecord order={certificate.order} resolver={certificate.resolver} />
          <OrderSteps order={certificate.order} names={certificate.names} />
        </Section>
      )}
      {certificate.notAfter !== null && (
        <Section title={t('certificates.detail.life')}>
          <LifeLine certificate={certificate} />
          <RenewalWords certificate={certificate} />
        </Section>
      )}
      <Section title={t('certificates.detail.routers')}>
        {certificate.routers.length === 0 ? (
          <p className="text-13 text-muted">{t('certificates.detail.noRouters')}</p>
        ) : (
          <div className="text-13">
            <RouterLinks names={certificate.routers} />
          </div>
        )}
      </Section>
      <About certificate={certificate} />
      <History certificate={certificate} />
    </DetailPanel>
  );
}

function Head({ certificate, onRemoved }: { certificate: CertificateView; onRemoved: () => void }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const name = mainName(certificate);
  const underWay = certificate.order?.state === 'running';
  const renew = async (): Promise<void> => {
    setBusy(true);
    const done = await act(t('certificates.actions.failed'), (client) =>
      client.certificates.renew({ id: certificate.id }),
    );
    setBusy(false);
    if (done) notify({ title: t('certificates.actions.renewed', { name }) });
  };
  return (
    <div className="flex flex-wrap items-center gap-3 border-b border-line pb-4">
      <CertificateStatus certificate={certificate} />
      <span className="text-13 text-muted">
        <LeftWords certificate={certificate} />
      </span>
      <span className="flex-1" />
      {certificate.source === 'acme' && certificate.status !== 'revoked' && (
        <Button
          look={certificate.failure ? 'primary' : 'plain'}
          disabled={busy || underWay}
          onClick={() => void renew()}
        >
          <RefreshCw size={14} aria-hidden />
          {t(certificate.failure ? 'certificates.actions.retry' : 'certificates.actions.renew')}
        </Button>
      )}
      <CertificateMenu certificate={certificate} onRemoved={onRemoved} />
    </div>
  );
}

/** What went wrong and when it is tried again; what visitors get meanwhile. */
function Trouble({ certificate }: { certificate: CertificateView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const now = useNow();
  const { failure, meanwhile } = certificate;
  const word = wordOf(certificate);
  const hint = word === 'unused' || word === 'revoked' ? t(`certificates.stateHints.${word}`) : '';
  if (!failure && meanwhile === null && hint === '') return null;
  return (
    <Section title={t(failure ? 'certificates.detail.problem' : 'certificates.columns.state')}>
      {failure && (
        <>
          <ProblemList problems={[failure.problem]} />
          <p className="mt-2 text-13 text-muted">
            {t('certificates.detail.tries', {
              count: failure.attempts,
              when: formatRelative(failure.at, now, locale),
            })}{' '}
            {failure.retryAt === null
              ? t('certificates.detail.noRetry')
              : t('certificates.detail.retry', { when: formatRelative(Math.max(failure.retryAt, now), now, locale) })}
          </p>
        </>
      )}
      {meanwhile !== null && <p className="mt-2 text-13 text-muted">{t(`certificates.meanwhile.${meanwhile}`)}</p>}
      {hint !== '' && <p className="text-13 text-muted">{hint}</p>}
    </Section>
  );
}

function RenewalWords({ certificate: { renewal } }: { certificate: CertificateView }) {
  const { t } = useTranslation();
  const locale = useLocale();
  if (!renewal) return <p className="mt-3 text-13 text-muted">{t('certificates.renewal.none')}</p>;
  const { window: range, explanationUrl } = renewal;
  return (
    <p className="mt-3 text-13 text-muted">
      {t(`certificates.renewal.whyLong.${renewal.why}`)}
      {range && (
        <>
          {' '}
          {t('certificates.renewal.windowText', {
            start: formatMoment(range.start, locale),
            end: formatMoment(range.end, locale),
          })}
        </>
      )}
      {explanationUrl !== undefined && (
        <>
          {' '}
          <a href={explanationUrl} target="_blank" rel="noreferrer" className="link">
            {t('certificates.renewal.explanation')}
          </a>
        </>
      )}
    </p>
  );
}

function Mono({ text, copy = false }: { text: string; copy?: boolean }) {
  return (
    <span className="flex items-start gap-1">
      <code className="min-w-0 font-mono text-12 leading-5 [overflow-wrap:anywhere]">{text}</code>
      {copy && (
        <span className="-my-1.5">
          <CopyButton text={text} />
        </span>
      )}
    </span>
  );
}

function About({ certificate }: { certificate: CertificateView }) {
  const { t } = useTranslation();
  const { names, issuer, source, resolver, keyType, profile, path, serialNumber, fingerprint, byHand } = certificate;
  const facts = [
    {
      name: t('certificates.detail.names'),
      value: names.map((name) => (
        <div key={name} className="font-mono">
          {name}
        </div>
      )),
    },
    ...(issuer === '' ? [] : [{ name: t('certificates.detail.issuer'), value: issuer }]),
    {
      name: t('certificates.detail.source'),
      value: t(`certificates.sources.${source}`) + (byHand ? ` · ${t('certificates.detail.byHand')}` : ''),
    },
    ...(resolver === null
      ? []
      : [
          {
            name: t('certificates.detail.resolver'),
            value: (
              <Link href="/resolvers" className="link">
                {resolver}
              </Link>
            ),
          },
        ]),
    ...(keyType === '' ? [] : [{ name: t('certificates.detail.key'), value: keyType }]),
    ...(profile === null ? [] : [{ name: t('certificates.detail.profile'), value: profile }]),
    ...(path === null ? [] : [{ name: t('certificates.detail.path'), value: <Mono text={path} /> }]),
    ...(serialNumber === '' ? [] : [{ name: t('certificates.detail.serial'), value: <Mono text={serialNumber} /> }]),
    ...(fingerprint === ''
      ? []
      : [{ name: t('certificates.detail.fingerprint'), value: <Mono text={fingerprint} copy /> }]),
  ];
  return (
    <Section title={t('certificates.detail.about')}>
      <Facts facts={facts} />
    </Section>
  );
}

/** Orders that are over, each with its steps; asked for anew when one ends. */
function History({ certificate }: { certificate: CertificateView }) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const [orders, setOrders] = useState<readonly Order[]>([]);
  const { id, source, order, fingerprint } = certificate;
  const key = `${order?.id ?? ''} ${order?.state ?? ''} ${fingerprint}`;
  useEffect(() => {
    if (!client || source !== 'acme') return undefined;
    let current = true;
    client.certificates.get({ id }).then(
      (detail) => current && setOrders(detail.orders),
      // The list says what is wrong; a history that is missing is no news.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [client, id, source, key]);
  const over = orders.filter((each) => each.id !== order?.id);
  if (over.length === 0) return null;
  return (
    <Section title={t('certificates.detail.history')}>
      <ul className="flex flex-col gap-1">
        {over.map((each) => (
          <li key={each.id}>
            <details className="text-13">
              <summary className="py-0.5">
                {t(`certificates.orderWhy.${each.why}`)} · {t(`certificates.orderState.${each.state}`)} ·{' '}
                <span className="text-muted">
                  <Time at={each.startedAt} />
                </span>
              </summary>
              <div className="py-2 pl-4">
                <OrderSteps order={each} names={certificate.names} />
              </div>
            </details>
          </li>
        ))}
      </ul>
    </Section>
  );
}
