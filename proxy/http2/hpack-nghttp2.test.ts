import { once } from 'node:events';
import http2 from 'node:http2';
import { duplexPair } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import {
  endHeaders,
  endStream,
  frame,
  frameTypes,
  preface,
  settingsAck,
  settingsFrame,
} from '../../test/attack/floods/http2-frames.ts';
import { createRandom, type Random } from '../../test/fuzz/mutate.ts';
import { acknowledges, FrameReader } from '../../test/support/http2-frames.ts';
import { HpackDecoder } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';

/*
 * Both sides of HPACK against that of nghttp2, which Node brings: a client of node:http2 on a pipe, and at its other end
 * frames by hand.
 */

interface Exchange {
  readonly fields: string[];
  readonly stream: number;
}

const sessions: http2.ClientHttp2Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});

async function connect(tables: { ours: number; theirs: number; theirMost: number }) {
  const [near, far] = duplexPair();
  const decoder = new HpackDecoder({ maxTableBytes: tables.ours, maxListBytes: 1e6, maxFields: 1000 });
  const encoder = new HpackEncoder({ maxTableBytes: 65_536 });
  const reader = new FrameReader();
  const requests: Exchange[] = [];
  let answer: (exchange: Exchange) => void = () => undefined;
  let prefaceLeft = preface.length;
  let acknowledged = (): void => undefined;
  const isReady = new Promise<void>((resolve) => {
    acknowledged = resolve;
  });
  far.on('data', (chunk: Buffer) => {
    const skipped = Math.min(prefaceLeft, chunk.length);
    prefaceLeft -= skipped;
    for (const { type, flags, stream, payload } of reader.push(chunk.subarray(skipped))) {
      if (type === frameTypes.settings && (flags & acknowledges) === 0) {
        for (let at = 0; at < payload.length; at += 6) {
          if (payload.readUInt16BE(at) === 1) encoder.setPeerTableBytes(payload.readUInt32BE(at + 2));
        }
        far.write(settingsAck);
      } else if (type === frameTypes.settings) {
        decoder.settingsAcknowledged();
        acknowledged();
      } else if (type === frameTypes.headers) {
        const start = (flags & 0x20) === 0 ? 0 : 5;
        const fields: string[] = [];
        expect(flags & endHeaders).toBe(endHeaders);
        expect(decoder.decode(payload, start, payload.length, fields)).toBe('whole');
        expect(decoder.fault).toBeNull();
        requests.push({ fields, stream });
        answer({ fields, stream });
      }
    }
  });
  far.write(settingsFrame({ 1: tables.ours }));
  const session = http2.connect('http://a.test', {
    createConnection: () => near,
    settings: { headerTableSize: tables.theirs },
    maxDeflateDynamicTableSize: tables.theirMost,
  });
  sessions.push(session);

  await isReady;

  const out = Buffer.alloc(65_536);
  /** Sends a request with these fields, answers it with those; gives both as the other side saw them. */
  async function ask(sent: readonly string[], status: number, given: readonly string[]) {
    answer = ({ stream }) => {
      const end = encoder.encode(status, given, out, 0);
      far.write(frame(frameTypes.headers, endHeaders | endStream, stream, out.subarray(0, end)));
    };
    const request = session.request([...sent]);
    request.on('error', () => undefined).resume();
    const closed = once(request, 'close');
    const [, , arrived] = (await once(request, 'response')) as [unknown, number, string[]];
    await closed;
    return { arrived, seen: requests.at(-1)!.fields };
  }
  return { ask, session };
}

const pseudo = (path: string): string[] => [':method', 'GET', ':scheme', 'http', ':authority', 'a.test', ':path', path];

/** Fields, some of which come again and again. */
function someFields(random: Random): string[] {
  const letters = (most: number): string =>
    Array.from({ length: Math.floor(random() * most) }, () =>
      String.fromCharCode(0x21 + Math.floor(random() * 94)),
    ).join('');
  return Array.from({ length: 1 + Math.floor(random() * 12) }, () => {
    const name =
      random() < 0.8 ? `x-${Math.floor(random() * 20)}` : ['server', 'vary', 'accept'][Math.floor(random() * 3)]!;
    return [name, random() < 0.6 ? `value ${Math.floor(random() * 4)}` : letters(random() < 0.1 ? 2000 : 40)];
  }).flat();
}

it.each([
  ['tables of the default', { ours: 4096, theirs: 4096, theirMost: 4096 }],
  ['a larger table of ours', { ours: 65_536, theirs: 4096, theirMost: 65_536 }],
  ['a smaller table of ours', { ours: 200, theirs: 4096, theirMost: 4096 }],
  ['no table of ours', { ours: 0, theirs: 4096, theirMost: 4096 }],
  ['a larger table of theirs', { ours: 4096, theirs: 65_536, theirMost: 4096 }],
  ['no table of theirs', { ours: 4096, theirs: 0, theirMost: 4096 }],
])('fields arrive both ways, with %s', async (_what, tables) => {
  const { ask } = await connect(tables);
  const random = createRandom(tables.ours + tables.theirs);
  for (let n = 0; n < 150; n += 1) {
    const sent = [...pseudo(`/${n % 10}`), ...someFields(random)];
    const given = someFields(random);
    const status = [200, 204, 302, 404, 503][n % 5]!;
    const { arrived, seen } = await ask(sent, status, given);

    expect(seen).toEqual(sent);
    expect(arrived).toEqual([':status', String(status), ...given]);
  }
});

it('fields arrive while the client changes its table', async () => {
  const { ask, session } = await connect({ ours: 4096, theirs: 4096, theirMost: 4096 });
  const random = createRandom(4);
  for (let n = 0; n < 150; n += 1) {
    if (n % 5 === 0) {
      const settled = new Promise<void>((resolve) => {
        session.settings({ headerTableSize: [0, 100, 4096, 1000, 65_536][Math.floor(random() * 5)]! }, () => resolve());
      });
      // Sometimes two changes come before the next answer.
      if (n % 2 === 0) session.settings({ headerTableSize: Math.floor(random() * 5000) }, () => undefined);
      await settled;
    }
    const given = someFields(random);
    const { arrived } = await ask(pseudo('/'), 200, given);
    expect(arrived).toEqual([':status', '200', ...given]);
  }
});
