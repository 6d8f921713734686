import { Check, Minus, Route as RouteIcon } from 'lucide-react';
import { type SyntheticEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useSearch } from 'wouter';
import type { Explanation } from '../../../app/contract/explanation.ts';
import { failureOf } from '../../client/failure.ts';
import { useEngine } from '../../client/store.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { formText } from '../../components/form-text.ts';
import { useSlow } from '../../components/hooks.ts';
import { Card, Empty, PageHead } from '../../components/page.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { Road } from '../../components/road.tsx';
import { type Tone, ToneIcon } from '../../components/status.tsx';
import { Time } from '../../components/time.tsx';
import { failureWords } from '../../words/failure-words.ts';
import { explanationStations, routerPath } from '../road/stations.tsx';
import { referenceIn } from './reference.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const outcomeTone: Record<Explanation['outcome'], Tone> = {
  forwarded: 'good',
  answered: 'good',
  redirected: 'good',
  depends: 'attention',
  refused: 'attention',
  'no-router': 'broken',
  'no-entry-point': 'broken',
  'no-server': 'broken',
};

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  return ['http:', 'https:'].includes(new URL(text).protocol);
}

type Result =
  | { readonly kind: 'none' | 'pending' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'done'; readonly explanation: Explanation };

/** The question stands in the address: it can be linked, and Back goes to the one before. */
function useExplanation(ref: string, url: string, method: string, from: string): Result {
  const client = useEngine((state) => state.client);
  const key = JSON.stringify([ref, url, method, from]);
  const [answer, setAnswer] = useState<{ readonly key: string; readonly result: Result } | null>(null);
  const asked = ref !== '' || isWebAddress(url);
  useEffect(() => {
    if (!asked || !client) return undefined;
    let current = true;
    const about =
      ref === '' ? { url, ...(method === '' ? {} : { method }), ...(from === '' ? {} : { from }) } : { ref };
    client.explain(about).then(
      (explanation) => current && setAnswer({ key, result: { kind: 'done', explanation } }),
      (error: unknown) =>
        current && setAnswer({ key, result: { kind: 'failed', message: failureWords(failureOf(error)) } }),
    );
    return () => {
      current = false;
    };
  }, [asked, client, ref, url, method, from, key]);
  if (!asked) return { kind: 'none' };
  return answer?.key === key ? answer.result : { kind: 'pending' };
}

