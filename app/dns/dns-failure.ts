import { DnsProviderError, type DnsProviderErrorKind } from './dns-error.ts';
import type { DnsProviderDefinition } from './dns-provider.ts';

/** What a failure's words need to know of a provider. */
export type ProviderHome = Pick<DnsProviderDefinition, 'title' | 'help'>;

interface FailureParts {
  /** In the provider's own words, secrets removed already. */
  readonly reason?: string | undefined;
  /** The name that was asked for. */
  readonly name?: string;
  /** Zones that the account has, where it has none for the name. */
  readonly zones?: readonly string[];
  readonly retryAfterMs?: number | undefined;
}

/** A failure of a provider in the words that fit its kind. */
export function dnsFailure(home: ProviderHome, kind: DnsProviderErrorKind, parts: FailureParts = {}): DnsProviderError {
  const reason = plainReason(parts.reason ?? '');
  const details: Record<string, string> = { provider: home.title };
  if (reason !== '') details['reason'] = reason;
  if (parts.name !== undefined) details['name'] = parts.name;
  if (parts.zones !== undefined) details['zones'] = parts.zones.join(', ');
  const { message, fix } = words(home, kind, parts, reason === '' ? '' : `: ${reason}`);
  return new DnsProviderError({
    kind,
    provider: home.title,
    message,
    fix,
    reason,
    retryAfterMs: parts.retryAfterMs,
    details,
  });
}

function words(
  { title, help }: ProviderHome,
  kind: DnsProviderErrorKind,
  { name, zones, retryAfterMs }: FailureParts,
  reason: string,
): { message: string; fix: string } {
  const at = help.url === null ? '' : ` (${help.url})`;
  switch (kind) {
    case 'credentials':
      return {
        message: `${title} does not accept the credentials${reason}.`,
        fix: `Check them for missing characters, or make new ones${at}. ${help.create.en}`,
      };
    case 'rights':
      return {
        message: `${title} knows the credentials, but does not allow this with them${reason}.`,
        fix: `Give them the rights they need${at}. ${help.rights.en}`,
      };
    case 'zone-missing': {
      const has = zones === undefined || zones.length === 0 ? '' : ` It has: ${listed(zones)}.`;
      return {
        message: `${title} has no zone for ${name ?? 'this name'} in this account${reason}.${has}`,
        fix: 'Add the domain there, use the credentials of the account that has it, or choose the provider whose name servers the domain has. Rights that are limited to other zones look the same.',
      };
    }
    case 'rate-limited': {
      const wait = retryAfterMs === undefined ? 'later' : `in ${Math.ceil(retryAfterMs / 1000)} s`;
      return {
        message: `${title} was asked too often${reason}. It can be asked again ${wait}.`,
        fix: 'Wait; it is tried again by itself. Other programs that use the same account count as well.',
      };
    }
    case 'unavailable':
      return {
        message: `${title} could not be reached, or has a fault of its own${reason}.`,
        fix: 'It is tried again by itself. If it lasts, look at the provider’s status page and at this machine’s connection.',
      };
    case 'refused':
      return {
        message: `${title} refused${reason === '' ? ' what was asked' : reason}.`,
        fix: 'Its words say why. Nothing was changed.',
      };
  }
}

function listed(zones: readonly string[]): string {
  const most = 10;
  return zones.length <= most ? zones.join(', ') : `${zones.slice(0, most).join(', ')} and ${zones.length - most} more`;
}

/** One line of at most 300 characters, without control characters and without a full stop at its end. */
function plainReason(text: string): string {
  const line = text
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .replace(/\.+$/, '');
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
