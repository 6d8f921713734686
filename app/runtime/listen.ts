import { createSocket } from 'node:dgram';
import { createServer, isIP } from 'node:net';
import type { StaticEntryPoint } from '../config/static.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { parseListenAddress } from './address.ts';
import { type PortOwner, portOwnerWords } from './port-owner.ts';

/** Where an entry point will listen, and what was found on the way there. `bound` is null: nowhere. */
export interface ListenPlan {
  readonly entryPoint: StaticEntryPoint;
  readonly bound: { readonly host: string; readonly port: number } | null;
  readonly problems: readonly Problem[];
}

export type Probe = (host: string | null, port: number) => Promise<ProbeResult>;
export type ProbeResult =
  | { readonly ok: true; readonly host: string; readonly port: number }
  | { readonly ok: false; readonly code: string };

/** How far above a fallback port another one is looked for. */
const portsTried = 50;

/**
 * Finds a place for an entry point. An address that somebody asked for is never replaced; the defaults give way to
 * their fallback port, and that to the next free one above it.
 */
export async function planListening(
  entryPoint: StaticEntryPoint,
  probe: Probe,
  ownerOf: (port: number) => Promise<PortOwner>,
): Promise<ListenPlan> {
  const address = parseListenAddress(entryPoint.address);
  if (address === null)
    return { entryPoint, bound: null, problems: [addressInvalid(entryPoint, 'it is not HOST:PORT')] };
  const result = await probe(address.host, address.port);
  if (result.ok) return { entryPoint, bound: result, problems: [] };

  const mayFallBack = entryPoint.fallbackPort !== null && (result.code === 'EACCES' || result.code === 'EADDRINUSE');
  const cause = await refused(entryPoint, address.port, result.code, mayFallBack ? 'warning' : 'error', ownerOf);
  if (!mayFallBack || entryPoint.fallbackPort === null) return { entryPoint, bound: null, problems: [cause] };
  for (let port = entryPoint.fallbackPort; port <= Math.min(65_535, entryPoint.fallbackPort + portsTried); port++) {
    const fallback = await probe(address.host, port);
    if (fallback.ok)
      return { entryPoint, bound: fallback, problems: [cause, fellBack(entryPoint, address.port, port)] };
  }
  return { entryPoint, bound: null, problems: [{ ...cause, severity: 'error' }] };
}

/**
 * Tries an address alone, without sharing: a port that others share by SO_REUSEPORT counts as taken. Port 0 is
 * answered with a free one.
 */
export const probeAddress: Probe = async (host, port) => {
  if (host !== null) return tryListen(host, port);
  const dual = await tryListen('::', port);
  if (dual.ok || (dual.code !== 'EAFNOSUPPORT' && dual.code !== 'EADDRNOTAVAIL' && dual.code !== 'EINVAL')) return dual;
  return tryListen('0.0.0.0', port);
};

/**
 * For a port that other programs may share (Traefik's `reusePort`): tries the host alone. To listen there for a moment
 * would take visitors from them.
 */
export function sharedProbe(probe: Probe): Probe {
  return async (host, port) => {
    const result = await probe(host, 0);
    return result.ok && port !== 0 ? { ...result, port } : result;
  };
}

/** The same for datagrams. */
export const probeUdpAddress: Probe = async (host, port) => {
  if (host !== null) return tryBind(host, port);
  const dual = await tryBind('::', port);
  return dual.ok || !['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(dual.code) ? dual : tryBind('0.0.0.0', port);
};

function tryBind(host: string, port: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve({ ok: false, code: error.code ?? 'UNKNOWN' });
    });
    socket.bind({ address: host, port, exclusive: true }, () => {
      const chosen = socket.address().port;
      socket.close(() => resolve({ ok: true, host, port: chosen }));
    });
  });
}

function tryListen(host: string, port: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ ok: false, code: error.code ?? 'UNKNOWN' }));
    server.listen({ host, port, exclusive: true }, () => {
      const bound = server.address();
      const chosen = typeof bound === 'object' && bound !== null ? bound.port : port;
      server.close(() => resolve({ ok: true, host, port: chosen }));
    });
  });
}

async function refused(
  entryPoint: StaticEntryPoint,
  port: number,
  code: string,
  severity: Problem['severity'],
  ownerOf: (port: number) => Promise<PortOwner>,
): Promise<Problem> {
  const { name } = entryPoint;
  switch (code) {
    case 'EADDRINUSE': {
      const owner = await ownerOf(port);
      const words = portOwnerWords(owner);
      return problem(
        'PORT_IN_USE',
        severity,
        `Port ${port} for the entry point ${name} is used by ${words}.`,
        `Stop it, or choose another address for ${name} in Settings › Entry points.`,
        {
          entryPoint: name,
          port,
          ownerKind: owner.kind,
          ...(owner.kind === 'process' ? { process: owner.name, pid: owner.pid } : {}),
        },
      );
    }
    case 'EACCES':
    case 'EPERM':
      return problem(
        'PORT_FORBIDDEN',
        severity,
        `Gatehouse may not open port ${port} for the entry point ${name}: the system keeps ports below 1024 for privileged programs.`,
        'Run Gatehouse as the systemd service that comes with it (gatehouse.service has the right to open them), or let every program open them: sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80',
        { entryPoint: name, port },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return addressInvalid(entryPoint, 'this machine has no such address');
    default:
      return addressInvalid(entryPoint, `the system refuses it (${code})`);
  }
}

function addressInvalid({ name, address }: StaticEntryPoint, reason: string): Problem {
  return problem(
    'ADDRESS_INVALID',
    'error',
    `The entry point ${name} cannot listen on ${address}: ${reason}.`,
    'Write it as HOST:PORT with an address of this machine, or as :PORT for all of them.',
    { entryPoint: name, address, reason },
  );
}

function fellBack({ name }: StaticEntryPoint, wanted: number, port: number): Problem {
  return problem(
    'PORT_FALLBACK',
    'warning',
    `The entry point ${name} listens on port ${port} instead of ${wanted}.`,
    `Addresses need the port until then, such as :${port} at their end.`,
    { entryPoint: name, port: wanted, fallbackPort: port },
  );
}
