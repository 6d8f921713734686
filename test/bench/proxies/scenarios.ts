import { authorization, echoes, h2load, handshakes, type Seen, transfers, wrk } from './load.ts';
import { host, type Peer } from './peer.ts';

/** Files and limits of one run. */
export interface Ground {
  readonly dir: string;
  readonly uploadFile: string;
  /** Seconds of load in one measurement. */
  readonly seconds: number;
}

export interface Goal {
  readonly figure: 'cpu' | 'bytes' | 'p99';
  readonly than: 'nginx' | 'traefik' | 'caddy';
  /** `cpu`, `p99`: at most so many times the other's; `bytes`: at least so many times. */
  readonly factor: number;
}

export interface Scenario {
  readonly name: string;
  /** Which server answers: nginx with small and large files, or the one for uploads and WebSocket. */
  readonly origin: 'files' | 'node';
  readonly routers: number;
  readonly hasMiddlewares: boolean;
  /** Bytes of body in one request, where that is what is measured. */
  readonly bodyBytes: number | null;
  readonly goals: readonly Goal[];
  readonly run: (peer: Peer, ground: Ground) => Promise<Seen>;
}

const plain = { origin: 'files', routers: 1, hasMiddlewares: false, bodyBytes: null, goals: [] } as const;
const megabyte = 1_000_000;

const smallGet: Scenario['run'] = ({ httpPort }, { seconds }) =>
  wrk({ url: `http://127.0.0.1:${httpPort}/`, connections: 64, seconds });

export const scenarios: readonly Scenario[] = [
  {
    ...plain,
    name: 'small GET, HTTP/1.1',
    goals: [
      { figure: 'cpu', than: 'nginx', factor: 1.5 },
      { figure: 'cpu', than: 'traefik', factor: 0.5 },
    ],
    run: smallGet,
  },
  {
    ...plain,
    name: 'small GET, HTTP/1.1 over TLS',
    goals: [{ figure: 'cpu', than: 'nginx', factor: 1.6 }],
    run: ({ httpsPort }, { seconds, dir }) =>
      h2load({ url: `https://${host}/`, port: httpsPort, clients: 64, seconds, http1: true, dir }),
  },
  {
    ...plain,
    name: 'small GET, HTTP/2',
    goals: [
      { figure: 'cpu', than: 'nginx', factor: 1.4 },
      { figure: 'cpu', than: 'caddy', factor: 0.4 },
    ],
    run: ({ httpsPort }, { seconds, dir }) =>
      h2load({ url: `https://${host}/`, port: httpsPort, clients: 16, streams: 8, seconds, dir }),
  },
  {
    ...plain,
    name: 'new TLS connection each',
    run: ({ httpsPort }, { seconds }) => handshakes(`https://${host}/`, httpsPort, 400, seconds),
  },
  {
    ...plain,
    name: '1 MB download',
    bodyBytes: megabyte,
    goals: [{ figure: 'bytes', than: 'nginx', factor: 0.8 }],
    run: ({ httpPort }, { seconds }) => wrk({ url: `http://127.0.0.1:${httpPort}/1mb`, connections: 16, seconds }),
  },
  {
    ...plain,
    name: '100 MB download',
    bodyBytes: 100 * megabyte,
    goals: [{ figure: 'bytes', than: 'nginx', factor: 0.8 }],
    run: ({ httpPort }) => transfers(`http://127.0.0.1:${httpPort}/100mb`, 10, null),
  },
  {
    ...plain,
    name: '100 MB upload',
    origin: 'node',
    bodyBytes: 100 * megabyte,
    goals: [{ figure: 'bytes', than: 'nginx', factor: 0.8 }],
    run: ({ httpPort }, { uploadFile }) => transfers(`http://127.0.0.1:${httpPort}/upload`, 10, uploadFile),
  },
  {
    ...plain,
    name: 'WebSocket echo',
    origin: 'node',
    run: ({ httpPort }, { seconds }) => echoes(httpPort, 32, seconds),
  },
  ...[10, 1000, 10_000].map(
    (routers): Scenario => ({
      ...plain,
      name: `${routers.toLocaleString('en')} routers`,
      routers,
      run: smallGet,
    }),
  ),
  {
    ...plain,
    name: 'three middlewares',
    hasMiddlewares: true,
    run: ({ httpPort }, { seconds }) =>
      wrk({ url: `http://127.0.0.1:${httpPort}/`, connections: 64, seconds, headers: [authorization] }),
  },
  {
    ...plain,
    name: '500 requests a second',
    goals: [{ figure: 'p99', than: 'caddy', factor: 1 }],
    run: ({ httpPort }, { dir }) =>
      h2load({
        url: `http://${host}/`,
        port: httpPort,
        clients: 10,
        seconds: 6,
        http1: true,
        requestsPerSecond: 500,
        dir,
      }),
  },
];
