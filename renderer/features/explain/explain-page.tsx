import { Route as RouteIcon } from 'lucide-react';
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
import { Road } from '../../components/road.tsx';
import type { Tone } from '../../components/status.tsx';
import { failureWords } from '../../words/failure-words.ts';
import { explanationSentence } from '../../words/said-words.ts';
import { explanationStations } from '../road/explanation-stations.tsx';
import { Steps } from './explain-steps.tsx';
import { Recorded } from './recorded.tsx';
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

/** What can be explained: a page's address, or where a connection or datagram goes to. */
function isQuestion(text: string): boolean {
  if (/^(?:tcp|tls|plain|udp):\/\/[^/\s]*:\d{1,5}\/?$/i.test(text)) return true;
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
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
  const asked = ref !== '' || isQuestion(url);
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

export function ExplainPage() {
  const { t } = useTranslation();
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
    setWrong(!isQuestion(whole));
    if (!isQuestion(whole)) return;
    const next = new URLSearchParams({ url: whole });
    if (read('method') !== '' && read('method') !== 'GET') next.set('method', read('method'));
    if (read('from') !== '') next.set('from', read('from'));
    navigate(`/explain?${next.toString()}`);
  };
  const explanation = result.kind === 'done' ? result.explanation : null;
  const examples = (routers ?? []).flatMap((router) => router.urls.slice(0, 1)).slice(0, 4);
  const sentence = explanation ? explanationSentence(explanation) : t('explain.sentence');

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
