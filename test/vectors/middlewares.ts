import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { decodeMiddleware } from '../../app/config/middleware-options.ts';
import type { Exchange, Middleware } from '../../proxy/http/exchange.ts';
import { HeaderList } from '../../proxy/http/header-list.ts';
import { UpstreamPools } from '../../proxy/http/pools.ts';
import { createUpstream } from '../../proxy/http/upstream.ts';
import { codings, negotiateCoding } from '../../proxy/middleware/accept-encoding.ts';
import { createMiddlewareBuilder } from '../../proxy/middleware/builder.ts';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { type MiddlewareConfig, type ServersTransportConfig, stickyCookieSchema } from '../../proxy/model/dynamic.ts';
import type { EntryPointOptions } from '../../proxy/model/snapshot.ts';
import { createStickyCookie } from '../../proxy/service/sticky-cookie.ts';
import { makeExchange, type TestExchange } from '../support/exchange.ts';
import { entryPointTarget, sendToEntryPoint } from './entry-point.ts';
import { type Expectation, expectationShape, judgeExpectations, type Subject } from './expectation.ts';
import { applyFunction, callFunction } from './functions.ts';
import { isCanonicalName } from './go-url.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import { tcpMiddleware } from './streams.ts';
import {
  answerShape,
  arrivedRequest,
  bodyShape,
  bytesOf,
  type Forwarded,
  isOwnPage,
  RefusedByDesign,
  readForwarded,
  readResponse,
  requestShape,
  type ToldRequest,
  upstreamOf,
} from './traffic.ts';
import { ByDesign, type Judgement, kind, Missing, NotApplicable } from './vector.ts';

const config = z.record(z.string(), z.unknown());
const expectationList = z.array(expectationShape);

const stepShape = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('construct'),
    as: z.string(),
    middleware: z.string(),
    config: config.nullable(),
    expectError: z.boolean().optional(),
    goType: z.string().optional(),
    /** A step of Traefik's middleware by itself, where the product has one middleware. */
    part: z.literal('secureHeadersOnly').optional(),
    next: z.string().optional(),
    hostname: z.string().optional(),
  }),
  z.strictObject({
    do: z.literal('request'),
    to: z.string(),
    request: requestShape,
    upstream: answerShape.optional(),
    upstreamSequence: z.array(answerShape).optional(),
    authServer: answerShape.optional(),
    errorService: answerShape.optional(),
    expect: expectationList.optional(),
  }),
  z.strictObject({
    do: z.literal('negotiate'),
    to: z.string(),
    acceptEncoding: z.array(z.string()),
    expect: expectationList,
  }),
  z.strictObject({ do: z.literal('addServer'), to: z.string(), name: z.string() }),
  z.strictObject({
    do: z.literal('writeStickyCookie'),
    to: z.string(),
    server: z.string(),
    expectError: z.boolean(),
    expect: expectationList.optional(),
  }),
  z.strictObject({
    do: z.literal('apply'),
    function: z.string(),
    to: z.string().optional(),
    config: config.optional(),
    request: requestShape,
    expect: expectationList,
  }),
  z.strictObject({
    do: z.literal('call'),
    function: z.string(),
    receiver: z.unknown().optional(),
    args: z.array(z.unknown()).optional(),
    expect: expectationList.optional(),
  }),
]);

type Step = z.infer<typeof stepShape>;
export type RequestStep = Step & { readonly do: 'request' };

/** Something that requests can be sent to. */
export interface Target {
  send(step: RequestStep): Promise<Sent>;
}

export interface Sent {
  readonly exchange: Pick<TestExchange, 'sink'> & { readonly notes?: TestExchange['notes'] };
  readonly forwarded: readonly Forwarded[];
  readonly auth?: readonly Forwarded[];
  readonly error?: readonly Forwarded[];
}

const listener = '127.0.0.1:8000';

