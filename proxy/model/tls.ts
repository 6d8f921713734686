import { z } from 'zod';

/** TLS in Traefik's names: versions, cipher suites and curves as Go writes them. */

const versions = {
  VersionTLS10: 'TLSv1',
  VersionTLS11: 'TLSv1.1',
  VersionTLS12: 'TLSv1.2',
  VersionTLS13: 'TLSv1.3',
} as const;

export type TlsVersion = (typeof versions)[keyof typeof versions];

/** Go's names of the suites that can be chosen → OpenSSL's. TLS 1.3 has its own, which are always on. */
const suites: Readonly<Record<string, string>> = {
  TLS_RSA_WITH_AES_128_CBC_SHA: 'AES128-SHA',
  TLS_RSA_WITH_AES_256_CBC_SHA: 'AES256-SHA',
  TLS_RSA_WITH_AES_128_CBC_SHA256: 'AES128-SHA256',
  TLS_RSA_WITH_AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  TLS_RSA_WITH_AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: 'ECDHE-ECDSA-AES128-SHA256',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: 'ECDHE-RSA-AES128-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_AES_128_GCM_SHA256: 'TLS_AES_128_GCM_SHA256',
  TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_CHACHA20_POLY1305_SHA256',
};
const newestSuites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

const curves: Readonly<Record<string, string>> = {
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
  X25519: 'X25519',
  X25519MLKEM768: 'X25519MLKEM768',
};

const versionSchema = z.enum(['VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13']);
export const cipherSuiteSchema = z.string().refine((name) => Object.hasOwn(suites, name), {
  message: 'is no cipher suite by its name in Go, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
});
const curveSchema = z
  .string()
  .refine((name) => Object.hasOwn(curves, name), { message: `is one of ${Object.keys(curves).join(', ')}` });

/** A file's path, or PEM text itself. */
const fileSchema = z.string().min(1, { message: 'names no file' });

export const keyPairSchema = z.strictObject({ certFile: fileSchema, keyFile: fileSchema });

export const tlsOptionsSchema = z.strictObject({
  minVersion: versionSchema.optional(),
  maxVersion: versionSchema.optional(),
  cipherSuites: z.array(cipherSuiteSchema).optional(),
  curvePreferences: z.array(curveSchema).optional(),
  clientAuth: z
    .strictObject({
      caFiles: z.array(fileSchema).optional(),
      clientAuthType: z
        .enum([
          'NoClientCert',
          'RequestClientCert',
          'RequireAnyClientCert',
          'VerifyClientCertIfGiven',
          'RequireAndVerifyClientCert',
        ])
        .optional(),
    })
    .optional(),
  sniStrict: z.boolean().optional(),
  alpnProtocols: z.array(z.string().min(1)).optional(),
  disableSessionTickets: z.boolean().optional(),
  /** Deprecated: the server's order is always kept to. */
  preferServerCipherSuites: z.boolean().optional(),
});

export const tlsConfigurationSchema = z.strictObject({
  certificates: z.array(keyPairSchema.extend({ stores: z.array(z.string()).optional() })).optional(),
  options: z.record(z.string(), tlsOptionsSchema).optional(),
  stores: z.record(z.string(), z.strictObject({ defaultCertificate: keyPairSchema.optional() })).optional(),
});

export { versionSchema as tlsVersionSchema };
export type TlsVersionName = keyof typeof versions;
export type KeyPairFiles = z.infer<typeof keyPairSchema>;
export type TlsOptionsConfig = z.infer<typeof tlsOptionsSchema>;
export type TlsConfiguration = z.infer<typeof tlsConfigurationSchema>;
export type ClientAuthType = NonNullable<NonNullable<TlsOptionsConfig['clientAuth']>['clientAuthType']>;

export function tlsVersionOf(name: TlsVersionName): TlsVersion {
  return versions[name];
}

/** OpenSSL's list of cipher suites for names that the schema accepted. */
export function opensslCiphers(names: readonly string[]): string {
  const chosen = names.map((name) => suites[name] ?? '').filter((name) => name !== '');
  return [...new Set([...chosen, ...newestSuites])].join(':');
}

/** OpenSSL's list of curves for names that the schema accepted. */
export function opensslCurves(names: readonly string[]): string {
  return names
    .map((name) => curves[name] ?? '')
    .filter((name) => name !== '')
    .join(':');
}

/** TLS options with what their files hold, ready for a handshake. */
export interface TlsOptionsSnapshot {
  readonly minVersion: TlsVersion;
  /** Null: the newest there is. */
  readonly maxVersion: TlsVersion | null;
  /** OpenSSL's lists; null: the strong ones, or its own choice of curves. */
  readonly ciphers: string | null;
  readonly curves: string | null;
  readonly alpn: readonly string[];
  /** Who names no host, or one without a certificate, gets no handshake. */
  readonly sniStrict: boolean;
  readonly sessionTickets: boolean;
  readonly clientAuth: {
    readonly type: Exclude<ClientAuthType, 'NoClientCert'>;
    readonly caPem: readonly string[];
  } | null;
}

export const defaultTlsOptions: TlsOptionsSnapshot = {
  minVersion: 'TLSv1.2',
  maxVersion: null,
  ciphers: null,
  curves: null,
  alpn: ['h2', 'http/1.1'],
  sniStrict: false,
  sessionTickets: true,
  clientAuth: null,
};

/** `caPem`: what the client authorities' files hold. */
export function tlsOptionsSnapshot(config: TlsOptionsConfig, caPem: readonly string[]): TlsOptionsSnapshot {
  const { clientAuth, cipherSuites = [], curvePreferences = [], alpnProtocols = [] } = config;
  // Authorities alone say that certificates are wanted, as in Traefik.
  const type = clientAuth?.clientAuthType ?? (caPem.length > 0 ? 'RequireAndVerifyClientCert' : 'NoClientCert');
  return {
    minVersion: tlsVersionOf(config.minVersion ?? 'VersionTLS12'),
    maxVersion: config.maxVersion === undefined ? null : tlsVersionOf(config.maxVersion),
    ciphers: cipherSuites.length === 0 ? null : opensslCiphers(cipherSuites),
    curves: curvePreferences.length === 0 ? null : opensslCurves(curvePreferences),
    alpn: alpnProtocols.length === 0 ? defaultTlsOptions.alpn : alpnProtocols,
    sniStrict: config.sniStrict ?? false,
    sessionTickets: config.disableSessionTickets !== true,
    clientAuth: type === 'NoClientCert' ? null : { type, caPem },
  };
}
