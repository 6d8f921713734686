import { Menu } from '@base-ui/react/menu';
import { Ellipsis, Pause, Pencil, Play, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { actWithUndo } from '../../client/actions.ts';
import { IconButton } from '../../components/button.tsx';

const item =
  'flex h-8 cursor-pointer items-center gap-2.5 rounded-s px-2.5 text-13 outline-none select-none data-highlighted:bg-hover';

/** What can be done with an app that was exposed here. Everything can be undone, so nothing asks. */
export function ExposureMenu({
  exposureId,
  paused,
  name,
  onEdit,
}: {
  exposureId: string;
  paused: boolean;
  name: string;
  onEdit?: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const failed = t('expose.failedEdit', { name });
  return (
    <Menu.Root>
      <Menu.Trigger render={<IconButton label={t('containers.actions', { name })} />}>
        <Ellipsis size={16} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4} className="z-40">
          <Menu.Popup className="fade min-w-40 rounded border border-line-strong bg-raised p-1 shadow-float outline-none">
            {onEdit && (
              <Menu.Item className={item} onClick={onEdit}>
                <Pencil size={14} aria-hidden />
                {t('common.edit')}
              </Menu.Item>
            )}
            <Menu.Item
              className={item}
              onClick={() =>
                void actWithUndo(
                  { done: t(paused ? 'expose.resumedDone' : 'expose.pausedDone', { name }), failed },
                  (client) =>
                    paused ? client.exposures.resume({ id: exposureId }) : client.exposures.pause({ id: exposureId }),
                )
              }
            >
              {paused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
              {t(paused ? 'common.resume' : 'common.pause')}
            </Menu.Item>
            <Menu.Item
              className={item}
              onClick={() =>
                void actWithUndo({ done: t('expose.removed', { name }), failed }, (client) =>
                  client.exposures.remove({ id: exposureId }),
                )
              }
            >
              <Trash2 size={14} aria-hidden />
              {t('expose.stop')}
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
