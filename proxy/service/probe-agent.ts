import { isIP } from 'node:net';
import { Agent } from 'undici';
import { readTransport } from '../http/transport.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';

/** Connections for the checks of one server. Each check makes its own, so that it sees what a new client would see. */
export interface ProbeAgent {
  readonly dispatcher: Agent;
  /** Breaks off what is under way. May be called twice. */
  close(): void;
}

/** Throws a readable Error where a certificate file cannot be read. */
export function createProbeAgent(config: ServersTransportConfig | undefined): ProbeAgent {
  const { tls, serverName } = readTransport(config);
  const dispatcher = new Agent({
    allowH2: false,
    pipelining: 0,
    connect: { ...tls, ...(serverName !== '' && isIP(serverName) === 0 ? { servername: serverName } : {}) },
  });
  return {
    dispatcher,
    close: () => void dispatcher.destroy().catch(() => undefined),
  };
}
