import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { syncDir } from '../store/data-dir.ts';
import { writePrivateFile } from './files.ts';
import { type Issued, issueAuthority } from './issue.ts';

const certificateFile = 'ca.pem';
const keyFile = 'ca-key.pem';
const lifetimeMs = 10 * 365.25 * 86_400_000;
/** Certificates begin a little before they are made, for clients whose clocks are slow. */
export const backdatedMs = 3_600_000;
/** No true clock shows less. Small boards without a battery start in 1970, and would make an authority that has ended. */
export const earliestTrueTime = Date.UTC(2026, 0, 1);

export interface LoadedAuthority {
  readonly issued: Issued;
  readonly problems: readonly Problem[];
}

/**
 * The authority of a data folder: read from `ca/`, or made where there is none. One that cannot be used any more is set
 * aside with its leaves as `ca.broken-TIME`. Throws where the files are there and may not be read or written.
 */
export function loadAuthority(dataDir: string, now: number): LoadedAuthority {
  const caDir = join(dataDir, 'ca');
  const newDir = `${caDir}.new`;
  rmSync(newDir, { recursive: true, force: true });
  const found = readAuthority(caDir, now);
  if (found.kind === 'usable') return { issued: found.issued, problems: [] };

  const madeAt = Math.max(now, earliestTrueTime);
  const issued = issueAuthority(nameOf(madeAt), {
    notBefore: madeAt - backdatedMs,
    notAfter: madeAt + lifetimeMs,
  });
  writePrivateFile(join(newDir, keyFile), issued.privateKeyPem, { durable: true });
  writePrivateFile(join(newDir, certificateFile), issued.certificatePem, { durable: true });
  const problems: Problem[] = [];
  if (found.kind === 'unusable') {
    const asidePath = `${caDir}.broken-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`;
    renameSync(caDir, asidePath);
    problems.push(replacedProblem(join(caDir, certificateFile), asidePath, found.reason));
  }
  renameSync(newDir, caDir);
  syncDir(dataDir);
  return { issued, problems };
}

export function authorityPath(dataDir: string): string {
  return join(dataDir, 'ca', certificateFile);
}

/** Tells several machines' authorities apart in a list of trusted ones; at most 64 characters. */
function nameOf(madeAt: number): string {
  const machine =
    hostname()
      .replaceAll(/[^\w.-]/g, '')
      .slice(0, 32) || 'home';
  return `Gatehouse CA ${machine} ${new Date(madeAt).toISOString().slice(0, 10)}`;
}

type Found =
  | { readonly kind: 'none' }
  | { readonly kind: 'usable'; readonly issued: Issued }
  | { readonly kind: 'unusable'; readonly reason: string };

function readAuthority(caDir: string, now: number): Found {
  if (!existsSync(caDir)) return { kind: 'none' };
  const certificatePem = readOrMissing(join(caDir, certificateFile));
  const privateKeyPem = readOrMissing(join(caDir, keyFile));
  if (privateKeyPem === undefined) return { kind: 'unusable', reason: 'its key was missing' };
  if (certificatePem === undefined) return { kind: 'unusable', reason: 'its certificate was missing' };
  const reason = faultOf(certificatePem, privateKeyPem, now);
  if (reason !== undefined) return { kind: 'unusable', reason };
  chmodSync(caDir, 0o700);
  chmodSync(join(caDir, keyFile), 0o600);
  return { kind: 'usable', issued: { certificatePem, privateKeyPem } };
}

function readOrMissing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    // Not damaged, only out of reach: a new authority would make everybody trust anew for nothing.
    throw error;
  }
}

function faultOf(certificatePem: string, privateKeyPem: string, now: number): string | undefined {
  let key;
  try {
    key = createPrivateKey(privateKeyPem);
  } catch {
    return 'its key was damaged';
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    return 'its key was of another kind';
  }
  let certificate;
  try {
    certificate = new X509Certificate(certificatePem);
  } catch {
    return 'its certificate was damaged';
  }
  if (!certificate.checkPrivateKey(key)) return 'its key and its certificate did not belong together';
  if (!certificate.ca) return 'its certificate was not that of an authority';
  const endsAt = certificate.validToDate.getTime();
  return now >= endsAt ? `it ended on ${certificate.validToDate.toISOString().slice(0, 10)}` : undefined;
}

function replacedProblem(path: string, asidePath: string, reason: string): Problem {
  return problem(
    'CA_REPLACED',
    'warning',
    `The internal certificate authority could not be used any more (${reason}), so a new one was made. Browsers that trusted the old one do not trust this one yet.`,
    `Trust the new one on your devices: gatehouse ca export. The old files are at ${asidePath}; putting them back as "ca" and starting again brings the old one back if it was whole.`,
    { path, asidePath, reason },
  );
}
