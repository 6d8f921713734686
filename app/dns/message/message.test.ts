import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMessage, encodeMessage, recordData } from './message.ts';
import { checkAnswer, signMessage } from './tsig.ts';
import { dnsClass, dnsType, encodeName, MalformedMessage } from './wire.ts';

const sample = () =>
  encodeMessage({
    id: 7,
    questions: [{ name: 'Example.org.', type: dnsType.TXT }],
    answers: [
      {
        name: 'example.org',
        type: dnsType.TXT,
        ttlS: 60,
        class: dnsClass.IN,
        data: recordData('TXT', 'y'.repeat(300)),
      },
      { name: 'example.org', type: dnsType.A, ttlS: 60, class: dnsClass.IN, data: recordData('A', '192.0.2.1') },
      {
        name: 'example.org',
        type: dnsType.CNAME,
        ttlS: 60,
        class: dnsClass.IN,
        data: recordData('CNAME', 'a.example.net'),
      },
    ],
  });

test('reads what it writes', () => {
  const message = decodeMessage(sample());
  expect(message.questions).toEqual([{ name: 'example.org', type: 16, class: 1 }]);
  expect(message.answers.map(({ text }) => text)).toEqual(['y'.repeat(300), '192.0.2.1', 'a.example.net']);
});

test.each([
  ['2001:db8::1', '2001:db8:0:0:0:0:0:1'],
  ['::', '0:0:0:0:0:0:0:0'],
  ['::ffff:192.0.2.1', '0:0:0:0:0:ffff:c000:201'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['fe80::', 'fe80:0:0:0:0:0:0:0'],
])('carries the address %s', (address, read) => {
  const answers = [{ name: 'a.b', type: dnsType.AAAA, class: 1, ttlS: 0, data: recordData('AAAA', address) }];
  expect(decodeMessage(encodeMessage({ id: 1, questions: [], answers })).answers[0]?.text).toBe(read);
});

test('follows pointers backwards only', () => {
  const header = Buffer.from('000184000001000000000000', 'hex');
  const question = (name: string) => Buffer.concat([header, Buffer.from(`${name}00100001`, 'hex')]);
  expect(() => decodeMessage(question('c00c'))).toThrow(MalformedMessage);
  expect(() => decodeMessage(question('c0ff'))).toThrow(MalformedMessage);
  expect(() => decodeMessage(question('40'))).toThrow(MalformedMessage);
  expect(() => encodeName('a..b')).toThrow('no name that DNS can have');
  expect(() => encodeName(`${'a'.repeat(64)}.org`)).toThrow('no name');
  expect(() => encodeName('abcdefgh.'.repeat(29))).toThrow('longer than DNS allows');
});

test('throws one kind of error for whatever comes', () => {
  const whole = sample();
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => {
          const changed = Buffer.from(whole);
          changed[at] = byte;
          return changed;
        }),
        fc.nat(whole.length).map((length) => whole.subarray(0, length)),
      ),
      (bytes) => {
        try {
          decodeMessage(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('sees a signature that does not fit', () => {
  const key = { name: 'k', algorithm: 'hmac-sha256', secret: Buffer.from('secret') };
  const asked = signMessage(sample(), key, 1000);
  expect(checkAnswer(sample(), key, asked.mac, 1000)).toBeNull();
  // A message of ours is no answer to itself: the question's code is part of what is signed.
  expect(checkAnswer(asked.bytes, key, asked.mac, 1000)).toEqual({ isGood: false, error: 0 });
  expect(checkAnswer(asked.bytes, { ...key, name: 'other' }, asked.mac, 1000)).toMatchObject({ isGood: false });
});
