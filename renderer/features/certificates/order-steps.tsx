import { useTranslation } from 'react-i18next';
import type { Order, OrderStep } from '../../../app/contract/certificates.ts';
import { useLocale } from '../../components/hooks.ts';
import { type Tone, ToneIcon } from '../../components/status.tsx';
import { formatClock, formatDuration } from '../../words/format.ts';
import { stepWords } from './certificate-words.ts';

const tones: Readonly<Record<OrderStep['state'], Tone>> = { done: 'good', running: 'attention', failed: 'broken' };

/** What an order has been through, with the time that each step took; it grows while the order goes on. */
export function OrderSteps({ order, names }: { order: Order; names: readonly string[] }) {
  const { t } = useTranslation();
  const locale = useLocale();
  const several = names.length > 1;
  return (
    <ol aria-live="polite" className="flex flex-col">
      {order.steps.map((step, index) => {
        const next = order.steps[index + 1]?.at ?? order.endedAt;
        const isLast = index === order.steps.length - 1;
        return (
          // The same step may come for several names, and again after a failure: only its place tells them apart.
          // oxlint-disable-next-line react/no-array-index-key
          <li key={index} className="relative flex gap-2.5 pb-2.5 last:pb-0">
            {!isLast && <span aria-hidden className="absolute top-5 bottom-0 left-[7px] w-0.5 bg-line" />}
            <span className={`mt-0.5 shrink-0 ${step.state === 'running' ? 'step-running' : ''}`}>
              <ToneIcon tone={tones[step.state]} />
              <span className="sr-only">{t(`certificates.stepState.${step.state}`)}</span>
            </span>
            <span className="min-w-0 flex-1 text-13 [overflow-wrap:anywhere]">
              {stepWords(t, step)}
              {several && step.name !== null && <span className="block font-mono text-12 text-muted">{step.name}</span>}
            </span>
            <span className="shrink-0 text-12 text-muted" title={formatClock(step.at, locale)}>
              {next !== null && next > step.at && step.state === 'done' ? formatDuration(next - step.at, locale) : ''}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
