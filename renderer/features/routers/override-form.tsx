import { useEffect, useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import type { Override, OverridePlan } from '../../../app/contract/objects.ts';
import { undo } from '../../client/actions.ts';
import { failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Modal } from '../../components/modal.tsx';
import { notify } from '../../components/toasts.tsx';
import { failureWords } from '../../words/failure-words.ts';
import {
  ProtectionFields,
  type ProtectionValues,
  protectionOf,
  protectionValues,
} from '../containers/protection-fields.tsx';

export type OverrideTarget = Pick<Override, 'object' | 'name'>;

interface Values extends ProtectionValues {
  host: string;
  middlewares: string;
  paused: boolean;
}

function startValues({ override, hosts, middlewares }: OverridePlan): Values {
  return {
    host: override?.host ?? hosts[0] ?? '',
    middlewares: (override?.middlewares ?? middlewares).join(', '),
    paused: override?.paused ?? false,
    ...protectionValues(override?.protection ?? { kind: 'none' }),
  };
}

function namesOf(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** What was typed that differs from what the form began with. */
function changesOf(start: Values, given: Values, { middlewares }: OverridePlan) {
  const names = namesOf(given.middlewares);
  const isOriginal = names.join() === middlewares.join();
  const protection = protectionOf(given);
  const keepsDoor = JSON.stringify(protection) === JSON.stringify(protectionOf(start));
  return {
    ...(given.host.trim() === start.host ? {} : { host: given.host.trim() === '' ? null : given.host.trim() }),
    ...(given.middlewares.trim() === start.middlewares ? {} : { middlewares: isOriginal ? null : names }),
    ...(keepsDoor ? {} : { protection: protection.kind === 'none' ? null : protection }),
    ...(given.paused === start.paused ? {} : { paused: given.paused }),
  };
}

/** Edits a router or service that comes from labels or a file, as a layer over it. */
export function OverrideForm({ target, onClose }: { target: OverrideTarget; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const { object, name } = target;
  const [plan, setPlan] = useState<OverridePlan | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    if (!client) return undefined;
    let current = true;
    client.overrides.plan({ object, name }).then(
      (found) => current && setPlan(found),
      (error: unknown) => current && setFailure(failureWords(failureOf(error))),
    );
    return () => {
      current = false;
    };
  }, [client, object, name]);
  return (
    <Modal title={t('override.title', { name })} onClose={onClose} wide>
      {plan ? (
        <Form target={target} plan={plan} onClose={onClose} />
      ) : (
        <div className="min-h-56">{failure !== null && <p className="text-13 text-broken">{failure}</p>}</div>
      )}
    </Modal>
  );
}

function Form({ target, plan, onClose }: { target: OverrideTarget; plan: OverridePlan; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const [start] = useState(() => startValues(plan));
  const form = useForm<Values>({ defaultValues: start });
  const { register, handleSubmit, formState, setFocus } = form;
  const isRouter = target.object === 'router';
  useEffect(() => setFocus(isRouter ? 'host' : 'middlewares'), [setFocus, isRouter]);
  const [failure, setFailure] = useState<string | null>(null);

  const submit = handleSubmit(async (given) => {
    setFailure(null);
    const changes = changesOf(start, given, plan);
    if (Object.keys(changes).length === 0) {
      onClose();
      return;
    }
    try {
      if (!client) throw new Error('');
      const { override, changeId } = await client.overrides.set({ ...target, ...changes });
      notify({
        title: t(override === null ? 'override.unchanged' : 'override.saved', { name: target.name }),
        action: { text: t('common.undo'), run: () => void undo(changeId) },
      });
      onClose();
    } catch (error) {
      setFailure(failureWords(failureOf(error)));
    }
  });

  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <p className="mb-3 text-13 text-soft">{t('override.intro')}</p>
      <div className="grid gap-y-2">
        {isRouter && (
          <Field label={t('expose.host')} hint={t('override.hostHint')}>
            {(props) => (
              <input
                {...props}
                {...register('host')}
                className={`${props.className} font-mono`}
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
              />
            )}
          </Field>
        )}
        <Field label={t('override.middlewares')} hint={t('override.middlewaresHint')}>
          {(props) => (
            <input
              {...props}
              {...register('middlewares')}
              className={`${props.className} font-mono`}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
            />
          )}
        </Field>
      </div>
      <div className="mt-3 grid gap-x-4 gap-y-2 sm:grid-cols-2">
        <ProtectionFields form={form} keepsPassword={plan.override?.protection?.kind === 'password'} />
      </div>
      {isRouter && (
        <label className="mt-3 flex items-center gap-2 text-13">
          <input type="checkbox" {...register('paused')} />
          {t('override.pause')}
        </label>
      )}
      {failure !== null && (
        <p role="alert" className="mt-3 text-13 text-broken">
          {failure}
        </p>
      )}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button type="submit" look="primary" disabled={formState.isSubmitting}>
          {t('override.save')}
        </Button>
      </div>
    </form>
  );
}
