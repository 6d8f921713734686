import { describe, expect, it } from 'vitest';
import { makeExchange, makeRequest } from '../../test/support/exchange.ts';
import type { Handler } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { createMiddlewareBuilder } from './builder.ts';
import { middlewareTable } from './table.ts';

const answerOk: Handler = (exchange) => {
  exchange.sink.head({ status: 200, headers: new HeaderList() });
  exchange.sink.end();
};

describe('middlewareTable', () => {
  it('has each kind under its own type, with a sentence', () => {
    expect([...middlewareTable.keys()].toSorted()).toEqual([
      'addPrefix',
      'basicAuth',
      'buffering',
      'chain',
      'circuitBreaker',
      'compress',
      'contentType',
      'digestAuth',
      'encodedCharacters',
      'errors',
      'forwardAuth',
      'grpcWeb',
      'headers',
      'inFlightReq',
      'ipAllowList',
      'ipWhiteList',
      'passTLSClientCert',
      'plugin',
      'rateLimit',
      'redirectRegex',
      'redirectScheme',
      'replacePath',
      'replacePathRegex',
      'retry',
      'stripPrefix',
      'stripPrefixRegex',
    ]);
    for (const [type, definition] of middlewareTable) {
      expect(definition.type).toBe(type);
      expect(definition.summary).toMatch(/^[A-Z].*\.$/);
      expect(definition.schema.safeParse({ nonsense: 1 }).success).toBe(false);
    }
  });
});

describe('createMiddlewareBuilder', () => {
  const prefix = (text: string) => ({ addPrefix: { prefix: text } });

  it('builds each middleware once', () => {
    const builder = createMiddlewareBuilder({ 'a@file': prefix('/a') });
    expect(builder.build('a@file')).toBe(builder.build('a@file'));
  });

  it('applies the members of a chain in their order', () => {
    const builder = createMiddlewareBuilder({
      'outer@file': { chain: { middlewares: ['inner@file', 'c@file'] } },
      'inner@file': { chain: { middlewares: ['a@file', 'b@docker'] } },
      'a@file': prefix('/a'),
      'b@docker': prefix('/b'),
      'c@file': prefix('/c'),
    });
    const exchange = makeExchange(makeRequest({ path: '/x' }));
    void builder.build('outer@file')(answerOk)(exchange);
    expect(exchange.request.path).toBe('/c/b/a/x');
    expect(exchange.notes.middlewares.map((step) => step.name)).toEqual(['a@file', 'b@docker', 'c@file']);
  });

  it.each([
    [{}, 'The middleware m does not exist.'],
    [{ m: { addPrefx: {} } }, 'The middleware m is of type "addPrefx", which does not exist.'],
    [{ m: { addPrefix: {}, headers: {} } }, 'The middleware m has several types: addPrefix, headers.'],
    [{ m: { addPrefix: { prefix: 7 } } }, /The middleware m cannot be used: addPrefix\.prefix: .*expected string/],
    [{ m: { addPrefix: { prefix: '' } } }, 'prefix is empty.'],
    [{ m: { chain: { middlewares: ['x'] } } }, 'The middleware x does not exist.'],
    [
      { m: { chain: { middlewares: ['n'] } }, n: { chain: { middlewares: ['m'] } } },
      'The middleware m leads back to itself: m → n → m.',
    ],
  ])('refuses %j', (configs, message) => {
    const builder = createMiddlewareBuilder(configs);
    expect(() => builder.build('m')).toThrow(message);
    // A failure leaves nothing behind that would be taken for a loop.
    expect(() => builder.build('m')).toThrow(message);
  });

  it('is not fooled by names that every object has', () => {
    expect(() => createMiddlewareBuilder({}).build('constructor')).toThrow('does not exist');
  });

  it('notes each step with its verdict and its own time only', async () => {
    let clock = 0;
    const builder = createMiddlewareBuilder(
      { 'a@file': prefix('/a'), 'gate@file': { ipAllowList: { sourceRange: ['10.0.0.0/8'] } } },
      undefined,
      () => (clock += 5),
    );
    const exchange = makeExchange();
    const slow: Handler = async (handed) => {
      clock += 1000;
      await answerOk(handed);
    };
    await builder.build('a@file')(slow)(exchange);
    expect(exchange.notes.middlewares).toEqual([
      { name: 'a@file', type: 'addPrefix', verdict: 'passed', durationMs: 5 },
    ]);

    const refused = makeExchange();
    void builder.build('a@file')(builder.build('gate@file')(answerOk))(refused);
    expect(refused.notes.middlewares.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['a@file', 'passed'],
      ['gate@file', 'refused'],
    ]);
  });

  it('keeps state where name and configuration stay the same', async () => {
    const limits = (average: number) => ({ 'limit@file': { rateLimit: { average, period: '1h' } } });
    const ask = async (builder: ReturnType<typeof createMiddlewareBuilder>): Promise<number | null> => {
      const exchange = makeExchange();
      await builder.build('limit@file')(answerOk)(exchange);
      return exchange.sink.recorded.status;
    };
    const first = createMiddlewareBuilder(limits(1));
    expect(await ask(first)).toBe(200);
    const same = createMiddlewareBuilder(limits(1), first);
    expect(await ask(same)).toBe(429);
    expect(await ask(createMiddlewareBuilder(limits(2), same))).toBe(200);
  });
});
