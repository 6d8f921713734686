import { expect, test } from 'vitest';
import { endStream } from '../../test/attack/floods/http2-frames.ts';
import { connections, data, post } from '../../test/support/http2-connections.ts';
import type { Http2Rig } from '../../test/support/http2-rig.ts';
import { StreamBody } from './stream-body.ts';

const { greeted } = connections();
const pieceBytes = 12_000;
const pieces = 10;

/** A connection whose bodies are read by somebody who says to hold nothing, and then holds one piece of four. */
async function openHolding(): Promise<{
  readonly rig: Http2Rig;
  readonly kept: Buffer[];
  readonly bytes: () => number;
}> {
  const kept: Buffer[] = [];
  let held = 0;
  let bytes = 0;
  const rig = await greeted({
    onRequest({ stream }) {
      if (stream.input === null) throw new Error('a request without a body');
      const body = new StreamBody(stream.input, null);
      body.readerHoldsNothing = () => held === 0;
      body.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes % (4 * pieceBytes) === 0) {
          held += 1;
          kept.push(chunk);
        } else {
          held = 0;
        }
      });
    },
  });
  rig.client.send(post(1));
  await rig.client.until(() => rig.requests.length === 1);
  return { rig, kept, bytes: () => bytes };
}

test('what is held of one client’s body is not written over by what another client sends', async () => {
  const sides = [await openHolding(), await openHolding(), await openHolding()];
  for (let n = 0; n < pieces; n += 1) {
    for (const [at, { rig, bytes }] of sides.entries()) {
      // In one piece, as it comes over TLS.
      rig.client.send(data(1, Buffer.alloc(pieceBytes, `${at}`), n === pieces - 1 ? endStream : 0));
      await rig.client.until(() => bytes() === (n + 1) * pieceBytes);
    }
  }
  for (const [at, { kept }] of sides.entries()) {
    expect(Buffer.concat(kept).toString()).toBe(`${at}`.repeat(Buffer.concat(kept).length));
  }
  expect(sides.some(({ kept }) => kept.length > 0)).toBe(true);
});
