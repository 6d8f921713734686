import type { CaLimit } from '../../contract/certificates.ts';
import type { StoredUse } from '../../store/certificates.ts';
import { registeredDomain } from './public-names.ts';
import { authorityOf } from './resolver.ts';

/**
 * What CAs publish of their limits, so that none is run into. They refill little by little; here a use counts for the
 * whole window, which errs on the safe side.
 */
interface Rule {
  readonly limit: CaLimit['limit'];
  readonly counts: StoredUse['kind'];
  readonly of: number;
  readonly windowMs: number;
  /** What uses are counted by: `account`, a registered domain (`domain`), one name (`name`) or all names (`set`). */
  readonly by: 'account' | 'domain' | 'name' | 'set';
  /** Renewals that name what they replace do not count (RFC 9773), nor do those of the same names where it says so. */
  readonly spares: 'replacing' | 'renewing' | 'nothing';
}

const hourMs = 3_600_000;
const weekMs = 168 * hourMs;

/** https://letsencrypt.org/docs/rate-limits/ and https://letsencrypt.org/docs/staging-environment/ */
const rulesOf: Readonly<Record<string, readonly Rule[]>> = {
  letsencrypt: [
    { limit: 'certificates', counts: 'certificate', of: 50, windowMs: weekMs, by: 'domain', spares: 'renewing' },
    { limit: 'duplicates', counts: 'certificate', of: 5, windowMs: weekMs, by: 'set', spares: 'replacing' },
    {
      limit: 'failed-validations',
      counts: 'failed-validation',
      of: 5,
      windowMs: hourMs,
      by: 'name',
      spares: 'nothing',
    },
    { limit: 'orders', counts: 'order', of: 300, windowMs: 3 * hourMs, by: 'account', spares: 'replacing' },
    { limit: 'accounts', counts: 'account', of: 10, windowMs: 3 * hourMs, by: 'account', spares: 'nothing' },
  ],
  'letsencrypt-staging': [
    {
      limit: 'failed-validations',
      counts: 'failed-validation',
      of: 200,
      windowMs: hourMs,
      by: 'name',
      spares: 'nothing',
    },
    { limit: 'orders', counts: 'order', of: 1500, windowMs: 3 * hourMs, by: 'account', spares: 'nothing' },
  ],
};

export interface IntendedOrder {
  readonly directoryUrl: string;
  readonly account: string;
  readonly names: readonly string[];
  /** `replacing`: the CA is told which certificate it stands for. `renewing`: the same names as before. */
  readonly kind: 'first' | 'renewing' | 'replacing';
}

/** The limit that an order would run into, and until when; null: none. */
export function heldBack(
  order: IntendedOrder,
  uses: readonly StoredUse[],
  now: number,
): { readonly limit: CaLimit['limit']; readonly subject: string; readonly until: number } | null {
  let longest: { limit: CaLimit['limit']; subject: string; until: number } | null = null;
  for (const rule of rulesFor(order.directoryUrl)) {
    if (rule.limit === 'accounts') continue;
    if (rule.spares !== 'nothing' && order.kind === 'replacing') continue;
    if (rule.spares === 'renewing' && order.kind === 'renewing') continue;
    for (const subject of subjectsOf(rule, order.names)) {
      const counted = countedUses(rule, subject, order.directoryUrl, order.account, uses, now);
      const oldest = counted[counted.length - rule.of];
      const until = oldest === undefined ? 0 : oldest.at + rule.windowMs;
      if (until > (longest?.until ?? 0)) longest = { limit: rule.limit, subject, until };
    }
  }
  return longest;
}

/** What remains of the limits that something was used of. */
export function remainingLimits(
  directoryUrl: string,
  account: string,
  uses: readonly StoredUse[],
  now: number,
): readonly CaLimit[] {
  return rulesFor(directoryUrl).flatMap((rule) => {
    const relevant = uses.filter((use) => use.kind === rule.counts && use.directoryUrl === directoryUrl);
    const subjects = new Set(relevant.flatMap(({ subject }) => subjectsOf(rule, namesIn(subject))));
    return [...subjects].flatMap((subject) => {
      const counted = countedUses(rule, subject, directoryUrl, account, uses, now);
      const [first] = counted;
      if (first === undefined) return [];
      const { limit, of, windowMs } = rule;
      return [
        { limit, subject, remaining: Math.max(0, of - counted.length), of, windowMs, nextAt: first.at + windowMs },
      ];
    });
  });
}

/** How names stand in the subject of a use. */
export function subjectOf(names: readonly string[]): string {
  return names.toSorted().join(' ');
}

function rulesFor(directoryUrl: string): readonly Rule[] {
  return rulesOf[authorityOf(directoryUrl).code] ?? [];
}

function namesIn(subject: string): readonly string[] {
  return subject === '' ? [] : subject.split(' ');
}

function subjectsOf(rule: Rule, names: readonly string[]): readonly string[] {
  switch (rule.by) {
    case 'account':
      return [''];
    case 'set':
      return [subjectOf(names)];
    case 'name':
      return names;
    case 'domain':
      return [...new Set(names.map(registeredDomain))];
  }
}

function countedUses(
  rule: Rule,
  subject: string,
  directoryUrl: string,
  account: string,
  uses: readonly StoredUse[],
  now: number,
): readonly StoredUse[] {
  return uses.filter(
    (use) =>
      use.kind === rule.counts &&
      use.directoryUrl === directoryUrl &&
      (rule.by === 'domain' || rule.by === 'set' || use.account === account) &&
      use.at > now - rule.windowMs &&
      use.at <= now &&
      subjectsOf(rule, namesIn(use.subject)).includes(subject),
  );
}
