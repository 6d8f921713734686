import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { domainToASCII } from 'node:url';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { authorityPath, backdatedMs, earliestTrueTime, loadAuthority } from './authority-files.ts';
import { issueLeaf, signerOf } from './issue.ts';
import { type Leaf, leafOf, readLeaf, renewalTime, sweepLeaves, writeLeaf } from './leaves.ts';
import { certificateFacts, rememberFacts } from './served.ts';

export interface CertificateAuthority {
  /** What went wrong with its files or with the clock. */
  readonly problems: readonly Problem[];
  /**
   * One certificate for each host (DNS name, `*.` wildcard or address), made where there is none yet, and the default
   * one. Text that cannot be a host gets none. Asked again for the same hosts, it gives the same certificates until
   * they are due for renewal.
   */
  readonly certificatesFor: (hosts: readonly string[]) => Promise<readonly CertificateSnapshot[]>;
  /** Hosts of certificates in use with less than a third of their time left. */
  readonly dueForRenewal: (now: number) => readonly string[];
  /** Looks every hour, forgets hosts that are gone and hands over what it has renewed. Returns its closer. */
  readonly start: (onRenewed: (certificates: readonly CertificateSnapshot[]) => void) => () => void;
  readonly info: () => AuthorityInfo;
}

export interface AuthorityInfo {
  /** SHA-256 of the certificate, colons between the bytes. */
  readonly fingerprint: string;
  readonly notAfter: number;
  readonly path: string;
  readonly certificatePem: string;
}

export interface CertificateAuthorityOptions {
  readonly dataDir: string;
  readonly now?: () => number;
  readonly checkEveryMs?: number;
  /** Hosts that are served now, beside the default one: these are renewed and never forgotten. Left out: all. */
  readonly hostsInUse?: () => readonly string[];
  /** So many leaves are kept, or as many as are in use. */
  readonly mostLeaves?: number;
}

interface Known {
  readonly leaf: Leaf;
  /** When it was last asked for or found in use. */
  usedAt: number;
}

const dayMs = 86_400_000;
const leafLifetimeMs = 90 * dayMs;
/** Leaves of hosts that are gone are kept this long: a stopped container may come back. */
const unusedForMs = 30 * dayMs;
/** Some 2 kB of memory and a block of the disk each. */
const mostLeaves = 2000;
const madeAtOnce = 32;
/** Answers for these where nothing else fits: how the machine itself, and a browser that sends no name, come in. */
const defaultHost = '';

/** Rejects where the data folder cannot be read or written. */
export async function createCertificateAuthority(options: CertificateAuthorityOptions): Promise<CertificateAuthority> {
  const { dataDir } = options;
  const now = options.now ?? Date.now;
  const { issued, problems: loadProblems } = loadAuthority(dataDir, now());
  const authority = new X509Certificate(issued.certificatePem);
  const begins = authority.validFromDate.getTime();
  const ends = authority.validToDate.getTime();
  const leavesDir = join(dataDir, 'ca', 'leaves');
  const most = options.mostLeaves ?? mostLeaves;
  const { issuer } = certificateFacts(issued.certificatePem);
  const leaves = new Map<string, Known>();
  const signer = signerOf(issued);
  let writeProblem: Problem | undefined;

  /** A clock that has gone back must not give certificates that ended, to everyone else, long ago. */
  const soundTime = (time: number): number => Math.max(time, begins + backdatedMs, earliestTrueTime);

  function issue(host: string): Leaf {
    const madeAt = soundTime(now());
    const names = namesOf(host);
    const notAfter = Math.min(madeAt + leafLifetimeMs, ends);
    const leaf = leafOf(issueLeaf(signer, names, { notBefore: madeAt - backdatedMs, notAfter }));
    try {
      writeLeaf(leavesDir, names, leaf);
      writeProblem = undefined;
    } catch (error) {
      writeProblem = unwritten(leavesDir, error);
    }
    return leaf;
  }

  function leafFor(host: string): Leaf {
    const time = soundTime(now());
    const known = leaves.get(host)?.leaf ?? readLeaf(leavesDir, namesOf(host), authority);
    const leaf = known && isFresh(known, time) ? known : issue(host);
    leaves.set(host, { leaf, usedAt: now() });
    return leaf;
  }

  function hostsInUse(): ReadonlySet<string> {
    if (!options.hostsInUse) return new Set(leaves.keys());
    return new Set([...certificateNames(options.hostsInUse()), defaultHost]);
  }

  /** Those in use, and `asked`, which are about to be, stay. */
  function forgetUnused(asked: readonly string[] = []): void {
    const used = hostsInUse();
    const stays = new Set([...used, ...asked]);
    const idle: [string, Known][] = [];
    for (const [host, known] of leaves) {
      if (used.has(host)) known.usedAt = now();
      if (!stays.has(host)) idle.push([host, known]);
    }
    idle.sort(([, one], [, other]) => other.usedAt - one.usedAt);
    const room = Math.max(0, most - (leaves.size - idle.length));
    for (const [index, [host, { usedAt }]] of idle.entries()) {
      if (index >= room || now() - usedAt > unusedForMs) leaves.delete(host);
    }
  }

  async function snapshotsFor(hosts: readonly string[]): Promise<CertificateSnapshot[]> {
    const snapshots: CertificateSnapshot[] = [];
    for (const [index, host] of hosts.entries()) {
      // So that thousands of new hosts do not hold up everything else.
      if (index % madeAtOnce === madeAtOnce - 1) await setImmediate();
      const leaf = leafFor(host);
      const snapshot = snapshotOf(host, leaf);
      const { serialNumber, notBefore, notAfter } = leaf;
      rememberFacts(snapshot, { issuer, keyType: 'EC256', fingerprint: '', serialNumber, notBefore, notAfter });
      snapshots.push(snapshot);
    }
    return snapshots;
  }

  const dueForRenewal = (time: number): readonly string[] => {
    const used = hostsInUse();
    const due = [...leaves].filter(([host, { leaf }]) => used.has(host) && !isFresh(leaf, soundTime(time)));
    return due.map(([host]) => host);
  };

  return {
    get problems() {
      const clock = clockProblem(now(), begins);
      return [...loadProblems, ...(writeProblem ? [writeProblem] : []), ...(clock ? [clock] : [])];
    },
    certificatesFor: async (hosts) => {
      const asked = [...certificateNames(hosts), defaultHost];
      const snapshots = await snapshotsFor(asked);
      if (leaves.size > most) forgetUnused(asked);
      return snapshots;
    },
    dueForRenewal,
    start: (onRenewed) => {
      let closed = false;
      const look = async (): Promise<void> => {
        forgetUnused();
        // What was just asked for, and is in no router, is the dashboard's own.
        const asked = [...leaves].filter(([, { usedAt }]) => now() - usedAt < dayMs).map(([host]) => host);
        const used = [...new Set([...hostsInUse(), ...asked])].map(namesOf);
        await sweepLeaves(leavesDir, { used, unusedForMs, most });
        const due = dueForRenewal(now());
        if (due.length === 0 || closed) return;
        const renewed = await snapshotsFor(due);
        if (!closed) onRenewed(renewed);
      };
      const timer = setInterval(() => {
        look().catch((error: unknown) => {
          writeProblem = unwritten(leavesDir, error);
        });
      }, options.checkEveryMs ?? 3_600_000);
      timer.unref();
      return () => {
        closed = true;
        clearInterval(timer);
      };
    },
    info: () => ({
      fingerprint: authority.fingerprint256,
      notAfter: ends,
      path: authorityPath(dataDir),
      certificatePem: issued.certificatePem,
    }),
  };
}

