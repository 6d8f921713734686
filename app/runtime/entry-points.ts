import type { EntryPointOptions } from '../../proxy/model/snapshot.ts';
import type { StaticEntryPoint } from '../config/static.ts';
import type { EntryPointView, Problem } from '../contract/objects.ts';
import { formatAddress, parseListenAddress } from './address.ts';

/** An entry point as it is now. `bound` is null where it listens nowhere; `problems` say why. */
export interface BoundEntryPoint {
  readonly entryPoint: StaticEntryPoint;
  readonly tls: boolean;
  readonly bound: { readonly host: string; readonly port: number } | null;
  readonly problems: readonly Problem[];
}

/**
 * Whether an entry point's listeners speak TLS: where its routers get TLS anyway, where others redirect to it for
 * HTTPS, and on HTTPS' own port (Traefik's users leave `http.tls` out there and ask for TLS in each router).
 */
export function listensWithTls(entryPoint: StaticEntryPoint, all: readonly StaticEntryPoint[]): boolean {
  return (
    entryPoint.tls ||
    parseListenAddress(entryPoint.address)?.port === 443 ||
    all.some(({ redirectTo }) => redirectTo?.scheme === 'https' && redirectTo.to === entryPoint.name)
  );
}

/** What workers are told of an entry point; null where it has no place to listen. */
export function entryPointOptions(
  own: BoundEntryPoint,
  all: readonly BoundEntryPoint[],
  reusePort: boolean,
): EntryPointOptions | null {
  if (own.bound === null) return null;
  const { entryPoint } = own;
  const { transport, udpTimeoutMs, proxyProtocol } = entryPoint;
  return {
    ...entryPoint.wire,
    ...(transport === undefined ? {} : { transport }),
    ...(udpTimeoutMs === undefined ? {} : { udpTimeoutMs }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
    name: entryPoint.name,
    host: own.bound.host,
    port: own.bound.port,
    reusePort,
    tls: own.tls,
    trustedIPs: entryPoint.trustedIPs,
    insecureForwardedHeaders: entryPoint.insecureForwardedHeaders,
    redirect: redirectOf(entryPoint, all),
    timeouts: entryPoint.timeouts,
    maxHeaderBytes: entryPoint.maxHeaderBytes,
  };
}

function redirectOf({ redirectTo }: StaticEntryPoint, all: readonly BoundEntryPoint[]): EntryPointOptions['redirect'] {
  if (redirectTo === null) return null;
  const { scheme, permanent, priority } = redirectTo;
  const target = all.find(({ entryPoint }) => entryPoint.name === redirectTo.to);
  // Traefik also takes a bare port, `:8443`. A target that does not listen keeps its port: plain HTTP must not be served instead.
  const port =
    target?.bound?.port ??
    parseListenAddress(target?.entryPoint.address ?? redirectTo.to)?.port ??
    (scheme === 'https' ? 443 : 80);
  return { scheme, port, permanent, ...(priority === undefined ? {} : { priority }) };
}

export function entryPointView({ entryPoint, tls, bound, problems }: BoundEntryPoint): EntryPointView {
  const isUdp = entryPoint.transport === 'udp';
  const encoded = entryPoint.wire?.encodedCharacters;
  return {
    name: entryPoint.name,
    address: isUdp ? `${entryPoint.address}/udp` : entryPoint.address,
    listening: bound === null ? null : formatAddress(bound.host, bound.port),
    protocol: isUdp ? 'udp' : tls ? 'https' : 'http',
    redirectTo: entryPoint.redirectTo?.to ?? null,
    ...(entryPoint.redirectTo?.priority === undefined ? {} : { redirectPriority: entryPoint.redirectTo.priority }),
    ...(encoded === undefined
      ? {}
      : { encodedCharacters: { refused: [...encoded.refused], allowed: [...encoded.allowed] } }),
    ...(entryPoint.wire?.sanitizePath === false ? { sanitizePath: false } : {}),
    ...(entryPoint.wire?.asTraefik === true ? { asTraefik: true } : {}),
    origin: entryPoint.origin,
    problems: [...problems],
  };
}