/** Vectors whose steps build middlewares and send requests through them. */
export const middlewareSteps = kind(
  {
    steps: z.array(stepShape),
    middleware: z.string().optional(),
    files: z.record(z.string(), z.string()).optional(),
    flags: z.record(z.string(), z.unknown()).optional(),
  },
  async ({ steps, files = {} }, judgement) => {
    const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
    try {
      const tokens = new Map([['{listener}', listener]]);
      for (const [token, text] of Object.entries(files)) {
        const path = join(folder, token.replaceAll(/\W/g, ''));
        writeFileSync(path, text);
        tokens.set(token, path);
      }
      await runSteps(steps, tokens, judgement);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

async function runSteps(steps: readonly Step[], tokens: Map<string, string>, judgement: Judgement): Promise<void> {
  const targets = new Map<string, Target>();
  const cookies = new Map<string, Cookie>();
  const configs = new Map<string, unknown>();
  const results: unknown[] = [];
  const usesServer = JSON.stringify(steps).includes('{server1}');
  const authServer = usesServer ? await startRecordingServer() : null;
  if (authServer) tokens.set('{server1}', authServer.address);
  try {
    for (const raw of steps) {
      const step = stepShape.parse(bound(raw, tokens));
      results.push(await runStep(step, { targets, cookies, configs, authServer, results, judgement }));
    }
  } finally {
    await authServer?.close();
  }
}

/** The value with what tokens stand for put in their place. */
function bound(value: unknown, tokens: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') {
    let text = value;
    for (const [token, meaning] of tokens) text = text.replaceAll(token, meaning);
    return text;
  }
  if (Array.isArray(value)) return value.map((item) => bound(item, tokens));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, bound(member, tokens)]));
}

const codingShape = z.enum(codings);
const negotiationShape = z.looseObject({
  encodings: z.array(codingShape).optional(),
  defaultEncoding: z.string().optional(),
});

const noRequest: ToldRequest = { method: 'GET', url: '/' };

/** A sticky cookie by itself, with the servers that it may name. */
interface Cookie {
  readonly config: Readonly<Record<string, unknown>>;
  readonly servers: string[];
}

function cookieOf(name: string, { cookies }: Run): Cookie {
  const cookie = cookies.get(name);
  if (!cookie) throw new Missing(`there is no cookie ${name}`);
  return cookie;
}

interface Run {
  readonly targets: Map<string, Target>;
  readonly cookies: Map<string, Cookie>;
  /** Configurations of what was built. */
  readonly configs: Map<string, unknown>;
  readonly authServer: RecordingServer | null;
  readonly results: readonly unknown[];
  readonly judgement: Judgement;
}

