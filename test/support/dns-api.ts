import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A record as a provider's own system keeps it; the value without quotes, the name whole. */
export interface StoredRecord {
  readonly id: number;
  readonly zone: string;
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly ttlS: number;
}

/** The zones and records of a made-up provider. */
export interface DnsStore {
  readonly zones: string[];
  readonly records: StoredRecord[];
  find(name: string, type: string): readonly StoredRecord[];
  values(name: string, type: string): readonly string[];
  add(record: Omit<StoredRecord, 'id'>): StoredRecord;
  /** All values of a name and type at once. */
  put(zone: string, name: string, type: string, values: readonly string[], ttlS: number): void;
  removeId(id: number): boolean;
  remove(name: string, type: string): boolean;
}

export function dnsStore(zones: readonly string[]): DnsStore {
  let nextId = 1000;
  const store: DnsStore = {
    zones: [...zones],
    records: [],
    find: (name, type) => store.records.filter((record) => record.name === name && record.type === type),
    values: (name, type) => store.find(name, type).map(({ value }) => value),
    add(record) {
      const stored = { ...record, id: nextId++ };
      store.records.push(stored);
      return stored;
    },
    put(zone, name, type, values, ttlS) {
      store.remove(name, type);
      for (const value of values) store.add({ zone, name, type, value, ttlS });
    },
    removeId(id) {
      const index = store.records.findIndex((record) => record.id === id);
      if (index >= 0) store.records.splice(index, 1);
      return index >= 0;
    },
    remove(name, type) {
      const kept = store.records.filter((record) => record.name !== name || record.type !== type);
      const removed = kept.length < store.records.length;
      store.records.splice(0, store.records.length, ...kept);
      return removed;
    },
  };
  return store;
}

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON, without types: a test's server takes what it is sent. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

export interface ApiAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
}

export type ApiHandler = (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>;

/** A provider's API on this machine, with faults on demand. */
export interface FakeApi {
  readonly url: string;
  readonly requests: ApiRequest[];
  /** So many of the next changes are made, and answered with status 500. */
  failAfterChange: number;
  /** So many of the next requests are refused with status 429 and `Retry-After: 2`. */
  rateLimit: number;
  /** While true, requests are taken and never answered. */
  silent: boolean;
  close(): Promise<void>;
}

interface FakeApiSettings {
  readonly handle: ApiHandler;
  /** Which requests change something; all but GET where nothing is said. */
  readonly changes?: (request: ApiRequest) => boolean;
}

export async function fakeApi({
  handle,
  changes = ({ method }) => method !== 'GET',
}: FakeApiSettings): Promise<FakeApi> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://api');
      const text = Buffer.concat(chunks).toString();
      const request: ApiRequest = {
        method: incoming.method ?? 'GET',
        path: decodeURIComponent(pathname),
        query: searchParams,
        headers: incoming.headers,
        text,
        json: parsed(text),
      };
      api.requests.push(request);
      if (api.silent) return;
      void (async () => {
        const answer = await answerTo(request).catch((error: unknown) => ({ status: 599, text: String(error) }));
        const { status = 200, headers = {}, json, text: body } = answer as ApiAnswer;
        outgoing.writeHead(status, {
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        });
        outgoing.end(json === undefined ? (body ?? '') : JSON.stringify(json));
      })();
    });
  });

  async function answerTo(request: ApiRequest): Promise<ApiAnswer> {
    if (api.rateLimit > 0) {
      api.rateLimit -= 1;
      return { status: 429, headers: { 'retry-after': '2' }, json: { message: 'slow down' } };
    }
    const answer = await handle(request);
    if (api.failAfterChange > 0 && changes(request) && (answer.status ?? 200) < 300) {
      api.failAfterChange -= 1;
      return { status: 500, text: 'Internal Server Error' };
    }
    return answer;
  }

  const api: FakeApi = {
    url: '',
    requests: [],
    failAfterChange: 0,
    rateLimit: 0,
    silent: false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return Object.assign(api, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
