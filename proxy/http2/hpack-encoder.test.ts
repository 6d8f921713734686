import { describe, expect, it } from 'vitest';
import { HpackDecoder } from './hpack-decoder.ts';
import { HpackEncoder } from './hpack-encoder.ts';

/** An encoder, and a decoder that follows it. */
function pair(maxTableBytes = 4096, peerTableBytes = 4096) {
  const encoder = new HpackEncoder({ maxTableBytes });
  const decoder = new HpackDecoder({ maxTableBytes: peerTableBytes, maxListBytes: 1e6, maxFields: 1000 });
  const out = Buffer.alloc(65_536);
  return {
    encoder,
    decoder,
    /** The block, and what the decoder makes of it. */
    send(status: number, raw: readonly string[]) {
      const end = encoder.encode(status, raw, out, 3);
      expect(end - 3).toBeLessThanOrEqual(encoder.bound(raw));
      const fields: string[] = [];
      expect(decoder.decode(out, 3, end, fields)).toBe('whole');
      expect(decoder.fault).toBeNull();
      return { block: Buffer.from(out.subarray(3, end)), fields };
    },
  };
}

const typical = [
  ...['Server', 'nginx', 'Date', 'Fri, 20 Nov 2026 12:00:00 GMT', 'Content-Type', 'text/html; charset=utf-8'],
  ...['Content-Length', '1234', 'Cache-Control', 'no-cache', 'Vary', 'Accept-Encoding', 'X-Frame-Options', 'DENY'],
  ...['Strict-Transport-Security', 'max-age=31536000', 'X-Content-Type-Options', 'nosniff', 'ETag', '"abc"'],
];

describe('blocks', () => {
  it('name fields in lower case, in their order, behind the status', () => {
    const { send } = pair();
    expect(send(200, typical).fields).toEqual([
      ':status',
      '200',
      ...typical.map((text, n) => (n % 2 === 0 ? text.toLowerCase() : text)),
    ]);
  });

  it('take a byte a field, when an answer comes again', () => {
    const { send } = pair();
    const first = send(200, typical);
    const second = send(200, typical);
    expect(second.fields).toEqual(first.fields);
    // The length is written out.
    expect(second.block.length).toBeLessThanOrEqual(1 + 9 + 7);
  });

  it.each([200, 204, 206, 304, 400, 404, 500])('%i is one byte', (status) => {
    const { send } = pair();
    const { block, fields } = send(status, []);
    expect(block).toHaveLength(1);
    expect(fields).toEqual([':status', String(status)]);
  });

  it.each([100, 103, 201, 302, 418, 503, 599, 999])('%i is written once, and one byte from then on', (status) => {
    const { send } = pair();
    expect(send(status, []).fields).toEqual([':status', String(status)]);
    expect(send(status, []).block).toHaveLength(1);
  });

  it('have no status for trailers', () => {
    const { send } = pair();
    expect(send(0, ['Grpc-Status', '0']).fields).toEqual(['grpc-status', '0']);
    expect(send(0, []).block).toHaveLength(0);
  });

  it('carry a name of any spelling as the same one', () => {
    const { send } = pair();
    send(200, ['X-Name', 'a']);
    expect(send(200, ['x-nAME', 'a']).block).toHaveLength(2);
  });

  it('keep values that are longer than a length byte, empty, or beyond ASCII', () => {
    const { send } = pair();
    for (const length of [0, 1, 126, 127, 128, 254, 255, 256, 5000, 20_000]) {
      const value = 'é'.repeat(length);
      const fields = ['x-long', value, `x-${'n'.repeat(length % 300)}`, 'v'];
      expect(send(200, fields).fields.slice(2)).toEqual(fields);
    }
  });

  it('carry no white space around values', () => {
    const { send } = pair();
    expect(send(200, ['A', ' a b\t', 'B', ' ']).fields.slice(2)).toEqual(['a', 'a b', 'b', '']);
    expect(send(200, ['A', ' a b\t']).block).toHaveLength(2);
  });

  it('leave out what concerns a connection of HTTP/1', () => {
    const { send } = pair();
    const ofHttp1 = ['Connection', 'close', 'KEEP-ALIVE', '1', 'Transfer-Encoding', 'chunked', 'Upgrade', 'h2c'];
    expect(send(200, [...ofHttp1, 'Proxy-Connection', 'a', 'X-A', 'b']).fields.slice(2)).toEqual(['x-a', 'b']);
  });

  it('carry names that every object has', () => {
    const { send } = pair();
    const fields = ['__proto__', 'a', 'constructor', 'b', 'hasownproperty', 'c'];
    expect(send(200, fields).fields.slice(2)).toEqual(fields);
    expect(send(200, fields).fields.slice(2)).toEqual(fields);
  });
});

