import { type FieldValues, type UseFormReturn, useWatch } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import type { Protection } from '../../../app/contract/objects.ts';
import { Field } from '../../components/field.tsx';

export interface ProtectionValues {
  protection: Protection['kind'];
  username: string;
  password: string;
  sourceRange: string;
}

const shortestPassword = 8;

export function protectionValues(protection: Protection): ProtectionValues {
  return {
    protection: protection.kind,
    username: protection.kind === 'password' ? protection.username : '',
    password: '',
    sourceRange: protection.kind === 'allowList' ? protection.sourceRange.join('\n') : '',
  };
}

export function protectionOf(values: ProtectionValues): Protection {
  switch (values.protection) {
    case 'none':
      return { kind: 'none' };
    case 'password':
      return {
        kind: 'password',
        username: values.username.trim(),
        ...(values.password === '' ? {} : { password: values.password }),
      };
    case 'allowList':
      return {
        kind: 'allowList',
        sourceRange: values.sourceRange
          .split(/[\s,]+/)
          .map((range) => range.trim())
          .filter((range) => range !== ''),
      };
  }
}

/** Who may come: a choice, and what it asks for. Part of a form whose values hold these beside others. */
export function ProtectionFields<Values extends ProtectionValues & FieldValues>({
  form,
  keepsPassword,
  passwords = true,
}: {
  form: UseFormReturn<Values>;
  keepsPassword: boolean;
  /** False: there is no way to ask for one. */
  passwords?: boolean;
}) {
  const { t } = useTranslation();
  const { register, formState, control } = form as unknown as UseFormReturn<ProtectionValues>;
  const protection = useWatch({ control, name: 'protection' });
  const { errors } = formState;
  return (
    <>
      <Field label={t('expose.protection')}>
        {(props) => (
          <select {...props} {...register('protection')}>
            <option value="none">{t('expose.protectionNone')}</option>
            {passwords && <option value="password">{t('expose.protectionPassword')}</option>}
            <option value="allowList">{t('expose.protectionAllowList')}</option>
          </select>
        )}
      </Field>
      {protection === 'password' && (
        <div className="grid grid-cols-2 gap-3">
          <Field label={t('expose.username')} error={errors.username?.message}>
            {(props) => (
              <input
                {...props}
                {...register('username', { validate: (text) => text.trim() !== '' || t('expose.passwordMissing') })}
                autoComplete="off"
              />
            )}
          </Field>
          <Field
            label={t('expose.password')}
            hint={keepsPassword ? t('expose.passwordKept') : t('expose.passwordHint')}
            error={errors.password?.message}
          >
            {(props) => (
              <input
                {...props}
                {...register('password', {
                  validate: (text) =>
                    (keepsPassword && text === '') || text.length >= shortestPassword || t('expose.passwordMissing'),
                })}
                type="password"
                autoComplete="new-password"
              />
            )}
          </Field>
        </div>
      )}
      {protection === 'allowList' && (
        <Field label={t('expose.sourceRange')} hint={t('expose.sourceRangeHint')} error={errors.sourceRange?.message}>
          {(props) => (
            <textarea
              {...props}
              {...register('sourceRange', { validate: (text) => text.trim() !== '' || t('expose.rangeMissing') })}
              rows={3}
              className={`${props.className.replace('h-9', '')} py-1.5 font-mono`}
              spellCheck={false}
            />
          )}
        </Field>
      )}
    </>
  );
}
