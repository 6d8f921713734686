import { arrivedPath } from '../rule/path.ts';
import { parseAnyAuthority, parseAuthority } from './authority.ts';
import { connectionOptions, isAliased, isForwardingName, isFramingAlias, isHopByHop } from './header-names.ts';
import type { LiveRequest, Peer } from './live-request.ts';
import type { RequestReading } from './request-reading.ts';
import { trailersBeside } from './request-trailers.ts';

/** What the head says about framing and connection handling, beside the fields that go into the request. */
export interface HeadFacts {
  hasBody: boolean;
  /** What the head says of it; null: nothing, as it comes in chunks. */
  bodyBytes: number | null;
  /** `Connection` names `close`. */
  closes: boolean;
  /** `Connection` names `keep-alive`. */
  keepsAlive: boolean;
  /** `Connection` names `upgrade`. */
  switches: boolean;
  /** Value of `Upgrade`; empty where there is none. */
  upgrade: string;
  forwardedFor: string;
  /** The client waits for a 100 answer before it sends its body (RFC 9110 §10.1.1). */
  expectsContinue: boolean;
  /** Value of `Expect`; empty where there is none. */
  expectation: string;
}

const maxFields = 1000;

// What no target may hold raw (RFC 3986 §2, RFC 9112 §3.2): controls, space, backslash, fragment.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const forbiddenInTarget = /[\u0000-\u0020\u007f\\#]/;

/**
 * Copies the fields of a request's head into the request: hop-by-hop fields, the client's own forwarding fields and
 * what `Connection` nominates stay behind. Refuses what two readers could understand differently (RFC 9112 §5, §6.3).
 */
export function takeFields(
  request: LiveRequest,
  raw: readonly string[],
  peer: Peer,
  { underscoreHeaders, connectionFields, asTraefik }: RequestReading,
): HeadFacts {
  const facts: HeadFacts = {
    hasBody: false,
    bodyBytes: null,
    closes: false,
    keepsAlive: false,
    switches: false,
    upgrade: '',
    forwardedFor: '',
    expectsContinue: false,
    expectation: '',
  };
  const isHttp2 = request.protocol === 'HTTP/2.0';
  const out = request.headers.raw;
  let hostField: string | null = null;
  let contentLength: string | null = null;
  let transferEncoding: string | null = null;
  let nominated: readonly string[] | null = null;
  let wantsTrailers = false;
  let cookie: string | null = null;
  if (raw.length > maxFields * 2) {
    request.refuse(431, 'HEADERS_TOO_LARGE', `${raw.length / 2} header fields`);
    return facts;
  }
  // HTTP/2 sends the Host as a pseudo field; it takes the same place in the list.
  if (isHttp2 && request.authority !== '') out.push('Host', request.authority);
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (name.charCodeAt(0) === 0x3a) continue;
    const lower = name.toLowerCase();
    if (underscoreHeaders !== 'keep' && lower.includes('_')) {
      if (underscoreHeaders === 'reject') request.refuse(400, 'REQUEST_MALFORMED', `the header field ${name}`);
      continue;
    }
    switch (lower) {
      case 'host':
        if (hostField !== null) request.refuse(400, 'REQUEST_AMBIGUOUS', 'more than one Host field');
        hostField = value;
        if (!isHttp2) out.push('Host', value);
        continue;
      case 'content-length':
        if (contentLength !== null) request.refuse(400, 'REQUEST_AMBIGUOUS', 'more than one Content-Length field');
        if (!/^\d{1,15}$/.test(value)) request.refuse(400, 'REQUEST_MALFORMED', `Content-Length "${value}"`);
        contentLength = value;
        continue;
      case 'transfer-encoding':
        if (transferEncoding !== null)
          request.refuse(400, 'REQUEST_AMBIGUOUS', 'more than one Transfer-Encoding field');
        transferEncoding = value;
        // Trailers may follow.
        request.headers.removals = [];
        continue;
      case 'connection':
        nominated = nominated === null ? connectionOptions(value) : nominated.concat(connectionOptions(value));
        continue;
      case 'upgrade':
        facts.upgrade = facts.upgrade === '' ? value : `${facts.upgrade}, ${value}`;
        continue;
      case 'te':
        wantsTrailers ||= /(?:^|,)\s*trailers\s*(?:,|$)/i.test(value);
        continue;
      case 'cookie':
        // HTTP/2 clients may split cookies for compression (RFC 9113 §8.2.3).
        if (cookie === null) cookie = value;
        else cookie += `; ${value}`;
        continue;
      case 'user-agent':
        request.userAgent = value;
        break;
      case 'referer':
        request.referer = value;
        break;
      case 'x-forwarded-for':
        if (peer.trusted) facts.forwardedFor = facts.forwardedFor === '' ? value : `${facts.forwardedFor}, ${value}`;
        continue;
      case 'expect':
        facts.expectation = value;
        facts.expectsContinue = value.toLowerCase() === '100-continue';
        continue;
      case 'trailer':
      case 'keep-alive':
      case 'proxy-connection':
      case 'proxy-authenticate':
      case 'proxy-authorization':
      case 'http2-settings':
        continue;
      default:
        if (isFramingAlias(lower)) request.refuse(400, 'REQUEST_AMBIGUOUS', `the header field ${name}`);
        if (
          asTraefik
            ? !peer.trusted && isForwardingName(lower)
            : isForwardingName(lower) && (!peer.trusted || isAliased(lower))
        )
          continue;
    }
    out.push(name, value);
  }
  if (cookie !== null) out.push('Cookie', cookie);
  if (nominated !== null) {
    facts.closes = nominated.includes('close');
    facts.keepsAlive = nominated.includes('keep-alive');
    facts.switches = nominated.includes('upgrade');
    removeNominated(request, nominated, connectionFields);
  }
  if (facts.forwardedFor !== '') out.push('X-Forwarded-For', facts.forwardedFor);
  if (wantsTrailers) out.push('TE', 'trailers');
  takeFraming(request, facts, contentLength, transferEncoding);
  takeHost(request, hostField, asTraefik);
  return facts;
}

