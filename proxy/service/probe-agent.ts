import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Agent } from 'undici';
import type { ServersTransportConfig } from '../model/dynamic.ts';

/** Connections for the checks of one server. Each check makes its own, so that it sees what a new client would see. */
export interface ProbeAgent {
  readonly dispatcher: Agent;
  /** Breaks off what is under way. May be called twice. */
  close(): void;
}

/** Throws a readable Error where a certificate file cannot be read. */
export function createProbeAgent(transport: ServersTransportConfig | undefined): ProbeAgent {
  const { serverName = '', insecureSkipVerify = false, rootCAs = [] } = transport ?? {};
  const dispatcher = new Agent({
    allowH2: false,
    pipelining: 0,
    connect: {
      rejectUnauthorized: !insecureSkipVerify,
      ...(serverName !== '' && isIP(serverName) === 0 ? { servername: serverName } : {}),
      ...(rootCAs.length > 0 ? { ca: rootCAs.map((entry) => readCertificate(entry)) } : {}),
    },
  });
  return {
    dispatcher,
    close: () => void dispatcher.destroy().catch(() => undefined),
  };
}

/** An entry of `rootCAs` is PEM text, or the path of a file that holds it. */
function readCertificate(entry: string): string {
  if (entry.includes('-----BEGIN')) return entry;
  try {
    return readFileSync(entry, 'utf8');
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`The certificate file ${entry} of rootCAs cannot be read: ${detail}`, { cause: error });
  }
}
