import type { OrderStep, OrderStepKind } from '../../contract/certificates.ts';
import type { StoredOrder } from '../../store/certificates.ts';

/** An order on its way: what is known of it, kept before it is acted on. */
export interface OrderRecord {
  readonly current: () => StoredOrder;
  /** Durable once it returns. Throws OperationError where it cannot be kept. */
  readonly keep: (change: Partial<StoredOrder>) => void;
  readonly step: (kind: OrderStepKind, state: OrderStep['state'], more?: StepMore) => void;
}

export interface StepMore {
  readonly name?: string;
  readonly details?: OrderStep['details'];
}
