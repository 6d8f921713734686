import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { DynamicConfiguration } from '../../proxy/model/dynamic.ts';
import { qualify } from '../../proxy/model/names.ts';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import { type KeyPairFiles, type TlsOptionsSnapshot, tlsOptionsSnapshot } from '../../proxy/model/tls.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';

/** What a provider says of TLS. */
export interface PublishedTls {
  readonly provider: string;
  readonly configuration: Pick<DynamicConfiguration, 'tls'>;
  /** Options that could not be read, and why. */
  readonly brokenTlsOptions?: Readonly<Record<string, string>>;
}

/** TLS options with what their files hold, or why they cannot be used. */
export type JudgedTlsOptions =
  | { readonly snapshot: TlsOptionsSnapshot; readonly reason: null }
  | { readonly snapshot: null; readonly reason: string };

export interface ConfiguredTls {
  /** By qualified name; the default ones are `default`. */
  readonly options: ReadonlyMap<string, JudgedTlsOptions>;
  /** At most one is the default certificate. */
  readonly certificates: readonly CertificateSnapshot[];
  readonly problems: readonly Problem[];
}

/** Traefik's own, for the certificates by which it proves a name to an authority; no provider's may stand in it. */
const challengeStore = 'acme-tls/1';

export const noConfiguredTls: ConfiguredTls = { options: new Map(), certificates: [], problems: [] };

/** Certificates and TLS options that owners bring in files, watched. */
export interface TlsFiles {
  /** Reads what the publications name. The same object while nothing has changed. */
  read(published: readonly PublishedTls[]): ConfiguredTls;
  /** Of the last read. */
  problems(): readonly Problem[];
  stop(): void;
}

interface KnownFile {
  readonly version: string;
  readonly content: string | Error;
}

/** How often files are looked at: whoever renews certificates writes them while we run. */
const lookEveryMs = 5000;

export function createTlsFiles(options: {
  /** A file that was read says something else now. */
  readonly onChanged: () => void;
  readonly lookEveryMs?: number;
}): TlsFiles {
  let known = new Map<string, KnownFile>();
  let used = new Set<string>();
  let last: { readonly published: readonly (PublishedTls | undefined)[]; readonly result: ConfiguredTls } | null = null;

  const contentOf = (pathOrPem: string): string => {
    if (pathOrPem.includes('-----BEGIN')) return pathOrPem;
    used.add(pathOrPem);
    const file = known.get(pathOrPem) ?? load(pathOrPem);
    known.set(pathOrPem, file);
    if (file.content instanceof Error) throw file.content;
    return file.content;
  };

  const look = (): void => {
    const changed = [...known].filter(([path, file]) => versionOf(path) !== file.version);
    if (changed.length === 0) return;
    for (const [path] of changed) known.delete(path);
    last = null;
    options.onChanged();
  };
  const timer = setInterval(look, options.lookEveryMs ?? lookEveryMs);
  timer.unref();

  return {
    read(published) {
      const relevant = published.filter(({ configuration }) => configuration.tls !== undefined);
      if (
        last !== null &&
        relevant.length === last.published.length &&
        relevant.every((each, i) => each === last?.published[i])
      ) {
        return last.result;
      }
      used = new Set();
      const result = relevant.length === 0 ? noConfiguredTls : readAll(relevant, contentOf);
      known = new Map([...known].filter(([path]) => used.has(path)));
      last = { published: relevant, result };
      return result;
    },
    problems: () => last?.result.problems ?? [],
    stop: () => clearInterval(timer),
  };
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

function versionOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
}

