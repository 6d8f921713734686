import { type UseFormReturn, useWatch } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { Field, TextInput } from '../../components/field.tsx';
import type { OverrideValues } from './override-values.ts';

/** The servers of a service: where each is, its weight, and whether it gets requests. */
export function OverrideServers({ form, weights }: { form: UseFormReturn<OverrideValues>; weights: boolean }) {
  const { t } = useTranslation();
  const { register, control } = form;
  const servers = useWatch({ control, name: 'servers' });
  return (
    <fieldset className="mb-2">
      <legend className="mb-1 text-13 font-medium">{t('override.servers')}</legend>
      {servers.length === 0 && <p className="text-13 text-muted">{t('override.noServers')}</p>}
      <ul className="-m-1 flex max-h-80 flex-col gap-2 overflow-y-auto p-1">
        {servers.map((server, place) => (
          <li key={server.server}>
            <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <div className="min-w-0 basis-full sm:flex-1 sm:basis-64">
                <TextInput
                  label={t('override.serverOf', { server: server.server })}
                  {...register(`servers.${place}.address`)}
                  className="font-mono"
                  disabled={server.paused}
                  autoComplete="off"
                  autoCapitalize="off"
                  spellCheck={false}
                />
              </div>
              {weights && (
                <label className="flex items-center gap-2 text-13 text-soft">
                  {t('override.serverWeight')}
                  <span className="w-16">
                    <TextInput
                      label={t('override.weightOf', { server: server.server })}
                      {...register(`servers.${place}.weight`)}
                      inputMode="numeric"
                      disabled={server.paused}
                      autoComplete="off"
                    />
                  </span>
                </label>
              )}
              <label className="flex h-9 items-center gap-2 text-13">
                <input
                  type="checkbox"
                  aria-label={t('override.pauseOf', { server: server.server })}
                  {...register(`servers.${place}.paused`)}
                />
                {t('override.serverPaused')}
              </label>
            </div>
            {server.address.trim() !== server.server && (
              <p className="mt-0.5 text-12 text-muted [overflow-wrap:anywhere]">
                {t('override.serverWas', { server: server.server })}
              </p>
            )}
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
