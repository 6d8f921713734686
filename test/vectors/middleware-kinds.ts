import { z } from 'zod';
import { createMiddlewareBuilder } from '../../proxy/middleware/builder.ts';
import { parseDurationMs } from '../../proxy/model/duration.ts';
import { makeExchange } from '../support/exchange.ts';
import { sendToEntryPoint, underscoreOptions } from './entry-point.ts';
import { middlewareTarget } from './middlewares.ts';
import { buildState, byProvider } from './runtime.ts';
import { arrivedRequest, bytesOf, readForwarded, upstreamOf } from './traffic.ts';
import { kind, Missing, NotApplicable } from './vector.ts';

const meaning = z.string();
const config = z.record(z.string(), z.unknown());

export const middlewareConstruct = kind({ meaning, config, expectError: z.boolean() }, (vector, judgement) => {
  const built = middlewareTarget(vector.config, null);
  judgement.equal(vector.config, { refused: vector.expectError }, { refused: built instanceof Error });
});

/** Middlewares by qualified name, as the merge judges them and workers build them. */
export const chain = kind(
  {
    meaning,
    input: z.strictObject({
      buildChain: z.array(z.string()),
      configuration: z.record(z.string(), config),
      contextProvider: z.string().optional(),
    }),
    expected: z.strictObject({
      expected: z.record(z.string(), z.string()).nullable(),
      expectedError: z.strictObject({ error: z.boolean() }).nullable(),
    }),
  },
  async ({ input, expected }, judgement) => {
    const own = input.contextProvider ?? 'file';
    if (Object.keys(expected.expected ?? {}).some((name) => !/^[\w-]+$/.test(name))) {
      throw new NotApplicable('a header name that no wire carries');
    }
    const router = { rule: 'PathPrefix(`/`)', service: 'whoami@internal', middlewares: input.buildChain };
    const { state, snapshot } = buildState(
      byProvider('http', { middlewares: input.configuration, routers: { chain: router } }, own),
    );
    const judged = state.routers.get(`chain@${own}`);
    const refused = judged?.status === 'disabled';
    judgement.equal(input, { refused: expected.expectedError?.error ?? false }, { refused, ...(refused ? {} : {}) });
    if (refused || expected.expected === null) return;
    const served = snapshot.routers.find(({ name }) => name === `chain@${own}`);
    const builder = createMiddlewareBuilder(snapshot.middlewares);
    const upstream = upstreamOf([{}]);
    const handler = (served?.middlewares ?? []).reduceRight(
      (next, name) => builder.build(name)(next),
      upstream.handler,
    );
    await handler(makeExchange(arrivedRequest({ method: 'GET', url: 'http://foo/' })));
    for (const [name, value] of Object.entries(expected.expected)) {
      judgement.equal({ input, name }, value, upstream.calls[0]?.headers.get(name));
    }
  },
);

const pathOptions = z.strictObject({
  entryPoint: z.strictObject({
    http: z.strictObject({
      sanitizePath: z.boolean(),
      encodedCharacters: z.strictObject({
        allowEncodedSlash: z.boolean(),
        allowEncodedPercent: z.boolean(),
        others: z.boolean(),
      }),
    }),
  }),
});

export const entryPointPath = kind(
  {
    meaning,
    given: pathOptions,
    input: z.strictObject({ rawPath: z.string() }),
    expected: z.strictObject({ expectedPath: z.string(), expectedRaw: z.string(), expectedStatus: z.int() }),
  },
  async ({ input, expected }, judgement) => {
    const request = { method: 'GET', url: `http://localhost${input.rawPath}` };
    const sent = await sendToEntryPoint({}, { do: 'request', to: '', request });
    const call = sent.forwarded[0];
    judgement.equal(
      input,
      { path: expected.expectedPath, raw: expected.expectedRaw, status: expected.expectedStatus },
      { path: readForwarded(call, 'path', '', request), raw: call?.path, status: sent.exchange.sink.recorded.status },
    );
  },
);

export const entryPointUnderscoreHeaders = kind(
  {
    meaning,
    input: z.strictObject({ strategy: z.string().optional() }),
    expected: z.strictObject({
      wantStatus: z.int(),
      wantReachedBackend: z.boolean(),
      wantAuthUser: z.array(z.string()).nullable(),
      wantUnderscoreHeader: z.boolean(),
    }),
  },
  async ({ input, expected }, judgement) => {
    const headers: [string, string][] = [
      ['X-Auth-User', 'legit'],
      ['X_Auth_User', 'spoof'],
    ];
    const request = { method: 'GET', url: 'http://localhost/', headers };
    const options = input.strategy === undefined ? {} : underscoreOptions(input.strategy);
    const sent = await sendToEntryPoint(options, { do: 'request', to: '', request });
    const call = sent.forwarded[0];
    const users = call?.headers.getAll('X-Auth-User') ?? [];
    judgement.equal(input, expected, {
      wantStatus: sent.exchange.sink.recorded.status,
      wantReachedBackend: call !== undefined,
      wantAuthUser: users.length > 0 ? users : null,
      wantUnderscoreHeader: call?.headers.has('X_Auth_User') ?? false,
    });
  },
);

