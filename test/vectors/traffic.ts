import { X509Certificate } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync, zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { answerError } from '../../proxy/http/error-page.ts';
import type { Exchange, Handler, ProxyRequest } from '../../proxy/http/exchange.ts';
import { HeaderList } from '../../proxy/http/header-list.ts';
import { parseDurationMs } from '../../proxy/model/duration.ts';
import type { RecordingSink } from '../support/exchange.ts';
import { requestOf, urlParts } from './go-url.ts';
import { ByDesign, Missing, NotApplicable } from './vector.ts';

const generatedBody = z.strictObject({ generate: z.string(), length: z.int() });
export const bodyShape = z.union([z.string(), generatedBody]);

export function bytesOf(body: z.infer<typeof bodyShape> | null | undefined): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body.generate === 'random bytes') return Buffer.alloc(body.length, 'r');
  if (body.generate !== 'byte i = 0x61+i (mod 256)') throw new Missing(`the runner cannot generate "${body.generate}"`);
  return Buffer.from(Uint8Array.from({ length: body.length }, (_, index) => (0x61 + index) % 256));
}

const headerChange = z.tuple([z.enum(['set', 'add', 'del']), z.string(), z.string()]);
const pair = z.tuple([z.string(), z.string()]);

export const requestShape = z.strictObject({
  method: z.string(),
  url: z.string(),
  host: z.string().optional(),
  headers: z.array(pair).optional(),
  cookies: z.array(z.unknown()).optional(),
  basicAuth: pair.optional(),
  digestAuth: pair.optional(),
  remoteAddr: z.string().optional(),
  tls: z.boolean().optional(),
  clientCertificates: z.array(z.string()).optional(),
  body: bodyShape.optional(),
  /**
   * Fields of Go's request that its test set by hand. `requestURI` and the parts of the URL follow from the target on a
   * wire, and do so here.
   */
  overrides: z
    .strictObject({
      requestURI: z.string().optional(),
      contentLength: z.int().optional(),
      'url.host': z.string().optional(),
      'url.scheme': z.string().optional(),
      'url.rawPath': z.string().optional(),
    })
    .optional(),
  replayCookiesOf: z.string().optional(),
});

export type ToldRequest = z.infer<typeof requestShape>;

/** What a handler behind answers. */
export const answerShape = z.strictObject({
  status: z.int().optional(),
  headers: z.array(headerChange).optional(),
  body: bodyShape.nullable().optional(),
  interim: z.array(z.strictObject({ status: z.int(), headers: z.array(headerChange).optional() })).optional(),
  delay: z.string().optional(),
  networkError: z.boolean().optional(),
  flush: z.boolean().optional(),
  /** Go's handler set these statuses too late, which changes nothing. */
  laterWriteHeader: z.array(z.int()).optional(),
  /** Go's server used its helper for redirects, which adds a short body. */
  redirect: z.boolean().optional(),
});

export type ToldAnswer = z.infer<typeof answerShape>;

export function headersOf(changes: ToldAnswer['headers'] = []): HeaderList {
  const list = new HeaderList();
  for (const [op, name, value] of changes) {
    if (op === 'del') list.delete(name);
    else if (op === 'set') list.set(name, value);
    else list.append(name, value);
  }
  return list;
}

/** The entry point answers such a request itself. */
export class RefusedByDesign extends ByDesign {
  constructor() {
    super('a path that every entry point refuses by design (an encoded NUL)');
  }
}

/** The request as it would stand before a middleware. Throws {@link RefusedByDesign}. */
export function arrivedRequest(told: ToldRequest, asTraefik = false): ProxyRequest {
  if (told.method === 'CONNECT') throw new NotApplicable('CONNECT, which ends at every entry point, whatever is set');
  const headers: [string, string][] = [...(told.headers ?? [])];
  if (told.basicAuth) headers.push(['Authorization', basicAuthorization(told.basicAuth)]);
  const isTls = told.tls === true || urlParts(told.url).scheme === 'https';
  const url = told.url === '' ? '/' : told.url;
  const authority = told.host ?? urlParts(url).authority;
  const request = requestOf(
    { ...told, url, headers, host: authority },
    {
      scheme: isTls ? 'https' : 'http',
      tls: isTls ? { serverName: '', version: 'TLSv1.3', ...clientCertificatesOf(told) } : null,
      body: told.body === undefined ? null : Readable.from([bytesOf(told.body)], { objectMode: false }),
    },
    asTraefik,
  );
  if (request === null) throw new RefusedByDesign();
  if (told.body !== undefined && told.overrides?.contentLength === undefined) {
    request.headers.append('Content-Length', String(bytesOf(told.body).byteLength));
  }
  return request;
}

