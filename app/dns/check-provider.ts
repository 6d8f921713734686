import { DnsProviderError } from './dns-error.ts';
import type { CheckResult, DnsProvider } from './dns-provider.ts';
import { plainName } from './names.ts';

/** Below a domain: the record that proves the right to write. */
const testLabel = '_gatehouse-check';

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
      const record = { fqdn: `${testLabel}.${name}`, value: 'a-test-that-may-be-removed' };
      await provider.setTxt(record, signal);
      await provider.removeTxt(record, signal);
    }
    return { ok: true, zones, note };
  } catch (error) {
    if (error instanceof DnsProviderError) return { ok: false, error };
    throw error;
  }
}
