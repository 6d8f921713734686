import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { makeExchange, makeRequest } from '../../test/support/exchange.ts';
import { whoamiHandler } from './whoami.ts';

describe('whoamiHandler', () => {
  it('says that the road works and shows the request as text', () => {
    const fields = {
      Host: 'app.example.com',
      'X-Forwarded-For': '<b>',
      Cookie: 'session=secret',
      Authorization: 'Basic abc',
    };
    const exchange = makeExchange(makeRequest({ path: '/a', query: 'b=c', fields, clientIp: '2001:db8::1' }));
    void whoamiHandler(exchange);
    const { recorded } = exchange.sink;
    const text = exchange.sink.body().toString();
    expect(recorded.status).toBe(200);
    expect(recorded.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(recorded.headers.get('x-content-type-options')).toBe('nosniff');
    expect(text).toMatch(/^It works/);
    expect(text).toContain('RemoteAddr: [2001:db8::1]:40000');
    expect(text).toContain('GET /a?b=c HTTP/1.1\nHost: app.example.com\nX-Forwarded-For: <b>\nCookie: (14 characters)');
    expect(text).not.toContain('secret');
    expect(recorded.ended).toBe(true);
  });

  it.each([{ path: '/api' }, { fields: { Accept: 'application/json' } }])('answers programs in JSON: %j', (changes) => {
    const exchange = makeExchange(makeRequest(changes));
    void whoamiHandler(exchange);
    expect(exchange.sink.recorded.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(JSON.parse(exchange.sink.body().toString())).toMatchObject({
      works: true,
      host: 'app.example.com',
      method: 'GET',
    });
  });

  it('sends no body to HEAD, and reads one that it is given', async () => {
    const exchange = makeExchange(makeRequest({ method: 'HEAD' }));
    void whoamiHandler(exchange);
    expect(exchange.sink.body()).toHaveLength(0);
    expect(Number(exchange.sink.recorded.headers.get('content-length'))).toBeGreaterThan(50);

    const body = Readable.from([Buffer.from('x')]);
    void whoamiHandler(makeExchange(makeRequest({ method: 'POST', body })));
    await new Promise((resolve) => body.on('end', resolve));
    expect(body.readableEnded).toBe(true);
  });
});