/**
 * Fields that the client's `Connection` names end here, save those that routing and framing stand on. All in one pass:
 * a head has room for some 30,000 names.
 */
function removeNominated(
  request: LiveRequest,
  nominated: readonly string[],
  shownToMiddlewares: ReadonlySet<string>,
): void {
  let removed: Set<string> | null = null;
  for (const name of nominated) {
    if (name === 'host' || name === 'keep-alive' || name === 'close' || name === 'upgrade') continue;
    // What a trusted proxy says of the client is not its client's to take away (CVE-2024-45410).
    if (isForwardingName(name)) continue;
    if (shownToMiddlewares.has(name)) {
      if (!request.endsHere.includes(name)) request.endsHere.push(name);
      continue;
    }
    removed ??= new Set();
    removed.add(name);
  }
  if (removed === null) return;
  const names = removed;
  request.headers.deleteWhere((name) => names.has(name));
}

function takeFraming(
  request: LiveRequest,
  facts: HeadFacts,
  contentLength: string | null,
  transferEncoding: string | null,
): void {
  if (transferEncoding !== null) {
    if (contentLength !== null) request.refuse(400, 'REQUEST_AMBIGUOUS', 'both Content-Length and Transfer-Encoding');
    if (request.protocol === 'HTTP/1.0') request.refuse(400, 'REQUEST_AMBIGUOUS', 'Transfer-Encoding in HTTP/1.0');
    if (transferEncoding.toLowerCase() !== 'chunked') {
      request.refuse(501, 'REQUEST_MALFORMED', `Transfer-Encoding "${transferEncoding}"`);
    }
    facts.hasBody = true;
  } else if (contentLength !== null && Number(contentLength) > 0) {
    request.headers.raw.push('Content-Length', contentLength);
    facts.hasBody = true;
    facts.bodyBytes = Number(contentLength);
  }
}

/** What a trailer may not change: framing, routing, how the request is handled, who sends it (RFC 9110 §6.5.1). */
const noTrailers = new Set([
  ...['host', 'trailer', 'expect', 'max-forwards', 'range', 'authorization', 'cookie', 'set-cookie', 'cache-control'],
  ...['content-type', 'content-encoding', 'content-range', 'content-location', 'pragma', 'date', 'vary', 'location'],
]);

/**
 * Keeps those trailers of the request that may go to the server. None that a header field of the same name could be
 * taken for: what middlewares set, replace or take away is not the client's to add afterwards (CVE-2026-88004). Gives
 * what is wrong with them, or null.
 */
export function takeTrailers(request: LiveRequest, raw: readonly string[]): string | null {
  const { headers } = request;
  const passed: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    if (name === 'content-length' || name === 'transfer-encoding') return `the trailer ${name}`;
    if (isHopByHop(name) || noTrailers.has(name) || name.startsWith('if-')) continue;
    if (isAliased(name) || isForwardingName(name) || request.endsHere.includes(name)) continue;
    passed.push(raw[i] as string, raw[i + 1] as string);
  }
  request.passedTrailers = trailersBeside(headers, passed);
  return null;
}

function takeHost(request: LiveRequest, hostField: string | null, asTraefik: boolean): void {
  if (request.protocol === 'HTTP/2.0') {
    if (request.authority === '' && hostField !== null) {
      request.authority = hostField;
      request.headers.raw.unshift('Host', hostField);
    } else if (request.authority === '' && !asTraefik) {
      // Or the server would be asked by its own name, which may be another site (RFC 9110 §4.2.1, §7.2).
      request.refuse(400, 'REQUEST_MALFORMED', 'neither :authority nor Host');
    } else if (hostField !== null && !asTraefik && hostField.toLowerCase() !== request.authority.toLowerCase()) {
      request.refuse(400, 'REQUEST_AMBIGUOUS', `Host "${hostField}" differs from :authority "${request.authority}"`);
    }
  } else {
    if (hostField === null && request.protocol === 'HTTP/1.1')
      request.refuse(400, 'REQUEST_MALFORMED', 'no Host field');
    request.authority = hostField ?? '';
  }
  readHost(request, asTraefik);
}

