import type { CaClient } from './ca-client.ts';
import type { DnsProofs } from './dns-proofs.ts';
import type { LiveChallenges } from './live-challenges.ts';
import type { AcmeResolver } from './resolver.ts';
import type { SelfCheck } from './self-check.ts';

/** What an order works with. */
export interface OrderSurroundings {
  readonly resolver: AcmeResolver;
  /** What the CA is called. */
  readonly caTitle: string;
  readonly ca: CaClient;
  readonly accountKeyPem: string;
  /** Of the certificate to come. */
  readonly keyPem: string;
  readonly names: readonly string[];
  readonly live: LiveChallenges;
  /** Null: the CA is told without having looked ourselves. */
  readonly selfCheck: SelfCheck | null;
  /** Null where the resolver proves in another way. */
  readonly dns: DnsProofs | null;
  readonly now: () => number;
  /** Rejects with the signal's reason. */
  readonly pause: (ms: number) => Promise<void>;
  /** A new order was made. */
  readonly onOrdered: () => void;
}

/** Longest and shortest pause between two looks at what the CA is doing. */
const lookMs = { first: 500, most: 10_000 };
const longestAskedPauseMs = 60_000;
/** Pauses that grow, and are as long as the CA asks for. */
export function createPauses({ pause }: Pick<OrderSurroundings, 'pause'>): {
  next: (askedMs: number | null) => Promise<void>;
} {
  let nextMs = lookMs.first;
  return {
    next: async (askedMs) => {
      await pause(askedMs === null ? nextMs : Math.min(Math.max(askedMs, 100), longestAskedPauseMs));
      nextMs = Math.min(nextMs * 1.5, lookMs.most);
    },
  };
}
