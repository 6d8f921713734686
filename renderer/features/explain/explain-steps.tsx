import { Check, Minus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { Explanation } from '../../../app/contract/explanation.ts';
import { viewKey } from '../../../app/contract/view-key.ts';
import { Card } from '../../components/page.tsx';
import { ProblemList } from '../../components/problems.tsx';
import { ToneIcon } from '../../components/status.tsx';
import { middlewareDetail, stepReason } from '../../words/said-words.ts';
import { routerPath } from '../road/stations.tsx';

/** Each router that was asked with its verdict, then the middlewares of the one that took it. */
export function Steps({ explanation }: { explanation: Explanation }) {
  const { t } = useTranslation();
  const pathOf = (name: string): string => routerPath(viewKey({ protocol: explanation.protocol, name }));
  return (
    <>
      {explanation.routers.length + explanation.skippedByHost > 0 && (
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
                  <Link href={pathOf(step.router)} className="link font-mono text-13">
                    {step.router}
                  </Link>
                  {step.rule !== '' && (
                    <span className="text-12 text-muted">{t('explain.priority', { priority: step.priority })}</span>
                  )}
                </div>
                <p className="mt-1 text-13 text-soft">{stepReason(step)}</p>
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
      )}
      {explanation.middlewares.length > 0 && (
        <Card title={t('routing.middlewares')}>
          <ul>
            {explanation.middlewares.map((step) => (
              <li key={step.name} className="border-b border-line px-4 py-2.5 text-13 last:border-0">
                <span className="font-mono">{step.name}</span>{' '}
                <span className="text-muted">
                  {step.type} · {t(`explain.verdict.${step.verdict}`)}
                </span>
                <p className="text-soft">{middlewareDetail(step)}</p>
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
                <Link href={pathOf(one.router)} className="link mb-1.5 inline-block font-mono text-13">
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
