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

/**
 * Takes over what an import found. A certificate of a resolver that is here too is renewed by that from now on; one of a
 * resolver that is not stays as its owner's. Accounts are taken for resolvers that have none of their own yet.
 */
export function adoptFound(
  { certificates, accounts }: Pick<Found, 'certificates' | 'accounts'>,
  around: Surroundings,
): ImportReport {
  const report: ImportReport = { taken: [], accounts: [], skipped: [] };
  for (const account of accounts) adoptAccount(account, around, report);
  for (const brought of certificates) {
    const resolver = around.resolvers.get(brought.resolver ?? '') ?? null;
    const { certificatePem, privateKey } = brought;
    try {
      adoptCertificate({ certificatePem, privateKey, resolver: resolver?.name ?? null }, resolver, around, report);
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
  return report;
}

function adoptCertificate(
  brought: BroughtCertificate,
  resolver: AcmeResolver | null,
  { issuance, seal, now }: Surroundings,
  report: ImportReport,
): void {
  const made = bringIn(null, brought, { seal, now });
  const known = issuance.get(made.id)?.stored;
  const [name = ''] = made.names;
  if (known?.issued && made.issued && known.issued.notAfter >= made.issued.notAfter) {
    const isSame = known.issued.notAfter === made.issued.notAfter;
    const message = isSame
      ? `The certificate of ${name} is here already.`
      : `A newer certificate of ${name} is here already.`;
    report.skipped.push({ what: name, code: isSame ? 'ALREADY_THERE' : 'OLDER', message, details: { name } });
    return;
  }
  const stored: StoredCertificate = {
    ...(known ?? made),
    resolver: made.resolver,
    // Known by the CA that has it, so that it can be told what a new one stands for.
    issued: made.issued && { ...made.issued, directoryUrl: resolver?.directoryUrl ?? '' },
    renewal: made.renewal,
    askCaAt: resolver === null ? null : now,
    failure: null,
  };
  issuance.put(stored);
  report.taken.push({
    names: [...made.names],
    certificateId: made.id,
    resolver: made.resolver,
    notAfter: made.issued?.notAfter ?? 0,
    renews: made.resolver !== null,
  });
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
