import { useEffect, useState } from 'react';
import { type UseFormReturn, useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import type { Override, OverrideField, OverridePlan } from '../../../app/contract/objects.ts';
import { undo } from '../../client/actions.ts';
import { type Failure, failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Modal } from '../../components/modal.tsx';
import { ToneIcon, toneGround } from '../../components/status.tsx';
import { notify } from '../../components/toasts.tsx';
import { failureWords } from '../../words/failure-words.ts';
import { ProtectionFields } from '../containers/protection-fields.tsx';
import { OverrideHealth, OverrideServers } from './override-servers.tsx';
import { changesOf, type OverrideValues, startValues } from './override-values.ts';

export type OverrideTarget = Pick<Override, 'object' | 'name' | 'protocol'>;

/** Edits a router or service that comes from labels or a file, as a layer over it. */
export function OverrideForm({ target, onClose }: { target: OverrideTarget; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const { object, name, protocol } = target;
  const [plan, setPlan] = useState<OverridePlan | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    if (!client) return undefined;
    let current = true;
    client.overrides.plan({ object, name, ...(protocol === undefined ? {} : { protocol }) }).then(
      (found) => current && setPlan(found),
      (error: unknown) => current && setFailure(failureWords(failureOf(error))),
    );
    return () => {
      current = false;
    };
  }, [client, object, name, protocol]);
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

/** What the form can still be sent with, though another router has the same rule. */
const conflicts: readonly string[] = ['RULE_TAKEN', 'ENTRY_POINT_TAKEN'];

function Form({ target, plan, onClose }: { target: OverrideTarget; plan: OverridePlan; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const [start] = useState(() => startValues(plan));
  const form = useForm<OverrideValues>({ defaultValues: start });
  const { handleSubmit, formState, setFocus } = form;
  const can = (field: OverrideField): boolean => plan.editable.includes(field);
  const first = can('host') ? 'host' : can('middlewares') ? 'middlewares' : null;
  useEffect(() => {
    if (first !== null) setFocus(first);
  }, [setFocus, first]);
  const [failure, setFailure] = useState<Failure | null>(null);
  const isConflict = failure !== null && conflicts.includes(failure.reason);

  const send = async (given: OverrideValues, allowConflict: boolean): Promise<void> => {
    setFailure(null);
    const changes = changesOf(start, given, plan);
    if (Object.keys(changes).length === 0) {
      onClose();
      return;
    }
    try {
      if (!client) throw new Error('');
      const { override, changeId } = await client.overrides.set({ ...target, ...changes, allowConflict });
      notify({
        title: t(override === null ? 'override.unchanged' : 'override.saved', { name: target.name }),
        action: { text: t('common.undo'), run: () => void undo(changeId) },
      });
      onClose();
    } catch (error) {
      setFailure(failureOf(error));
    }
  };

  return (
    <form onSubmit={(event) => void handleSubmit((given) => send(given, false))(event)} noValidate>
      <p className="mb-3 text-13 text-soft">{t('override.intro')}</p>
      {plan.editable.length === 0 && <p className="text-13 text-muted">{t('override.nothingEditable')}</p>}
      <Fields form={form} plan={plan} target={target} />
      {failure !== null && !isConflict && (
        <p role="alert" className="mt-3 text-13 text-broken">
          {failureWords(failure)}
        </p>
      )}
      {isConflict && (
        <div role="alert" className={`mt-3 flex gap-2.5 rounded-s px-3 py-2 text-13 ${toneGround.attention}`}>
          <span className="mt-0.5">
            <ToneIcon tone="attention" />
          </span>
          <p className="min-w-0 flex-1 [overflow-wrap:anywhere]">
            {t(failure.reason === 'RULE_TAKEN' ? 'override.conflict' : 'override.conflictUdp', failure.details)}
          </p>
        </div>
      )}
      <div className="mt-4 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        {isConflict && (
          <Button onClick={() => void handleSubmit((given) => send(given, true))()} disabled={formState.isSubmitting}>
            {t('override.conflictAllow')}
          </Button>
        )}
        {plan.editable.length > 0 && (
          <Button type="submit" look="primary" disabled={formState.isSubmitting}>
            {t('override.save')}
          </Button>
        )}
      </div>
    </form>
  );
}

function Fields({
  form,
  plan,
  target,
}: {
  form: UseFormReturn<OverrideValues>;
  plan: OverridePlan;
  target: OverrideTarget;
}) {
  const { t } = useTranslation();
  const can = (field: OverrideField): boolean => plan.editable.includes(field);
  const isTcp = target.protocol === 'tcp';
  return (
    <>
      <div className="grid gap-y-2">
        {can('host') && (
          <NameField
            form={form}
            name="host"
            label={t(isTcp ? 'override.serverName' : 'expose.host')}
            hint={t(isTcp ? 'override.serverNameHint' : 'override.hostHint')}
          />
        )}
        {can('servers') && <OverrideServers form={form} weights={target.protocol === undefined} />}
        {can('healthCheckPath') && <OverrideHealth form={form} below={plan.healthCheckPath} />}
        {can('middlewares') && (
          <NameField
            form={form}
            name="middlewares"
            label={t('override.middlewares')}
            hint={t('override.middlewaresHint')}
          />
        )}
      </div>
      {can('protection') && (
        <div className="mt-3 grid gap-x-4 gap-y-2 sm:grid-cols-2">
          <ProtectionFields
            form={form}
            keepsPassword={plan.override?.protection?.kind === 'password'}
            passwords={!isTcp}
          />
        </div>
      )}
      {can('paused') && (
        <label className="mt-3 flex items-center gap-2 text-13">
          <input type="checkbox" {...form.register('paused')} />
          {t(pauseWords(target))}
        </label>
      )}
    </>
  );
}

function pauseWords({ object, protocol }: OverrideTarget) {
  if (object === 'service') return 'override.pauseService';
  if (protocol === 'udp') return 'override.pauseUdp';
  return protocol === 'tcp' ? 'override.pauseTcp' : 'override.pause';
}

function NameField({
  form,
  name,
  label,
  hint,
}: {
  form: UseFormReturn<OverrideValues>;
  name: 'host' | 'middlewares';
  label: string;
  hint: string;
}) {
  return (
    <Field label={label} hint={hint}>
      {(props) => (
        <input
          {...props}
          {...form.register(name)}
          className={`${props.className} font-mono`}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
        />
      )}
    </Field>
  );
}
