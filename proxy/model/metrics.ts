/** What is measured of requests for Prometheus, by Traefik's options. */
export interface MetricsOptions {
  /** Upper bounds of the histograms, seconds, ascending. */
  readonly buckets: readonly number[];
  readonly byEntryPoint: boolean;
  readonly byRouter: boolean;
  readonly byService: boolean;
  /** Label → name of the request's header field that gives its value. */
  readonly headerLabels: Readonly<Record<string, string>>;
  /** Requests to the proxy's own services (`api@internal`) are measured, too. */
  readonly internals: boolean;
}

/** What requests have in common that are counted together. */
export interface MetricsKey {
  readonly entryPoint: string;
  readonly router: string | null;
  readonly service: string | null;
  /** False: a middleware answered, or nobody did. */
  readonly isServed: boolean;
  readonly code: number;
  readonly method: string;
  readonly protocol: 'http' | 'sse' | 'websocket';
  /** Null: it came without TLS. */
  readonly tls: { readonly version: string; readonly cipher: string } | null;
  /** By label, in the order of the options. */
  readonly headers: readonly string[];
}

/** What came since the last time. */
export interface MetricsCount extends MetricsKey {
  readonly requests: number;
  readonly retries: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationSeconds: number;
  /** Counts per bucket; one more for what is slower than the last. */
  readonly buckets: readonly number[];
}
