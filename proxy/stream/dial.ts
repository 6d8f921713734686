import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { durationMs, parseDurationMs } from '../model/duration.ts';
import type { TcpServersTransportConfig } from '../model/stream.ts';
import { parseServerAddress } from './address.ts';

/** How connections to servers are made. */
export interface Dialer {
  /**
   * Connects, sends `head` before anything else, and shakes hands where the server speaks TLS. Rejects with Node's
   * error, or one whose code is ETIMEDOUT. `signal` breaks it off.
   */
  dial(address: string, tls: boolean, head: Buffer | null, signal: AbortSignal): Promise<Socket>;
}

/** Reads a transport. Throws a readable Error where a certificate file cannot be read. */
export function createDialer(config: TcpServersTransportConfig | undefined): Dialer {
  const timeoutMs = durationMs(config?.dialTimeout, 30_000);
  const keepAliveMs = config?.dialKeepAlive === undefined ? 15_000 : (parseDurationMs(config.dialKeepAlive) ?? 15_000);
  const tlsOptions = readTls(config?.tls);
  return {
    dial: (address, tls, head, signal) => {
      const target = parseServerAddress(address);
      if (target === null) return Promise.reject(new Error(`"${address}" is no address`));
      return new Promise((resolve, reject) => {
        const socket = connectTcp({
          ...target,
          allowHalfOpen: true,
          noDelay: true,
          // Below 0 there is none, as in Go; 0 is Go's default.
          keepAlive: keepAliveMs >= 0,
          keepAliveInitialDelay: keepAliveMs > 0 ? keepAliveMs : 15_000,
        });
        const fail = (error: Error): void => {
          settle();
          socket.destroy();
          reject(error);
        };
        const onAbort = (): void => fail(new Error('the client has gone'));
        const onTimeout = (): void => fail(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }));
        const timer = timeoutMs > 0 ? setTimeout(onTimeout, timeoutMs) : undefined;
        const settle = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          socket.off('error', fail);
        };
        const done = (ready: Socket): void => {
          settle();
          resolve(ready);
        };
        signal.addEventListener('abort', onAbort);
        if (signal.aborted) onAbort();
        socket.on('error', fail);
        socket.once('connect', () => {
          if (head !== null) socket.write(head);
          if (!tls) {
            done(socket);
            return;
          }
          const secure = connectTls({
            socket,
            ...tlsOptions,
            ...(tlsOptions.servername === undefined && isIP(target.host) === 0 ? { servername: target.host } : {}),
          });
          socket.on('error', () => secure.destroy());
          // What breaks it during the handshake breaks the promise; afterwards it is the caller's.
          secure.once('error', fail);
          secure.once('secureConnect', () => {
            secure.off('error', fail);
            done(secure);
          });
        });
      });
    },
  };
}

function readTls(config: TcpServersTransportConfig['tls']) {
  const pairs = (config?.certificates ?? []).map(({ certFile, keyFile }) => ({
    cert: readPem(certFile, 'certificate'),
    key: readPem(keyFile, 'key'),
  }));
  const { serverName, peerCertURI, rootCAs = [], insecureSkipVerify = false } = config ?? {};
  return {
    ...(serverName === undefined || serverName === '' ? {} : { servername: serverName }),
    ...(rootCAs.length > 0 ? { ca: rootCAs.map((each) => readPem(each, 'root certificate')) } : {}),
    ...(pairs.length > 0 ? { cert: pairs.map(({ cert }) => cert), key: pairs.map(({ key }) => key) } : {}),
    rejectUnauthorized: !insecureSkipVerify,
    ...(peerCertURI === undefined || peerCertURI === ''
      ? {}
      : {
          // As in Traefik, the URI stands in for the name.
          checkServerIdentity: (_host: string, peer: PeerCertificate) =>
            (peer.subjectaltname ?? '').split(', ').includes(`URI:${peerCertURI}`)
              ? undefined
              : new Error(`The server's certificate does not hold the URI ${peerCertURI}`),
        }),
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
