import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import type { ApiConfiguration } from '../config/static.ts';
import type { Problem } from '../contract/objects.ts';
import type { Log } from '../log.ts';
import type { EngineContext } from '../operations/context.ts';
import { problem } from '../problem.ts';
import { formatAddress, parseListenAddress } from '../runtime/address.ts';
import type { Access } from './access.ts';
import { createAllowedHosts, lanAddresses } from './allowed-hosts.ts';
import { createDashboardApp } from './dashboard-app.ts';
import { type LanListener, listenOnLan } from './lan-listener.ts';
import { listenForRouters, type RoutedListener } from './routed-listener.ts';
import { sessionCookie } from './session-cookie.ts';
import { createStaticFiles } from './static-files.ts';

/** How many ports after the usual one are tried where it is taken. */
const fallbackTries = 20;

export interface DashboardOptions {
  readonly context: EngineContext;
  readonly access: Access;
  /** Loopback, such as `127.0.0.1:8686`. */
  readonly address: string;
  /** True where the address was asked for: then it is that one or none. */
  readonly addressFixed: boolean;
  /** Address for the local network, such as `:8687`; null: loopback only. Opened only while a password is set. */
  readonly lanAddress: string | null;
  /** Served to routers too (`api@internal`); left out: not. */
  readonly api?: ApiConfiguration | undefined;
  /** Further names under which the dashboard may be asked for. */
  readonly allowedHosts?: readonly string[];
  /** The built client. */
  readonly staticDir: string;
  /** Certificates for names and addresses, from the internal CA. */
  readonly certificates: (hosts: readonly string[]) => Promise<readonly CertificateSnapshot[]>;
  readonly log: Log;
  readonly now?: () => number;
  /** Called when the address on the local network or the problems have changed. */
  readonly onChange?: () => void;
}

export interface Dashboard {
  /** Such as `http://127.0.0.1:8686`, as listening; empty while it listens on no address of this machine's own. */
  readonly url: () => string;
  /** Such as `https://192.168.1.20:8687`; null while it does not listen on the local network. */
  readonly lanUrl: () => string | null;
  /** Where routers reach it; null where they are not to. */
  readonly routedUrls: RoutedListener['urls'] | null;
  readonly problems: () => readonly Problem[];
  readonly setLanAddress: (lanAddress: string | null) => Promise<void>;
  /** May be called twice. */
  readonly close: () => Promise<void>;
}