async function runStep(step: Step, run: Run): Promise<unknown> {
  const { targets, judgement } = run;
  switch (step.do) {
    case 'addServer':
      cookieOf(step.to, run).servers.push(step.name);
      return undefined;
    case 'writeStickyCookie': {
      const { config: options, servers } = cookieOf(step.to, run);
      // A balancer writes cookies for its own servers only.
      const isKnown = servers.includes(step.server);
      judgement.equal(step, { refused: step.expectError }, { refused: !isKnown });
      if (!isKnown) return undefined;
      const cookie = createStickyCookie('test', stickyCookieSchema.parse(options), servers);
      const { sink } = makeExchange();
      sink.head({ status: 200, headers: new HeaderList(['Set-Cookie', cookie.write(step.server)]) });
      judgeExpectations(
        step.expect ?? [],
        subjectOf({ exchange: { sink }, forwarded: [] }, noRequest),
        judgement,
        step,
      );
      return undefined;
    }
    case 'construct': {
      if (step.middleware === 'sticky.cookie') {
        const options = Object.entries(step.config ?? {}).filter(([name]) => !name.startsWith('_'));
        run.cookies.set(step.as, { config: Object.fromEntries(options), servers: [] });
        return undefined;
      }
      run.configs.set(step.as, step.config);
      const built = construct(step, run);
      if (step.expectError !== undefined) {
        judgement.equal(
          step,
          { refused: step.expectError },
          { refused: built instanceof Error, ...why(built, step.expectError) },
        );
      } else if (built instanceof Error) {
        judgement.differ(step, 'a middleware', built.message);
      }
      if (!(built instanceof Error)) targets.set(step.as, built);
      return undefined;
    }
    case 'request': {
      for (const { target, name } of step.expect ?? []) {
        const isInGoOnly = target === 'forwarded.headerValues' && name !== undefined && !isCanonicalName(name);
        if (isInGoOnly) throw new NotApplicable('a header whose name Go would have changed on any wire');
      }
      const sent = await targetOf(step.to, targets).send(step).catch(refusedWith400(step));
      if (sent === null) {
        judgement.held();
        return undefined;
      }
      const isByDesign = (each: Expectation): boolean =>
        (!judgement.asTraefik && isDroppedAlias(each, step.request)) ||
        (!judgement.asTraefik && isKeptCredential(each, step));
      const expectations = (step.expect ?? []).filter((each) => !isByDesign(each));
      judgeExpectations(expectations, subjectOf(sent, step.request), judgement, step);
      if (expectations.length < (step.expect ?? []).length) {
        throw new ByDesign(
          'forwarding fields written with _ or . are dropped, and credentials kept from error services, by design',
        );
      }
      return undefined;
    }
    case 'negotiate': {
      // The choice by itself; what an answer is compressed with depends on more.
      const { encodings = [...codings], defaultEncoding } = negotiationShape.parse(run.configs.get(step.to));
      const fallback =
        defaultEncoding === undefined || defaultEncoding === '' ? null : codingShape.parse(defaultEncoding);
      const result = negotiateCoding(step.acceptEncoding, { supported: encodings, fallback }) ?? 'identity';
      judgeExpectations(step.expect, resultSubject(result), judgement, step);
      return undefined;
    }
    case 'apply':
      await apply(step, run);
      return undefined;
    case 'call': {
      const args = (step.args ?? []).map((value) => resultOfStep(value, run.results));
      const outcome = callFunction(step.function, step.receiver, args, judgement.asTraefik);
      const subject: Subject = {
        read: (target) =>
          target === 'result' ? outcome.result : target === 'error' ? outcome.error : unknownTarget(target),
        wasCalled: () => true,
      };
      judgeExpectations(step.expect ?? [], subject, judgement, step);
      return outcome.result;
    }
    default:
      return step satisfies never;
  }
}

/** A request that is refused with 400 before any middleware has shown what a vector asks that wants just that. */
function refusedWith400(step: RequestStep): (error: unknown) => null {
  return (error) => {
    const [only, ...others] = step.expect ?? [];
    const wants400 = others.length === 0 && only?.target === 'response.status' && only.value === 400;
    if (error instanceof RefusedByDesign && wants400) return null;
    throw error;
  };
}

/** `X_forwarded_for`, which some servers take for `X-Forwarded-For`, expected to reach the server. */
function isDroppedAlias({ target, name = '', value }: Expectation, request: ToldRequest): boolean {
  const isSent = request.headers?.some(([each]) => each === name) ?? false;
  return target === 'forwarded.header' && isSent && value !== '' && /^x[_.]forwarded/i.test(name);
}

/** What the visitor proves themselves with, expected to reach the service that draws error pages. */
function isKeptCredential({ target, op, value }: Expectation, { request, errorService }: RequestStep): boolean {
  if (errorService === undefined || op !== 'contains' || target !== 'response.body') return false;
  const secrets = (request.headers ?? []).filter(([name]) => /^(?:authorization|cookie)$/i.test(name));
  return secrets.some(([, secret]) => secret.includes(String(value)));
}

function why(built: unknown, expectError: boolean): object {
  return built instanceof Error && !expectError ? { message: built.message } : {};
}

function resultOfStep(value: unknown, results: readonly unknown[]): unknown {
  if (typeof value !== 'object' || value === null || !('$resultOfStep' in value)) return value;
  return results[Number(value.$resultOfStep)];
}

function targetOf(name: string, targets: ReadonlyMap<string, Target>): Target {
  const target = targets.get(name);
  if (!target) throw new Missing(`${name} could not be built`);
  return target;
}