/** What construction decides is judged by whether it is refused, and by which client a request counts for. */
export const rateLimitConstruct = kind(
  {
    meaning,
    input: z.strictObject({ config }),
    expected: z.strictObject({
      expectedMaxDelay: z.string(),
      expectedSourceIP: z.string(),
      expectedError: z.string(),
      expectedRTL: z.string().nullable(),
    }),
  },
  async ({ input, expected }, judgement) => {
    if ('redis' in input.config) throw new NotApplicable('rate limits kept in Redis');
    const target = middlewareTarget({ rateLimit: input.config }, null);
    const wantsError = expected.expectedError !== '';
    judgement.equal(input, { refused: wantsError }, { refused: target instanceof Error });
    if (target instanceof Error || expected.expectedRTL !== 'inf') return;
    for (let count = 0; count < 50; count += 1) {
      const request = { method: 'GET', url: 'http://localhost/', remoteAddr: '192.0.2.1:1234' };
      const sent = await target.send({ do: 'request', to: '', request });
      judgement.equal(input, 200, sent.exchange.sink.recorded.status);
    }
  },
);

/** The clock is the vector's: each request comes when it is due, and what is held back waits in real time. */
export const rateLimitLoad = kind(
  {
    middleware: z.literal('rateLimit'),
    config,
    load: z.strictObject({
      duration: z.string(),
      requestsPerSecond: z.number(),
      initialBurst: z.number(),
      remoteAddr: z.string(),
    }),
    expected: z.strictObject({ passedMin: z.number(), passedMax: z.number(), ideal: z.number() }),
  },
  async ({ config: options, load, expected }, judgement) => {
    let nowMs = 1000;
    const target = middlewareTarget({ rateLimit: options }, null, () => nowMs);
    if (target instanceof Error) throw new Missing(target.message);
    const request = { method: 'GET', url: 'http://localhost/', remoteAddr: load.remoteAddr };
    let passed = 0;
    const pending: Promise<void>[] = [];
    const send = (): void => {
      const done = target.send({ do: 'request', to: '', request }).then((sent) => {
        if (sent.exchange.sink.recorded.status === 200) passed += 1;
      });
      pending.push(done);
    };
    const durationMs = parseDurationMs(load.duration) ?? 0;
    for (let count = 0; count < load.initialBurst; count += 1) send();
    for (let count = 0; count < (durationMs / 1000) * load.requestsPerSecond; count += 1) {
      nowMs += 1000 / load.requestsPerSecond;
      send();
    }
    await Promise.all(pending);
    const isWithin = passed >= expected.passedMin && passed <= expected.passedMax;
    if (isWithin) judgement.held();
    else judgement.differ({ options, load }, expected, { passed });
  },
);

export const retryWebsocket = kind(
  {
    meaning,
    input: z.strictObject({ maxRequestAttempts: z.int(), amountFaultyEndpoints: z.int() }),
    expected: z.strictObject({
      expectedRetryAttempts: z.int(),
      expectedResponseStatus: z.int(),
      expectedError: z.boolean().optional(),
    }),
  },
  async ({ input, expected }, judgement) => {
    const target = middlewareTarget({ retry: { attempts: input.maxRequestAttempts } }, null);
    if (target instanceof Error) throw new Missing(target.message);
    const faulty = Array.from({ length: input.amountFaultyEndpoints }, () => ({ status: 502, networkError: true }));
    const headers: [string, string][] = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
    ];
    const request = { method: 'GET', url: 'http://localhost/', headers };
    const upstreamSequence = [...faulty, { status: 101, body: bytesOf('').toString() }];
    const sent = await target.send({ do: 'request', to: '', request, upstreamSequence });
    const retries = (sent.exchange.notes as { retryAttempts?: number } | undefined)?.retryAttempts ?? 0;
    judgement.equal(
      input,
      { retries: expected.expectedRetryAttempts, status: expected.expectedResponseStatus },
      { retries, status: sent.exchange.sink.recorded.status },
    );
  },
);
