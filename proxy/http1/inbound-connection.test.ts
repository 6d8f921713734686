import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Peer } from '../http/live-request.ts';
import { answerHead } from './inbound-answer-head.ts';
import { InboundClock } from './inbound-clock.ts';
import { InboundConnection } from './inbound-connection.ts';
import type { Answering } from './inbound-contract.ts';
import type { ReceivedHead } from './inbound-head.ts';
import { endTurn } from './turn-end.ts';

/** A socket whose other end is the test. */
class FakeSocket extends EventEmitter {
  written = '';
  allowHalfOpen = false;
  writable = true;
  writableNeedDrain = false;
  writableLength = 0;
  writableFinished = false;
  destroyed = false;
  hasEnded = false;
  isPaused = false;
  private waiting: ((error?: Error) => void)[] = [];

  write(data: string | Buffer, _encoding?: string, done?: (error?: Error) => void): boolean {
    this.written += typeof data === 'string' ? data : data.toString('latin1');
    if (done) this.waiting.push(done);
    return !this.writableNeedDrain;
  }

  /** What was written has gone out, or never will. */
  flush(error?: Error): void {
    for (const done of this.waiting.splice(0)) done(error);
  }

  cork(): void {
    // Each write stands for itself here.
  }

  uncork(): void {
    // As above.
  }

  setKeepAlive(): void {
    // Nothing to keep alive.
  }

  end(): void {
    this.hasEnded = true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.writable = false;
    this.emit('close');
  }
}

const peer: Peer = {
  ...{ address: '127.0.0.1', port: 1, tls: null, trusted: false, isKnownProxy: false, tlsOptions: '' },
};

class Asked implements Answering {
  hasBegun = false;
  readonly head: ReceivedHead;
  readonly told: string[] = [];

  constructor(head: ReceivedHead) {
    this.head = head;
  }

  drained(): void {
    this.told.push('drained');
  }
  answered(): void {
    this.told.push('answered');
  }
  gone(): void {
    this.told.push('gone');
  }
  bodyMalformed(detail: string): void {
    this.told.push(detail);
  }
  bodyLate(): void {
    this.told.push('late');
  }
  stopsReading(): void {
    this.told.push('stops reading');
  }
  trailersArrived(): null {
    return null;
  }
}

let socket: FakeSocket;
let connection: InboundConnection;
let asked: Asked[];
let closed: number;
/** Of the next body: its length, null for chunks; undefined: none. */
let bodyBytes: number | null | undefined;

beforeEach(() => {
  socket = new FakeSocket();
  asked = [];
  closed = 0;
  bodyBytes = undefined;
  connection = new InboundConnection(socket as unknown as Socket, {
    ...{ maxHeadBytes: 4096, headMs: 1000, readMs: 0, idleMs: 1000, clock: new InboundClock(1000) },
    takeRequest: (taker, head) => {
      const one = new Asked(head);
      asked.push(one);
      taker.begin(one);
      taker.peer = peer;
      if (bodyBytes !== undefined) taker.beginBody(bodyBytes, false);
    },
    onClosed: () => void (closed += 1),
  });
});

afterEach(() => socket.destroy());

const send = (text: string) => socket.emit('data', Buffer.from(text, 'latin1'));
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

function answer(status = 200, closes = false): boolean {
  const wanted = { method: 'GET', protocol: 'HTTP/1.1', asksToKeepAlive: false, closes };
  connection.answer(answerHead(status, ['Date', 'today', 'Content-Length', '2'], wanted));
  connection.writer.body(Buffer.from('ok'));
  return connection.endAnswer([]);
}

const targets = () => asked.map(({ head }) => head.target);

