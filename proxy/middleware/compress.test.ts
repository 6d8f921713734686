import { randomBytes } from 'node:crypto';
import { brotliDecompressSync, constants, createGunzip, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { makeExchange, makeRequest, type TestExchange } from '../../test/support/exchange.ts';
import type { Exchange, Handler } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { negotiateCoding } from './accept-encoding.ts';
import { createMiddlewareBuilder } from './builder.ts';

const text = Buffer.from('Gatehouse '.repeat(1000));

/** Starts an exchange through the middleware and hands over the sink that the server's side gets. */
function open(options: unknown, fields: Record<string, string> = { 'Accept-Encoding': 'gzip' }, changes = {}) {
  const aborter = new AbortController();
  const exchange: TestExchange = makeExchange(makeRequest({ fields, ...changes }), aborter.signal);
  let handed: Exchange = exchange;
  const next: Handler = (given) => {
    handed = given;
  };
  void createMiddlewareBuilder({ m: { compress: options } }).build('m')(next)(exchange);
  return { exchange, sink: handed.sink, recorded: exchange.sink.recorded, aborter };
}

/** The whole of a short exchange. */
async function run(
  answer: { fields?: Record<string, string>; status?: number; body?: Uint8Array } = {},
  options: unknown = {},
  requestFields?: Record<string, string>,
  changes = {},
) {
  const { exchange, sink, recorded } = open(options, requestFields, changes);
  const { body = text } = answer;
  sink.head({ status: answer.status ?? 200, headers: new HeaderList(Object.entries(answer.fields ?? {}).flat()) });
  if (body.byteLength > 0) sink.write(body);
  sink.end();
  await exchange.sink.finished;
  return {
    headers: recorded.headers,
    status: recorded.status,
    body: exchange.sink.body(),
    coding: recorded.headers.get('content-encoding'),
  };
}

describe('negotiateCoding', () => {
  const all = { supported: ['gzip', 'br', 'zstd'], fallback: null } as const;

  it.each([
    [[], null],
    [[''], null],
    [['gzip, br, zstd'], 'gzip'],
    [['zstd', 'br'], 'br'],
    [['compress, gzip'], 'gzip'],
    [['br;q=0.8, identity;q=1.0'], null],
    [['compress;q=1.0, gzip, identity;q=0'], 'gzip'],
    [['gzip;q=0, br;q=0.1'], 'br'],
    [['gzip, *;q=0'], 'gzip'],
    [['gzip ; q=0.5 , BR;Q=0.6'], 'br'],
    [['gzip;q=nonsense'], null],
    [['*'], 'gzip'],
  ])('%j gives %s', (fields, expected) => {
    expect(negotiateCoding(fields, all)).toBe(expected);
  });

  it('falls back where the client does not care', () => {
    expect(negotiateCoding([], { supported: ['gzip', 'br'], fallback: 'br' })).toBe('br');
    expect(negotiateCoding(['*'], { supported: ['gzip', 'br'], fallback: 'br' })).toBe('br');
    expect(negotiateCoding(['zstd, gzip, br'], { supported: ['br', 'gzip'], fallback: null })).toBe('br');
  });
});

describe('compress', () => {
  it.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
    ['zstd', zstdDecompressSync],
  ])('answers in %s', async (coding, decompress) => {
    const { headers, body } = await run(
      { fields: { ETag: '"1"', 'Content-Length': '10000', 'Accept-Ranges': 'bytes' } },
      {},
      { 'Accept-Encoding': coding },
    );
    expect(Object.fromEntries(headers)).toEqual({ ETag: 'W/"1"', Vary: 'Accept-Encoding', 'Content-Encoding': coding });
    expect(body.byteLength).toBeLessThan(500);
    expect(decompress(body)).toEqual(text);
  });

  it.each([
    ['a short answer', { body: Buffer.from('short') }],
    ['a short answer of known length', { body: Buffer.from('short'), fields: { 'Content-Length': '5' } }],
    ['an empty answer', { body: Buffer.alloc(0) }],
    ['a part', { status: 206, fields: { 'Content-Range': 'bytes 0-9999/20000' } }],
    ['304', { status: 304, body: Buffer.alloc(0) }],
    ['204', { status: 204, body: Buffer.alloc(0) }],
    ['what is encoded', { fields: { 'Content-Encoding': 'br' } }],
    ['what must not be changed', { fields: { 'Cache-Control': 'public, no-transform' } }],
    ['gRPC', { fields: { 'Content-Type': 'application/grpc' } }],
    ['pictures', { fields: { 'Content-Type': 'image/webp' } }],
    ['a type that cannot be read', { fields: { 'Content-Type': 'text' } }],
  ])('leaves %s alone', async (_what, answer: Parameters<typeof run>[0]) => {
    const result = await run({ ...answer, fields: { ...answer?.fields, ETag: '"1"' } });
    expect(result.coding).toBe(answer?.fields?.['Content-Encoding' as never]);
    expect(result.headers.get('etag')).toBe('"1"');
    expect(result.body).toEqual(Buffer.from(answer?.body ?? text));
  });

  it.each([
    [{ 'Accept-Encoding': 'identity' }, {}],
    [{ 'Accept-Encoding': '*' }, {}],
    [{}, {}],
    [{ 'Accept-Encoding': 'gzip' }, { method: 'HEAD' }],
    [{ 'Accept-Encoding': 'gzip' }, { upgrade: 'websocket' }],
    [{ 'Accept-Encoding': 'gzip', 'Content-Type': 'application/grpc' }, {}],
  ])('stays out of the way of %j %j', async (fields, changes) => {
    const result = await run({}, {}, fields, changes);
    expect([result.coding, result.headers.get('vary')]).toEqual([undefined, undefined]);
    expect(result.body).toEqual(text);
  });

  it.each([
    [{ includedContentTypes: ['text/html'] }, 'text/html; charset=utf-8', 'gzip'],
    [{ includedContentTypes: ['text/html'] }, 'text/plain', undefined],
    [{ includedContentTypes: ['text/html; charset=utf-8'] }, 'text/html', undefined],
    [{ includedContentTypes: ['image/png'] }, 'image/png', 'gzip'],
    [{ excludedContentTypes: ['text/plain'] }, 'Text/Plain', undefined],
    [{ excludedContentTypes: ['text/plain'] }, 'text/html', 'gzip'],
    [{ minResponseBodyBytes: 100_000 }, 'text/html', undefined],
    [{ minResponseBodyBytes: 0 }, 'text/html', 'gzip'],
    [{ encodings: ['br'] }, 'text/html', undefined],
  ])('with %j sends %s in %s', async (options, type, coding) => {
    expect((await run({ fields: { 'Content-Type': type } }, options)).coding).toBe(coding);
  });

  it('says once by what the answer varies', async () => {
    expect((await run({ fields: { Vary: 'Origin, accept-encoding' } })).headers.getAll('vary')).toEqual([
      'Origin, accept-encoding',
    ]);
    expect((await run({ fields: { Vary: 'Origin' } })).headers.getAll('vary')).toEqual(['Origin', 'Accept-Encoding']);
  });

  it('passes on early hints and trailers', async () => {
    const { exchange, sink, recorded } = open({});
    sink.informational(103, new HeaderList(['Link', '<x>']));
    sink.head({ status: 200, headers: new HeaderList() });
    sink.write(text);
    sink.end(new HeaderList(['X-Sum', '1']));
    await exchange.sink.finished;
    expect(recorded.informational).toHaveLength(1);
    expect(recorded.trailers?.get('x-sum')).toBe('1');
    expect(gunzipSync(exchange.sink.body())).toEqual(text);
  });

  it('sends each server-sent event at once', async () => {
    const { exchange, sink, recorded } = open({});
    sink.head({ status: 200, headers: new HeaderList(['Content-Type', 'text/event-stream; charset=utf-8']) });
    expect(recorded.status).toBe(200);
    const gunzip = createGunzip();
    let read = '';
    gunzip.on('data', (chunk: Buffer) => {
      read += chunk.toString();
    });
    let fed = 0;
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      sink.write(Buffer.from(event));
      await expect
        .poll(
          () => {
            for (; fed < recorded.chunks.length; fed += 1) gunzip.write(recorded.chunks[fed]);
            return read.endsWith(event);
          },
          { timeout: 5000, interval: 2 },
        )
        .toBe(true);
    }
    sink.abort(new Error('over'));
    await exchange.sink.finished;
  });

  it('does not keep a slow trickle waiting', async () => {
    vi.useFakeTimers();
    try {
      const { sink, recorded } = open({});
      sink.head({ status: 200, headers: new HeaderList(['Content-Type', 'text/plain']) });
      sink.write(Buffer.from('first'));
      expect(recorded.status).toBeNull();
      vi.advanceTimersByTime(100);
      vi.useRealTimers();
      // What announces the coding may come before the first byte of content.
      const soFar = (): string =>
        recorded.chunks.length === 0
          ? ''
          : gunzipSync(Buffer.concat(recorded.chunks), { finishFlush: constants.Z_SYNC_FLUSH }).toString();
      await expect.poll(soFar, { timeout: 5000, interval: 2 }).toBe('first');
      sink.abort(new Error('over'));
    } finally {
      vi.useRealTimers();
    }
  });

  it('makes the server wait while the client is slow, and loses nothing', async () => {
    const { exchange, sink } = open({});
    exchange.sink.setSlow(true);
    sink.head({ status: 200, headers: new HeaderList(['Content-Type', 'text/plain']) });
    const sent: Buffer[] = [];
    let isReady = true;
    let drained = 0;
    sink.onDrain(() => {
      isReady = true;
      drained += 1;
    });
    // Random bytes do not shrink, so that the client's side fills up; then nothing moves any more.
    let movedAt = performance.now();
    while (performance.now() - movedAt < 100 && sent.length < 100) {
      if (isReady) {
        const chunk = randomBytes(64 * 1024);
        sent.push(chunk);
        isReady = sink.write(chunk);
        movedAt = performance.now();
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(isReady).toBe(false);
    expect(sent.length).toBeLessThan(20);
    exchange.sink.setSlow(false);
    await expect.poll(() => isReady, { timeout: 5000, interval: 2 }).toBe(true);
    expect(drained).toBeGreaterThan(0);
    sink.end();
    await exchange.sink.finished;
    expect(gunzipSync(exchange.sink.body()).equals(Buffer.concat(sent))).toBe(true);
  });

  it('passes waiting on where it does not compress', () => {
    const { exchange, sink } = open({});
    let drained = 0;
    sink.onDrain(() => {
      drained += 1;
    });
    sink.head({ status: 200, headers: new HeaderList(['Content-Type', 'image/png']) });
    exchange.sink.setSlow(true);
    expect(sink.write(text)).toBe(false);
    exchange.sink.setSlow(false);
    expect(drained).toBe(1);
  });

  it('breaks off with the server, or when the client goes', async () => {
    const broken = open({});
    broken.sink.head({ status: 200, headers: new HeaderList() });
    broken.sink.write(text);
    const error = new Error('upstream reset');
    broken.sink.abort(error);
    expect(broken.recorded.aborted).toBe(error);
    broken.sink.end();
    expect(broken.recorded.ended).toBe(false);

    const gone = open({});
    gone.sink.head({ status: 200, headers: new HeaderList() });
    gone.sink.write(text);
    gone.aborter.abort();
    expect(gone.sink.write(text)).toBe(true);
    gone.sink.end();
    expect(gone.recorded.ended).toBe(false);
  });

  it.each([
    [{ encodings: [] }, 'encodings is empty'],
    [{ encodings: ['deflate'] }, '"deflate" in encodings'],
    [{ encodings: ['br'], defaultEncoding: 'gzip' }, 'defaultEncoding "gzip"'],
    [{ includedContentTypes: ['a/b'], excludedContentTypes: ['c/d'] }, 'cannot both be set'],
    [{ excludedContentTypes: ['text'] }, 'no media type'],
  ])('refuses %j', (options, message) => {
    expect(() => createMiddlewareBuilder({ m: { compress: options } }).build('m')).toThrow(message);
  });
});
