import { type UseFormReturn, useWatch } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { Field } from '../../components/field.tsx';
import type { OverrideValues } from './override-values.ts';

/** The servers of a service: where each is, its weight, and whether it gets requests. */
export function OverrideServers({ form, weights }: { form: UseFormReturn<OverrideValues>; weights: boolean }) {
  const { t } = useTranslation();
  const { register, control } = form;
  const servers = useWatch({ control, name: 'servers' });
  return (
    <fieldset>
      <legend className="mb-1 text-13 font-medium">{t('override.servers')}</legend>
      {servers.length === 0 && <p className="text-13 text-muted">{t('override.noServers')}</p>}
      <ul className="flex flex-col">
        {servers.map((server, place) => (
          <li
            key={server.server}
            className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 sm:grid-cols-[minmax(0,1fr)_88px_auto]"
          >
            <div className="col-span-2 sm:col-span-1">
              <Field
                label={t('override.serverAddress')}
                hint={
                  server.address.trim() === server.server ? null : t('override.serverWas', { server: server.server })
                }
              >
                {(props) => (
                  <input
                    {...props}
                    {...register(`servers.${place}.address`)}
                    aria-label={t('override.serverOf', { server: server.server })}
                    className={`${props.className} font-mono`}
                    disabled={server.paused}
                    autoComplete="off"
                    autoCapitalize="off"
                    spellCheck={false}
                  />
                )}
              </Field>
            </div>
            {weights && (
              <Field label={t('override.serverWeight')}>
                {(props) => (
                  <input
                    {...props}
                    {...register(`servers.${place}.weight`)}
                    inputMode="numeric"
                    disabled={server.paused}
                    autoComplete="off"
                  />
                )}
              </Field>
            )}
            <label className="mt-6 flex h-9 items-center gap-2 text-13">
              <input type="checkbox" {...register(`servers.${place}.paused`)} />
              {t('override.serverPaused')}
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

/** Where servers are asked for their health: as labels or files say, at another path, or nowhere. */
export function OverrideHealth({ form, below }: { form: UseFormReturn<OverrideValues>; below: string | null }) {
  const { t } = useTranslation();
  const { register, control } = form;
  const health = useWatch({ control, name: 'health' });
  return (
    <div className="grid gap-x-4 sm:grid-cols-2">
      <Field label={t('override.healthCheck')}>
        {(props) => (
          <select {...props} {...register('health')}>
            <option value="keep">{t('override.healthCheckKeep', { path: below ?? t('common.none') })}</option>
            <option value="path">{t('override.healthCheckPath')}</option>
            <option value="none">{t('override.healthCheckNone')}</option>
          </select>
        )}
      </Field>
      {health === 'path' && (
        <Field label={t('override.healthPath')} hint={t('override.healthPathHint')}>
          {(props) => (
            <input
              {...props}
              {...register('healthCheckPath')}
              className={`${props.className} font-mono`}
              placeholder="/health"
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
            />
          )}
        </Field>
      )}
    </div>
  );
}
