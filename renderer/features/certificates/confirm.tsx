import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CertificateView } from '../../../app/contract/certificates.ts';
import { act } from '../../client/actions.ts';
import type { GatehouseClient } from '../../client/contract.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Modal } from '../../components/modal.tsx';
import { notify } from '../../components/toasts.tsx';
import { mainName } from './certificate-state.ts';

/** For what cannot be undone: says what will happen, and asks for nothing to be typed. */
export function Confirm({
  title,
  action,
  done,
  run,
  onClose,
  onDone,
  children,
}: {
  title: string;
  action: string;
  done: string;
  run: (client: GatehouseClient) => Promise<unknown>;
  onClose: () => void;
  onDone?: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const go = async (): Promise<void> => {
    setBusy(true);
    const result = await act(t('certificates.actions.failed'), run);
    setBusy(false);
    if (result === undefined) return;
    notify({ title: done });
    onClose();
    onDone?.();
  };
  return (
    <Modal title={title} onClose={onClose}>
      <div className="flex flex-col gap-2 text-14 text-soft">{children}</div>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button look="primary" disabled={busy} onClick={() => void go()}>
          {action}
        </Button>
      </div>
    </Modal>
  );
}

const reasons = ['unspecified', 'keyCompromise', 'superseded', 'cessationOfOperation'] as const;
type Reason = (typeof reasons)[number];

export function RevokeConfirm({ certificate, onClose }: { certificate: CertificateView; onClose: () => void }) {
  const { t } = useTranslation();
  const [reason, setReason] = useState<Reason>('unspecified');
  const name = mainName(certificate);
  return (
    <Confirm
      title={t('certificates.confirm.revokeTitle', { name })}
      action={t('certificates.confirm.revoke')}
      done={t('certificates.actions.revoked', { name })}
      run={(client) => client.certificates.revoke({ id: certificate.id, reason })}
      onClose={onClose}
    >
      <p>{t('certificates.confirm.revokeBody')}</p>
      {certificate.routers.length > 0 && <p>{t('certificates.confirm.revokeThen')}</p>}
      <Field label={t('certificates.confirm.revokeReason')}>
        {(props) => (
          <select
            {...props}
            value={reason}
            onChange={(event) => setReason(reasons.find((one) => one === event.target.value) ?? 'unspecified')}
          >
            {reasons.map((one) => (
              <option key={one} value={one}>
                {t(`certificates.confirm.reasons.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </Confirm>
  );
}

export function RemoveConfirm({
  certificate,
  onClose,
  onRemoved,
}: {
  certificate: CertificateView;
  onClose: () => void;
  onRemoved: () => void;
}) {
  const { t } = useTranslation();
  const name = mainName(certificate);
  return (
    <Confirm
      title={t('certificates.confirm.removeTitle', { name })}
      action={t('certificates.confirm.remove')}
      done={t('certificates.actions.removed', { name })}
      run={(client) => client.certificates.remove({ id: certificate.id })}
      onClose={onClose}
      onDone={onRemoved}
    >
      <p>{t('certificates.confirm.removeBody')}</p>
      {certificate.routers.length > 0 && <p>{t('certificates.confirm.removeThen')}</p>}
    </Confirm>
  );
}
