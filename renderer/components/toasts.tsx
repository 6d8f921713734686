import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from './button.tsx';
import { ToneIcon } from './status.tsx';

const manager = Toast.createToastManager();

export interface Notice {
  readonly title: string;
  readonly description?: React.ReactNode;
  readonly action?: { readonly text: string; readonly run: () => void };
}

/** Says what was done; with an action there is time to read it. */
export function notify(notice: Notice): void {
  const id = manager.add({
    title: notice.title,
    description: notice.description,
    timeout: notice.action ? 12_000 : 6000,
    ...(notice.action
      ? {
          actionProps: {
            children: notice.action.text,
            onClick: () => {
              manager.close(id);
              notice.action?.run();
            },
          },
        }
      : {}),
  });
}

export function notifyFailure(title: string, description: string): void {
  manager.add({ title, description, type: 'error', priority: 'high', timeout: 12_000 });
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  const { t } = useTranslation();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="fade rounded border border-line-strong bg-raised p-3 shadow-float data-limited:hidden"
    >
      <Toast.Content className="flex items-start gap-2.5">
        <span className="mt-0.5">
          <ToneIcon tone={toast.type === 'error' ? 'broken' : 'good'} />
        </span>
        <div className="min-w-0 flex-1 text-13">
          <Toast.Title className="font-medium" />
          <Toast.Description className="text-muted [overflow-wrap:anywhere]" render={<div />} />
        </div>
        <Toast.Action className="h-7 rounded-s border border-line-strong px-2.5 text-13 font-medium hover:bg-hover" />
        <Toast.Close render={<IconButton label={t('common.dismiss')} className="-my-0.5" />}>
          <X size={14} />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}

export function Toasts({ children }: { children: React.ReactNode }) {
  return (
    <Toast.Provider toastManager={manager} limit={3}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-3 bottom-[72px] z-50 flex flex-col gap-2 sm:left-auto sm:w-[400px] rail:right-5 rail:bottom-5">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}
