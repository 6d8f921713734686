import { DnsProviderError, type DnsProviderErrorKind } from './dns-error.ts';
import type { CheckResult, DnsProvider } from './dns-provider.ts';
import { plainName } from './names.ts';

/**
 * Below a domain: the record that proves the right to write, and where that is refused, the only one that careful owners
 * allow.
 */
const testLabels = ['_gatehouse-check', '_acme-challenge'] as const;

interface CheckParts {
  readonly provider: Pick<DnsProvider, 'setTxt' | 'removeTxt' | 'listZones'>;
  /** The provider's own question whether its credentials are good, asked first. Returns a note. */
  readonly verify?: ((signal: AbortSignal) => Promise<string | null>) | undefined;
  /** False where there is no list to ask for. */
  readonly lists?: boolean;
}

/** Looks whether credentials work, and with a domain, whether they may write. */
export async function checkProvider(
  { provider, verify, lists = true }: CheckParts,
  signal: AbortSignal,
  domain: string | undefined,
): Promise<CheckResult> {
  try {
    const note = (await verify?.(signal)) ?? null;
    const zones = lists ? await provider.listZones(signal) : [];
    if (domain !== undefined) {
      const name = plainName(domain).replace(/^\*\./, '');
      await mayWrite(provider, testLabels[0], name, signal).catch((error: unknown) => {
        if (!(error instanceof DnsProviderError && limited.has(error.kind))) throw error;
        return mayWrite(provider, testLabels[1], name, signal);
      });
    }
    return { ok: true, zones, note };
  } catch (error) {
    if (error instanceof DnsProviderError) return { ok: false, error };
    throw error;
  }
}

/** What a right for one name alone looks like to all others. */
const limited = new Set<DnsProviderErrorKind>(['rights', 'refused', 'credentials']);

async function mayWrite(
  provider: CheckParts['provider'],
  label: (typeof testLabels)[number],
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const record = { fqdn: `${label}.${name}`, value: 'a-test-that-may-be-removed' };
  await provider.setTxt(record, signal);
  await provider.removeTxt(record, signal);
}
