import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { CertificateView, Order } from '../../../app/contract/certificates.ts';
import { act } from '../../client/actions.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { ToneIcon } from '../../components/status.tsx';
import { certificatePath, mainName } from './certificate-state.ts';
import { OrderSteps } from './order-steps.tsx';
import { OwnerRecord } from './owner-record.tsx';

/** The steps of an order that was just made, until visitors get the certificate or the cause of a failure is known. */
export function OrderWatch({
  first,
  onClose,
  onChange,
}: {
  first: CertificateView;
  onClose: () => void;
  onChange: () => void;
}) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const live = useEngine((state) => state.picture?.certificates.find(({ id }) => id === first.id));
  const certificate = live ?? first;
  const order = useLastOrder(certificate);
  const headRef = useRef<HTMLParagraphElement>(null);
  useEffect(() => headRef.current?.focus(), []);
  const isThere = certificate.notAfter !== null && certificate.order === null;
  const hasFailed = certificate.failure !== null && order?.state !== 'running';
  const name = mainName(certificate);
  const show = (): void => {
    onClose();
    navigate(certificatePath(certificate.id));
  };
  const retry = (): void => {
    void act(t('certificates.actions.failed'), (client) => client.certificates.renew({ id: certificate.id }));
  };
  return (
    <div className="flex flex-col gap-4">
      <p ref={headRef} tabIndex={-1} role="status" className="flex items-start gap-2 text-14 outline-none">
        {(isThere || hasFailed) && (
          <span className="mt-0.5">
            <ToneIcon tone={isThere ? 'good' : 'broken'} />
          </span>
        )}
        {isThere
          ? t('certificates.form.done', { name })
          : hasFailed
            ? t('certificates.form.failed')
            : order?.state === 'waiting'
              ? t('certificates.form.waits')
              : t('certificates.detail.orderRunning')}
      </p>
      {hasFailed && certificate.failure && <ProblemList problems={[certificate.failure.problem]} />}
      {order && (
        <section
          aria-label={t('certificates.detail.order')}
          tabIndex={0}
          className="max-h-[46dvh] min-h-64 overflow-y-auto rounded-s border border-line bg-surface p-4"
        >
          <OwnerRecord order={order} resolver={certificate.resolver} />
          <OrderSteps order={order} names={certificate.names} />
        </section>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        {hasFailed && (
          <>
            <Button onClick={onChange}>{t('certificates.form.change')}</Button>
            <Button look="primary" onClick={retry}>
              {t('certificates.actions.retry')}
            </Button>
          </>
        )}
        {isThere && <Button onClick={show}>{t('certificates.form.show')}</Button>}
        {!hasFailed && (
          <Button look={isThere ? 'primary' : 'plain'} onClick={onClose}>
            {t('common.close')}
          </Button>
        )}
      </div>
    </div>
  );
}

/** The order while it runs; once it is over, as the engine remembers it, to its last step. */
function useLastOrder(certificate: CertificateView): Order | null {
  const client = useEngine((state) => state.client);
  const [last, setLast] = useState<Order | null>(certificate.order);
  const { id, order } = certificate;
  if (order && order !== last) setLast(order);
  const isOver = order === null;
  useEffect(() => {
    if (!client || !isOver) return undefined;
    let current = true;
    client.certificates.get({ id }).then(
      ({ orders }) => current && orders[0] && setLast(orders[0]),
      // What was seen of it stays.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [client, id, isOver]);
  return order ?? last;
}