/** Builds what the step names; an Error where the product refuses the configuration. */
function construct(step: Step & { do: 'construct' }, run: Run): Target | Error {
  const { middleware: type, config: options, next } = step;
  if (type === 'router.denyEncodedPathCharacters') {
    throw new NotApplicable('set by code for the Kubernetes providers');
  }
  if (type.startsWith('entryPoint.'))
    return entryPointTarget(type.slice('entryPoint.'.length), options ?? {}, step.hostname, modeOf(run.judgement));
  if (type === 'requestDecorator') return entryPointTarget('requestDecorator', {}, undefined);
  const byCode = Object.keys(options ?? {}).find((name) => name.startsWith('_'));
  if (byCode !== undefined) throw new NotApplicable('set by code for the Kubernetes providers');
  if (type === 'contentType.disableAutoDetection') return contentTypeUntouched(next, run.targets);
  if (type.startsWith('tcp.')) return constructTcp(type.slice('tcp.'.length), options ?? {});
  // Vectors that look at the request alone give no address.
  const needsAddress = type === 'forwardAuth' && step.expectError !== true && options?.['address'] === undefined;
  return middlewareTarget(
    { [type]: { ...options, ...(needsAddress ? { address: 'http://127.0.0.1:9' } : {}) } },
    run.authServer,
    undefined,
    run.judgement.asTraefik,
  );
}

/**
 * The labels' and files' reader, then the workers' builder, as in the product. No time passes but what servers take as a
 * vector has it, or what `now` says: a busy machine changes nothing.
 */