function isFresh(leaf: Leaf, time: number): boolean {
  return leaf.notBefore <= time && time < renewalTime(leaf);
}

/** The form in which a host stands in certificates and in a client's hello; undefined where it cannot stand there. */
export function asCertificateName(host: string): string | undefined {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0) return bare.toLowerCase();
  const wildcard = bare.startsWith('*.') ? '*.' : '';
  const name = bare.slice(wildcard.length).replace(/\.$/, '');
  // The conversion would leave them out, or what stands behind them: another name than was meant.
  if (/[\p{Cc}\s%/?#\\]/u.test(name)) return undefined;
  // Names that ASCII has already are left alone: the conversion would refuse some, such as those with underscores.
  const ascii = /^[\w.-]+$/.test(name) ? name.toLowerCase() : domainToASCII(name);
  const fits = ascii.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(ascii);
  return fits ? wildcard + ascii : undefined;
}

function certificateNames(hosts: readonly string[]): ReadonlySet<string> {
  return new Set(hosts.map(asCertificateName).filter((host) => host !== undefined));
}

function namesOf(host: string): readonly string[] {
  if (host !== defaultHost) return [host];
  const machine = asCertificateName(hostname());
  const names = machine === undefined || isIP(machine) !== 0 ? [] : [machine, `${machine.split('.')[0]}.local`];
  return [...new Set(['localhost', ...names, '127.0.0.1', '::1'])];
}

function snapshotOf(host: string, leaf: Leaf): CertificateSnapshot {
  return {
    // A renewed certificate is another one.
    id: `internal:${host || 'default'}:${leaf.serialNumber}`,
    names: namesOf(host),
    certificatePem: leaf.issued.certificatePem,
    privateKeyPem: leaf.issued.privateKeyPem,
    isDefault: host === defaultHost,
    isOwn: true,
  };
}

function unwritten(leavesDir: string, error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return problem(
    code === 'ENOSPC' || code === 'EDQUOT' ? 'DISK_FULL' : 'DATA_DIR_READ_ONLY',
    'warning',
    `Certificates cannot be kept in ${leavesDir} (${code}). They are served all the same, and made anew at the next start.`,
    'Free some space on that disk, or see that the folder can be written.',
    { path: leavesDir, code },
  );
}

function clockProblem(time: number, begins: number): Problem | undefined {
  const earliest = Math.max(earliestTrueTime, begins);
  if (time >= earliest) return undefined;
  const says = new Date(time).toISOString().slice(0, 16);
  const certificatesAsOf = new Date(earliest).toISOString().slice(0, 16);
  return problem(
    'CLOCK_WRONG',
    'warning',
    `The clock of this machine says ${says} UTC, which cannot be: the certificate authority was made later. Certificates are made as of ${certificatesAsOf} UTC, and browsers may refuse them.`,
    'Set the clock, best by network time (timedatectl set-ntp true), and start Gatehouse again.',
    { clock: says, certificatesAsOf },
  );
}
