import { describe, expect, it } from 'vitest';
import { hpackLiteral, hpackNumber, hpackString } from '../../test/support/hpack.ts';
import { HpackDecoder, HpackError } from './hpack-decoder.ts';

const generous = { maxTableBytes: 4096, maxListBytes: 65_536, maxFields: 1000 };

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

function decode(decoder: HpackDecoder, block: Buffer): string[] {
  const fields: string[] = [];
  expect(decoder.decode(block, 0, block.length, fields)).toBe('whole');
  return fields;
}

/** The dynamic table, newest first. */
function tableOf(decoder: HpackDecoder): string[] {
  const entries: string[] = [];
  for (let index = 62; ; index += 1) {
    const fields: string[] = [];
    const block = hpackNumber(0x80, 7, index);
    try {
      decoder.decode(block, 0, block.length, fields);
    } catch (error) {
      expect(error).toBeInstanceOf(HpackError);
      return entries;
    }
    entries.push(fields.join(': '));
  }
}

const inOrder = (...fields: readonly string[]): string[] =>
  fields.flatMap((field) => {
    const at = field.indexOf(': ');
    return [field.slice(0, at), field.slice(at + 2)];
  });

describe('the examples of RFC 7541, Appendix C', () => {
  it.each([
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', 'custom-key: custom-header', true],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path', false],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret', false],
    ['C.2.4', '82', ':method: GET', false],
  ])('%s', (_section, block, field, isKept) => {
    const decoder = new HpackDecoder(generous);
    expect(decode(decoder, hex(block)).join(': ')).toBe(field);
    expect(tableOf(decoder)).toEqual(isKept ? [field] : []);
  });

  const get = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
  const getUncached = [...get, 'cache-control: no-cache'];
  const getCustom = [
    ...[':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com'],
    'custom-key: custom-value',
  ];
  const requestTables = [
    [':authority: www.example.com'],
    ['cache-control: no-cache', ':authority: www.example.com'],
    ['custom-key: custom-value', 'cache-control: no-cache', ':authority: www.example.com'],
  ];

  it.each([
    [
      'C.3',
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
    ],
    [
      'C.4',
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ],
  ])('%s', (_section, blocks) => {
    const decoder = new HpackDecoder(generous);
    for (const [n, fields] of [get, getUncached, getCustom].entries()) {
      expect(decode(decoder, hex(blocks[n]!))).toEqual(inOrder(...fields));
      expect(tableOf(decoder)).toEqual(requestTables[n]);
    }
  });

  const first = ['cache-control: private', 'date: Mon, 21 Oct 2013 20:13:21 GMT', 'location: https://www.example.com'];
  const later = 'date: Mon, 21 Oct 2013 20:13:22 GMT';
  const cookie = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
  const answers = [
    [':status: 302', ...first],
    [':status: 307', ...first],
    [':status: 200', first[0]!, later, first[2]!, 'content-encoding: gzip', cookie],
  ];
  const answerTables = [
    [...first.toReversed(), ':status: 302'],
    [':status: 307', ...first.toReversed()],
    [cookie, 'content-encoding: gzip', later],
  ];

  it.each([
    [
      'C.5',
      [
        `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d
         546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
        '4803 3330 37c1 c0bf',
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f
         6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b
         2076 6572 7369 6f6e 3d31`,
      ],
    ],
    [
      'C.6',
      [
        `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7
         8f0b 97c8 e9ae 82ae 43d3`,
        '4883 640e ffc1 c0bf',
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335
         dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
      ],
    ],
  ])('%s, with a table of 256 bytes', (_section, blocks) => {
    const decoder = new HpackDecoder(generous);
    for (const [n, fields] of answers.entries()) {
      const update = n === 0 ? [hpackNumber(0x20, 5, 256)] : [];
      expect(decode(decoder, Buffer.concat([...update, hex(blocks[n]!)]))).toEqual(inOrder(...fields));
      expect(tableOf(decoder)).toEqual(answerTables[n]);
    }
  });
});