/** `asTraefik`: what is no name and no address is taken as it stands, if it can stand in a Host field at all. */
function readHost(request: LiveRequest, asTraefik: boolean): void {
  const parsed = asTraefik ? parseAnyAuthority(request.authority) : parseAuthority(request.authority);
  if (parsed === null) {
    request.refuse(400, 'REQUEST_MALFORMED', `Host "${request.authority}"`);
    return;
  }
  request.host = parsed.host;
}

/**
 * Takes the request-target (RFC 9112 §3.2): origin-form, absolute-form whose authority is that of the Host field, or
 * `*` for OPTIONS. Dot segments are resolved here, before anything is routed. Needs the Host to be known.
 */
export function takeTarget(
  request: LiveRequest,
  target: string,
  { refusedEscapes, querySemicolon, pathForm, asTraefik }: RequestReading,
): void {
  request.target = target;
  if (forbiddenInTarget.test(target)) {
    request.refuse(400, 'REQUEST_MALFORMED', 'the target holds a backslash, "#", a space or a control character');
    return;
  }
  if (target === '*' && request.method === 'OPTIONS') {
    request.path = '*';
    return;
  }
  const originForm = target.charCodeAt(0) === 0x2f ? target : fromAbsoluteForm(request, target, asTraefik);
  if (originForm === null) return;
  const mark = originForm.indexOf('?');
  const raw = mark < 0 ? originForm : originForm.slice(0, mark);
  // A semicolon separates parameters for some servers and not for others; behind Traefik it does, or is a character.
  if (mark >= 0) request.query = originForm.slice(mark + 1).replaceAll(';', querySemicolon);
  if (refusedEscapes?.test(raw)) {
    request.refuse(400, 'REQUEST_MALFORMED', 'the path holds an encoded character that this entry point refuses');
  }
  if (pathForm !== undefined) request.pathForm = pathForm;
  const path = arrivedPath(raw, pathForm);
  if (path === null) {
    request.refuse(400, 'REQUEST_MALFORMED', 'the path holds an encoded NUL, a broken escape or a forbidden character');
    return;
  }
  request.path = path;
  request.target = request.query === '' ? path : `${path}?${request.query}`;
}

function fromAbsoluteForm(request: LiveRequest, target: string, asTraefik: boolean): string | null {
  const match = /^(https?):\/\/([^/?]*)(\/[^?]*)?(\?.*)?$/i.exec(target);
  if (!match || request.protocol === 'HTTP/2.0') {
    request.refuse(400, 'REQUEST_MALFORMED', 'the target is neither a path nor an http URL');
    return null;
  }
  const rest = `${match[3] ?? '/'}${match[4] ?? ''}`;
  if (asTraefik) {
    takeAuthorityOfTarget(request, match[2] ?? '');
    return rest;
  }
  if (match[1]?.toLowerCase() !== request.scheme) {
    request.refuse(400, 'REQUEST_AMBIGUOUS', `the target's scheme is not that of the connection (${request.scheme})`);
    return null;
  }
  if (match[2]?.toLowerCase() !== request.authority.toLowerCase()) {
    request.refuse(
      400,
      'REQUEST_AMBIGUOUS',
      `Host "${request.authority}" differs from the target's "${match[2] ?? ''}"`,
    );
    return null;
  }
  return rest;
}

/** What the target says of the host counts, and not the Host field (RFC 9112 §3.2.2); one without a host says nothing. */
function takeAuthorityOfTarget(request: LiveRequest, written: string): void {
  const authority = written.slice(written.lastIndexOf('@') + 1);
  if (authority === '') return;
  request.authority = authority;
  request.headers.set('Host', authority);
  readHost(request, true);
}

/**
 * The protocol that the client asks to go over to, where that is passed on: WebSocket and nothing else (RFC 6455 §4.1),
 * or, as Traefik has it, whatever it asks for.
 */
export function upgradeOf(
  method: string,
  upgrade: string,
  { asTraefik }: Pick<RequestReading, 'asTraefik'>,
): string | null {
  const protocol = upgrade.trim().toLowerCase();
  if (asTraefik) return /^[\w!#$%&'*+.^`|~/-]+$/.test(protocol) ? protocol : null;
  return method === 'GET' && protocol === 'websocket' ? protocol : null;
}

/** `TRACE` shows a client what proxies add, `CONNECT` would reach through the server: no server at home wants them. */
export function isRefusedMethod(method: string, { asTraefik }: Pick<RequestReading, 'asTraefik'>): boolean {
  return method === 'CONNECT' || (method === 'TRACE' && !asTraefik);
}
