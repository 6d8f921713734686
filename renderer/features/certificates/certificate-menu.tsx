import { Menu } from '@base-ui/react/menu';
import { Ban, Download, Ellipsis, Replace, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CertificateView } from '../../../app/contract/certificates.ts';
import { IconButton } from '../../components/button.tsx';
import { mainName } from './certificate-state.ts';
import { RemoveConfirm, RevokeConfirm } from './confirm.tsx';
import { DownloadForm } from './download-form.tsx';
import { UploadForm } from './upload-form.tsx';

const item =
  'flex h-8 cursor-pointer items-center gap-2.5 rounded-s px-2.5 text-13 outline-none select-none data-highlighted:bg-hover';

type Task = 'replace' | 'download' | 'revoke' | 'remove';

/** What can be done with a certificate; what cannot be undone says first what will happen. */
export function CertificateMenu({ certificate, onRemoved }: { certificate: CertificateView; onRemoved: () => void }) {
  const { t } = useTranslation();
  const [task, setTask] = useState<Task | null>(null);
  const { source, status, notAfter } = certificate;
  const close = (): void => setTask(null);
  const entries: readonly (readonly [Task, ReactNode, boolean])[] = [
    ['download', <Download key="icon" size={14} aria-hidden />, notAfter !== null],
    ['replace', <Replace key="icon" size={14} aria-hidden />, source === 'acme' || source === 'imported'],
    [
      'revoke',
      <Ban key="icon" size={14} aria-hidden />,
      source === 'acme' && notAfter !== null && status !== 'revoked',
    ],
    ['remove', <Trash2 key="icon" size={14} aria-hidden />, source === 'acme' || source === 'imported'],
  ];
  const possible = entries.filter(([, , isPossible]) => isPossible);
  if (possible.length === 0) return null;
  return (
    <>
      <Menu.Root>
        <Menu.Trigger render={<IconButton label={t('certificates.actions.menu', { name: mainName(certificate) })} />}>
          <Ellipsis size={16} />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner align="end" sideOffset={4} className="z-40">
            <Menu.Popup className="fade min-w-40 rounded border border-line-strong bg-raised p-1 shadow-float outline-none">
              {possible.map(([each, icon]) => (
                <Menu.Item key={each} className={item} onClick={() => setTask(each)}>
                  {icon}
                  {t(`certificates.actions.${each}`)}
                </Menu.Item>
              ))}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      {task === 'download' && <DownloadForm certificate={certificate} onClose={close} />}
      {task === 'replace' && <UploadForm replaces={certificate} onClose={close} />}
      {task === 'revoke' && <RevokeConfirm certificate={certificate} onClose={close} />}
      {task === 'remove' && <RemoveConfirm certificate={certificate} onClose={close} onRemoved={onRemoved} />}
    </>
  );
}