describe('blocks that end the connection', () => {
  const longNumber = (kind: number): Buffer =>
    Buffer.concat([Buffer.from([kind]), Buffer.alloc(4, 0xff), Buffer.of(0x7f)]);
  it.each<[string, Buffer]>([
    ['an index of 0', Buffer.of(0x80)],
    ['an index past the static table, where nothing else is', Buffer.of(0xbe)],
    ['a name past the table', Buffer.concat([hpackNumber(0x40, 6, 62), hpackString('v')])],
    ['an index of 2^31', hpackNumber(0x80, 7, 2 ** 31)],
    ['a number of five bytes beyond 2^31', longNumber(0xff)],
    [
      'a number that begins with zeros without end',
      Buffer.concat([Buffer.of(0xff), Buffer.alloc(10, 0x80), Buffer.of(0)]),
    ],
    ['a number that does not end', Buffer.of(0xff, 0x80)],
    ['a name index that does not end', Buffer.of(0x7f)],
    ['a literal without anything', Buffer.of(0x40)],
    ['a literal without a value', Buffer.concat([Buffer.of(0x40), hpackString('name')])],
    ['a name that is longer than its block', Buffer.of(0x40, 0x05, 0x61)],
    ['a value that is longer than its block', Buffer.of(0x41, 0x02, 0x61)],
    ['a value of 2^31 bytes', Buffer.concat([Buffer.of(0x41), hpackNumber(0, 7, 2 ** 31 - 1), Buffer.from('a')])],
    ['a value whose length does not end', Buffer.of(0x41, 0x7f, 0xff)],
    ['Huffman codes with 8 bits of padding', Buffer.of(0x41, 0x82, 0x1f, 0xff)],
    ['Huffman codes padded with zeros', Buffer.of(0x41, 0x81, 0x18)],
    ['the Huffman code of the end', Buffer.of(0x41, 0x84, 0xff, 0xff, 0xff, 0xfc)],
    ['a table above the setting', hpackNumber(0x20, 5, 4097)],
    ['a table update that does not end', Buffer.of(0x3f)],
    ['a table update behind a field', Buffer.of(0x82, 0x20)],
    ['three table updates', Buffer.of(0x20, 0x21, 0x22)],
  ])('%s', (_what, block) => {
    const decoder = new HpackDecoder(generous);
    expect(() => decoder.decode(block, 0, block.length, [])).toThrow(HpackError);
  });

  it('an entry that has left the table', () => {
    const decoder = new HpackDecoder(generous);
    decode(decoder, Buffer.concat([hpackLiteral('kept', 'a', '1'), Buffer.of(0xbe)]));
    decode(decoder, Buffer.of(0x20, 0x21));
    expect(() => decoder.decode(Buffer.of(0xbe), 0, 1, [])).toThrow(HpackError);
  });

  it('a table that is not made as small as the settings have it', () => {
    const small = new HpackDecoder({ ...generous, maxTableBytes: 100 });
    // Until it has read the settings, a client takes the table for as large as tables are.
    expect(decode(small, hpackLiteral('kept', 'a', 'b'.repeat(200)))).toHaveLength(2);
    small.settingsAcknowledged();
    expect(() => small.decode(Buffer.of(0x82), 0, 1, [])).toThrow(HpackError);
  });

  it('a table above a setting that is smaller than the default', () => {
    const small = new HpackDecoder({ ...generous, maxTableBytes: 100 });
    small.settingsAcknowledged();
    const block = hpackNumber(0x20, 5, 101);
    expect(() => small.decode(block, 0, block.length, [])).toThrow(HpackError);
  });
});

describe('the table', () => {
  it('is made smaller and larger again at the begin of a block', () => {
    const decoder = new HpackDecoder(generous);
    decode(decoder, Buffer.concat([hpackLiteral('kept', 'a', '1'), hpackLiteral('kept', 'b', '2')]));
    decode(decoder, Buffer.concat([hpackNumber(0x20, 5, 40), hpackNumber(0x20, 5, 4096), Buffer.of(0x82)]));
    expect(tableOf(decoder)).toEqual(['b: 2']);
  });

  it('takes the smaller size that the settings ask for', () => {
    const small = new HpackDecoder({ ...generous, maxTableBytes: 100 });
    small.settingsAcknowledged();
    const entries = ['a', 'b', 'c'].map((name) => hpackLiteral('kept', name, '1'));
    decode(small, Buffer.concat([hpackNumber(0x20, 5, 100), ...entries]));
    expect(tableOf(small)).toEqual(['c: 1', 'b: 1']);
    decode(small, Buffer.of(0x82));
  });

  it('takes a larger size up to the setting', () => {
    const large = new HpackDecoder({ ...generous, maxTableBytes: 65_536 });
    const entries = Array.from({ length: 200 }, (_, n) => hpackLiteral('kept', 'name', `value ${n}`));
    decode(large, Buffer.concat([hpackNumber(0x20, 5, 65_536), ...entries]));
    expect(tableOf(large)).toEqual(Array.from({ length: 200 }, (_, n) => `name: value ${199 - n}`));
  });

  it('is emptied by an entry that is larger', () => {
    const decoder = new HpackDecoder(generous);
    decode(decoder, hpackLiteral('kept', 'a', '1'));
    expect(decode(decoder, hpackLiteral('kept', 'b', 'x'.repeat(4096)))).toEqual(['b', 'x'.repeat(4096)]);
    expect(tableOf(decoder)).toEqual([]);
  });

  it('gives the name of an entry that the new one pushes out', () => {
    const decoder = new HpackDecoder(generous);
    const block = [hpackNumber(0x20, 5, 50), hpackLiteral('kept', 'long-name', '1'), hpackLiteral('kept', 62, '2')];
    expect(decode(decoder, Buffer.concat(block))).toEqual(['long-name', '1', 'long-name', '2']);
    expect(tableOf(decoder)).toEqual(['long-name: 2']);
  });

  it('is the same after many turns of its ring', () => {
    const decoder = new HpackDecoder(generous);
    let expected: string[] = [];
    for (let n = 0; n < 2000; n += 1) {
      const value = 'v'.repeat(n % 37);
      decode(decoder, hpackLiteral('kept', `n${n}`, value));
      expected.unshift(`n${n}: ${value}`);
      // The separator is two more than name and value have.
      let bytes = 0;
      expected = expected.filter((entry) => (bytes += entry.length - 2 + 32) <= 4096);
    }
    expect(tableOf(decoder)).toEqual(expected);
  });
});

