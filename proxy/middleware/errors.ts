import { z } from 'zod';
import {
  blankNotes,
  type Exchange,
  type Handler,
  type ProxyRequest,
  type ResponseHead,
  type ResponseSink,
} from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import { statusTest } from '../model/status-ranges.ts';
import { canonicalPath } from '../rule/path.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { queryEscape } from './go-url.ts';
import { PassingSink, withSink } from './passing-sink.ts';
import { encodePath } from './rewritten-path.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  status: z.array(z.string()).optional(),
  statusRewrites: z.record(z.string(), z.int().min(100).max(999)).optional(),
  service: z.string().optional(),
  query: z.string().optional(),
  errorRequestHeaders: z.array(z.string()).optional(),
});
type Config = z.infer<typeof schema>;

export const errors: MiddlewareDefinition<Config> = {
  type: 'errors',
  summary: 'Shows pages of a service of your own in place of answers with certain statuses.',
  schema,
  build(config, context) {
    const settings = readSettings(config, context.asTraefik === true);
    const pages = context.service(config.service ?? '');
    return (next) => (exchange) => {
      const { request } = exchange;
      // Steps behind this one may change them.
      const asked = { path: request.path, query: request.query, headers: request.headers.clone() };
      const showPage = (status: number, links: readonly string[]): void => {
        const page = { status: settings.shown(status), links };
        ask(pages, exchange, pageRequest(request, asked, settings, status), page);
      };
      return next(withSink(exchange, new CatchingSink(exchange.sink, settings.isCaught, showPage)));
    };
  },
  explain: ({ status = [], service = '' }) =>
    status.length === 0
      ? says('passes', 'PAGES_NONE')
      : says('passes', 'PAGES_REPLACED', { statuses: status.join(', '), service }),
};

interface Settings {
  readonly isCaught: (status: number) => boolean;
  readonly shown: (status: number) => number;
  readonly query: string;
  /** Null: all but what signs the visitor in, unless that is told, too. */
  readonly headers: readonly string[] | null;
  readonly tellsCredentials: boolean;
}

function readSettings(config: Config, asTraefik: boolean): Settings {
  if (!config.service) throw new Error('service must be given: it serves the pages.');
  const rewrites = Object.entries(config.statusRewrites ?? {}).map(([range, to]) => ({ has: statusTest([range]), to }));
  return {
    isCaught: statusTest(config.status ?? []),
    shown: (status) => rewrites.find(({ has }) => has(status))?.to ?? status,
    query: config.query ?? '',
    headers: config.errorRequestHeaders ?? null,
    tellsCredentials: asTraefik,
  };
}

/** What signs a visitor in belongs to the service that was asked, not to the one that shows pages (CVE-2026-41181). */
const credentials = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** HeaderList that say something of a body or a connection, which the request for a page has none of. */
const ofTheBody = /^(?:content-.*|transfer-encoding|expect|trailer|te|upgrade|range|if-.*|sec-websocket-.*)$/;

type Asked = Pick<ProxyRequest, 'path' | 'query' | 'headers'>;

function pageRequest(request: ProxyRequest, asked: Asked, settings: Settings, status: number): ProxyRequest {
  const { scheme, authority } = request;
  const url = `${scheme}://${authority}${asked.path}${asked.query === '' ? '' : `?${asked.query}`}`;
  const filled = settings.query
    .replaceAll('{status}', String(settings.shown(status)))
    .replaceAll('{originalStatus}', String(status))
    .replaceAll('{url}', queryEscape(url));
  const target = `/${filled.replace(/^\//, '')}`;
  const mark = target.indexOf('?');
  const path = encodePath(mark < 0 ? target : target.slice(0, mark));
  const { id, entryPoint, protocol, host, clientIp, clientPort, peerIp, tls } = request;
  return {
    ...{ id, entryPoint, scheme, protocol, host, authority, clientIp, clientPort, tls },
    ...(peerIp === undefined ? {} : { peerIp }),
    method: 'GET',
    path: canonicalPath(path) ?? '/',
    query: mark < 0 ? '' : target.slice(mark + 1).replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent),
    headers: pageHeaders(asked.headers, settings),
    body: null,
    upgrade: null,
  };
}

function pageHeaders(asked: HeaderList, { headers: wanted, tellsCredentials }: Settings): HeaderList {
  const headers = asked.clone();
  if (wanted === null) {
    headers.deleteWhere((name) => (!tellsCredentials && credentials.has(name)) || ofTheBody.test(name));
  } else {
    // The Host is part of the address.
    const kept = new Set(['host', ...wanted.map((name) => name.toLowerCase())]);
    headers.deleteWhere((name) => !kept.has(name) || ofTheBody.test(name));
  }
  return headers;
}

/** Asks for a page. The record goes on telling of the answer that it replaces. */
function ask(pages: Handler, { sink, signal }: Exchange, request: ProxyRequest, shown: Shown): void {
  const notes = blankNotes();
  const broken = (error: unknown): void => sink.abort(error instanceof Error ? error : new Error(String(error)));
  try {
    const running = pages({ request, sink: new PageSink(sink, shown), notes, signal });
    if (running) running.catch(broken);
  } catch (error) {
    broken(error);
  }
}

/** Drops an answer whose status is caught, and asks for a page in its place. */
class CatchingSink extends PassingSink {
  readonly #isCaught: (status: number) => boolean;
  readonly #caught: (status: number, links: readonly string[]) => void;
  #hasCaught = false;
  /** Of the last early hints, which hold for the page in the answer's place, too, as in Traefik. */
  #links: readonly string[] = [];

  constructor(
    inner: ResponseSink,
    isCaught: (status: number) => boolean,
    caught: (status: number, links: readonly string[]) => void,
  ) {
    super(inner);
    this.#isCaught = isCaught;
    this.#caught = caught;
  }

  override informational(status: number, headers: HeaderList): void {
    if (this.#hasCaught) return;
    this.#links = headers.getAll('link');
    this.inner.informational(status, headers);
  }

  override head(head: ResponseHead): void {
    this.#hasCaught = this.#isCaught(head.status);
    if (this.#hasCaught) this.#caught(head.status, this.#links);
    else this.inner.head(head);
  }

  override write(chunk: Uint8Array): boolean {
    return this.#hasCaught || this.inner.write(chunk);
  }

  override onDrain(listener: () => void): void {
    if (!this.#hasCaught) this.inner.onDrain(listener);
  }

  override end(trailers?: HeaderList): void {
    if (!this.#hasCaught) this.inner.end(trailers);
  }

  override abort(error: Error): void {
    if (!this.#hasCaught) this.inner.abort(error);
  }
}

interface Shown {
  readonly status: number;
  readonly links: readonly string[];
}

/** Gives a page the status that it stands for, and the links that the visitor was told of before. */
class PageSink extends PassingSink {
  readonly #shown: Shown;

  constructor(inner: ResponseSink, shown: Shown) {
    super(inner);
    this.#shown = shown;
  }

  override head({ headers }: ResponseHead): void {
    const { status, links } = this.#shown;
    if (!headers.has('link')) for (const link of links) headers.append('Link', link);
    this.inner.head({ status, headers });
  }
}
