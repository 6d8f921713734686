import { durationMs } from '../../proxy/model/duration.ts';
import type { EntryPointWire } from '../../proxy/model/snapshot.ts';
import { parseListenAddress } from '../runtime/address.ts';
import { isAddressRange } from './address-range.ts';
import { nearestName } from './nearest.ts';
import { defaultStaticConfiguration, type Origin, type StaticEntryPoint } from './static.ts';
import { type EntryPointInput, encodedCharacterOptions } from './static-schema.ts';

export type Report = (
  path: readonly (string | number)[],
  severity: 'error' | 'warning',
  message: string,
  suggestion?: string | null,
) => void;

type Inputs = Readonly<Record<string, EntryPointInput>>;

/** Entry points as Traefik's options describe them. Those that cannot be are reported and left out. */
export function entryPointsOf(
  inputs: Inputs,
  globally: { readonly notAppendXForwardedFor: boolean },
  origin: Origin,
  report: Report,
): StaticEntryPoint[] {
  return Object.entries(inputs).flatMap(([name, input]) => {
    const address = addressOf(input.address);
    if (address === null) {
      const message = `"${input.address}" is no address. Write :PORT or HOST:PORT, such as ":443".`;
      report(['entryPoints', name, 'address'], 'error', message);
      return [];
    }
    return [entryPointOf(name, address, input, { inputs, globally, origin, report })];
  });
}

interface Address {
  readonly text: string;
  readonly protocol: 'tcp' | 'udp';
}

/** `:80`, `127.0.0.1:80/tcp`, `[::]:53/udp`; null where it is none. */
export function addressOf(text: string): Address | null {
  const match = /^(.*?)(?:\/(tcp|udp))?$/is.exec(text.trim());
  const address = match?.[1] ?? '';
  if (parseListenAddress(address) === null) return null;
  return { text: address, protocol: match?.[2]?.toLowerCase() === 'udp' ? 'udp' : 'tcp' };
}

interface Around {
  readonly inputs: Inputs;
  readonly globally: { readonly notAppendXForwardedFor: boolean };
  readonly origin: Origin;
  readonly report: Report;
}

function entryPointOf(name: string, address: Address, input: EntryPointInput, around: Around): StaticEntryPoint {
  const { report, inputs } = around;
  const base = defaultStaticConfiguration.entryPoints[0];
  const times = input.transport?.respondingTimeouts;
  const grace = input.transport?.lifeCycle;
  const http = input.http;
  const acceptGraceMs = durationMs(grace?.requestAcceptGraceTimeout, 0);
  judgeRanges(name, input, report);
  if (http?.sanitizePath === false) {
    report(
      ['entryPoints', name, 'http', 'sanitizePath'],
      'warning',
      `entryPoints.${name}.http.sanitizePath is off: "//" and ".." in paths go to rules and servers as they came, so that a request such as /public/../admin can pass by a rule that guards /admin.`,
    );
  }
  return {
    name,
    address: address.text,
    origin: around.origin,
    tls: address.protocol === 'tcp' && servesTls(name, input, inputs),
    fallbackPort: null,
    redirectTo: redirectOf(name, input, inputs, report),
    trustedIPs: input.forwardedHeaders?.trustedIPs ?? [],
    insecureForwardedHeaders: input.forwardedHeaders?.insecure ?? false,
    timeouts: {
      readMs: durationMs(times?.readTimeout, base?.timeouts.readMs ?? 0),
      writeMs: durationMs(times?.writeTimeout, base?.timeouts.writeMs ?? 0),
      idleMs: durationMs(times?.idleTimeout, base?.timeouts.idleMs ?? 180_000),
      // Who writes 0 wants no bound at all, such as for gRPC streams that rest for long.
      bodyIdleMs:
        times?.readTimeout !== undefined && durationMs(times.readTimeout, 0) === 0
          ? 0
          : (base?.timeouts.bodyIdleMs ?? 60_000),
    },
    maxHeaderBytes: http?.maxHeaderBytes ?? base?.maxHeaderBytes ?? 65_536,
    ...(http?.maxHeaderBytes === undefined ? {} : { isMaxHeaderBytesGiven: true }),
    ...(address.protocol === 'udp'
      ? { transport: 'udp' as const, udpTimeoutMs: durationMs(input.udp?.timeout, 3000) }
      : {}),
    ...(input.proxyProtocol
      ? {
          proxyProtocol: {
            trustedIPs: input.proxyProtocol.trustedIPs ?? [],
            insecure: input.proxyProtocol.insecure ?? false,
          },
        }
      : {}),
    ...(input.asDefault === undefined ? {} : { asDefault: input.asDefault }),
    ...(http?.middlewares && http.middlewares.length > 0 ? { middlewares: http.middlewares } : {}),
    ...(http?.tls ? { routerTls: http.tls } : {}),
    ...(input.reusePort === true ? { reusePort: true } : {}),
    ...(acceptGraceMs > 0 ? { acceptGraceMs } : {}),
    ...(grace?.graceTimeOut === undefined ? {} : { graceMs: durationMs(grace.graceTimeOut, 10_000) }),
    ...withWire(wireOf(name, input, around)),
  };
}

function withWire(wire: EntryPointWire): { readonly wire?: EntryPointWire } {
  return Object.keys(wire).length > 0 ? { wire } : {};
}