export function middlewareTarget(
  raw: unknown,
  authServer: RecordingServer | null,
  now?: () => number,
  asTraefik = false,
): Target | Error {
  const name = 'mw@file';
  const { config: decoded, issues } = decodeMiddleware(raw, middlewareTable, {
    strings: false,
    path: ['http', 'middlewares', 'mw'],
  });
  const [type = ''] = Object.keys(decoded);
  if (!middlewareTable.has(type)) throw new Missing(`there is no middleware ${type}`);
  const unsupported = issues.find(({ code }) => code === 'OPTION_UNSUPPORTED');
  if (unsupported) throw new Missing(`${unsupported.path.join('.')} ${unsupported.message}`);
  const error = issues.find(({ severity }) => severity === 'error');
  if (error) return new Error(`${error.path.join('.')} ${error.message}`);
  let passedMs = 1000;
  const pass = (ms: number): void => {
    passedMs += ms;
  };
  let errorService = upstreamOf([]);
  let middleware: Middleware;
  try {
    const service = () => (exchange: Exchange) => errorService.handler(exchange);
    middleware = createBuilder({ [name]: decoded }, service, now ?? (() => passedMs), asTraefik).build(name);
  } catch (thrown) {
    if (thrown instanceof Missing) throw thrown;
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
  return {
    async send(step) {
      const upstream = upstreamOf(step.upstreamSequence ?? [step.upstream ?? {}], pass);
      errorService = upstreamOf([step.errorService ?? {}], pass);
      authServer?.begin(step.authServer ?? {});
      const exchange = await sendThrough(middleware, step, upstream.handler, asTraefik);
      return { exchange, forwarded: upstream.calls, auth: authServer?.calls() ?? [], error: errorService.calls };
    },
  };
}

const pools = new UpstreamPools();

/** Real connections; the one service there is answers for every name. */
function createBuilder(
  configs: Readonly<Record<string, MiddlewareConfig>>,
  service: () => ReturnType<Middleware>,
  now: () => number,
  asTraefik: boolean,
): ReturnType<typeof createMiddlewareBuilder> {
  const connect = (url: string, transport?: ServersTransportConfig): ReturnType<typeof createUpstream> =>
    createUpstream(url, transport, pools);
  return createMiddlewareBuilder(configs, undefined, now, { service, connect, asTraefik });
}

async function sendThrough(
  middleware: Middleware,
  step: RequestStep,
  handler: ReturnType<Middleware>,
  asTraefik: boolean,
): Promise<TestExchange> {
  const send = async (told: ToldRequest): Promise<TestExchange> => {
    const exchange = makeExchange(arrivedRequest(told, asTraefik));
    await middleware(handler)(exchange);
    await exchange.sink.finished;
    return exchange;
  };
  const { digestAuth, ...plain } = step.request;
  if (digestAuth === undefined) return send(step.request);
  const challenged = await send(plain);
  const authorization = digestAnswer(challenged.sink.recorded.headers, digestAuth, step.request);
  return send({ ...plain, headers: [...(plain.headers ?? []), ['Authorization', authorization]] });
}

/** A client's answer to a challenge (RFC 7616 §3.4, with MD5 as Traefik's users files have it). */
function digestAnswer(headers: HeaderList, [user, password]: readonly [string, string], request: ToldRequest): string {
  const challenge = headers.get('www-authenticate') ?? '';
  const read = (name: string): string => new RegExp(`${name}="?([^",]*)"?`).exec(challenge)?.[1] ?? '';
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const uri = '/';
  const nc = '00000001';
  const cnonce = '0a4f113b';
  const a1 = md5(`${user}:${read('realm')}:${password}`);
  const a2 = md5(`${request.method}:${uri}`);
  const response = md5(`${a1}:${read('nonce')}:${nc}:${cnonce}:auth:${a2}`);
  return `Digest username="${user}", realm="${read('realm')}", nonce="${read('nonce')}", uri="${uri}", qop=auth, nc=${nc}, cnonce="${cnonce}", response="${response}", opaque="${read('opaque')}", algorithm=MD5`;
}

function subjectOf(sent: Sent, request: ToldRequest): Subject {
  const { exchange, forwarded, auth = [], error = [] } = sent;
  const lists: Readonly<Record<string, readonly Forwarded[]>> = {
    forwarded,
    upstream: forwarded,
    authRequest: auth,
    authServer: auth,
    errorRequest: error,
    errorService: error,
  };
  return {
    read(target, { name = '', op, value }) {
      const dot = target.indexOf('.');
      const [subject, what] = dot < 0 ? [target, ''] : [target.slice(0, dot), target.slice(dot + 1)];
      if (subject === 'response') {
        const got = readResponse(exchange.sink, what, name);
        if (what === 'body' && op === 'eq' && isOwnPage(exchange.sink)) {
          throw new NotApplicable('the words of the proxy’s own error pages');
        }
        return asWireHasIt(target, value, isGenerated(value, got) ? value : got, request);
      }
      if (target === 'forwarded.cnameFlattened') throw new NotApplicable('hostResolver');
      if (target === 'retries') return (exchange.notes as { retryAttempts?: number } | undefined)?.retryAttempts ?? 0;
      const list = lists[subject];
      if (!list) return unknownTarget(target);
      if (what === 'calls') return list.length;
      if (what === 'called') return list.length > 0;
      const got = readForwarded(list.at(-1), what, name, request);
      return op === 'eq' ? asGoHasIt(what, value, got, request) : got;
    },
    wasCalled: (target) => (lists[target.split('.')[0] ?? ''] ?? []).length > 0,
  };
}

/**
 * The only differences between Go's request and one on a wire that are overlooked. An empty path is asked for as `/`. A
 * request URI that Go's test never set is empty there, and stays what it was here.
 */
function asGoHasIt(what: string, expected: unknown, got: unknown, request: ToldRequest): unknown {
  if (expected !== '') return got;
  if (what === 'path' && got === '/') return '';
  if (what === 'requestURI' && request.overrides?.requestURI === undefined) {
    const { path, query } = arrivedRequest({ ...request, body: undefined });
    if (got === (query === '' ? path : `${path}?${query}`)) return '';
  }
  return got;
}

/** On a wire a target has a path: what was asked for as `http://foo` is sent on to `https://foo/`. */
function asWireHasIt(target: string, expected: unknown, got: unknown, request: ToldRequest): unknown {
  const hasPath = /^\w+:\/\/[^/]*\/|^\//.test(request.url);
  return target === 'response.location' && !hasPath && got === `${String(expected)}/` ? expected : got;
}

/** A generated body is named by how it is made. */
function isGenerated(value: unknown, got: unknown): boolean {
  const body = bodyShape.safeParse(value);
  return body.success && typeof value === 'object' && bytesOf(body.data).toString('utf8') === got;
}

function resultSubject(result: unknown): Subject {
  return { read: (target) => (target === 'result' ? result : unknownTarget(target)), wasCalled: () => true };
}

function unknownTarget(target: string): never {
  throw new Missing(`the runner does not know the target ${target}`);
}

/** How the entry point reads requests while a vector is judged. */
function modeOf({ asTraefik }: Judgement): Partial<EntryPointOptions> {
  return asTraefik ? { asTraefik } : {};
}

async function apply(step: Step & { do: 'apply' }, run: Run): Promise<void> {
  const { judgement } = run;
  if (step.function.startsWith('forwardAuth.buildAuthRequest')) {
    const server = await startRecordingServer();
    try {
      const asked = { forwardAuth: { ...step.config, address: `http://${server.address}` } };
      const target = middlewareTarget(asked, server, undefined, judgement.asTraefik);
      if (target instanceof Error) throw target;
      const sent = await target.send({ do: 'request', to: '', request: step.request });
      const expectations = step.expect.map((each) => withoutEmptyUserAgent(each, step.request));
      judgeExpectations(expectations, subjectOf(asBuilt(sent, step.request), step.request), judgement, step);
    } finally {
      await server.close();
    }
    return;
  }
  if (step.function.endsWith('removeConnectionHeaders')) {
    const upgrade = step.request.headers?.find(([name]) => name.toLowerCase() === 'upgrade')?.[1];
    if (upgrade !== undefined && upgrade !== 'websocket' && !judgement.asTraefik) {
      throw new ByDesign('upgrades other than WebSocket end here by design');
    }
    const sent = await sendToEntryPoint(modeOf(judgement), { do: 'request', to: '', request: step.request });
    judgeExpectations(step.expect, withoutForwardingFields(sent, step.request), judgement, step);
    return;
  }
  judgeExpectations(step.expect, resultSubject(applyFunction(step.function, step.request)), judgement, step);
}

/** Go's request holds an empty User-Agent so that none is sent. */
function withoutEmptyUserAgent(expectation: Expectation, request: ToldRequest): Expectation {
  const { target, name, value } = expectation;
  const isBrought = request.headers?.some(([each]) => each.toLowerCase() === 'user-agent') ?? false;
  const isEmpty = target === 'authRequest.headerValues.exists' && name === 'User-Agent' && value === true && !isBrought;
  return isEmpty ? { ...expectation, value: false } : expectation;
}

/** The question as it was built: without the connection it goes over, and without a client where the vector has none. */
function asBuilt(sent: Sent, request: ToldRequest): Sent {
  const auth = (sent.auth ?? []).map((call) => {
    const headers = call.headers.clone();
    headers.delete('connection');
    if (
      request.remoteAddr === undefined &&
      !request.headers?.some(([name]) => name.toLowerCase() === 'x-forwarded-for')
    ) {
      headers.delete('x-forwarded-for');
    }
    return { ...call, headers };
  });
  return { ...sent, auth };
}

/** Only the fields that the vector's request brought. */
function withoutForwardingFields(sent: Sent, request: ToldRequest): Subject {
  const brought = new Set((request.headers ?? []).map(([name]) => name.toLowerCase()));
  const forwarded = sent.forwarded.map((call) => {
    const headers = call.headers.clone();
    // An upgrade is the only thing that Connection tells a server of.
    const isUpgrade = headers.has('upgrade');
    headers.deleteWhere((name) => !brought.has(name) || (name === 'connection' && !isUpgrade));
    return { ...call, headers };
  });
  return subjectOf({ ...sent, forwarded }, request);
}

function contentTypeUntouched(next: string | undefined, targets: ReadonlyMap<string, Target>): Target {
  // Node never guesses the type of an answer, so there is nothing to turn off; contentType turns the guess on.
  if (next !== undefined) return targetOf(next, targets);
  const pass: Middleware = (handler) => handler;
  return {
    async send(step) {
      const upstream = upstreamOf(step.upstreamSequence ?? [step.upstream ?? {}]);
      const exchange = await sendThrough(pass, step, upstream.handler, false);
      return { exchange, forwarded: upstream.calls };
    },
  };
}

/** Its connections are judged by vectors of their own kind. */
function constructTcp(type: string, options: unknown): Target | Error {
  const built = tcpMiddleware({ [type]: options });
  if (built instanceof Error) return built;
  return { send: () => Promise.reject(new Missing('a TCP middleware takes no requests')) };
}