/** Serves the dashboard and its API. Does not throw for addresses that cannot be had: see `problems`. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { access, log } = options;
  const now = options.now ?? Date.now;
  const hostAllowed = createAllowedHosts(options.allowedHosts ?? [], now);
  const app = createDashboardApp({
    context: options.context,
    access,
    files: createStaticFiles(options.staticDir, now),
    log,
  });
  const loopback = await listenOnLoopback(options.address, options.addressFixed);
  // Another program may have the address: a link to it would hand that program our sign-in code.
  let url = '';
  if (loopback.server) {
    const { port } = loopback.server.address() as AddressInfo;
    url = `http://${formatAddress(loopback.host, port)}`;
    const traits = { scheme: 'http', lan: false, hostAllowed, cookie: sessionCookie(port, false) } as const;
    loopback.server.on('request', app.onRequest(traits));
    loopback.server.on('upgrade', app.onUpgrade(traits));
  }

  const routed = options.api ? await listenForRouters(app, options.api) : null;

  let lanAddress = options.lanAddress;
  let lan: LanListener | null = null;
  let lanProblem: Problem | null = null;
  let closed = false;
  // Changes of address and password come one by one: each waits for the one before.
  let settled: Promise<void> = Promise.resolve();

  async function applyLan(): Promise<void> {
    const wanted = closed ? null : lanAddress;
    const allowed = wanted !== null && access.passwordSet();
    if (lan && (!allowed || lan.address !== wanted)) {
      await lan.close();
      lan = null;
    }
    lanProblem = null;
    if (wanted !== null && !allowed) {
      lanProblem = problem(
        'PASSWORD_NOT_SET',
        'warning',
        'The dashboard does not listen on the local network, because no password is set.',
        'Set one in Settings › Dashboard access, or with "gatehouse password".',
      );
    } else if (wanted !== null && !lan) {
      try {
        lan = await listenOnLan({ address: wanted, certificates: options.certificates, app, hostAllowed, log });
      } catch (error) {
        lanProblem = addressProblem(wanted, error);
        log.warn('the dashboard cannot listen on the local network', { address: wanted, error });
      }
    }
    options.onChange?.();
  }
  function settle(): Promise<void> {
    settled = settled.then(applyLan);
    return settled;
  }
  await settle();
  let hadPassword = access.passwordSet();
  const stopListening = access.onChange(() => {
    if (access.passwordSet() === hadPassword) return;
    hadPassword = access.passwordSet();
    void settle();
  });

  let closing: Promise<void> | undefined;
  return {
    url: () => url,
    lanUrl() {
      if (!lan) return null;
      const host = parseListenAddress(lan.address)?.host ?? null;
      const everywhere = host === null || host === '0.0.0.0' || host === '::';
      return `https://${formatAddress(everywhere ? (lanAddresses()[0] ?? 'localhost') : host, lan.port)}`;
    },
    routedUrls: routed?.urls ?? null,
    problems: () => [loopback.problem, lanProblem].filter((found) => found !== null),
    async setLanAddress(address) {
      lanAddress = address;
      await settle();
    },
    close() {
      closing ??= (async () => {
        closed = true;
        stopListening();
        app.close();
        await routed?.close();
        await settle();
        await closeServer(loopback.server);
      })();
      return closing;
    },
  };
}

interface Loopback {
  readonly host: string;
  readonly server: HttpServer | null;
  readonly problem: Problem | null;
}

async function listenOnLoopback(address: string, fixed: boolean): Promise<Loopback> {
  const asked = parseListenAddress(address);
  if (!asked) return { host: '', server: null, problem: addressProblem(address, new Error('it is not HOST:PORT')) };
  const { port } = asked;
  const host = asked.host === null || asked.host === 'localhost' ? '127.0.0.1' : asked.host;
  let first: unknown;
  for (let i = 0; i <= (fixed || port === 0 ? 0 : fallbackTries); i += 1) {
    // 8687 and its neighbours are left to the address on the local network.
    const candidate = i === 0 ? port : port + 10 + i;
    const server = createHttpServer({ requestTimeout: 60_000, headersTimeout: 10_000, maxHeaderSize: 32 * 1024 });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port: candidate, exclusive: true }, () => {
          server.off('error', reject);
          resolve();
        });
      });
    } catch (error) {
      first ??= error;
      continue;
    }
    if (i === 0) return { host, server, problem: null };
    const fallback = problem(
      'PORT_FALLBACK',
      'info',
      `The dashboard listens on port ${candidate}, because port ${port} is in use.`,
      null,
      { part: 'dashboard', port, fallbackPort: candidate },
    );
    return { host, server, problem: fallback };
  }
  return { host, server: null, problem: addressProblem(address, first) };
}

function addressProblem(address: string, error: unknown): Problem {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const details = { part: 'dashboard', address };
  if (code === 'EADDRINUSE') {
    return problem(
      'PORT_IN_USE',
      'error',
      `The dashboard cannot use ${address}: another program has it.`,
      'Stop that program, or choose another address with --dashboard or in Settings › Dashboard access.',
      details,
    );
  }
  if (code === 'EACCES') {
    return problem(
      'PORT_FORBIDDEN',
      'error',
      `The dashboard may not use ${address}: ports below 1024 need permission.`,
      'Choose a port above 1023.',
      details,
    );
  }
  return problem(
    'ADDRESS_INVALID',
    'error',
    `The dashboard cannot use the address ${address}: ${error instanceof Error ? error.message : String(error)}.`,
    'Use HOST:PORT, such as 127.0.0.1:8686.',
    details,
  );
}

async function closeServer(server: HttpServer | null): Promise<void> {
  if (!server?.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