/** Only what differs from the defaults. */
function wireOf(name: string, input: EntryPointInput, { globally, report }: Around): EntryPointWire {
  const { forwardedHeaders, transport, http, http2, observability } = input;
  const escapes = encodedCharactersOf(name, http?.encodedCharacters, report);
  const notAppend = forwardedHeaders?.notAppendXForwardedFor ?? globally.notAppendXForwardedFor;
  const keepAliveMaxTimeMs = durationMs(transport?.keepAliveMaxTime, 0);
  return {
    ...(forwardedHeaders?.connection && forwardedHeaders.connection.length > 0
      ? { connectionFields: forwardedHeaders.connection.map((field) => field.toLowerCase()) }
      : {}),
    ...(notAppend ? { notAppendXForwardedFor: true } : {}),
    ...(forwardedHeaders?.addXForwardedSchemeHeaders ? { addXForwardedSchemeHeaders: true } : {}),
    ...(keepAliveMaxTimeMs > 0 ? { keepAliveMaxTimeMs } : {}),
    ...(transport?.keepAliveMaxRequests ? { keepAliveMaxRequests: transport.keepAliveMaxRequests } : {}),
    ...(escapes ? { encodedCharacters: escapes } : {}),
    ...(http?.encodeQuerySemicolons ? { encodeQuerySemicolons: true } : {}),
    ...(http?.underscoreHeadersStrategy && http.underscoreHeadersStrategy !== 'keep'
      ? { underscoreHeaders: http.underscoreHeadersStrategy }
      : {}),
    ...(http2 && Object.keys(http2).length > 0 ? { http2: withoutUndefined(http2) } : {}),
    ...(http?.sanitizePath === false ? { sanitizePath: false } : {}),
    ...(observability?.accessLogs === false ? { accessLogs: false } : {}),
    ...(observability?.metrics === false ? { metrics: false } : {}),
  };
}

function withoutUndefined(http2: NonNullable<EntryPointInput['http2']>): NonNullable<EntryPointWire['http2']> {
  return Object.fromEntries(Object.entries(http2).filter(([, value]) => value !== undefined));
}

const escapeOf: Readonly<Record<(typeof encodedCharacterOptions)[number], string>> = {
  allowEncodedSlash: '%2F',
  allowEncodedBackSlash: '%5C',
  allowEncodedNullCharacter: '%00',
  allowEncodedSemicolon: '%3B',
  allowEncodedPercent: '%25',
  allowEncodedQuestionMark: '%3F',
  allowEncodedHash: '%23',
};

function encodedCharactersOf(
  name: string,
  input: NonNullable<EntryPointInput['http']>['encodedCharacters'],
  report: Report,
): EntryPointWire['encodedCharacters'] {
  if (!input) return undefined;
  if (input.allowEncodedNullCharacter === true) {
    report(
      ['entryPoints', name, 'http', 'encodedCharacters', 'allowEncodedNullCharacter'],
      'warning',
      'A path with an encoded NUL is refused all the same: many servers end the path there.',
    );
  }
  const escapes = (allow: boolean): string[] =>
    encodedCharacterOptions.filter((option) => input[option] === allow).map((option) => escapeOf[option]);
  return { refused: escapes(false), allowed: escapes(true) };
}

function redirectOf(
  name: string,
  input: EntryPointInput,
  inputs: Inputs,
  report: Report,
): StaticEntryPoint['redirectTo'] {
  const asked = input.http?.redirections?.entryPoint;
  if (!asked) return null;
  const path = ['entryPoints', name, 'http', 'redirections', 'entryPoint', 'to'];
  const common = {
    scheme: asked.scheme ?? 'https',
    permanent: asked.permanent ?? true,
    // Traefik's default stands above every priority that a router can have.
    ...(asked.priority === undefined || asked.priority >= 2 ** 62 ? {} : { priority: asked.priority }),
  } as const;
  const port = /^:(\d{1,5})$/.exec(asked.to)?.[1];
  const to = targetOf(asked.to, inputs);
  if (to === name) {
    report(path, 'error', `${name} redirects to "${asked.to}", which is itself.`);
    return null;
  }
  // A port that no entry point has is one that something before Gatehouse listens on.
  if (to === null && port !== undefined && Number(port) >= 1 && Number(port) <= 65_535) {
    return { to: asked.to, ...common };
  }
  if (to === null) {
    const nearest = nearestName(asked.to, Object.keys(inputs));
    report(path, 'error', `${name} redirects to "${asked.to}", which is no entry point.`, nearest);
    return null;
  }
  return { to, ...common };
}

/**
 * Traefik tells TLS from plain HTTP on one port by the first byte; here an entry point is one of both. It is the TLS
 * kind where it says so, where another redirects to it with https, or where its port or name is that of HTTPS.
 */
function servesTls(name: string, input: EntryPointInput, inputs: Inputs): boolean {
  if (input.http?.tls) return true;
  if (/:8?443(?:\/tcp)?$/i.test(input.address) || /^(?:websecure|https)$/i.test(name)) return true;
  return Object.values(inputs).some((other) => {
    const redirection = other.http?.redirections?.entryPoint;
    return redirection && (redirection.scheme ?? 'https') === 'https' && targetOf(redirection.to, inputs) === name;
  });
}

/** A redirection names an entry point, or its port as `:443`. */
function targetOf(to: string, inputs: Inputs): string | null {
  if (Object.hasOwn(inputs, to)) return to;
  if (!to.startsWith(':')) return null;
  return Object.entries(inputs).find(([, { address }]) => addressOf(address)?.text.endsWith(to))?.[0] ?? null;
}

function judgeRanges(name: string, input: EntryPointInput, report: Report): void {
  for (const section of ['forwardedHeaders', 'proxyProtocol'] as const) {
    for (const [index, range] of (input[section]?.trustedIPs ?? []).entries()) {
      if (isAddressRange(range)) continue;
      const message = `"${range}" is no address and no range. Write one such as 192.168.1.5 or 10.0.0.0/8.`;
      report(['entryPoints', name, section, 'trustedIPs', index], 'error', message);
    }
  }
}
