import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { writePrivateFile } from './files.ts';
import type { Issued } from './issue.ts';

export interface Leaf {
  readonly issued: Issued;
  readonly serialNumber: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

export function leafOf(issued: Issued, certificate = new X509Certificate(issued.certificatePem)): Leaf {
  return {
    issued,
    serialNumber: certificate.serialNumber,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  };
}

/** When a third of its time is left. */
export function renewalTime({ notBefore, notAfter }: Pick<Leaf, 'notBefore' | 'notAfter'>): number {
  return notBefore + ((notAfter - notBefore) * 2) / 3;
}

/** One file for certificate and key, so that they cannot come apart. The first name is readable, the digest tells. */
function fileNameOf(names: readonly string[]): string {
  const readable = (names[0] ?? '').replaceAll(/[^a-z0-9.-]/g, '_').slice(0, 80);
  return `${readable}-${createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 16)}.pem`;
}

/** The stored leaf for these names; undefined where there is none that this authority made and that can be read. */
export function readLeaf(leavesDir: string, names: readonly string[], authority: X509Certificate): Leaf | undefined {
  let pem: string;
  try {
    pem = readFileSync(join(leavesDir, fileNameOf(names)), 'utf8');
  } catch {
    return undefined;
  }
  const keyAt = pem.indexOf('-----BEGIN PRIVATE KEY-----');
  if (keyAt < 0) return undefined;
  const issued: Issued = { certificatePem: pem.slice(0, keyAt), privateKeyPem: pem.slice(keyAt) };
  try {
    const certificate = new X509Certificate(issued.certificatePem);
    // By the authority's name and the digest of its key (RFC 5280 section 4.2.1.1): nobody else writes in this folder,
    // and to verify the signature takes longer than all the rest.
    const fits =
      certificate.checkIssued(authority) &&
      certificate.checkPrivateKey(createPrivateKey(issued.privateKeyPem)) &&
      hasNames(certificate, names);
    return fits ? leafOf(issued, certificate) : undefined;
  } catch {
    return undefined;
  }
}

function hasNames(certificate: X509Certificate, names: readonly string[]): boolean {
  const listed = new Set((certificate.subjectAltName ?? '').split(', '));
  return names.every((name) =>
    isIP(name) === 0 ? listed.has(`DNS:${name}`) : certificate.checkIP(name) !== undefined,
  );
}

/** Not forced to the disk: what a power cut takes is made anew. */
export function writeLeaf(leavesDir: string, names: readonly string[], { issued }: Leaf): void {
  const content = issued.certificatePem + issued.privateKeyPem;
  writePrivateFile(join(leavesDir, fileNameOf(names)), content, { durable: false });
}

export interface SweepOptions {
  /** Names of each leaf that is in use; these are never removed. */
  readonly used: readonly (readonly string[])[];
  /** Leaves that nobody has used for this long go. */
  readonly unusedForMs: number;
  /** No more leaves are kept than this, or than are in use; the ones that were used last stay. */
  readonly most: number;
}

const markEveryMs = 86_400_000;

/** Removes leaves of hosts that are gone. A file's time says, to the day, when its leaf was last in use. */
export async function sweepLeaves(leavesDir: string, { used, unusedForMs, most }: SweepOptions): Promise<void> {
  let files: readonly string[];
  try {
    files = await readdir(leavesDir);
  } catch {
    return;
  }
  const inUse = new Set(used.map(fileNameOf));
  const now = Date.now();
  const idle: { readonly path: string; readonly usedAt: number }[] = [];
  for (const file of files) {
    const path = join(leavesDir, file);
    // One that is gone by now is no concern.
    const found = await stat(path).catch(() => undefined);
    if (!found) continue;
    const usedAt = found.mtimeMs;
    if (!inUse.has(file)) idle.push({ path, usedAt });
    else if (Math.abs(now - usedAt) > markEveryMs) await utimes(path, now / 1000, now / 1000).catch(() => undefined);
  }
  idle.sort((one, other) => other.usedAt - one.usedAt);
  const room = Math.max(0, most - (files.length - idle.length));
  for (const [index, { path, usedAt }] of idle.entries()) {
    if (index >= room || now - usedAt > unusedForMs) await rm(path, { force: true });
  }
}