function clientCertificatesOf(told: ToldRequest): object {
  return told.clientCertificates === undefined
    ? {}
    : { clientCertificates: told.clientCertificates.map((pem) => new X509Certificate(pem).raw) };
}

export function basicAuthorization([user, password]: readonly [string, string]): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** What a handler was given. */
export interface Forwarded {
  readonly method: string;
  readonly authority: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HeaderList;
  readonly body: Buffer;
}

export interface Upstream {
  readonly handler: Handler;
  readonly calls: readonly Forwarded[];
}

/**
 * A handler that notes what it is given and answers as told; the last answer of a sequence repeats. `pass` is told how long
 * an answer takes, in milliseconds of whatever clock the middlewares before it go by.
 */
export function upstreamOf(answers: readonly ToldAnswer[], pass: (ms: number) => void = () => undefined): Upstream {
  const calls: Forwarded[] = [];
  return {
    calls,
    async handler(exchange) {
      const { request } = exchange;
      const { method, authority, host, path, query } = request;
      const headers = request.headers.clone();
      const index = calls.length;
      const call = { method, authority, host, path, query, headers, body: Buffer.alloc(0) as Buffer };
      calls.push(call);
      const chunks: Buffer[] = [];
      if (request.body) for await (const chunk of request.body) chunks.push(chunk as Buffer);
      call.body = Buffer.concat(chunks);
      const answer = answers[Math.min(index, answers.length - 1)] ?? {};
      if (answer.delay !== undefined) pass(parseDurationMs(answer.delay) ?? 0);
      await answerAs(exchange, answer, call);
    },
  };
}

/** Longer than any middleware holds back what a server has written. */
const flushedAfterMs = 150;

async function answerAs(exchange: Exchange, told: ToldAnswer, call: Forwarded): Promise<void> {
  if (told.networkError === true) {
    exchange.notes.originAttempt = 'connecting';
    // As the forwarder notes it of a server that was never reached.
    exchange.notes.originAttempt = 'connecting';
    answerError(exchange, told.status ?? 502, 'UPSTREAM_REFUSED', 'the server of the vector does not answer');
    return;
  }
  for (const { status, headers } of told.interim ?? []) exchange.sink.informational(status, headersOf(headers));
  const body = bytesOf(typeof told.body === 'string' ? filled(told.body, call) : told.body);
  exchange.sink.head({ status: told.status ?? 200, headers: headersOf(told.headers) });
  if (body.byteLength > 0) exchange.sink.write(body);
  // A handler that flushes lets what it wrote go before it ends.
  if (told.flush === true) await sleep(flushedAfterMs);
  exchange.sink.end();
}

/** `${errorRequest.header:NAME}` stands for what the handler was sent. */
function filled(body: string, call: Forwarded): string {
  return body.replaceAll(/\$\{errorRequest\.header:([^}]*)\}/g, (_, name: string) => call.headers.get(name) ?? '');
}

/** Reads `forwarded.*`, `authRequest.*` and `errorRequest.*` by what stands behind the dot. */
export function readForwarded(call: Forwarded | undefined, what: string, name: string, told: ToldRequest): unknown {
  if (call === undefined) return undefined;
  switch (what) {
    case 'path':
      return goPath(call.path);
    case 'rawPath':
      return goRawPath(call.path);
    case 'requestURI':
      return target(call);
    case 'method':
      return call.method;
    case 'host':
      return call.headers.get('host') ?? call.authority;
    case 'canonicalHost':
      return call.host;
    case 'urlHost':
      // The host is in one place only.
      return urlParts(told.url).authority;
    case 'body':
      return call.body.toString('latin1');
    case 'header':
      return call.headers.get(name);
    case 'header.queryUnescaped':
      return decodeURIComponent((call.headers.get(name) ?? '').replaceAll('+', ' '));
    case 'headerValues':
      return call.headers.getAll(name);
    case 'headerValues.exists':
      return call.headers.has(name);
    case 'headers':
      return headerMap(call.headers);
    default:
      throw new Missing(`the runner does not know forwarded.${what}`);
  }
}

