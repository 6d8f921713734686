import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import type { KeyPairFiles } from '../../proxy/model/tls.ts';
import { factsIn, namesOf, rememberFacts } from './served.ts';

/** A certificate with its key, or why there is none. */
export type ReadPair =
  | { readonly certificate: CertificateSnapshot; readonly reason: null }
  | { readonly certificate: null; readonly reason: string };

/** Certificates and keys in files, or given as text; each is read once, and again when its file says something else. */
export interface KeyPairs {
  /**
   * As far as they were read, in their order; undefined: not yet. What is left is read from now on, and `onRead` is
   * called once. One whose files have changed stays what it was until it is read again.
   */
  readonly read: (pairs: readonly KeyPairFiles[]) => readonly (ReadPair | undefined)[];
  /** Text of another file, or of what is given as text. Throws, in words, where it cannot be read. */
  readonly text: (pathOrPem: string) => string;
  /** Forgets files and pairs that were not asked for since the last call. */
  readonly forgetOthers: () => void;
  readonly stop: () => void;
}

interface KnownFile {
  readonly version: string;
  readonly content: string | Error;
}

interface KnownPair {
  readonly result: ReadPair;
  /** Of the certificate and of the key, as they were read. */
  readonly files: readonly [KnownFile, KnownFile];
}

/** How often files are looked at: whoever renews certificates writes them while we run. */
const lookEveryMs = 5000;
/** At each look, so that ten thousand of them take no time worth speaking of; the next look goes on where it ended. */
const mostLookedAt = 2000;
/** A pair takes 70 µs, or 300 µs where its key is RSA. */
const readAtOnce = 200;
const readInOneGo = 50;
const lookedAtInOneGo = 500;

export function createKeyPairs(options: {
  /** What was left has been read. */
  readonly onRead: () => void;
  /** A file says something else now. */
  readonly onChanged: () => void;
  readonly lookEveryMs?: number | undefined;
}): KeyPairs {
  const files = new Map<string, KnownFile>();
  const pairs = new Map<string, KnownPair>();
  let usedFiles = new Set<string>();
  let usedPairs = new Set<string>();
  let left: readonly KeyPairFiles[] = [];
  let isReading = false;
  let isLooking = false;
  let isStopped = false;
  let lookedAt = 0;

  const fileOf = (pathOrPem: string): KnownFile => {
    if (isPem(pathOrPem)) return { version: '', content: pathOrPem };
    usedFiles.add(pathOrPem);
    const file = files.get(pathOrPem) ?? load(pathOrPem);
    files.set(pathOrPem, file);
    return file;
  };

  const judge = (pair: KeyPairFiles): ReadPair => {
    const both: [KnownFile, KnownFile] = [fileOf(pair.certFile), fileOf(pair.keyFile)];
    const result = judgePair(both);
    pairs.set(keyOf(pair), { result, files: both });
    return result;
  };

  const isCurrent = ({ certFile, keyFile }: KeyPairFiles, { files: [certificate, key] }: KnownPair): boolean =>
    (isPem(certFile) || files.get(certFile) === certificate) && (isPem(keyFile) || files.get(keyFile) === key);

  /** In goes that hold up nobody. Another call of `read` may say meanwhile that other ones are left. */
  const readLeft = async (): Promise<void> => {
    isReading = true;
    while (left.length > 0 && !isStopped) {
      await setImmediate();
      const now = left.slice(0, readInOneGo);
      left = left.slice(readInOneGo);
      for (const pair of now) judge(pair);
    }
    isReading = false;
    if (!isStopped) options.onRead();
  };

  const look = async (): Promise<void> => {
    isLooking = true;
    const paths = [...files.keys()];
    const from = lookedAt < paths.length ? lookedAt : 0;
    const round = paths.slice(from, from + mostLookedAt);
    lookedAt = from + round.length;
    let changed = false;
    for (const [index, path] of round.entries()) {
      if (index % lookedAtInOneGo === lookedAtInOneGo - 1) await setImmediate();
      if (isStopped) return;
      if (!files.has(path) || versionOf(path) === files.get(path)?.version) continue;
      files.set(path, load(path));
      changed = true;
    }
    isLooking = false;
    if (changed) options.onChanged();
  };
  const timer = setInterval(() => {
    // Neither part of it rejects: what cannot be read is a value.
    if (!isLooking) void look();
  }, options.lookEveryMs ?? lookEveryMs);
  timer.unref();

  return {
    read(asked) {
      let room = readAtOnce;
      const unread: KeyPairFiles[] = [];
      const results = asked.map((pair) => {
        const key = keyOf(pair);
        for (const path of [pair.certFile, pair.keyFile]) if (!isPem(path)) usedFiles.add(path);
        usedPairs.add(key);
        const known = pairs.get(key);
        if (known && isCurrent(pair, known)) return known.result;
        if (room > 0) {
          room -= 1;
          return judge(pair);
        }
        unread.push(pair);
        return known?.result;
      });
      left = unread;
      if (unread.length > 0 && !isReading) void readLeft();
      return results;
    },
    text(pathOrPem) {
      const { content } = fileOf(pathOrPem);
      if (content instanceof Error) throw content;
      return content;
    },
    forgetOthers() {
      for (const path of files.keys()) if (!usedFiles.has(path)) files.delete(path);
      for (const key of pairs.keys()) if (!usedPairs.has(key)) pairs.delete(key);
      usedFiles = new Set();
      usedPairs = new Set();
    },
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}

export function isPem(pathOrPem: string): boolean {
  return pathOrPem.includes('-----BEGIN');
}

function keyOf({ certFile, keyFile }: KeyPairFiles): string {
  return `${certFile}\0${keyFile}`;
}

function load(path: string): KnownFile {
  const version = versionOf(path);
  try {
    return { version, content: readFileSync(path, 'utf8') };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read' : `cannot be read (${code})`;
    return { version, content: new Error(`the file ${path} ${why}`) };
  }
}

/** Of a file that is not there, or in a folder that is closed to us, that it is so. */
function versionOf(path: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

function judgePair([{ content: certificatePem }, { content: privateKeyPem }]: readonly [
  KnownFile,
  KnownFile,
]): ReadPair {
  try {
    if (certificatePem instanceof Error) throw certificatePem;
    if (privateKeyPem instanceof Error) throw privateKeyPem;
    return { certificate: readPair(certificatePem, privateKeyPem), reason: null };
  } catch (error) {
    return { certificate: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Throws where the certificate or key cannot be read or used, or they do not belong together. */
function readPair(certificatePem: string, privateKeyPem: string): CertificateSnapshot {
  const certificate = new X509Certificate(certificatePem);
  const key = createPrivateKey(privateKeyPem);
  if (!certificate.checkPrivateKey(key)) throw new Error('its key belongs to another certificate');
  // OpenSSL refuses some of these in a handshake, such as short RSA keys. Making sure takes as long as all else.
  if (isDoubtful(key)) createSecureContext({ cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.2' });
  const digest = createHash('sha256').update(certificatePem).update(privateKeyPem).digest('hex').slice(0, 32);
  const snapshot: CertificateSnapshot = {
    id: `file:${digest}`,
    names: namesOf(certificate),
    certificatePem,
    privateKeyPem,
    isDefault: false,
    isJudged: true,
  };
  rememberFacts(snapshot, factsIn(certificate));
  return snapshot;
}

function isDoubtful({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return !(asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1');
}
