import type { OrderStep } from '../../contract/certificates.ts';
import type { StoredOrder } from '../../store/certificates.ts';

/** After so many, the oldest are left out. */
const mostSteps = 200;

/** A step that goes on, or ends, takes the place of itself as it began; its time stays that of its end. */
export function withStep(order: StoredOrder, step: OrderStep): StoredOrder {
  const steps = [...order.steps];
  const at = steps.findLastIndex(
    (each) => each.step === step.step && each.name === step.name && each.state === 'running',
  );
  const known = steps[at];
  if (known) steps[at] = { ...step, details: { ...known.details, ...step.details } };
  else steps.push(step);
  return { ...order, steps: steps.slice(-mostSteps) };
}

/** What was going on has failed. */
export function withFailure(order: StoredOrder, at: number, reason: string): StoredOrder {
  const steps = order.steps.map((step) =>
    step.state === 'running' ? { ...step, at, state: 'failed' as const, details: { ...step.details, reason } } : step,
  );
  return { ...order, steps };
}