function Steps({ explanation }: { explanation: Explanation }) {
  const { t } = useTranslation();
  return (
    <>
      <Card title={t('explain.tried')}>
        <ol>
          {explanation.routers.map((step) => (
            <li key={step.router} className="border-b border-line px-4 py-3 last:border-0">
              <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <span
                  className={`inline-flex items-center gap-1.5 text-13 ${step.matched ? 'text-good' : 'text-muted'}`}
                >
                  {step.matched ? <Check size={14} aria-hidden /> : <Minus size={14} aria-hidden />}
                  {t(step.matched ? 'explain.matched' : 'explain.notMatched')}
                </span>
                <Link href={routerPath(step.router)} className="link font-mono text-13">
                  {step.router}
                </Link>
                <span className="text-12 text-muted">{t('explain.priority', { priority: step.priority })}</span>
              </div>
              <p className="mt-1 text-13 text-soft">{step.reason}</p>
              <ul className="mt-1.5 flex flex-col gap-1">
                {step.matchers.map((matcher) => (
                  <li key={matcher.text} className="flex items-start gap-2 text-13">
                    <span className={`mt-1 ${matcher.matched ? 'text-good' : 'text-broken'}`}>
                      <ToneIcon tone={matcher.matched ? 'good' : 'broken'} size={12} />
                      <span className="sr-only">{t(matcher.matched ? 'common.yes' : 'common.no')}</span>
                    </span>
                    <span className="min-w-0 [overflow-wrap:anywhere]">
                      <code className="font-mono">{matcher.text}</code>{' '}
                      {!matcher.matched && (
                        <span className="text-muted">{t('explain.was', { actual: matcher.actual })}</span>
                      )}
                    </span>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ol>
        {explanation.skippedByHost > 0 && (
          <p className="border-t border-line px-4 py-2.5 text-13 text-muted">
            {t('explain.skipped', { count: explanation.skippedByHost })}
          </p>
        )}
      </Card>
      {explanation.middlewares.length > 0 && (
        <Card title={t('routing.middlewares')}>
          <ul>
            {explanation.middlewares.map((step) => (
              <li key={step.name} className="border-b border-line px-4 py-2.5 text-13 last:border-0">
                <span className="font-mono">{step.name}</span>{' '}
                <span className="text-muted">
                  {step.type} · {t(`explain.verdict.${step.verdict}`)}
                </span>
                <p className="text-soft">{step.detail}</p>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {explanation.disabled.length > 0 && (
        <Card title={t('explain.disabled')}>
          <ul className="flex flex-col gap-3 p-4">
            {explanation.disabled.map((one) => (
              <li key={one.router}>
                <Link href={routerPath(one.router)} className="link mb-1.5 inline-block font-mono text-13">
                  {one.router}
                </Link>
                <ProblemList problems={one.problems} />
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

/** What became of a request when it came, beside what would become of it now. */
function Recorded({
  explanation,
  recorded,
}: {
  explanation: Explanation;
  recorded: NonNullable<Explanation['recorded']>;
}) {
  const { t } = useTranslation();
  const { method, scheme, host, path, query, clientIp } = explanation.request;
  return (
    <Card title={t('explain.recorded')}>
      <div className="px-4 py-3 text-13">
        <p className="font-mono [overflow-wrap:anywhere]">
          {method} {scheme}://{host}
          {path}
          {query === '' ? '' : `?${query}`}
        </p>
        <p className="mt-1 text-soft">
          {t('explain.recordedAnswer', { status: recorded.status, client: clientIp })}{' '}
          <span className="text-muted">
            <Time at={recorded.at} />
          </span>
        </p>
        {recorded.error && <p className="mt-1 text-soft">{t(`proxyError.${recorded.error.code}`)}</p>}
        <p className="mt-1 text-muted">{t('explain.recordedHeaders')}</p>
        <Link href={`/logs/${encodeURIComponent(recorded.id)}`} className="link mt-1 inline-block font-mono">
          {recorded.id}
        </Link>
      </div>
    </Card>
  );
}

export function ExplainPage() {
  const { t, i18n } = useTranslation();
  const [, navigate] = useLocation();
  const query = new URLSearchParams(useSearch());
  const ref = query.get('ref') ?? '';
  const url = query.get('url') ?? '';
  const method = query.get('method') ?? '';
  const from = query.get('from') ?? '';
  const routers = useEngine((state) => state.picture?.routers);
  const result = useExplanation(ref, url, method, from);
  const slow = useSlow(result.kind === 'pending');
  const [wrong, setWrong] = useState(false);

  const submit = (event: SyntheticEvent<HTMLFormElement, SubmitEvent>): void => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const read = (name: string): string => formText(data, name).trim();
    const typed = read('url');
    const reference = typed.includes('/') ? null : referenceIn(typed);
    if (reference !== null) {
      setWrong(false);
      navigate(`/explain?ref=${reference}`);
      return;
    }
    const whole = typed !== '' && !typed.includes('://') ? `https://${typed}` : typed;
    setWrong(!isWebAddress(whole));
    if (!isWebAddress(whole)) return;
    const next = new URLSearchParams({ url: whole });
    if (read('method') !== '' && read('method') !== 'GET') next.set('method', read('method'));
    if (read('from') !== '') next.set('from', read('from'));
    navigate(`/explain?${next.toString()}`);
  };
  const explanation = result.kind === 'done' ? result.explanation : null;
  const examples = (routers ?? []).flatMap((router) => router.urls.slice(0, 1)).slice(0, 4);
  const sentence = explanation
    ? // The engine's own sentence is English and says more.
      i18n.language === 'en'
      ? explanation.sentence
      : t(`explain.outcome.${explanation.outcome}`, {
          router: explanation.router ?? '',
          service: explanation.service ?? '',
          host: explanation.request.host,
        })
    : t('explain.sentence');

  return (
    <div className="min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto max-w-[1200px] pb-10">
        <PageHead
          title={t('explain.title')}
          sentence={sentence}
          tone={explanation ? outcomeTone[explanation.outcome] : undefined}
        />
        <div className="flex flex-col gap-4 px-4 rail:px-7">
          <form key={`${ref} ${url} ${method} ${from}`} onSubmit={submit} noValidate>
            <Field
              label={t('explain.url')}
              hint={t('explain.urlHint')}
              error={wrong ? t('explain.urlInvalid') : undefined}
            >
              {(props) => (
                <div className="flex gap-2">
                  <input
                    {...props}
                    name="url"
                    type="text"
                    inputMode="url"
                    defaultValue={ref === '' ? url : ref}
                    autoComplete="off"
                    autoCapitalize="off"
                    spellCheck={false}
                    className={`${props.className} font-mono`}
                  />
                  <Button type="submit" look="primary" className="h-9">
                    {t('explain.submit')}
                  </Button>
                </div>
              )}
            </Field>
            <details open={method !== '' || from !== ''} className="mt-1">
              <summary className="w-fit text-13 text-muted hover:text-text">{t('explain.options')}</summary>
              <div className="mt-2 flex flex-wrap gap-3">
                <div className="w-32">
                  <Field label={t('explain.method')}>
                    {(props) => (
                      <select {...props} name="method" defaultValue={method === '' ? 'GET' : method}>
                        {methods.map((one) => (
                          <option key={one}>{one}</option>
                        ))}
                      </select>
                    )}
                  </Field>
                </div>
                <div className="w-64 max-w-full">
                  <Field label={t('explain.from')} hint={t('explain.fromHint')}>
                    {(props) => (
                      <input {...props} name="from" defaultValue={from} autoComplete="off" spellCheck={false} />
                    )}
                  </Field>
                </div>
              </div>
            </details>
          </form>
          {slow && <div role="status" aria-label={t('common.loading')} className="skeleton h-40" />}
          {result.kind === 'failed' && <p className="text-13 text-broken">{result.message}</p>}
          {explanation && (
            <>
              {explanation.recorded && <Recorded explanation={explanation} recorded={explanation.recorded} />}
              <Card title={t('logs.road')}>
                <div className="p-4">
                  <Road label={t('road.label')} stations={explanationStations(explanation, t)} />
                </div>
              </Card>
              <Steps explanation={explanation} />
            </>
          )}
          {result.kind === 'none' && (
            <Empty icon={RouteIcon} title={t('explain.emptyTitle')}>
              <p>{t('explain.emptyBody')}</p>
              {examples.length > 0 && (
                <ul className="mt-4 flex flex-col gap-1" aria-label={t('explain.examples')}>
                  {examples.map((example) => (
                    <li key={example}>
                      <Link
                        href={`/explain?url=${encodeURIComponent(example)}`}
                        className="link font-mono text-13 text-text [overflow-wrap:anywhere]"
                      >
                        {example}
                      </Link>
                    </li>
                  ))}
                </ul>
              )}
            </Empty>
          )}
        </div>
      </div>
    </div>
  );
}
