import type { Socket } from 'node:net';
import { joinConnections } from '../http/join.ts';
import type { Recorder } from '../http/recorder.ts';
import { nextRequestId } from '../http/request-id.ts';
import { upstreamFailure } from '../http/upstream-errors.ts';
import type { RequestRecord } from '../model/request-record.ts';
import { type Endpoint, writeProxyHeader } from './proxy-protocol.ts';
import type { TcpRoute } from './stream-routing.ts';

/** A connection on its way to a server. */
export interface TcpClient {
  /** As it is to be passed on: decrypted where TLS ends here. */
  readonly socket: Socket;
  readonly peer: Endpoint;
  /** Where the client connected to. */
  readonly local: Endpoint;
  readonly serverName: string;
  /** Null: without TLS, or it was not ended here. */
  readonly tlsVersion: string | null;
  readonly hasTls: boolean;
  /** Milliseconds since 1970 when it was opened. */
  readonly at: number;
}

/** Takes a connection to its server and stays until both have closed it. */
export async function passOn(
  client: TcpClient,
  route: TcpRoute,
  entryPoint: string,
  recorder: Recorder,
  beforeHandshake: ((server: Socket) => Promise<void>) | null = null,
): Promise<void> {
  const { socket, peer } = client;
  const releases: (() => void)[] = [];
  const middlewares: RequestRecord['middlewares'] = [];
  const record = newRecord(client, route, entryPoint, middlewares);
  const finish = (facts: Partial<RequestRecord>): void => {
    for (const release of releases) release();
    const finished = { ...record, ...facts, durationMs: Date.now() - client.at };
    recorder.finished(finished, route.counter, null);
  };
  const fail = (code: NonNullable<RequestRecord['error']>['code'], detail: string): void => {
    socket.destroy();
    finish({ error: { code, detail } });
  };
  const gone = new AbortController();
  const onGone = (): void => gone.abort();
  socket.on('error', onGone).on('close', onGone);

  for (const { name, type, admission } of route.admissions) {
    const release = admission.admit(peer.address);
    middlewares.push({ name, type, verdict: release ? 'passed' : 'refused', durationMs: 0 });
    if (release === null) {
      socket.destroy();
      finish({});
      return;
    }
    releases.push(release);
  }
  if (route.target instanceof Error) {
    fail('SERVICE_DISABLED', route.target.message);
    return;
  }
  const choice = route.target.choose();
  if (choice === null) {
    fail('NO_SERVER', `no server of ${route.service} is up`);
    return;
  }
  const { address, tls, dialer, proxyProtocol, terminationDelayMs } = choice;
  const serverUrl = `${tls ? 'tls' : 'tcp'}://${address}`;
  const header = proxyProtocol === 0 ? null : writeProxyHeader(proxyProtocol, peer, client.local);
  let server: Socket;
  try {
    server = await dialer.dial(address, tls, header, gone.signal);
    if (beforeHandshake) await beforeHandshake(server);
  } catch (error) {
    const failure = upstreamFailure(error instanceof Error ? error : new Error(String(error)));
    const code = gone.signal.aborted ? 'CLIENT_ABORTED' : failure.code;
    socket.destroy();
    finish({ serverUrl, error: { code, detail: failure.detail } });
    return;
  }
  socket.off('error', onGone).off('close', onGone);
  const originAt = Date.now();
  const cut = bounded(socket, server, terminationDelayMs);
  joinConnections(socket, server, ({ fromClient, fromServer }) => {
    cut();
    const originDurationMs = Date.now() - originAt;
    finish({ serverUrl, requestBytes: fromClient, responseBytes: fromServer, originDurationMs });
  });
}

/** Once one side has ended, the other may go on for so long; below 0: as long as it likes. */
function bounded(client: Socket, server: Socket, delayMs: number): () => void {
  if (delayMs < 0) return () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const onEnd = (): void => {
    timer ??= setTimeout(() => {
      client.destroy();
      server.destroy();
    }, delayMs);
  };
  client.once('end', onEnd);
  server.once('end', onEnd);
  return () => clearTimeout(timer);
}

function newRecord(
  client: TcpClient,
  route: TcpRoute,
  entryPoint: string,
  middlewares: RequestRecord['middlewares'],
): RequestRecord {
  return {
    ...emptyRecord(client.at, entryPoint, client.peer, 'TCP'),
    scheme: client.hasTls ? 'tls' : 'tcp',
    host: client.serverName,
    router: route.name,
    service: route.service === '' ? null : route.service,
    middlewares,
    tlsVersion: client.tlsVersion,
  };
}

/** A connection or session of which nothing is known but where it came from. Its status is 0: there is none. */
export function emptyRecord(at: number, entryPoint: string, peer: Endpoint, protocol: 'TCP' | 'UDP'): RequestRecord {
  return {
    id: nextRequestId(at),
    at,
    entryPoint,
    clientIp: peer.address,
    clientPort: peer.port,
    username: null,
    protocol,
    scheme: protocol === 'UDP' ? 'udp' : 'tcp',
    method: '',
    host: '',
    target: '',
    router: null,
    service: null,
    serverUrl: null,
    middlewares: [],
    status: 0,
    originStatus: null,
    requestBytes: 0,
    responseBytes: 0,
    durationMs: 0,
    originDurationMs: null,
    userAgent: '',
    referer: '',
    upgrade: null,
    tlsVersion: null,
    error: null,
  };
}
