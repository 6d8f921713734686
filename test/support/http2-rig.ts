import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { InboundClock } from '../../proxy/http1/inbound-clock.ts';
import { Http2Connection } from '../../proxy/http2/connection.ts';
import type { Http2Client, Http2Settings, StreamAnswering, StreamReader } from '../../proxy/http2/contract.ts';
import type { RequestHead } from '../../proxy/http2/request-head.ts';
import type { Http2Stream } from '../../proxy/http2/stream.ts';
import { defaultClientLimits } from '../../proxy/model/limits.ts';
import { RawHttp2Client } from './http2-client.ts';
import { pollUntil } from './poll.ts';

const deadlineMs = 20_000;

/** A request that came, and what was told of it. */
export class SeenRequest implements StreamAnswering, StreamReader {
  readonly stream: Http2Stream;
  readonly head: RequestHead;
  readonly pieces: Buffer[] = [];
  trailers: readonly string[] | null = null;
  readonly faults: string[] = [];
  drains = 0;
  hasEnded = false;
  brokenBy: Error | null = null;
  /** Null: the stream is open. */
  isAnswered: boolean | null = null;
  /** Asks for the body as fast as it comes. */
  isReading = false;

  constructor(stream: Http2Stream, head: RequestHead) {
    this.stream = stream;
    this.head = head;
    stream.begin(this);
    stream.input?.readBy(this);
  }

  get body(): string {
    return Buffer.concat(this.pieces).toString('latin1');
  }

  read(): void {
    this.isReading = true;
    this.stream.input?.want();
  }

  arrived(slice: Buffer): void {
    this.pieces.push(Buffer.from(slice));
    if (this.isReading) setImmediate(() => this.stream.input?.want());
  }

  ended(): void {
    this.hasEnded = true;
  }

  broken(error: Error): void {
    this.brokenBy = error;
  }

  drained(): void {
    this.drains += 1;
  }

  malformed(detail: string): void {
    this.faults.push(detail);
  }

  trailersArrived(fields: readonly string[]): string | null {
    this.trailers = fields;
    return null;
  }

  streamClosed(isAnswered: boolean): void {
    this.isAnswered = isAnswered;
  }
}

export interface Http2Rig {
  readonly client: RawHttp2Client;
  readonly connection: Http2Connection;
  readonly requests: SeenRequest[];
  readonly malformed: string[];
  /** Names of limits, and what failed. */
  readonly notes: string[];
  readonly port: number;
  close(): Promise<void>;
}

interface RigOptions {
  readonly settings?: Partial<Http2Settings>;
  readonly onRequest?: (request: SeenRequest) => void;
  /** Left out: it looks every 20 ms. */
  readonly clock?: InboundClock;
}

/** A connection of the proxy's HTTP/2, without TLS and without the rest of the proxy, and its client. */
export async function openHttp2(options: RigOptions = {}): Promise<Http2Rig> {
  const requests: SeenRequest[] = [];
  const malformed: string[] = [];
  const notes: string[] = [];
  const settings: Http2Settings = {
    maxHeaderBytes: 64 * 1024,
    maxConcurrentStreams: 100,
    maxDecoderTableBytes: 4096,
    maxEncoderTableBytes: 4096,
    headMs: 60_000,
    idleMs: 0,
    stalledMs: 0,
    limits: defaultClientLimits,
    clock: options.clock ?? new InboundClock(20),
    ...options.settings,
  };
  const served: Http2Client = {
    takeRequest(stream, head) {
      const request = new SeenRequest(stream, head);
      requests.push(request);
      options.onRequest?.(request);
    },
    malformed: (detail) => void malformed.push(detail),
    note: (limit) => void notes.push(limit),
    failed: (error) => void notes.push(String(error)),
    closed: () => undefined,
  };
  const sockets = new Set<Socket>();
  let connection: Http2Connection | null = null;
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    connection = new Http2Connection(socket, served, settings);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  const client = new RawHttp2Client(socket);
  await pollUntil(() => connection !== null && socket.readyState === 'open', deadlineMs);
  if (connection === null) throw new Error('no connection came');
  return {
    client,
    connection,
    requests,
    malformed,
    notes,
    port,
    async close() {
      socket.destroy();
      for (const each of sockets) each.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
