import { constants, createHash } from 'node:crypto';
import { createSecureContext, type SecureContext, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { CertificateSnapshot } from '../model/snapshot.ts';
import type { TlsOptionsSnapshot } from '../model/tls.ts';
import type { CertificateStore } from './certificates.ts';

/** How servers of Node's shake hands by one set of TLS options. */
export interface Handshakes {
  readonly serverOptions: TlsOptions;
  /** Gives a server the certificate for clients that send no name; to be called again when certificates have changed. */
  takeDefault(server: Server): void;
  /** Whether a client that has shaken hands may stay. */
  isWelcome(socket: TLSSocket): boolean;
}

export function createHandshakes(
  options: TlsOptionsSnapshot,
  certificates: CertificateStore,
  handshakeTimeoutMs: number,
): Handshakes {
  const { clientAuth, sniStrict } = options;
  const shared = contextOptions(options);
  const optionsKey = JSON.stringify(options);
  // OpenSSL lets no session go on under another of these: other options may keep out who began it.
  const sessionIdContext = createHash('sha256').update(optionsKey).digest('hex').slice(0, 32);
  // Node takes the authorities for clients from the context of the name, so each certificate needs one of its own.
  let contexts = new WeakMap<CertificateSnapshot, SecureContext>();
  const contextFor = (serverName: string): SecureContext | undefined => {
    const found = certificates.find(serverName);
    if (!found || (sniStrict && found.isFallback)) return undefined;
    if (clientAuth === null) return found.context;
    let own = contexts.get(found.certificate);
    if (!own) {
      const { certificatePem: cert, privateKeyPem } = found.certificate;
      own = createSecureContext({ ...shared, cert, key: privateKeyPem });
      contexts.set(found.certificate, own);
    }
    return own;
  };
  return {
    serverOptions: {
      ...shared,
      sessionIdContext,
      ALPNProtocols: [...options.alpn],
      handshakeTimeout: handshakeTimeoutMs,
      requestCert: clientAuth !== null,
      rejectUnauthorized: clientAuth?.type === 'RequireAndVerifyClientCert',
      SNICallback: (serverName, done) => {
        const found = contextFor(serverName);
        if (!found && sniStrict) done(new Error(`there is no certificate for ${serverName}`));
        else done(null, found);
      },
    },
    takeDefault(server) {
      contexts = new WeakMap();
      const pem = certificates.defaultPem();
      // Without a context a client that sends no name gets no handshake.
      if (pem && !sniStrict) server.setSecureContext({ ...shared, sessionIdContext, ...pem });
      const ticketKeys = certificates.ticketKeys(optionsKey);
      if (ticketKeys) server.setTicketKeys(ticketKeys);
    },
    isWelcome: (socket) => isClientWelcome(socket, clientAuth),
  };
}

/** What Node leaves to us: certificates that must be there but may be anybody's, or may be missing but not wrong. */
function isClientWelcome(socket: TLSSocket, clientAuth: TlsOptionsSnapshot['clientAuth']): boolean {
  switch (clientAuth?.type) {
    case 'RequireAnyClientCert':
      return socket.getPeerCertificate().raw !== undefined;
    case 'VerifyClientCertIfGiven':
      return socket.authorized || socket.getPeerCertificate().raw === undefined;
    case 'RequireAndVerifyClientCert':
      return socket.authorized;
    case 'RequestClientCert':
    case undefined:
      return true;
  }
}

/** Forward secrecy and authenticated encryption, which all clients of the last ten years have. */
const strongSuites = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

function contextOptions({ minVersion, maxVersion, ciphers, curves, clientAuth, sessionTickets }: TlsOptionsSnapshot) {
  const isOld = minVersion === 'TLSv1' || minVersion === 'TLSv1.1';
  // OpenSSL refuses the old versions at its own level of security, whatever the minimum says.
  const list = isOld ? `${ciphers ?? 'DEFAULT'}:@SECLEVEL=0` : (ciphers ?? strongSuites);
  return {
    minVersion,
    ...(maxVersion === null ? {} : { maxVersion }),
    ciphers: list,
    ...(curves === null ? {} : { ecdhCurve: curves }),
    ...(clientAuth === null || clientAuth.caPem.length === 0 ? {} : { ca: [...clientAuth.caPem] }),
    ...(sessionTickets ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
  };
}
