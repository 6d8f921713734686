import { HpackDecoder, HpackError } from '../../proxy/http2/hpack-decoder.ts';
import { HpackEncoder } from '../../proxy/http2/hpack-encoder.ts';
import { hpackLiteral, hpackNumber, hpackString } from '../support/hpack.ts';
import { HpackReader } from './hpack-reader.ts';
import type { Random } from './mutate.ts';
import { must, type Target } from './targets.ts';

/** An input is blocks, each behind its length in two bytes. */
function toInput(...blocks: readonly Buffer[]): Buffer {
  return Buffer.concat(
    blocks.flatMap((block) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(block.length);
      return [length, block];
    }),
  );
}

function toBlocks(input: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = 0; at + 2 <= input.length; ) {
    const end = Math.min(input.length, at + 2 + input.readUInt16BE(at));
    blocks.push(input.subarray(at + 2, end));
    at = end;
  }
  return blocks;
}

const bounds = { maxTableBytes: 4096, maxListBytes: 3000, maxFields: 40 };
const out = Buffer.alloc(65_536);

const literals = (isHuffman: boolean): Buffer =>
  Buffer.concat([
    Buffer.of(0x82, 0x87),
    hpackLiteral('passing', 4, '/path?query=1', isHuffman),
    hpackLiteral('kept', 1, 'a.test', isHuffman),
    hpackLiteral('kept', 'x-name', 'value', isHuffman),
    hpackLiteral('never', 'cookie', 'a=b; c=d', isHuffman),
    hpackLiteral('kept', 'x-\xff\0', 'é\r\n', isHuffman),
  ]);

/** Blocks of strangers: read as the RFC has it, in bounds, and what was read can be sent on and read again. */
export const hpack: Target = {
  name: 'hpack',
  seeds: [
    toInput(literals(false), Buffer.of(0x82, 0x87, 0xc0, 0xbf, 0xbe)),
    toInput(literals(true), Buffer.of(0x82, 0x87, 0xc0, 0xbf, 0xbe)),
    toInput(hpackNumber(0x20, 5, 100), literals(true), Buffer.of(0x20), Buffer.of(0x3f, 0xe1, 0x1f, 0xbe)),
    toInput(Buffer.concat([hpackNumber(0x20, 5, 0), hpackNumber(0x20, 5, 4096), literals(true)]), Buffer.of(0xbe)),
    toInput(hpackLiteral('kept', 'bomb', 'x'.repeat(1500)), Buffer.alloc(300, 0xbe)),
    toInput(
      hpackLiteral('kept', 'a', 'b'),
      hpackLiteral('kept', 62, 'c'),
      hpackLiteral('kept', 62, 'd'),
      Buffer.of(0xc0),
    ),
    toInput(...Array.from({ length: 90 }, (_, n) => hpackLiteral('kept', `n${n}`, `${n}`)), hpackNumber(0x80, 7, 150)),
  ],
  words: [
    ...['\x82', '\xbe', '\xbf', '\x40', '\x7e', '\x10', '\x00', '\x20', '\x3f\xe1\x1f', '\x3f\xe2\x1f', '\xff\x80\x01'],
    ...[
      '\x7f',
      '\x80',
      '\xff\xff\xff\xff\x07',
      '\xff\xff\xff\xff',
      '\x00\x05',
      '\x01a',
      '\x81\x1f',
      '\x83\xff\xff\xff',
    ],
    ...[hpackString('www.example.com', true).toString('latin1'), hpackString('\0\xff\n', true).toString('latin1')],
  ],
  attempt(input, random) {
    const decoder = new HpackDecoder(bounds);
    const reader = new HpackReader();
    const onward = createOnward(random);
    const outcomes: string[] = [];
    for (const block of toBlocks(input)) {
      const expected = reader.read(block, bounds.maxTableBytes);
      const fields: string[] = [];
      let outcome: string;
      try {
        // Among other bytes, which are not to be looked at.
        const around = Buffer.concat([Buffer.alloc(3, 0xff), block, Buffer.alloc(6)]);
        outcome = decoder.decode(around, 3, 3 + block.length, fields);
      } catch (error) {
        if (!(error instanceof HpackError)) throw error;
        must(
          expected === null || expected.length > bounds.maxFields * 8,
          `only what is broken ends it: ${error.message}`,
        );
        outcomes.push(error.message.replaceAll(/\d+/g, ''));
        break;
      }
      must(expected !== null, 'what is broken ends the connection');
      const listed = expected?.flat() ?? [];
      const listBytes = listed.join('').length + (listed.length / 2) * 32;
      const isWhole = listBytes <= bounds.maxListBytes && listed.length / 2 <= bounds.maxFields;
      must((outcome === 'whole') === isWhole, 'what is within the bounds is whole');
      must(fields.join('').length + (fields.length / 2) * 32 <= bounds.maxListBytes, 'no more than the bound is given');
      must(fields.length / 2 <= bounds.maxFields, 'no more fields than the bound are given');
      must(JSON.stringify(fields) === JSON.stringify(listed.slice(0, fields.length)), 'fields are read as they are');
      must(isWhole === (fields.length === listed.length), 'what is whole is given in whole');
      outcomes.push(`${outcome} ${Math.min(9, fields.length)} ${decoder.fault === null ? '' : 'fault'}`);
      if (isWhole) onward(fields, decoder.fault !== null);
    }
    return outcomes.slice(-4).join(', ');
  },
};

/** Sends fields on to another decoder, of a table that changes its size. */
function createOnward(random: Random): (fields: readonly string[], isFaulty: boolean) => void {
  const encoder = new HpackEncoder({ maxTableBytes: 4096 });
  const client = new HpackDecoder({ ...bounds, maxListBytes: 1e6, maxFields: 1000 });
  return (fields, isFaulty) => {
    if (random() < 0.1) encoder.setPeerTableBytes(Math.floor(random() * 5000));
    if (random() < 0.03) encoder.setPeerTableBytes(0);
    const raw: string[] = [];
    for (let i = 0; i < fields.length; i += 2) {
      if (!/^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/.test(fields[i]!)) {
        raw.push(fields[i]!.startsWith(':') ? `x${fields[i]!.replaceAll(':', '-')}` : fields[i]!, fields[i + 1]!);
      }
    }
    let end: number;
    try {
      end = encoder.encode(200, raw, out, 0);
    } catch (error) {
      must(isFaulty, `what has no fault can be sent: ${String(error)}`);
      return;
    }
    must(end <= encoder.bound(raw), 'a block is no longer than was said');
    const again: string[] = [];
    must(client.decode(out, 0, end, again) === 'whole', 'what is sent is read');
    must(client.fault === null, 'what is sent has no fault');
    // What was faulty may have been put right, by lower case and without space around it.
    if (!isFaulty) must(JSON.stringify(again) === JSON.stringify([':status', '200', ...raw]), 'what is sent arrives');
  };
}
