import { HpackDecoder } from '../../proxy/http2/hpack-decoder.ts';
import {
  endHeaders,
  endStream,
  field,
  frame,
  frameTypes,
  preface,
  requestFields,
  settingsAck,
  settingsFrame,
  windowUpdate,
  word,
} from '../attack/floods/http2-frames.ts';
import { FrameReader } from '../support/http2-frames.ts';
import { openPeer } from './http2-peer.ts';
import type { Random } from './mutate.ts';
import { must, type Target } from './targets.ts';

/*
 * An input is frames without their lengths (type, flags, four bytes of the stream, payload), each behind this separator,
 * so that a changed frame leaves the others what they are. One that begins otherwise is taken as it is.
 */
const separator = Buffer.from('\xfe\xff', 'latin1');

const short = (bytes: Buffer): Buffer => Buffer.concat([separator, bytes.subarray(3)]);

function framesOf(input: Buffer): Buffer {
  if (!input.subarray(0, 2).equals(separator)) return input;
  const frames: Buffer[] = [];
  for (let at = 2; at <= input.length; ) {
    const next = input.indexOf(separator, at);
    const end = next < 0 ? input.length : next;
    const piece = input.subarray(at, end);
    if (piece.length >= 6) frames.push(frame(piece[0]!, piece[1]!, piece.readUInt32BE(2), piece.subarray(6)));
    at = end + 2;
  }
  return Buffer.concat(frames);
}

const ask = (stream: number, path: string, method = 'GET', flags = endHeaders | endStream): Buffer =>
  frame(frameTypes.headers, flags, stream, requestFields('a.test', path, method));
const data = (stream: number, text: string, flags = 0): Buffer =>
  frame(frameTypes.data, flags, stream, Buffer.from(text));

/** An extended CONNECT (RFC 8441 §4). */
function connect(stream: number): Buffer {
  const fields = [requestFields('a.test', '/socket', 'CONNECT'), field(':protocol', 'websocket')];
  return frame(frameTypes.headers, endHeaders, stream, Buffer.concat(fields));
}

const conversations: readonly (readonly Buffer[])[] = [
  [settingsAck, ask(1, '/'), ask(3, '/trailers'), ask(5, '/none', 'HEAD')],
  [ask(1, '/echo', 'POST', endHeaders), data(1, 'hello'), data(1, ''), data(1, ' world', endStream)],
  [ask(1, '/echo', 'POST', endHeaders), data(1, 'a'), frame(frameTypes.headers, 5, 1, field('x-sum', '42'))],
  [ask(1, '/big'), windowUpdate(0, 100_000), windowUpdate(1, 300_000), windowUpdate(0, 200_000)],
  [settingsFrame({ 4: 0 }), ask(1, '/big'), ask(3, '/'), settingsFrame({ 4: 40_000 }), settingsFrame({ 4: 10 })],
  [ask(1, '/never'), frame(frameTypes.resetStream, 0, 1, word(8)), ask(3, '/reset'), ask(5, '/hints')],
  [
    frame(frameTypes.headers, endStream, 1, requestFields('a.test').subarray(0, 20)),
    frame(frameTypes.continuation, 0, 1, requestFields('a.test').subarray(20, 40)),
    frame(frameTypes.continuation, endHeaders, 1, requestFields('a.test').subarray(40)),
  ],
  [frame(frameTypes.ping, 0, 0, Buffer.from('12345678')), frame(frameTypes.priority, 0, 9, Buffer.of(0, 0, 0, 1, 5))],
  [
    ask(1, '/never', 'POST', endHeaders),
    data(1, '\x03pad\0\0\0', 8 | endStream),
    frame(frameTypes.goAway, 0, 0, Buffer.alloc(8)),
  ],
  [settingsFrame({ 1: 0, 4: 70_000, 5: 20_000 }), settingsFrame({ 1: 4096 }), ask(1, '/'), ask(3, '/')],
  [
    frame(frameTypes.headers, 0x25, 1, Buffer.concat([Buffer.of(0, 0, 0, 0, 5), requestFields('a.test', '/big')])),
    frame(frameTypes.headers, 0x0d, 3, Buffer.concat([Buffer.of(2), requestFields('a.test', '/'), Buffer.alloc(2)])),
  ],
  [connect(1), data(1, 'hello'), data(1, ' world'), data(1, '', endStream)],
  [connect(1), data(1, 'hello'), frame(frameTypes.resetStream, 0, 1, word(8)), connect(3), windowUpdate(3, 1)],
  Array.from({ length: 25 }, (_, n) => ask(1 + 2 * n, '/never')),
];

/** What one conversation came to, for comparison: what is on a stream, and with the connection. */
interface Story {
  readonly streams: Map<number, string[]>;
  goAway: string;
}

