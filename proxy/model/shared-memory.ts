/** What the workers of one engine count in together. The system gives memory for a page once it is written to. */
export interface SharedMemory {
  readonly rates: SharedArrayBuffer;
  readonly underWay: SharedArrayBuffer;
  /** Apart from {@link underWay}: a crowd of connections must not make requests seem many. */
  readonly connections: SharedArrayBuffer;
  readonly nonces: SharedArrayBuffer;
  /** 32 bytes that only the engine and its workers know. */
  readonly secret: Uint8Array;
  /** The beginning of the shared clock, milliseconds of the system's monotonic one. */
  readonly startedAtMs: number;
}

/** Memory by the identity of the object that counts in it. */
export type SharedRegions = ReadonlyMap<string, SharedArrayBuffer>;
