import { setImmediate } from 'node:timers/promises';
import type { ImportReport } from '../contract/certificates.ts';
import type { BroughtCertificate } from '../operations/certificate-service.ts';
import { OperationError } from '../operations/error.ts';
import type { CertificateRepository, StoredCertificate } from '../store/certificates.ts';
import type { Issuance } from './acme/issuance.ts';
import type { AcmeResolver } from './acme/resolver.ts';
import { bringIn } from './bring.ts';
import type { Found, FoundAccount } from './import/found.ts';

interface Surroundings {
  readonly issuance: Issuance;
  readonly repository: CertificateRepository;
  readonly seal: (pem: string) => string;
  readonly resolvers: ReadonlyMap<string, AcmeResolver>;
  readonly now: number;
}

/** Each takes some 200 µs to be judged and sealed, and all together one write to the disk. */
const adoptedAtOnce = 50;

/**
 * Takes over what an import found. A certificate of a resolver that is here too is renewed by that from now on; one of
 * a resolver that is not stays as its owner's. Accounts are taken for resolvers that have none of their own yet.
 * Rejects with OperationError where they cannot be kept; those that were kept by then stay.
 */
export async function adoptFound(
  { certificates, accounts }: Pick<Found, 'certificates' | 'accounts'>,
  around: Surroundings,
): Promise<ImportReport> {
  const report: ImportReport = { taken: [], accounts: [], skipped: [] };
  for (const account of accounts) adoptAccount(account, around, report);
  try {
    for (let from = 0; from < certificates.length; from += adoptedAtOnce) {
      // Ten thousand of them would else keep everybody else waiting for seconds.
      if (from > 0) await setImmediate();
      adoptSome(certificates.slice(from, from + adoptedAtOnce), around, report);
    }
  } finally {
    around.issuance.look();
  }
  return report;
}

function adoptSome(some: Found['certificates'], around: Surroundings, report: ImportReport): void {
  const made = new Map<string, StoredCertificate>();
  const taken: ImportReport['taken'] = [];
  for (const { certificatePem, privateKey, resolver: name } of some) {
    const resolver = around.resolvers.get(name ?? '') ?? null;
    try {
      const brought = { certificatePem, privateKey, resolver: resolver?.name ?? null };
      const stored = adopted(brought, resolver, { ...around, made }, report);
      if (!stored) continue;
      made.set(stored.id, stored);
      taken.push({
        names: [...stored.names],
        certificateId: stored.id,
        resolver: stored.resolver,
        notAfter: stored.issued?.notAfter ?? 0,
        renews: stored.resolver !== null,
      });
    } catch (error) {
      if (!(error instanceof OperationError) || error.code === 'UNAVAILABLE') throw error;
      report.skipped.push({
        what: 'a certificate',
        code: 'UNREADABLE',
        message: error.message,
        details: error.details,
      });
    }
  }
  around.issuance.putAll([...made.values()]);
  report.taken.push(...taken);
}

/** As it is to be kept; null where what is there already is as good, which the report tells. */
function adopted(
  brought: BroughtCertificate,
  resolver: AcmeResolver | null,
  { issuance, made: others, seal, now }: Surroundings & { readonly made: ReadonlyMap<string, StoredCertificate> },
  report: ImportReport,
): StoredCertificate | null {
  const made = bringIn(null, brought, { seal, now });
  const known = others.get(made.id) ?? issuance.get(made.id)?.stored;
  const [name = ''] = made.names;
  if (known?.issued && made.issued && known.issued.notAfter >= made.issued.notAfter) {
    const isSame = known.issued.notAfter === made.issued.notAfter;
    const message = isSame
      ? `The certificate of ${name} is here already.`
      : `A newer certificate of ${name} is here already.`;
    report.skipped.push({ what: name, code: isSame ? 'ALREADY_THERE' : 'OLDER', message, details: { name } });
    return null;
  }
  return {
    ...(known ?? made),
    resolver: made.resolver,
    // Known by the CA that has it, so that it can be told what a new one stands for.
    issued: made.issued && { ...made.issued, directoryUrl: resolver?.directoryUrl ?? '' },
    renewal: made.renewal,
    askCaAt: resolver === null ? null : now,
    failure: null,
  };
}

function adoptAccount(
  { resolver: name, email, directory, url, privateKey }: FoundAccount,
  { issuance, repository, seal, resolvers, now }: Surroundings,
  report: ImportReport,
): void {
  const resolver = resolvers.get(name);
  const directoryUrl = resolver?.directoryUrl ?? directory ?? '';
  // Where an import does not tell the CA, it was the resolver's.
  const fits = resolver && resolver.email === email && (directory === null || directoryUrl === directory);
  const id = resolver ? issuance.accounts.idOf(resolver, directoryUrl) : '';
  const created = fits === true && repository.accounts.get(id) === undefined;
  if (created)
    repository.accounts.put({ id, directoryUrl, email, key: seal(privateKey.reveal()), url, createdAt: now });
  report.accounts.push({ resolver: name, email, ca: directoryUrl, created });
}
