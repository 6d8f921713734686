import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Override } from '../../../app/contract/objects.ts';
import { actWithUndo } from '../../client/actions.ts';
import type { Picture } from '../../client/picture.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { ToneIcon } from '../../components/status.tsx';
import type { Kind } from './routing-kinds.ts';

/** Edits of this kind whose router or service is not there. Asked for again when something was edited or came or went. */
function useWaiting(kind: Kind, picture: Picture): readonly Override[] {
  const client = useEngine((state) => state.client);
  const [overrides, setOverrides] = useState<readonly Override[]>([]);
  const newest = picture.changes[0]?.id ?? '';
  const count = picture.routers.length + picture.services.length;
  useEffect(() => {
    if (!client) return undefined;
    let current = true;
    client.overrides.list().then(
      (found) => current && setOverrides(found),
      // The page says elsewhere that the engine is away; the last answer stays.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [client, newest, count]);
  const object = kind === 'routers' ? 'router' : 'service';
  return kind === 'middlewares' ? [] : overrides.filter((one) => one.state === 'waiting' && one.object === object);
}

export function WaitingOverrides({ kind, picture }: { kind: Kind; picture: Picture }) {
  const { t } = useTranslation();
  const waiting = useWaiting(kind, picture);
  if (waiting.length === 0) return null;
  const remove = ({ object, name, protocol }: Override): void => {
    const target = { object, name, ...(protocol === undefined ? {} : { protocol }) };
    void actWithUndo({ done: t('override.removed', { name }), failed: t('override.backFailed') }, (client) =>
      client.overrides.remove(target),
    );
  };
  return (
    <section
      aria-label={t('override.waitingTitle', { count: waiting.length })}
      className="mx-4 mt-3 rounded border border-line px-3 py-2 text-13 rail:mx-7"
    >
      <p className="flex items-center gap-2 font-medium">
        <ToneIcon tone="off" size={14} />
        {t('override.waitingTitle', { count: waiting.length })}
      </p>
      <p className="text-muted">{t('override.waitingBody')}</p>
      <ul className="mt-1 flex max-h-40 flex-col overflow-y-auto">
        {waiting.map((one) => (
          <li key={one.id} className="flex items-center gap-3">
            <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">
              <span className="font-mono">{one.name}</span>{' '}
              <span className="text-muted">
                {[
                  ...(one.protocol === undefined ? [] : [one.protocol.toUpperCase()]),
                  ...fieldsOf(one).map((field) => t(`override.fields.${field}`)),
                ].join(', ')}
              </span>
            </span>
            <Button look="quiet" onClick={() => remove(one)}>
              {t('override.remove')}
              <span className="sr-only"> {one.name}</span>
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function fieldsOf(one: Override) {
  const fields = ['host', 'middlewares', 'protection', 'servers', 'healthCheckPath', 'paused'] as const;
  return fields.filter((field) => (field === 'paused' ? one.paused : one[field] !== null));
}
