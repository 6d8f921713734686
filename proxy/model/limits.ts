/** Bounds on what clients may take, each with its reason in docs/limits.md. Times are milliseconds. */
export interface ClientLimits {
  /** Connections open at once, in all workers; 0: no bound. The engine takes it from what the system lets the process have. */
  readonly connections: number;
  /** Of these, from one IPv4 address or one IPv6 network of 64 bits; 0: any number. Proxies that are trusted have none. */
  readonly connectionsPerAddress: number;
  /** From the first byte of a head to its last, and from a connection's begin to its first byte. */
  readonly headMs: number;
  readonly handshakeMs: number;
  /** How long a client may leave an answer that is ready where it is. */
  readonly stalledAnswerMs: number;
  /** Answers that are not read, and as many bodies that do not come, in all workers, before those that are stuck go. */
  readonly stalledRequests: number;
  /** Requests under way on HTTP/2 from one address, in each worker. Proxies that are trusted have no bound. */
  readonly http2StreamsPerAddress: number;
  /** Streams of one HTTP/2 connection that end in an error, whoever reset them: so many at once, and so many a second. */
  readonly http2FailureBurst: number;
  readonly http2FailuresPerSecond: number;
  /** Bytes of HTTP/2 frames that ask for nothing and bring nothing: so many at once, and so many a second. */
  readonly http2IdleBurstBytes: number;
  readonly http2IdleBytesPerSecond: number;
}

export const defaultClientLimits: ClientLimits = {
  // With a descriptor for each in reserve and a thousand for the rest, it is what 65,536 leave room for.
  connections: 32_000,
  connectionsPerAddress: 1000,
  headMs: 60_000,
  handshakeMs: 10_000,
  stalledAnswerMs: 60_000,
  stalledRequests: 1000,
  http2StreamsPerAddress: 300,
  http2FailureBurst: 400,
  http2FailuresPerSecond: 50,
  // Windows that were opened by little steps, and pings, of a client that is busy with large answers.
  http2IdleBurstBytes: 2 * 1024 * 1024,
  http2IdleBytesPerSecond: 16 * 1024,
};

/** What held clients off, as logs and metrics name it. */
export const limitNames = [
  'connections',
  'connections-per-address',
  'descriptors',
  'slow-handshake',
  'slow-head',
  'slow-body',
  'slow-reader',
  'head-too-large',
  'malformed-request',
  'http2-streams-per-address',
  'http2-failed-streams',
  'http2-idle-frames',
  'http2-protocol',
] as const;

/** What servers did wrong, named, counted and told of in the same way. */
export const serverFaultNames = ['server-truncated', 'server-malformed', 'server-reset', 'server-timeout'] as const;

export type ServerFaultName = (typeof serverFaultNames)[number];
export type LimitName = (typeof limitNames)[number] | ServerFaultName;

/** Since the last time. */
export interface LimitCount {
  readonly limit: LimitName;
  readonly count: number;
  /** One of the clients, the last. */
  readonly clientIp: string;
}
