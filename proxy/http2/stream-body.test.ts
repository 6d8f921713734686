import { expect, test } from 'vitest';
import { endStream } from '../../test/attack/floods/http2-frames.ts';
import { connections, data, post } from '../../test/support/http2-connections.ts';
import type { Http2Rig } from '../../test/support/http2-rig.ts';
import { StreamBody } from './stream-body.ts';

const { greeted } = connections();

const pieces = 12;
const pieceBytes = 16_000;
const letters = 'abcdefghijkl';

/** Two bodies whose frames come in turn, of which each piece has a letter of its own. */
async function send(take: (body: StreamBody, n: number) => void): Promise<Http2Rig['client']> {
  let taken = 0;
  const { client } = await greeted({
    onRequest({ stream }) {
      if (stream.input === null) throw new Error('a request without a body');
      take(new StreamBody(stream.input, null), taken);
      taken += 1;
    },
  });
  client.send(post(1), post(3));
  for (let n = 0; n < pieces; n += 1) {
    const piece = Buffer.alloc(pieceBytes, letters[n]);
    const flags = n === pieces - 1 ? endStream : 0;
    client.send(data(1, piece, flags), data(3, piece, flags));
  }
  await client.until(() => taken === 2);
  return client;
}

const whole = Array.from(letters, (letter) => letter.repeat(pieceBytes)).join('');

test('what is kept of bodies stays what it was, whatever is read after it', async () => {
  const kept: Buffer[][] = [[], []];
  let ends = 0;
  const client = await send((body, n) => {
    body.on('data', (chunk: Buffer) => kept[n]?.push(chunk));
    body.on('end', () => (ends += 1));
  });
  await client.until(() => ends === 2);
  expect(kept.map((chunks) => Buffer.concat(chunks).toString())).toEqual([whole, whole]);
});

test('a reader may keep some pieces, and say so, and pass others on at once', async () => {
  const texts = ['', ''];
  let ends = 0;
  const client = await send((body, n) => {
    const kept: Buffer[] = [];
    let seen = 0;
    const passOn = (): void => {
      texts[n] += Buffer.concat(kept.splice(0)).toString();
    };
    body.readerHoldsNothing = () => kept.length === 0;
    body.on('data', (chunk: Buffer) => {
      seen += 1;
      kept.push(chunk);
      if (seen % 3 === 0) setImmediate(() => setImmediate(passOn));
      else if (kept.length === 1) passOn();
    });
    body.on('end', () => {
      passOn();
      ends += 1;
    });
  });
  await client.until(() => ends === 2);
  expect(texts).toEqual([whole, whole]);
});