describe('bounds', () => {
  const small = { maxTableBytes: 4096, maxListBytes: 200, maxFields: 4 };

  it('too many bytes: nothing of what is beyond them, and the table as the client has it', () => {
    const decoder = new HpackDecoder(small);
    const fields: string[] = [];
    const block = Buffer.concat([
      Buffer.of(0x82),
      hpackLiteral('kept', 'a', 'x'.repeat(200)),
      hpackLiteral('kept', 'b', '1'),
    ]);
    expect(decoder.decode(block, 0, block.length, fields)).toBe('too-large');
    expect(fields).toEqual([':method', 'GET']);
    expect(decode(decoder, Buffer.of(0xbe))).toEqual(['b', '1']);
  });

  it('too many fields', () => {
    const decoder = new HpackDecoder(small);
    const fields: string[] = [];
    expect(decoder.decode(Buffer.alloc(5, 0x82), 0, 5, fields)).toBe('too-large');
    expect(fields).toHaveLength(8);
    expect(decode(decoder, Buffer.alloc(4, 0x82))).toHaveLength(8);
  });

  it('exactly as much as is allowed', () => {
    const decoder = new HpackDecoder(small);
    expect(decode(decoder, hpackLiteral('passing', 'a', 'x'.repeat(167)))).toHaveLength(2);
    const more = hpackLiteral('passing', 'a', 'x'.repeat(168));
    expect(decoder.decode(more, 0, more.length, [])).toBe('too-large');
  });

  it('a large entry that is asked for over and over is given no more often than it fits', () => {
    const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 32_768, maxFields: 10_000 });
    decode(decoder, hpackLiteral('kept', 'bomb', 'x'.repeat(4000)));
    const fields: string[] = [];
    expect(decoder.decode(Buffer.alloc(10_000, 0xbe), 0, 10_000, fields)).toBe('too-large');
    expect(fields).toHaveLength(16);
  });

  it('far more fields than are taken end the connection', () => {
    const decoder = new HpackDecoder(small);
    expect(() => decoder.decode(Buffer.alloc(10_000, 0x82), 0, 10_000, [])).toThrow(HpackError);
  });

  it('what is beyond the bound must still be right', () => {
    const decoder = new HpackDecoder(small);
    const block = Buffer.concat([Buffer.alloc(6, 0x82), Buffer.of(0x00, 0x01, 0x61, 0x81, 0x18)]);
    expect(() => decoder.decode(block, 0, block.length, [])).toThrow(HpackError);
  });
});

describe('what is wrong with fields', () => {
  it.each([
    ['a capital', 'X-a', '1', 'header name'],
    ['no name', '', '1', 'header name'],
    ['a colon alone', ':', '1', 'header name'],
    ['a colon within', 'a:b', '1', 'header name'],
    ['a space in the name', 'a b', '1', 'header name'],
    ['a line break in the name', 'a\r\nb', '1', 'header name'],
    ['a byte beyond ASCII in the name', 'a\xe9', '1', 'header name'],
    ['a line feed', 'a', 'b\nc: d', 'control character'],
    ['a carriage return', 'a', 'b\rc', 'control character'],
    ['a NUL', 'a', '\0', 'control character'],
    ['a DEL', 'a', 'b\x7f', 'control character'],
    ['a space before the value', 'a', ' b', 'white space'],
    ['a tab behind the value', 'a', 'b\t', 'white space'],
  ])('%s', (_what, name, value, words) => {
    const decoder = new HpackDecoder(generous);
    for (const isHuffman of [false, true]) {
      for (const kind of ['passing', 'never', 'kept'] as const) {
        decode(decoder, hpackLiteral(kind, name, value, isHuffman));
        expect(decoder.fault).toContain(words);
        decode(decoder, Buffer.of(0x82));
        expect(decoder.fault).toBeNull();
      }
      // It is remembered with the entry, as a whole and as a name.
      decode(decoder, Buffer.of(0xbe));
      expect(decoder.fault).toContain(words);
      decode(decoder, hpackLiteral('passing', 62, 'fine'));
      expect(decoder.fault?.includes('header name') ?? false).toBe(words === 'header name');
    }
  });

  it('nothing is wrong with what is allowed', () => {
    const decoder = new HpackDecoder(generous);
    for (const [name, value] of [
      ['x_a.b~1', 'b c\td\xe9'],
      [':path', '/'],
      ['empty', ''],
      ['__proto__', 'constructor'],
    ] as const) {
      expect(decode(decoder, hpackLiteral('kept', name, value, true))).toEqual([name, value]);
      expect(decoder.fault).toBeNull();
    }
  });
});