describe('the table', () => {
  it('never holds secrets, and asks that nobody does', () => {
    const { send } = pair();
    for (let n = 0; n < 2; n += 1) {
      const { block } = send(200, ['Set-Cookie', 'a=b']);
      expect(block.subarray(1)).toEqual(Buffer.from('1f2803613d62', 'hex'));
    }
  });

  it('does not hold lengths', () => {
    const { send } = pair();
    for (let n = 0; n < 2; n += 1) {
      expect(send(200, ['Content-Length', '5']).block.subarray(1)).toEqual(Buffer.from('0f0d0135', 'hex'));
    }
  });

  it('is left alone by values that do not come again, and holds them once they do', () => {
    const { send } = pair();
    for (let n = 0; n < 100; n += 1) send(200, ['X-Changing', `value ${n}`, 'X-Lasting', 'the same']);
    // One index each, or a value that is written out.
    expect(send(200, ['X-Lasting', 'the same']).block).toHaveLength(2);
    let lengths: number[] = [];
    for (let n = 0; n < 200; n += 1) lengths.push(send(200, ['X-Changing', 'now constant']).block.length);
    expect(lengths.at(-1)).toBe(2);
  });

  it('follows many different answers', () => {
    const { send } = pair();
    for (let n = 0; n < 3000; n += 1) {
      const raw = ['x-a', `a${n % 7}`, `x-${n % 90}`, 'b'.repeat(n % 50), 'x-c', `c${n}`];
      expect(send(200 + (n % 9), raw).fields).toEqual([':status', String(200 + (n % 9)), ...raw]);
    }
  });

  it('is as small as the client has it, from the next block on', () => {
    const { encoder, send } = pair();
    send(200, typical);
    encoder.setPeerTableBytes(0);
    expect(send(200, ['X-A', 'b']).block[0]).toBe(0x20);
    expect(send(200, ['X-A', 'b']).block.length).toBeGreaterThan(3);
    encoder.setPeerTableBytes(4096);
    expect(send(200, ['X-A', 'b']).fields).toEqual([':status', '200', 'x-a', 'b']);
    expect(send(200, ['X-A', 'b']).block).toHaveLength(2);
  });

  it('says the smallest and the last of several sizes', () => {
    const { encoder, send } = pair();
    send(200, typical);
    encoder.setPeerTableBytes(100);
    encoder.setPeerTableBytes(50);
    encoder.setPeerTableBytes(2000);
    const { block, fields } = send(200, typical);
    expect(block.subarray(0, 5)).toEqual(Buffer.from('3f133fb10f', 'hex'));
    expect(fields).toHaveLength(typical.length + 2);
    expect(send(200, typical).fields).toEqual(fields);
  });

  it('says nothing of a size that is the same in the end, and was never smaller', () => {
    const { encoder, send } = pair();
    encoder.setPeerTableBytes(65_536);
    encoder.setPeerTableBytes(4096);
    expect(send(200, []).block).toEqual(Buffer.of(0x88));
  });

  it('grows with the client’s as far as its own bound', () => {
    const { encoder, send } = pair(65_536, 65_536);
    encoder.setPeerTableBytes(1_000_000);
    const raw = Array.from({ length: 150 }, (_, n) => [`x-${n}`, 'v'.repeat(100)]).flat();
    const first = send(200, raw);
    expect(first.block.subarray(0, 4)).toEqual(Buffer.from('3fe1ff03', 'hex'));
    // Indices above 126 take two bytes.
    expect(send(200, raw).block.length).toBeLessThan(450);
    expect(send(200, raw).fields).toEqual(first.fields);
  });

  it('is none where the owner wants none', () => {
    const { send } = pair(0);
    expect(send(200, []).block).toEqual(Buffer.of(0x20, 0x88));
    expect(send(200, typical).fields).toEqual(send(200, typical).fields);
  });
});

describe('fields that cannot be sent', () => {
  it.each([
    ['a line break in a value', 'a', 'b\r\nc: d'],
    ['a NUL', 'a', '\0'],
    ['characters beyond latin1', 'a', '→'],
    ['a space in a name', 'a b', 'c'],
    ['a line break in a name', 'a\r\nb', 'c'],
    ['a colon before a name', ':status', '204'],
    ['no name', '', 'c'],
  ])('%s', (_what, name, value) => {
    const { encoder, send } = pair();
    send(200, typical);
    const out = Buffer.alloc(1000);
    expect(() => encoder.encode(200, ['X-New', 'kept before it was seen', name, value], out, 0)).toThrow(
      /cannot be sent/,
    );
    // The client knows nothing of what was kept.
    const { block, fields } = send(200, ['X-New', 'kept before it was seen', 'X-Frame-Options', 'DENY']);
    expect(block.subarray(0, 4)).toEqual(Buffer.from('203fe11f', 'hex'));
    expect(fields).toEqual([':status', '200', 'x-new', 'kept before it was seen', 'x-frame-options', 'DENY']);
    expect(send(200, ['X-New', 'kept before it was seen', 'X-Frame-Options', 'DENY']).block).toHaveLength(3);
  });
});