function readAll(published: readonly PublishedTls[], contentOf: (path: string) => string): ConfiguredTls {
  const options = new Map<string, JudgedTlsOptions>();
  const certificates = new Map<string, CertificateSnapshot>();
  const problems: Problem[] = [];
  const standards: KeyPairFiles[] = [];

  const take = (pair: Partial<KeyPairFiles>): CertificateSnapshot | null => {
    if (pair.certFile === undefined || pair.keyFile === undefined) return null;
    try {
      return readCertificate(contentOf(pair.certFile), contentOf(pair.keyFile));
    } catch (error) {
      const where = pair.certFile.includes('-----BEGIN') ? 'given as text' : pair.certFile;
      const reason = error instanceof Error ? error.message : String(error);
      problems.push(
        problem(
          'CERTIFICATE_UNUSABLE',
          'warning',
          `The certificate ${where} cannot be used: ${reason}. Other certificates serve its hosts.`,
          'Give the certificate (with those between it and its authority) and its key as PEM files that Gatehouse may read.',
          { path: where, reason },
        ),
      );
      return null;
    }
  };

  for (const { provider, configuration, brokenTlsOptions = {} } of published) {
    const { tls } = configuration;
    for (const [name, config] of Object.entries(tls?.options ?? {})) {
      const qualified = name === 'default' ? name : qualify(name, provider);
      const judged = judgeOptions(
        config,
        Object.hasOwn(brokenTlsOptions, name) ? brokenTlsOptions[name] : undefined,
        contentOf,
      );
      const twice = options.has(qualified);
      options.set(qualified, twice ? { snapshot: null, reason: 'they are defined twice' } : judged);
    }
    for (const pair of tls?.certificates ?? []) {
      if (pair.stores?.includes(challengeStore)) continue;
      const certificate = take(pair);
      if (certificate) certificates.set(certificate.id, certificate);
    }
    const pair = tls?.stores?.['default']?.defaultCertificate;
    if (pair) standards.push(pair);
  }
  const [only, another] = standards;
  if (another) problems.push(severalDefaults(standards.length));
  const standard = only && !another ? take(only) : null;
  if (standard) certificates.set(standard.id, { ...standard, isDefault: true });
  return { options, certificates: [...certificates.values()], problems };
}

/** As in Traefik, where it would be chance which one serves. */
function severalDefaults(count: number): Problem {
  const reason = `${count} providers give a default certificate`;
  return problem(
    'CERTIFICATE_UNUSABLE',
    'warning',
    `${reason}, so none of them is used.`,
    'Leave tls.stores.default to one provider.',
    { path: 'tls.stores.default', reason },
  );
}

function judgeOptions(
  config: Parameters<typeof tlsOptionsSnapshot>[0],
  broken: string | undefined,
  contentOf: (path: string) => string,
): JudgedTlsOptions {
  if (broken !== undefined) return { snapshot: null, reason: broken };
  const { caFiles = [], clientAuthType } = config.clientAuth ?? {};
  if (caFiles.length === 0 && (clientAuthType?.includes('Verify') ?? false)) {
    return { snapshot: null, reason: `clientAuthType ${clientAuthType} needs caFiles to verify by` };
  }
  try {
    const caPem = caFiles.map((path) => {
      const pem = contentOf(path);
      // A file without a certificate would verify nobody, or everybody by the system's authorities.
      for (const certificate of pem.match(certificatePattern) ?? [missing(path)]) void new X509Certificate(certificate);
      return pem;
    });
    return { snapshot: tlsOptionsSnapshot(config, caPem), reason: null };
  } catch (error) {
    return { snapshot: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function missing(path: string): never {
  throw new Error(`the file ${path} holds no certificate`);
}

/** Throws where the certificate or key cannot be read, or they do not belong together. */
function readCertificate(certificatePem: string, privateKeyPem: string): CertificateSnapshot {
  const certificate = new X509Certificate(certificatePem);
  if (!certificate.checkPrivateKey(createPrivateKey(privateKeyPem))) {
    throw new Error('its key belongs to another certificate');
  }
  const digest = createHash('sha256').update(certificatePem).update(privateKeyPem).digest('hex').slice(0, 32);
  return { id: `file:${digest}`, names: namesOf(certificate), certificatePem, privateKeyPem, isDefault: false };
}

/** DNS names and addresses that it is good for; the common name where it says nothing else. */
export function namesOf({ subjectAltName, subject }: X509Certificate): readonly string[] {
  const names = (subjectAltName ?? '')
    .split(', ')
    .map((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1]?.toLowerCase())
    .filter((name) => name !== undefined);
  if (names.length > 0) return names;
  const commonName = /^CN=(.+)$/m.exec(subject)?.[1];
  return commonName === undefined ? [] : [commonName.toLowerCase()];
}

/** Whether one of these certificates is good for a host: by its very name, or by a wildcard for its first label. */
export function coveredBy(certificates: readonly CertificateSnapshot[]): (host: string) => boolean {
  const names = new Set(certificates.flatMap((certificate) => certificate.names));
  return (host) => {
    const name = host.toLowerCase();
    const dot = name.indexOf('.');
    return names.has(name) || (dot > 0 && names.has(`*${name.slice(dot)}`));
  };
}
