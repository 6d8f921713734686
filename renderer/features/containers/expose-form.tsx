import { useEffect, useState } from 'react';
import { useForm, useWatch } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import type { Exposure, ExposurePlan, Problem } from '../../../app/contract/objects.ts';
import { undo } from '../../client/actions.ts';
import { failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { useSettled, useSlow } from '../../components/hooks.ts';
import { Modal } from '../../components/modal.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { Road } from '../../components/road.tsx';
import { notify } from '../../components/toasts.tsx';
import { failureWords } from '../../words/failure-words.ts';
import { problemWords } from '../../words/problem-words.ts';
import { inReadersWords } from '../../words/reasons.ts';
import { planStations } from '../road/stations.tsx';
import { ProtectionFields, type ProtectionValues, protectionOf, protectionValues } from './protection-fields.tsx';

export type ExposeTarget =
  | { readonly kind: 'new'; readonly container: string; readonly containerId: string }
  | { readonly kind: 'edit'; readonly container: string; readonly exposureId: string };

interface Values extends ProtectionValues {
  host: string;
  port: string;
  scheme: 'http' | 'https';
}

function startValues(from: ExposurePlan | Exposure): Values {
  return {
    host: from.host,
    port: from.port === null ? '' : String(from.port),
    scheme: from.scheme,
    ...protectionValues(from.protection),
  };
}

/** What a plan finds taken by the very app that is edited. */
function isOwn(problem: Problem, values: Values, old: Exposure | undefined): boolean {
  if (!old) return false;
  const { reason } = problem.details;
  return reason === 'NAME_TAKEN' || (reason === 'HOST_TAKEN' && values.host.trim() === old.host);
}

function portOf(text: string): number | undefined {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

/** The plan for what the form says now; the last good one while the next is on its way. */
function usePlan(
  container: string,
  values: Values | null,
  old?: Exposure,
): { readonly plan: ExposurePlan | null; readonly error: string | null } {
  const client = useEngine((state) => state.client);
  const name = old?.name;
  const [state, setState] = useState<{ readonly plan: ExposurePlan | null; readonly error: string | null }>({
    plan: null,
    error: null,
  });
  // A plan needs to know how long the password is, not what it is.
  const key = values === null ? '' : JSON.stringify({ ...values, password: 'x'.repeat(values.password.length) });
  const settled = useSettled(key, 150);
  useEffect(() => {
    if (!client) return undefined;
    let current = true;
    const now = settled === '' ? null : (JSON.parse(settled) as Values);
    const port = now ? portOf(now.port) : undefined;
    const protection = now ? protectionOf(now) : undefined;
    // What is not typed yet is no reason to show nothing: the plan is asked without it.
    const complete =
      protection?.kind === 'password'
        ? protection.username !== '' && protection.password !== undefined
        : protection?.kind === 'allowList'
          ? protection.sourceRange.length > 0
          : true;
    client.exposures
      .plan({
        container,
        ...(name === undefined ? {} : { name }),
        ...(now && now.host.trim() !== '' ? { host: now.host.trim() } : {}),
        ...(port === undefined ? {} : { port }),
        ...(now ? { scheme: now.scheme } : {}),
        ...(protection && complete ? { protection } : {}),
      })
      .then(
        (plan) => current && setState({ plan, error: null }),
        (error: unknown) =>
          current && setState((before) => ({ plan: before.plan, error: failureWords(failureOf(error)) })),
      );
    return () => {
      current = false;
    };
  }, [client, container, settled, name]);
  return state;
}

export function ExposeForm({ target, onClose }: { target: ExposeTarget; onClose: () => void }) {
  const { t } = useTranslation();
  const old = useEngine((state) =>
    target.kind === 'edit' ? state.picture?.exposures.find((one) => one.id === target.exposureId) : undefined,
  );
  const [start, setStart] = useState<Values | null>(() => (old ? startValues(old) : null));
  const container = target.kind === 'new' ? target.containerId : target.container;
  const first = usePlan(container, null);
  // The first plan fills the form once; later ones only change the preview.
  if (start === null && first.plan) setStart(startValues(first.plan));
  const slow = useSlow(start === null);
  return (
    <Modal
      title={t(target.kind === 'new' ? 'expose.title' : 'expose.titleEdit', { name: target.container })}
      onClose={onClose}
      wide
    >
      {start ? (
        <Form target={target} old={old} start={start} container={container} onClose={onClose} />
      ) : (
        <div className="min-h-72">
          {first.error !== null && <p className="text-13 text-broken">{first.error}</p>}
          {slow && first.error === null && (
            <div role="status" aria-label={t('common.loading')} className="grid gap-4">
              <div className="skeleton h-9" />
              <div className="skeleton h-9 w-1/2" />
              <div className="skeleton h-24" />
            </div>
          )}
        </div>
      )}
    </Modal>
  );
}

function Form({
  target,
  old,
  start,
  container,
  onClose,
}: {
  target: ExposeTarget;
  old: Exposure | undefined;
  start: Values;
  container: string;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const client = useEngine((state) => state.client);
  const form = useForm<Values>({ defaultValues: start });
  const { register, handleSubmit, formState, control, setFocus } = form;
  useEffect(() => setFocus('host'), [setFocus]);
  const values = useWatch({ control }) as Values;
  const { plan, error: planError } = usePlan(container, values, old);
  const [failure, setFailure] = useState<string | null>(null);
  const { errors, isSubmitting } = formState;
  const keepsPassword = old?.protection.kind === 'password';
  const name = target.container;
  const problems = (plan?.problems ?? []).filter((problem) => !isOwn(problem, values, old));
  const hostProblem = problems.find((problem) => problem.details['field'] === 'host');
  const blocked = problems.some((problem) => problem.severity === 'error');

  const submit = handleSubmit(async (given) => {
    setFailure(null);
    const port = portOf(given.port);
    const fields = {
      host: given.host.trim(),
      scheme: given.scheme,
      protection: protectionOf(given),
      ...(port === undefined ? {} : { port }),
    };
    try {
      if (!client) throw new Error('');
      const { exposure, changeId } =
        target.kind === 'new'
          ? await client.exposures.create({ container, ...fields })
          : await client.exposures.update({ id: target.exposureId, ...fields });
      notify({
        title: t(target.kind === 'new' ? 'expose.created' : 'expose.updated', { name }),
        description: (
          <a href={exposure.url} target="_blank" rel="noreferrer" className="link font-mono text-13">
            {exposure.url}
          </a>
        ),
        action: { text: t('common.undo'), run: () => void undo(changeId) },
      });
      onClose();
    } catch (error) {
      setFailure(failureWords(failureOf(error)));
    }
  });

  const ports = plan?.ports ?? [];
  const otherProblems = problems.filter((problem) => problem !== hostProblem);
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <div className="grid gap-x-4 gap-y-2 sm:grid-cols-[minmax(0,1fr)_110px_110px]">
        <Field
          label={t('expose.host')}
          hint={t('expose.hostHint')}
          error={errors.host?.message ?? (hostProblem && problemWords(hostProblem).message)}
        >
          {(props) => (
            <input
              {...props}
              {...register('host', { validate: (host) => host.trim() !== '' || t('expose.hostMissing') })}
              className={`${props.className} font-mono`}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
            />
          )}
        </Field>
        <Field label={t('expose.port')} error={errors.port?.message}>
          {(props) => (
            <>
              <input
                {...props}
                {...register('port', { validate: (port) => portOf(port) !== undefined || t('expose.portMissing') })}
                inputMode="numeric"
                list="expose-ports"
                autoComplete="off"
                placeholder="8080"
              />
              <datalist id="expose-ports">
                {ports.map((one) => (
                  <option key={one.port} value={one.port}>
                    {inReadersWords(one.reason)}
                  </option>
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label={t('expose.scheme')}>
          {(props) => (
            <select {...props} {...register('scheme')}>
              <option value="http">HTTP</option>
              <option value="https">HTTPS</option>
            </select>
          )}
        </Field>
      </div>
      <div className="mt-3 grid gap-x-4 gap-y-2 sm:grid-cols-2">
        <ProtectionFields form={form} keepsPassword={keepsPassword} />
      </div>
      <section aria-label={t('expose.preview')} className="mt-2 rounded border border-line bg-surface p-4">
        <h3 className="mb-3 text-12 font-medium text-muted">{t('expose.preview')}</h3>
        {plan ? (
          <Road label={t('road.label')} stations={planStations(plan, t)} />
        ) : (
          <p className="text-13 text-muted">{planError ?? ' '}</p>
        )}
      </section>
      <div className="mt-3 flex flex-col gap-2 empty:hidden">
        {otherProblems.length > 0 && <ProblemList problems={otherProblems} />}
        {planError !== null && plan && <p className="text-13 text-broken">{planError}</p>}
        {failure !== null && (
          <p role="alert" className="text-13 text-broken">
            {failure}
          </p>
        )}
      </div>
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button type="submit" look="primary" disabled={isSubmitting || blocked}>
          {t(target.kind === 'new' ? 'expose.submit' : 'expose.submitEdit')}
        </Button>
      </div>
    </form>
  );
}