function target(call: Forwarded): string {
  return call.query === '' ? call.path : `${call.path}?${call.query}`;
}

/** Go keeps the path decoded; an empty one is asked for as `/`. */
function goPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return unescape(path);
  }
}

/** Go keeps the escaped form only where escaping the decoded one would not give it. */
function goRawPath(path: string): string {
  const escaped = encodeURI(goPath(path))
    .replaceAll(/[?#]/g, encodeURIComponent)
    .replaceAll('%5B', '[')
    .replaceAll('%5D', ']');
  return escaped === path ? '' : path;
}

/** Names in Go's form, with their values. Host and length are no part of Go's map. */
export function headerMap(headers: HeaderList): Readonly<Record<string, readonly string[]>> {
  const map: Record<string, string[]> = {};
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (lower === 'host' || lower === 'content-length') continue;
    (map[canonicalName(lower)] ??= []).push(value);
  }
  return map;
}

function canonicalName(lower: string): string {
  return lower.replaceAll(/(?:^|-)[a-z]/g, (match) => match.toUpperCase());
}

/** Reads `response.*`. */
export function readResponse(sink: Pick<RecordingSink, 'recorded' | 'body'>, what: string, name: string): unknown {
  const { recorded } = sink;
  const interim = /^interim\[(\d+)\]\.(\w+)$/.exec(what);
  if (interim) {
    const found = recorded.informational[Number(interim[1])];
    return interim[2] === 'status'
      ? found?.status
      : interim[2] === 'headerValues'
        ? found?.headers.getAll(name)
        : fail(what);
  }
  const cookie = /^cookie\.(\w+)$/.exec(what);
  if (cookie) return readCookie(recorded.headers, cookie[1] ?? '', name);
  switch (what) {
    case 'status':
      return recorded.status;
    case 'header':
      return recorded.headers.get(name);
    case 'headerValues':
      return recorded.headers.getAll(name);
    case 'headers':
      return responseHeaders(recorded.headers);
    case 'location':
      return recorded.headers.get('location');
    case 'body':
      return sink.body().toString('utf8');
    case 'body.zstdDecoded':
      return zstdDecompressSync(sink.body()).toString('utf8');
    case 'body.brotliDecoded':
      return brotliDecompressSync(sink.body()).toString('utf8');
    case 'cookies':
      return recorded.headers.getAll('set-cookie');
    default:
      return fail(what);
  }
}

/** Here a length is a header like any other. */
function responseHeaders(headers: HeaderList): Readonly<Record<string, readonly string[]>> {
  const length = headers.get('content-length');
  return { ...headerMap(headers), ...(length === undefined ? {} : { 'Content-Length': [length] }) };
}

function fail(what: string): never {
  throw new Missing(`the runner does not know response.${what}`);
}

/** A part of the first cookie that was set, or of the one of that name. */
function readCookie(headers: HeaderList, part: string, name: string): unknown {
  for (const line of headers.getAll('set-cookie')) {
    const [first = '', ...attributes] = line.split(';').map((text) => text.trim());
    const equals = first.indexOf('=');
    if (name !== '' && first.slice(0, equals) !== name) continue;
    const read = (wanted: string): string | undefined =>
      attributes.find((text) => text.toLowerCase().split('=')[0] === wanted)?.replace(/^[^=]*=?/, '');
    switch (part) {
      case 'name':
        return first.slice(0, equals);
      case 'value':
        return first.slice(equals + 1);
      case 'secure':
        return read('secure') !== undefined;
      case 'httpOnly':
        return read('httponly') !== undefined;
      case 'sameSite':
        return read('samesite')?.toLowerCase();
      case 'maxAge':
        return read('max-age') === undefined ? undefined : Number(read('max-age'));
      case 'path':
        return read('path');
      case 'domain':
        return read('domain');
      default:
        throw new Missing(`the runner does not know response.cookie.${part}`);
    }
  }
  return undefined;
}

/** Every page of the proxy's own tells a reference. */
export function isOwnPage(sink: Pick<RecordingSink, 'body'>): boolean {
  return /\nReference: \w+\n$/.test(sink.body().toString());
}
