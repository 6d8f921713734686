import { readFileSync } from 'node:fs';
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from 'node:tls';
import { durationMs } from '../model/duration.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';
import { opensslCiphers, tlsVersionOf } from '../model/tls.ts';

type TransportTls = Pick<
  ConnectionOptions,
  'rejectUnauthorized' | 'checkServerIdentity' | 'ca' | 'cert' | 'key' | 'ciphers' | 'minVersion' | 'maxVersion'
>;

/** How servers are reached: a serversTransport with what its files hold. */
export interface Transport {
  readonly key: string;
  readonly serverName: string;
  /** For every TLS connection to a server. */
  readonly tls: TransportTls;
  readonly allowsHttp2: boolean;
  readonly dialTimeoutMs: number;
  /** 0: none. */
  readonly responseHeaderTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** An HTTP/2 connection on which nothing came for so long is asked whether it lives; 0: never. */
  readonly readIdleTimeoutMs: number;
  readonly pingTimeoutMs: number;
  /** Connections beyond this number are closed after their request; 0: no limit. */
  readonly maxIdleConnections: number;
}

/** Reads a serversTransport. Throws a readable Error where a certificate file cannot be read. */
export function readTransport(config: ServersTransportConfig | undefined): Transport {
  const timeouts = config?.forwardingTimeouts;
  return {
    key: JSON.stringify(config ?? null),
    serverName: config?.serverName ?? '',
    tls: tlsOptions(config ?? {}),
    allowsHttp2: config?.disableHTTP2 !== true,
    dialTimeoutMs: durationMs(timeouts?.dialTimeout, 30_000),
    responseHeaderTimeoutMs: durationMs(timeouts?.responseHeaderTimeout, 0),
    idleTimeoutMs: durationMs(timeouts?.idleConnTimeout, 90_000),
    readIdleTimeoutMs: durationMs(timeouts?.readIdleTimeout, 0),
    pingTimeoutMs: durationMs(timeouts?.pingTimeout, 15_000),
    maxIdleConnections: config?.maxIdleConnsPerHost ?? 0,
  };
}

function tlsOptions(config: ServersTransportConfig): TransportTls {
  const { rootCAs = [], certificates = [], cipherSuites = [], minVersion, maxVersion, peerCertURI = '' } = config;
  const isLax = config.insecureSkipVerify === true;
  return {
    // Who asks for a certificate of a certain owner has it verified, whatever the host is called.
    rejectUnauthorized: !isLax || peerCertURI !== '',
    ...(peerCertURI === '' ? {} : { checkServerIdentity: ownerCheck(peerCertURI, isLax) }),
    ...(rootCAs.length > 0 ? { ca: rootCAs.map((file) => readPem(file, 'root certificate')) } : {}),
    ...(certificates.length > 0
      ? {
          cert: certificates.map(({ certFile }) => readPem(certFile, 'certificate')),
          key: certificates.map(({ keyFile }) => readPem(keyFile, 'key')),
        }
      : {}),
    ...(cipherSuites.length > 0 ? { ciphers: opensslCiphers(cipherSuites) } : {}),
    ...(minVersion === undefined ? {} : { minVersion: tlsVersionOf(minVersion) }),
    ...(maxVersion === undefined ? {} : { maxVersion: tlsVersionOf(maxVersion) }),
  };
}

function ownerCheck(uri: string, anyHost: boolean): NonNullable<ConnectionOptions['checkServerIdentity']> {
  return (host: string, certificate: PeerCertificate): Error | undefined => {
    const names = (certificate.subjectaltname ?? '').split(', ');
    if (!names.includes(`URI:${uri}`)) {
      return Object.assign(new Error(`the server's certificate does not hold the URI ${uri}`), {
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
    }
    return anyHost ? undefined : checkServerIdentity(host, certificate);
  };
}

function readPem(pemOrPath: string, what: string): string {
  if (pemOrPath.includes('-----BEGIN')) return pemOrPath;
  try {
    return readFileSync(pemOrPath, 'utf8');
  } catch (error) {
    throw new Error(`The ${what} ${pemOrPath} cannot be read`, { cause: error });
  }
}
