import type { DnsProvider } from '../../dns/dns-provider.ts';
import { type DnsLookup, LookupError } from '../../dns/lookup.ts';
import type { Log } from '../../log.ts';
import { OrderFailure, say } from './failure.ts';
import type { OrderRecord } from './order-record.ts';
import type { DnsChallenge } from './resolver.ts';

/** A record by which a name is proved. */
export interface DnsProof {
  readonly name: string;
  /** Without a wildcard. */
  readonly host: string;
  readonly token: string;
  readonly keyAuthorization: string;
  readonly value: string;
}

/** Proves names by TXT records (RFC 8555 section 8.4). */
export interface DnsProofs {
  /** Resolves when the CA can be told. Each record is noted before it is made. */
  readonly set: (proofs: readonly DnsProof[], record: OrderRecord) => Promise<void>;
  /** Each record must be gone before the next is set: the provider holds one value only. */
  readonly isOneAtATime: boolean;
  /** Takes away what is noted. What cannot be taken away stays noted, and is no failure. */
  readonly clear: (record: OrderRecord) => Promise<void>;
}

export interface DnsProofsOptions {
  readonly provider: DnsProvider;
  readonly isOneAtATime?: boolean;
  readonly challenge: DnsChallenge;
  readonly findLacking: DnsLookup['lacking'];
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Providers that are slow to publish take minutes; the order stays good for days. */
const longestMs = 10 * 60_000;
const lookEveryMs = { first: 1000, most: 15_000 };
const clearingMs = 30_000;

export function createDnsProofs(options: DnsProofsOptions): DnsProofs {
  const { provider, challenge, findLacking, now, pause, signal, log } = options;

  const awaitRecord = async ({ name, value }: DnsProof, fqdn: string, record: OrderRecord): Promise<void> => {
    const startedAt = now();
    let everyMs = lookEveryMs.first;
    for (;;) {
      const lacking = await findLacking(fqdn, value, challenge.checks, signal).catch((error: unknown) => {
        // The way to the servers is not found: they may be there the next time.
        if (error instanceof LookupError) return [error.message];
        throw error;
      });
      if (lacking.length === 0) {
        record.step('propagation', 'done', { name, details: { record: fqdn } });
        return;
      }
      const details = { record: fqdn, lacking: lacking.join(', ') };
      record.step('propagation', 'running', { name, details });
      const seconds = Math.round((now() - startedAt) / 1000);
      if (now() - startedAt > longestMs) throw new OrderFailure(say('ACME_PROPAGATION', { ...details, seconds }));
      await pause(everyMs);
      everyMs = Math.min(everyMs * 1.5, lookEveryMs.most);
    }
  };

  return {
    isOneAtATime: options.isOneAtATime === true,
    async set(proofs, record) {
      for (const { name, host, token, keyAuthorization, value } of proofs) {
        const fqdn = `_acme-challenge.${host}`;
        const details = { challenge: 'dns-01', record: fqdn, value };
        record.step('challenge-set', 'running', { name, details });
        const noted = record.current().records;
        if (!noted.some((each) => each.fqdn === fqdn && each.value === value)) {
          record.keep({ records: [...noted, { fqdn, value }] });
        }
        await provider.setTxt({ fqdn, value, challenge: { domain: host, token, keyAuthorization } }, signal);
        record.step('challenge-set', 'done', { name, details });
      }
      if (challenge.delayBeforeChecksMs > 0 && proofs.length > 0) await pause(challenge.delayBeforeChecksMs);
      if (!challenge.checks.enabled) return;
      for (const proof of proofs) await awaitRecord(proof, `_acme-challenge.${proof.host}`, record);
    },
    async clear(record) {
      for (const noted of record.current().records) {
        try {
          // Also when Gatehouse stops: the record is of no use to anybody.
          await provider.removeTxt(noted, AbortSignal.timeout(clearingMs));
          const rest = record
            .current()
            .records.filter(({ fqdn, value }) => fqdn !== noted.fqdn || value !== noted.value);
          record.keep({ records: rest });
        } catch (error) {
          log.warn('a record of a DNS challenge could not be taken away', { record: noted.fqdn, error });
        }
      }
    },
  };
}
