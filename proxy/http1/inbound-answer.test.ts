import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AnswerWriter } from './inbound-answer.ts';
import { answerHead, checkTrailers } from './inbound-answer-head.ts';
import { endTurn } from './turn-end.ts';

/** Keeps what each write would send; writes within a cork are one. */
class FakeSocket {
  readonly writes: string[] = [];
  writable = true;
  writableNeedDrain = false;
  private corked: string | null = null;

  write(data: string | Buffer): boolean {
    const text = typeof data === 'string' ? data : data.toString('latin1');
    if (this.corked === null) this.writes.push(text);
    else this.corked += text;
    return true;
  }

  cork(): void {
    this.corked = '';
  }

  uncork(): void {
    this.writes.push(this.corked ?? '');
    this.corked = null;
  }
}

const asked = { method: 'GET', protocol: 'HTTP/1.1', asksToKeepAlive: false, closes: false };
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function open(raw: readonly string[], status = 200): { socket: FakeSocket; writer: AnswerWriter } {
  const socket = new FakeSocket();
  const writer = new AnswerWriter(socket as unknown as Socket);
  writer.head(answerHead(status, ['Date', 'today', ...raw], asked));
  return { socket, writer };
}

const sizedHead = 'HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 5\r\n\r\n';
const chunkedHead = 'HTTP/1.1 200 OK\r\nDate: today\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('an answer', () => {
  it('leaves in one write with its body, small or large', () => {
    const small = open(['Content-Length', '5']);
    small.writer.body(Buffer.from('hello'));
    small.writer.end([]);
    expect(small.writer.isHoldingBack).toBe(true);
    endTurn();
    expect(small.writer.isHoldingBack).toBe(false);
    expect(small.socket.writes).toEqual([`${sizedHead}hello`]);
    endTurn();
    expect(small.socket.writes).toHaveLength(1);
    const large = open(['Content-Length', '100000']);
    large.writer.body(Buffer.alloc(100_000, 'x'));
    large.writer.end([]);
    expect(large.socket.writes).toHaveLength(1);
    expect(large.socket.writes[0]).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nx{100000}$/);
  });

  it('without a length leaves in one write where it is whole in one turn', () => {
    const { socket, writer } = open([]);
    writer.body(Buffer.from('hello'));
    writer.body(new Uint8Array([0x20, 0xe9]));
    writer.end(['X-Sum', '1']);
    endTurn();
    expect(socket.writes).toEqual([`${chunkedHead}5\r\nhello\r\n2\r\n \xe9\r\n0\r\nX-Sum: 1\r\n\r\n`]);
  });

  it('begins without a body by the end of the turn, and goes on chunk by chunk', async () => {
    const { socket, writer } = open([]);
    await nextTurn();
    expect(socket.writes).toEqual([chunkedHead]);
    writer.body(Buffer.from('one'));
    await nextTurn();
    expect(socket.writes.slice(1)).toEqual(['3\r\none\r\n']);
    writer.body(Buffer.alloc(0));
    writer.body(Buffer.alloc(5000, 'x'));
    writer.body(Buffer.alloc(5000, 'y'));
    writer.end([]);
    endTurn();
    expect(socket.writes.slice(2).join('')).toBe(
      `1388\r\n${'x'.repeat(5000)}\r\n1388\r\n${'y'.repeat(5000)}\r\n0\r\n\r\n`,
    );
  });

  it('that is not as long as its head says is found out, and not a byte too many is sent', () => {
    const short = open(['Content-Length', '5']);
    short.writer.body(Buffer.from('hell'));
    short.writer.end([]);
    expect(short.writer.isFalse).toBe(true);
    const long = open(['Content-Length', '5']);
    long.writer.body(Buffer.from('hello'));
    long.writer.body(Buffer.from('!'));
    endTurn();
    expect(long.writer.isFalse).toBe(true);
    expect(long.socket.writes).toEqual([`${sizedHead}hello`]);
  });

  it('writes nothing after a connection has broken', () => {
    const { socket, writer } = open(['Content-Length', '5000']);
    socket.writable = false;
    expect(writer.body(Buffer.alloc(5000))).toBe(true);
    writer.end([]);
    endTurn();
    expect(socket.writes).toEqual([]);
  });
});

describe('the head of an answer', () => {
  it.each([
    ['HEAD', 'HTTP/1.1', 200, ['Content-Length', '5'], 'none', false],
    ['HEAD', 'HTTP/1.1', 200, [], 'none', false],
    ['GET', 'HTTP/1.1', 204, ['Content-Length', '5'], 'none', false],
    ['GET', 'HTTP/1.1', 304, ['Content-Length', '5'], 'none', false],
    ['GET', 'HTTP/1.1', 200, ['content-length', '5'], 'length', false],
    ['GET', 'HTTP/1.1', 200, ['Content-Length', '5', 'content-length', '5'], 'length', false],
    ['GET', 'HTTP/1.1', 200, [], 'chunked', false],
    ['GET', 'HTTP/1.1', 200, ['Transfer-Encoding', 'chunked'], 'chunked', false],
    ['GET', 'HTTP/1.0', 200, ['Content-Length', '5'], 'length', false],
    ['GET', 'HTTP/1.0', 200, ['Trailer', 'X'], 'close', true],
    ['GET', 'HTTP/1.1', 200, ['Connection', 'foo, Close', 'Content-Length', '5'], 'length', true],
  ] as const)('%s %s %i %j is framed by %s', (method, protocol, status, raw, framing, closes) => {
    const head = answerHead(status, raw, { ...asked, method, protocol });
    expect(head).toMatchObject({ framing, closes, bodyBytes: framing === 'length' ? 5 : 0 });
    const fields = head.text.toLowerCase();
    expect(fields.match(/\r\ntransfer-encoding:/g)?.length ?? 0).toBe(framing === 'chunked' ? 1 : 0);
    expect(fields.match(/\r\ncontent-length:/g)?.length ?? 0).toBe(raw.join().includes('5') && status !== 204 ? 1 : 0);
    expect(fields.match(/\r\ndate: /g)).toHaveLength(1);
    expect(fields.includes('\r\nconnection: close\r\n')).toBe(closes);
    expect(fields).not.toContain('\r\ntrailer:');
  });

  it('tells HTTP/1.0 that the connection stays', () => {
    const head = answerHead(200, ['Content-Length', '0'], { ...asked, protocol: 'HTTP/1.0', asksToKeepAlive: true });
    expect(head.text).toContain('\r\nConnection: keep-alive\r\n');
    expect(head.closes).toBe(false);
  });

  it.each([
    [['X', 'a\r\nSet-Cookie: b']],
    [['X', 'a\nb']],
    [['X', 'a\0']],
    [['X', 'č\r'.slice(0, 1)]],
    [['X\r\nY', 'a']],
    [['X Y', 'a']],
    [['', 'a']],
    [['Content-Length', '5', 'Content-Length', '6']],
    [['Content-Length', '5, 5']],
    [['Content-Length', '-1']],
    [['Content-Length', '']],
  ])('cannot be made of %j', (raw) => {
    expect(() => answerHead(200, raw, asked)).toThrow(/cannot be sent/);
    if (!/^content-length$/i.test(raw[0] ?? '')) expect(() => checkTrailers(raw)).toThrow(/cannot be sent/);
  });
});