describe('a connection of HTTP/1', () => {
  it('takes the next request once the one before is answered', () => {
    send(get('/1') + get('/2'));
    send(get('/3'));
    expect(targets()).toEqual(['/1']);
    answer();
    expect(asked[0]?.told).toEqual(['answered']);
    expect(targets()).toEqual(['/1', '/2']);
    answer();
    answer();
    expect(targets()).toEqual(['/1', '/2', '/3']);
    endTurn();
    expect(socket.written.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    expect(socket.hasEnded).toBe(false);
  });

  it.each([
    ['is closed while idle', () => Array.from({ length: 3 }, () => connection.closeIfIdle())],
    ['is overdue', () => connection.overdue()],
    ['has been ended by its client', () => socket.emit('end')],
    ['gets half a request before its client ends it', () => (send('GET /2'), socket.emit('end'))],
    ['is given away', () => connection.detach()],
    ['is broken off', () => connection.destroy()],
  ])('has sent its answers when it %s in the same turn', (_how, happens) => {
    send(get('/1'));
    answer();
    expect(connection.isWaiting).toBe(false);
    let sent = '';
    const note = (): void => void (sent = socket.written);
    const { end, destroy } = socket;
    socket.end = () => (note(), end.call(socket));
    socket.destroy = () => (note(), destroy.call(socket));
    happens();
    if (!socket.hasEnded && !socket.destroyed) note();
    expect(sent).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
    endTurn();
    expect(socket.written).toBe(sent);
  });

  it('waits with the next request until the answer before it has gone out', () => {
    send(get('/1') + get('/2'));
    socket.writableLength = 100_000;
    answer();
    expect(asked[0]?.told).toEqual([]);
    socket.writableLength = 0;
    socket.flush();
    expect(asked[0]?.told).toEqual(['answered']);
    expect(targets()).toEqual(['/1', '/2']);
  });

  it('does not take an answer for complete that was still to go out when the connection broke', () => {
    send(get('/1') + get('/2'));
    socket.writableLength = 100_000;
    answer();
    socket.flush(new Error('reset'));
    expect(asked[0]?.told).toEqual([]);
    socket.destroy();
    expect(asked[0]?.told).toEqual(['gone']);
    expect(targets()).toEqual(['/1']);
    expect(closed).toBe(1);
  });

  it('tells of a client that does not take its answer in time', () => {
    send(get('/1'));
    socket.writableLength = 100_000;
    answer();
    connection.overdue();
    expect(asked[0]?.told).toEqual(['stops reading']);
  });

  it('reads no further than 64 KiB ahead', () => {
    send(get('/1'));
    send('x'.repeat(60_000));
    expect(socket.isPaused).toBe(false);
    send('x'.repeat(10_000));
    expect(socket.isPaused).toBe(true);
  });

  it('ends its side after the last answer, drops what still comes, and closes in the end', () => {
    send(get('/1'));
    answer(200, true);
    expect(socket.hasEnded).toBe(true);
    send(get('/2'));
    expect(targets()).toEqual(['/1']);
    for (let sent = 0; sent < 17 && !socket.destroyed; sent += 1) send('x'.repeat(1024 * 1024));
    expect(socket.destroyed).toBe(true);
  });

  it('breaks off an answer that is not what its head says', () => {
    send(get('/1'));
    const wanted = { method: 'GET', protocol: 'HTTP/1.1', asksToKeepAlive: false, closes: false };
    connection.answer(answerHead(200, ['Content-Length', '3'], wanted));
    connection.writer.body(Buffer.from('ok'));
    expect(connection.endAnswer([])).toBe(false);
    expect(socket.destroyed).toBe(true);
    expect(asked[0]?.told).toEqual(['gone']);
  });

  it('reads a body that nobody wants to its end before the next request', async () => {
    bodyBytes = 5;
    send('POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel');
    bodyBytes = undefined;
    answer();
    expect(asked[0]?.told).toEqual(['answered']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(targets()).toEqual(['/1']);
    send(`lo${get('/2')}`);
    expect(targets()).toEqual(['/1', '/2']);
  });

  it('answers a head that does not come to its end with 408, and closes one that never began', () => {
    send('GET / HTTP/1.1\r\nHo');
    connection.overdue();
    expect(asked[0]?.head.fault?.status).toBe(408);
    const other = new FakeSocket();
    const silent = new InboundConnection(other as unknown as Socket, {
      ...{ maxHeadBytes: 4096, headMs: 1000, readMs: 0, idleMs: 0, clock: new InboundClock(1000) },
      takeRequest: () => undefined,
      onClosed: () => undefined,
    });
    silent.overdue();
    expect(other.destroyed).toBe(true);
  });

  it('is closed once no request is under way for a while, and not otherwise', () => {
    const look = () => connection.closeIfIdle();
    send(get('/1'));
    for (let looks = 0; looks < 10; looks += 1) look();
    answer();
    look();
    look();
    send(get('/2'));
    answer();
    look();
    look();
    expect(socket.destroyed).toBe(false);
    look();
    expect(socket.destroyed).toBe(true);
    expect(closed).toBe(1);
  });

  it('is left alone before its first request', () => {
    for (let looks = 0; looks < 10; looks += 1) connection.closeIfIdle();
    expect(socket.destroyed).toBe(false);
  });

  it('is closed after its last answer once that has been handed over', () => {
    send(get('/1'));
    answer(200, true);
    connection.closeIfIdle();
    expect(socket.destroyed).toBe(false);
    socket.writableFinished = true;
    connection.closeIfIdle();
    expect(socket.destroyed).toBe(true);
  });

  it('gives its socket away with the bytes that came early', () => {
    send(`${get('/1')}early`);
    expect(connection.detach()?.toString()).toBe('early');
    send('late');
    socket.destroy();
    expect(asked[0]?.told).toEqual([]);
    expect(socket.listenerCount('data')).toBe(0);
  });
});
