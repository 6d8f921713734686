import { blankNotes, type Exchange, type ProxyRequest, type ResponseSink } from '../../proxy/http/exchange.ts';
import { HeaderList } from '../../proxy/http/header-list.ts';

/** A GET of http://app.example.com/ from 192.0.2.7, with what the test changes. */
export function makeRequest(
  changes: Partial<ProxyRequest> & { fields?: Readonly<Record<string, string>> } = {},
): ProxyRequest {
  const { fields, ...rest } = changes;
  const host = rest.host ?? 'app.example.com';
  return {
    id: 'r1',
    entryPoint: 'web',
    method: 'GET',
    scheme: 'http',
    protocol: 'HTTP/1.1',
    host,
    authority: host,
    path: '/',
    query: '',
    headers: new HeaderList(Object.entries(fields ?? {}).flat()),
    clientIp: '192.0.2.7',
    clientPort: 40_000,
    tls: null,
    body: null,
    upgrade: null,
    ...rest,
  };
}

/** What a {@link RecordingSink} was told. */
export interface Recorded {
  readonly informational: { status: number; headers: HeaderList }[];
  status: number | null;
  headers: HeaderList;
  readonly chunks: Uint8Array[];
  trailers: HeaderList | undefined;
  ended: boolean;
  aborted: Error | null;
}

export interface RecordingSink extends ResponseSink {
  readonly recorded: Recorded;
  /** While true, writes are reported as too fast; turning it off lets the writer go on. */
  setSlow(slow: boolean): void;
  body(): Buffer;
  /** Resolves when the answer was ended or aborted. */
  readonly finished: Promise<void>;
}

function makeSink(): RecordingSink {
  let slow = false;
  const drainListeners = new Set<() => void>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const recorded: Recorded = {
    informational: [],
    status: null,
    headers: new HeaderList(),
    chunks: [],
    trailers: undefined,
    ended: false,
    aborted: null,
  };
  return {
    recorded,
    finished: promise,
    setSlow(value) {
      slow = value;
      if (slow) return;
      for (const listener of drainListeners) listener();
    },
    body: () => Buffer.concat(recorded.chunks),
    informational: (status, headers) => void recorded.informational.push({ status, headers }),
    head(head) {
      if (recorded.status !== null) throw new Error('A second head was sent.');
      recorded.status = head.status;
      recorded.headers = head.headers;
    },
    write(chunk) {
      if (recorded.status === null || recorded.ended) throw new Error('Written before the head or after the end.');
      recorded.chunks.push(chunk);
      return !slow;
    },
    onDrain: (listener) => void drainListeners.add(listener),
    end(trailers) {
      if (recorded.ended) throw new Error('Ended twice.');
      recorded.trailers = trailers;
      recorded.ended = true;
      resolve();
    },
    abort(error) {
      recorded.aborted = error;
      resolve();
    },
  };
}

export interface TestExchange extends Exchange {
  readonly sink: RecordingSink;
}

export function makeExchange(
  request: ProxyRequest = makeRequest(),
  signal: AbortSignal = new AbortController().signal,
): TestExchange {
  const notes = blankNotes();
  return { request, sink: makeSink(), notes, signal };
}