function read(received: Buffer, sent: Buffer): Story {
  const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 1e6, maxFields: 1000 });
  const story: Story = { streams: new Map(), goAway: '' };
  const allowed = windowsOf(sent);
  const bytes = new Map<number, number>();
  const over = new Set<number>();
  for (const { type, flags, stream, payload } of new FrameReader().push(received)) {
    must(payload.length <= 16_384, 'no frame is larger than it may be');
    must(type !== frameTypes.headers || stream % 2 === 1, 'only streams that clients open are answered');
    if (stream !== 0 && type !== frameTypes.windowUpdate) {
      const isReset = type === frameTypes.resetStream;
      must(!over.has(stream) || isReset, `nothing follows the end of a stream (${type} on ${stream})`);
      const events = story.streams.get(stream) ?? [];
      story.streams.set(stream, events);
      must(!isReset || !events.some((event) => event.startsWith('reset')), 'a stream is reset once');
      if (isReset) events.push(`reset ${payload.readUInt32BE(0)}`);
      if (isReset || (flags & endStream) !== 0) over.add(stream);
      if ((flags & endStream) !== 0 && !isReset) events.push('end');
    }
    if (type === frameTypes.headers) {
      const fields: string[] = [];
      must((flags & endHeaders) !== 0, 'a short head is one frame');
      must(decoder.decode(payload, 0, payload.length, fields) === 'whole', 'a head can be read');
      story.streams.get(stream)?.push(fields.slice(0, 2).join(' '));
    } else if (type === frameTypes.data) {
      for (const id of [0, stream]) {
        const sum = (bytes.get(id) ?? 0) + payload.length;
        bytes.set(id, sum);
        must(sum <= allowed(id), `no more is sent than windows allow: ${sum} on ${id}`);
      }
    } else if (type === frameTypes.goAway) {
      story.goAway = `${payload.readUInt32BE(4)}`;
    }
  }
  return story;
}

/** What windows a client has opened in all, at most. */
function windowsOf(sent: Buffer): (stream: number) => number {
  let initial = 65_535;
  const opened = new Map<number, number>();
  for (const { type, flags, stream, payload } of new FrameReader().push(sent)) {
    if (type === frameTypes.windowUpdate && payload.length === 4) {
      opened.set(stream, (opened.get(stream) ?? 0) + (payload.readUInt32BE(0) & 0x7fffffff));
    } else if (type === frameTypes.settings && (flags & 1) === 0) {
      for (let at = 0; at + 6 <= payload.length; at += 6) {
        if (payload.readUInt16BE(at) === 4) initial = Math.max(initial, payload.readUInt32BE(at + 2));
      }
    }
  }
  return (stream) => (stream === 0 ? 65_535 : initial) + (opened.get(stream) ?? 0);
}

/** Whether a client says how much of each stream it takes. */
function hasWindows(sent: Buffer): boolean {
  return new FrameReader().push(sent).some(({ type, payload }) => type === frameTypes.settings && payload.length > 0);
}

/** `inTurns`: pieces come one after the other, with what is due in between. */
async function tell(sent: Buffer, parts: readonly Buffer[], inTurns = false): Promise<Story> {
  const peer = openPeer();
  for (const part of parts) {
    peer.send(part);
    if (inTurns) await new Promise((resolve) => setImmediate(resolve));
  }
  let before = -1;
  // Until nothing more is said.
  for (let quiet = 0; quiet < 3; ) {
    await new Promise((resolve) => setImmediate(resolve));
    const { length } = peer.received();
    quiet = length === before ? quiet + 1 : 0;
    before = length;
  }
  const story = read(peer.received(), sent);
  await peer.close();
  return story;
}

const shown = ({ streams, goAway }: Story): string =>
  [...streams].map(([stream, events]) => `${stream}: ${events.join(', ')}`).join('; ') + `; ${goAway}`;

/** Frames of strangers: no exception, nothing that the protocol forbids, every stream told of its end. */
export const http2: Target = {
  name: 'http2',
  seeds: [...conversations.map((frames) => Buffer.concat(frames.map(short))), Buffer.concat(conversations[1]!)],
  words: [
    ...conversations.flat().map((bytes) => short(bytes).toString('latin1')),
    ...['\xfe\xff', '\x00\x00\x00\x01', '\x00\x00\x00\x03', '\x00\x00\x00\x00', '\x7f\xff\xff\xff', '\x80\x00\x00\x01'],
    ...['\x00\x01', '\x01\x04', '\x01\x05', '\x09\x04', '\x03\x00', '\x08\x00', '\x00\x04\x00\x00'],
  ],
  async attempt(input, random) {
    const sent = framesOf(input);
    const whole = Buffer.concat([preface, settingsFrame(), sent]);
    const story = await tell(sent, [whole]);
    const inPieces = await tell(sent, cut(whole, random));
    // What waits for a window, or for a turn, is sent after what was read at once: it depends on the pieces.
    if (!input.includes('/big') && !input.includes('CONNECT') && !hasWindows(sent)) {
      must(
        shown(story) === shown(inPieces),
        `it is read the same however it is cut: ${shown(story)}; ${shown(inPieces)}`,
      );
    }
    if (random() < 0.2) await tell(sent, cut(whole, random), true);
    return kindOf(story);
  },
};

/** What came of it, whatever the numbers. */
function kindOf({ streams, goAway }: Story): string {
  const ends = [...streams.values()].map((events) => events.slice(-2).join(' '));
  return `${goAway} ${[...new Set(ends)].toSorted().join(', ')} ${Math.min(4, streams.size)}`;
}

function cut(bytes: Buffer, random: Random): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = Math.min(bytes.length, at + 1 + Math.floor(random() ** 3 * 300));
    parts.push(bytes.subarray(at, next));
    at = next;
  }
  return parts;
}
