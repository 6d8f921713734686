import { X509Certificate } from 'node:crypto';
import type { DynamicConfiguration } from '../../proxy/model/dynamic.ts';
import { qualify } from '../../proxy/model/names.ts';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import { type KeyPairFiles, type TlsOptionsSnapshot, tlsOptionsSnapshot } from '../../proxy/model/tls.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { createKeyPairs, isPem, type KeyPairs } from './key-pairs.ts';

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
  /** False: there are so many certificates that some are not read yet. They come by themselves. */
  readonly isComplete: boolean;
}

/** Traefik's own, for the certificates by which it proves a name to an authority; no provider's may stand in it. */
const challengeStore = 'acme-tls/1';

export const noConfiguredTls: ConfiguredTls = { options: new Map(), certificates: [], problems: [], isComplete: true };

/** Certificates and TLS options that owners bring in files, watched. */
export interface TlsFiles {
  /** Reads what the publications name, in bounded time. The same object while nothing has changed. */
  read(published: readonly PublishedTls[]): ConfiguredTls;
  /** Of the last read. */
  problems(): readonly Problem[];
  stop(): void;
}

export function createTlsFiles(options: {
  /** A file that was read says something else now, or more of them were read. */
  readonly onChanged: () => void;
  readonly lookEveryMs?: number;
}): TlsFiles {
  let last: { readonly published: readonly (PublishedTls | undefined)[]; readonly result: ConfiguredTls } | null = null;
  const again = (): void => {
    last = null;
    options.onChanged();
  };
  const pairs = createKeyPairs({ onRead: again, onChanged: again, lookEveryMs: options.lookEveryMs });

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
      const result = relevant.length === 0 ? noConfiguredTls : readAll(relevant, pairs);
      pairs.forgetOthers();
      last = { published: relevant, result };
      return result;
    },
    problems: () => last?.result.problems ?? [],
    stop: pairs.stop,
  };
}

function readAll(published: readonly PublishedTls[], keyPairs: KeyPairs): ConfiguredTls {
  const options = new Map<string, JudgedTlsOptions>();
  const problems: Problem[] = [];
  const named: KeyPairFiles[] = [];
  const standards: KeyPairFiles[] = [];

  for (const { provider, configuration, brokenTlsOptions = {} } of published) {
    const { tls } = configuration;
    for (const [name, config] of Object.entries(tls?.options ?? {})) {
      const qualified = name === 'default' ? name : qualify(name, provider);
      const judged = judgeOptions(
        config,
        Object.hasOwn(brokenTlsOptions, name) ? brokenTlsOptions[name] : undefined,
        keyPairs.text,
      );
      const twice = options.has(qualified);
      options.set(qualified, twice ? { snapshot: null, reason: 'they are defined twice' } : judged);
    }
    for (const pair of tls?.certificates ?? []) {
      if (!pair.stores?.includes(challengeStore) && isWhole(pair)) named.push(pair);
    }
    const pair = tls?.stores?.['default']?.defaultCertificate;
    if (pair) standards.push(pair);
  }
  const [only, another] = standards;
  if (another) problems.push(severalDefaults(standards.length));
  const standard = only && !another && isWhole(only) ? [only] : [];
  const certificates = new Map<string, CertificateSnapshot>();
  // The default one first: it stands in for all that are not read yet.
  const all = [...standard, ...named];
  const found = keyPairs.read(all);
  for (const [index, pair] of all.entries()) {
    const { certificate = null, reason = null } = found[index] ?? {};
    if (reason !== null) problems.push(unusable(pair, reason));
    if (certificate && index >= standard.length) certificates.set(certificate.id, certificate);
  }
  const first = standard.length > 0 ? found[0]?.certificate : null;
  if (first) certificates.set(first.id, asDefault(first));
  return { options, certificates: [...certificates.values()], problems, isComplete: !found.includes(undefined) };
}

function isWhole(pair: Partial<KeyPairFiles>): pair is KeyPairFiles {
  return pair.certFile !== undefined && pair.keyFile !== undefined;
}

const defaults = new WeakMap<CertificateSnapshot, CertificateSnapshot>();

/** The same for the same. */
function asDefault(certificate: CertificateSnapshot): CertificateSnapshot {
  const known = defaults.get(certificate) ?? { ...certificate, isDefault: true };
  defaults.set(certificate, known);
  return known;
}

function unusable({ certFile }: KeyPairFiles, reason: string): Problem {
  const where = isPem(certFile) ? 'given as text' : certFile;
  return problem(
    'CERTIFICATE_UNUSABLE',
    'warning',
    `The certificate ${where} cannot be used: ${reason}. Other certificates serve its hosts.`,
    'Give the certificate (with those between it and its authority) and its key as PEM files that Gatehouse may read.',
    { path: where, reason },
  );
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

/** Whether one of these certificates is good for a host: by its very name, or by a wildcard for its first label. */
export function coveredBy(certificates: readonly CertificateSnapshot[]): (host: string) => boolean {
  const names = new Set(certificates.flatMap((certificate) => certificate.names));
  return (host) => {
    const name = host.toLowerCase();
    const dot = name.indexOf('.');
    return names.has(name) || (dot > 0 && names.has(`*${name.slice(dot)}`));
  };
}
