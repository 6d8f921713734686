import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { bodyOf, createMiddlewareWire } from '../../test/support/middleware-wire.ts';
import { until } from '../../test/support/proxy-harness.ts';
import { createMiddlewareBuilder } from './builder.ts';
import { Spool } from './spool.ts';

const wire = createMiddlewareWire();
const { ask, proxyBefore } = wire;
afterEach(() => wire.close());

describe('buffering', () => {
  it.each([0, 100, 1_000_000])('passes bodies whole both ways, kept in memory up to %i bytes', async (memory) => {
    const body = Buffer.from('0123456789'.repeat(30_000));
    const lengths: (string | undefined)[] = [];
    const harness = await proxyBefore(
      (request, response) => {
        lengths.push(request.headers['content-length']);
        request.pipe(response);
      },
      { 'b@test': { buffering: { memRequestBodyBytes: memory, memResponseBodyBytes: memory } } },
    );
    const response = await ask(harness, '/', {}, { method: 'POST', body });
    expect((await bodyOf(response)).equals(body)).toBe(true);
    expect(response.headers['content-length']).toBe(String(body.byteLength));
    expect(lengths).toEqual([String(body.byteLength)]);
    expect(await harness.record()).toMatchObject({ requestBytes: body.byteLength, responseBytes: body.byteLength });
    expect(readdirSync(tmpdir()).filter((name) => /^gatehouse-[0-9a-f]{8}-/.test(name))).toEqual([]);
  });

  it('does not begin to ask before the whole body is there', async () => {
    let asked = 0;
    const harness = await proxyBefore(
      (_request, response) => {
        asked += 1;
        response.end('ok');
      },
      { 'b@test': { buffering: {} } },
    );
    const socket = connect(harness.port(), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await ask(harness, '/other');
    expect(asked).toBe(1);
    socket.write('0\r\n\r\n');
    await until(() => answer.includes('ok'), 'the answer');
    expect(asked).toBe(2);
    socket.destroy();
  });

  it.each([
    ['Content-Length', {}],
    ['chunks', { 'Transfer-Encoding': 'chunked' }],
  ])('refuses a body that is too long, told by %s', async (_how, headers) => {
    let asked = 0;
    const harness = await proxyBefore(() => void (asked += 1), {
      'b@test': { buffering: { maxRequestBodyBytes: 10 } },
    });
    const response = await ask(harness, '/', headers, { method: 'POST', body: 'x'.repeat(11) });
    expect([response.statusCode, asked]).toEqual([413, 0]);
    expect((await harness.record()).middlewares).toMatchObject([{ verdict: 'refused' }]);
  });

  it('answers 500 in place of an answer that is too long', async () => {
    const harness = await proxyBefore((_request, response) => void response.end('x'.repeat(11)), {
      'b@test': { buffering: { maxResponseBodyBytes: 10 } },
    });
    const response = await ask(harness, '/');
    expect(response.statusCode).toBe(500);
    expect((await bodyOf(response)).toString()).not.toContain('xxx');
  });

  it('asks again while its expression holds, with the body, and the record tells how often', async () => {
    const bodies: string[] = [];
    const harness = await proxyBefore(
      async (request, response) => {
        bodies.push((await bodyOf(request)).toString());
        response.statusCode = bodies.length < 3 ? 504 : 200;
        response.end(String(bodies.length));
      },
      { 'b@test': { buffering: { retryExpression: 'IsNetworkError() && Attempts() < 5' } } },
    );
    const response = await ask(harness, '/', {}, { method: 'POST', body: 'hello' });
    expect([response.statusCode, (await bodyOf(response)).toString()]).toEqual([200, '3']);
    expect(bodies).toEqual(['hello', 'hello', 'hello']);
    expect(await harness.record()).toMatchObject({ retryAttempts: 2, status: 200, middlewares: [{ name: 'b@test' }] });
  });

  it('stops after ten attempts, whatever its expression says', async () => {
    let asked = 0;
    const harness = await proxyBefore(
      (_request, response) => {
        asked += 1;
        response.statusCode = 500;
        response.end();
      },
      { 'b@test': { buffering: { retryExpression: 'ResponseCode() == 500' } } },
    );
    expect((await ask(harness, '/')).statusCode).toBe(500);
    expect(asked).toBe(10);
  });

  it('tells the visitor where the server breaks off in the middle', async () => {
    const harness = await proxyBefore(
      (_request, response) => {
        response.write('half');
        setTimeout(() => response.destroy(), 20);
      },
      { 'b@test': { buffering: {} } },
    );
    expect((await ask(harness, '/')).statusCode).toBe(502);
  });

  it('cannot be used with an expression that cannot be read', () => {
    const config = { m: { buffering: { retryExpression: 'Attempt() < 2' } } };
    expect(() => createMiddlewareBuilder(config).build('m')).toThrow('There are: IsNetworkError(), Attempts()');
  });
});

describe('Spool', () => {
  it('gives back what it took, as often as it is asked', async () => {
    const spool = new Spool(4);
    for (const text of ['ab', 'cd', 'ef', 'gh']) await spool.write(Buffer.from(text));
    const read = async () => Buffer.concat(await spool.read().toArray()).toString();
    expect([await read(), await read(), spool.length]).toEqual(['abcdefgh', 'abcdefgh', 8]);
    await spool.close();
    await spool.close();
  });
});
