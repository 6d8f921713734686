import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ServiceSnapshot } from '../../proxy/model/snapshot.ts';
import { type Harness, startProxy } from '../support/proxy-harness.ts';
import { sendToProxy } from './entry-point.ts';
import { type Expectation, expectationShape, holds, judgeExpectations, type Subject } from './expectation.ts';
import type { Sent } from './middlewares.ts';
import { type RecordingServer, startRecordingServer } from './recording-server.ts';
import { buildState } from './runtime.ts';
import { TcpBalancer } from './streams.ts';
import { answerShape, isOwnPage, readResponse, requestShape } from './traffic.ts';
import { type Judgement, kind, Missing, NotApplicable } from './vector.ts';

const expectationList = z.array(expectationShape);
const cookieConfig = z.record(z.string(), z.unknown());
const respondsShape = answerShape.extend({ writes: z.string().optional() });

/** `servedBy` of a recorder, as an operand. */
const operand = z.strictObject({ target: z.string(), name: z.string().optional(), recorder: z.string().optional() });

const newStep = z.strictObject({
  do: z.literal('new'),
  as: z.string(),
  algorithm: z.string(),
  config: z.record(z.string(), z.unknown()).optional(),
  sticky: z.strictObject({ cookie: cookieConfig }).optional(),
  expectError: z.boolean().optional(),
  randomDraws: z.array(z.int()).optional(),
  nginxUpstreamHashBy: z.string().optional(),
  mirrorBody: z.boolean().optional(),
  maxBodySize: z.int().optional(),
  responds: respondsShape.optional(),
  expect: expectationList.optional(),
});

const stepShape = z.union([
  newStep,
  z.strictObject({
    do: z.literal('add'),
    to: z.string(),
    name: z.string(),
    weight: z.int().optional(),
    responds: respondsShape,
    fenced: z.boolean().optional(),
    server: z.strictObject({ _fenced: z.boolean().optional() }).optional(),
  }),
  z.strictObject({
    do: z.literal('SetHandler'),
    to: z.string(),
    responds: respondsShape.optional(),
    child: z.string().optional(),
  }),
  z.strictObject({ do: z.literal('SetFallbackHandler'), to: z.string(), responds: respondsShape }),
  z.strictObject({
    do: z.literal('addMirror'),
    to: z.string(),
    name: z.string(),
    percent: z.int(),
    responds: respondsShape,
    expectError: z.boolean(),
    expect: expectationList.optional(),
  }),
  z.strictObject({ do: z.literal('setStatus'), to: z.string(), child: z.string(), up: z.boolean() }),
  z.strictObject({ do: z.literal('linkStatus'), from: z.string(), to: z.string(), as: z.string() }),
  z.strictObject({
    do: z.literal('request'),
    to: z.string(),
    request: requestShape.extend({ cookies: z.array(z.tuple([z.string(), z.string()])).optional() }),
    recorder: z.string().optional(),
    count: z.int().optional(),
    expect: z.array(expectationShape.extend({ value: z.unknown().optional() })).optional(),
  }),
  z.strictObject({
    do: z.literal('connect'),
    to: z.string(),
    recorder: z.string().optional(),
    count: z.int().optional(),
  }),
  z.strictObject({ do: z.literal('expect'), anyOf: expectationList }),
  z.strictObject({ do: z.literal('expect'), gt: z.tuple([operand, operand]) }),
  z.strictObject({
    do: z.literal('expect'),
    ...expectationShape.omit({ of: true }).shape,
    of: z.array(operand).optional(),
  }),
]);

type Step = z.infer<typeof stepShape>;
type NewStep = z.infer<typeof newStep>;

interface Child {
  readonly name: string;
  readonly server: RecordingServer;
  readonly weight: number;
  readonly isFenced: boolean;
  readonly percent: number;
  readonly role: 'server' | 'main' | 'fallback' | 'mirror';
  isUp: boolean;
}

interface Balancer {
  readonly told: NewStep;
  readonly children: Child[];
  /** Another balancer in the place of the main handler. */
  inner: string | null;
}

interface Recorder {
  readonly servedBy: Map<string, number>;
  readonly sequence: string[];
  readonly statuses: number[];
  readonly cookies: Sent[];
}

const service = 'lb@test';
const httpAlgorithms = new Set(['wrr', 'p2c', 'hrw', 'leasttime', 'mirror', 'failover']);

/** Load balancers with real servers behind a proxy in this process. */
export const loadBalancerSteps = kind(
  { algorithm: z.string(), steps: z.array(stepShape), flags: z.record(z.string(), z.unknown()).optional() },
  async ({ algorithm, steps, flags }, judgement) => {
    if (steps.some((step) => 'nginxUpstreamHashBy' in step))
      throw new NotApplicable('set by code for the Kubernetes providers');
    if (!httpAlgorithms.has(algorithm) && algorithm !== 'tcpWrr')
      throw new Missing(`there is no balancer ${algorithm}`);
    if (algorithm === 'tcpWrr') {
      judgeTcp(steps, judgement);
      return;
    }
    const run = new Run(judgement, flags?.['portable'] !== false, spreadRecorders(steps));
    try {
      for (const step of steps) await run.step(step);
      await run.finish();
    } finally {
      await run.close();
    }
  },
);

function judgeTcp(steps: readonly Step[], judgement: Judgement): void {
  const balancer = new TcpBalancer();
  const recorders = new Map<string, (string | null)[]>();
  for (const step of steps) {
    if (step.do === 'new') continue;
    if (step.do === 'add') balancer.add(step.name, step.weight ?? 1);
    else if (step.do === 'setStatus') balancer.setStatus(step.child, step.up);
    else if (step.do === 'connect') {
      const served = recorders.get(step.recorder ?? '') ?? [];
      recorders.set(step.recorder ?? '', served);
      for (let count = 0; count < (step.count ?? 1); count += 1) served.push(balancer.connect());
    } else if (step.do === 'expect' && 'target' in step) {
      const served = recorders.get(step.recorder ?? '') ?? [];
      const wanted = step.target === 'connectionsClosedUnserved' ? null : (step.name ?? '');
      const { do: _do, of: _of, ...expectation } = step;
      const read = (): number => served.filter((name) => name === wanted).length;
      judgeExpectations([expectation], { read, wasCalled: () => true }, judgement, step);
    } else throw new Missing(`connections cannot ${step.do}`);
  }
}

/** Shares of the answers are asked for where Traefik's test draws a client for each request. */
function spreadRecorders(steps: readonly Step[]): ReadonlySet<string> {
  return new Set(
    steps.flatMap((step) =>
      step.do === 'expect' && 'op' in step && step.op === 'inDelta' ? [step.recorder ?? ''] : [],
    ),
  );
}

class Run {
  readonly #judgement: Judgement;
  /** False: which child answers depends on Traefik's own random draws. */
  readonly #isPortable: boolean;
  /** Recorders whose requests come from clients of their own each; those of others come from one client. */
  readonly #spread: ReadonlySet<string>;
  readonly #balancers = new Map<string, Balancer>();
  readonly #recorders = new Map<string, Recorder>();
  #proxy: Harness | null = null;
  #applied = '';
  #previous: Sent | null = null;
  readonly #sent: (Sent | null)[] = [];

  constructor(judgement: Judgement, isPortable: boolean, spread: ReadonlySet<string>) {
    this.#judgement = judgement;
    this.#spread = spread;
    this.#isPortable = isPortable;
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'new':
        this.#balancers.set(step.as, { told: step, children: [], inner: null });
        if (step.responds) await this.#addChild(step.as, 'main', { name: 'main', responds: step.responds });
        this.#judgeConstruction(step);
        break;
      case 'add':
        await this.#addChild(step.to, 'server', step);
        break;
      case 'SetHandler':
        if (step.child !== undefined) this.#balancer(step.to).inner = step.child;
        else await this.#addChild(step.to, 'main', { name: 'handler', responds: step.responds ?? {} });
        break;
      case 'SetFallbackHandler': {
        // A vector names its handlers by the header that they answer with.
        const named = step.responds.headers?.find(([, name]) => name.toLowerCase() === 'server')?.[2];
        await this.#addChild(step.to, 'fallback', { name: named ?? 'fallback', responds: step.responds });
        break;
      }
      case 'addMirror':
        if (step.percent < 0 || step.percent > 100) {
          this.#judgement.equal(step, { refused: step.expectError }, { refused: this.#isRefusedMirror(step.percent) });
        } else await this.#addChild(step.to, 'mirror', step);
        break;
      case 'setStatus': {
        const child = this.#balancer(step.to).children.find(({ name }) => name === step.child);
        if (!child) throw new Missing(`there is no child ${step.child}`);
        child.isUp = step.up;
        break;
      }
      case 'linkStatus':
        // Health goes up by itself where services stand below one another.
        break;
      case 'request':
        await this.#request(step);
        break;
      case 'connect':
        throw new Missing('connections are not balanced');
      case 'expect':
        this.#expect(step);
        break;
      default:
        step satisfies never;
    }
    this.#sent.push(step.do === 'request' ? this.#previous : null);
  }

  /** Expectations of handlers are judged when all is over. */
  async finish(): Promise<void> {
    if (this.#hasOwnPage) throw new NotApplicable('the words of the proxy’s own error pages');
    for (const { told, children } of this.#balancers.values()) {
      if (told.algorithm !== 'mirror' || this.#proxy === null) continue;
      // What is mirrored is not waited for by anyone.
      await sleep(200);
      for (const child of children) {
        const calls = child.server.calls();
        const subject: Subject = {
          read: (target) => {
            if (target === `${child.name}.calls`) return calls.length;
            if (target === 'mirrored.body' || target === 'forwarded.body') return calls.at(-1)?.body.toString() ?? null;
            throw new Missing(`the runner does not know the target ${target}`);
          },
          wasCalled: () => calls.length > 0,
        };
        const asked = child.role === 'main' ? told.expect : this.#mirrorExpectations.get(child.name);
        judgeExpectations(asked ?? [], subject, this.#judgement, { child: child.name });
      }
    }
    // A vector of which nothing was asked has shown that the balancer can be built.
    if (this.#proxy === null && this.#balancers.size > 0 && !this.#hasJudged) {
      await this.#ready([...this.#balancers.keys()][0] ?? '');
      this.#judgement.held();
    }
  }

  readonly #mirrorExpectations = new Map<string, readonly Expectation[]>();
  #hasJudged = false;
  #hasOwnPage = false;

  async close(): Promise<void> {
    await this.#proxy?.close();
    for (const { children } of this.#balancers.values()) for (const { server } of children) await server.close();
  }

  #balancer(name: string): Balancer {
    const balancer = this.#balancers.get(name);
    if (!balancer) throw new Missing(`there is no balancer ${name}`);
    return balancer;
  }

  async #addChild(
    to: string,
    role: Child['role'],
    told: {
      readonly name: string;
      readonly responds: z.infer<typeof respondsShape>;
      readonly weight?: number | undefined;
      readonly fenced?: boolean | undefined;
      readonly percent?: number;
      readonly expect?: readonly Expectation[] | undefined;
    },
  ): Promise<void> {
    const { children } = this.#balancer(to);
    if (told.expect) this.#mirrorExpectations.set(told.name, told.expect);
    const known = children.find(({ name, role: each }) => name === told.name && each === role);
    const { writes: _writes, ...answer } = told.responds;
    if (known) {
      known.server.begin(answer);
      return;
    }
    const server = await startRecordingServer();
    server.begin(answer);
    children.push({
      name: told.name,
      server,
      weight: told.weight ?? 1,
      isFenced: told.fenced ?? false,
      percent: told.percent ?? 0,
      role,
      isUp: true,
    });
  }

  /** By the schema of services, then by the merge. */
  #judgeConstruction(step: NewStep): void {
    if (step.expectError === undefined) return;
    this.#hasJudged = true;
    const config = { failover: { service: 'a', fallback: 'b', ...step.config } };
    this.#judgement.equal(step, { refused: step.expectError }, { refused: isRefusedService(config) });
  }

  #isRefusedMirror(percent: number): boolean {
    return isRefusedService({ mirroring: { service: 'a', mirrors: [{ name: 'b', percent }] } });
  }

  async #request(step: Step & { do: 'request' }): Promise<void> {
    await this.#ready(step.to);
    const recorder = this.#recorder(step.recorder ?? '');
    for (let count = 0; count < (step.count ?? 1); count += 1) {
      const { replayCookiesOf, cookies = [], ...plain } = step.request;
      const pairs = cookies.map(([name, value]) => `${name}=${this.#cookieValue(step.to, value)}`);
      if (replayCookiesOf !== undefined && this.#previous) {
        pairs.push(
          ...this.#previous.exchange.sink.recorded.headers.getAll('set-cookie').map((text) => text.split(';')[0] ?? ''),
        );
      }
      const headers: [string, string][] = [...(plain.headers ?? [])];
      if (pairs.length > 0) headers.push(['Cookie', pairs.join('; ')]);
      const before = this.#calls();
      const client = this.#spread.has(step.recorder ?? '') ? count : 0;
      const remoteAddr = plain.remoteAddr === '{randomIPv4}' ? randomClient(client) : plain.remoteAddr;
      const request = { ...plain, headers, ...(remoteAddr === undefined ? {} : { remoteAddr }) };
      const sent = await sendToProxy(this.#harness(), { do: 'request', to: step.to, request });
      for (const [name, calls] of this.#calls()) {
        const more = calls - (before.get(name) ?? 0);
        recorder.servedBy.set(name, (recorder.servedBy.get(name) ?? 0) + more);
      }
      recorder.sequence.push(sent.exchange.sink.recorded.headers.get('server') ?? '');
      recorder.statuses.push(sent.exchange.sink.recorded.status ?? 0);
      if (replayCookiesOf === undefined || this.#previous === null) this.#previous = sent;
      recorder.cookies.push(sent);
      this.#judgeAnswer(step, sent);
    }
  }

  #judgeAnswer(step: Step & { do: 'request' }, sent: Sent): void {
    const subject: Subject = {
      read: (target, { name = '' }) => {
        if (!target.startsWith('response.')) throw new Missing(`the runner does not know the target ${target}`);
        return readResponse(sent.exchange.sink, target.slice('response.'.length), name);
      },
      wasCalled: () => true,
    };
    for (const expectation of step.expect ?? []) {
      if (expectation.target === 'response.body' && isOwnPage(sent.exchange.sink)) {
        this.#hasOwnPage = true;
        continue;
      }
      if (expectation.op !== 'eqTarget') {
        judgeExpectations([expectation], subject, this.#judgement, step);
        continue;
      }
      // The same thing of an earlier step's answer.
      const { target, name, request } = z
        .strictObject({ target: z.string(), name: z.string().optional(), request: z.int() })
        .parse(expectation.value);
      const other = this.#sent[request];
      if (!other) throw new Missing(`step ${request} sent nothing`);
      const what = target.slice('response.'.length);
      const value = readResponse(other.exchange.sink, what, name ?? '');
      judgeExpectations([{ ...expectation, op: 'eq', value }], subject, this.#judgement, step);
    }
  }

  /** Traefik keeps a child by its name, the product by its URL. */
  #cookieValue(to: string, value: string): string {
    const child = this.#balancer(to).children.find(({ name }) => name === value);
    return child ? `http://${child.server.address}` : value;
  }

  #calls(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { children } of this.#balancers.values()) {
      for (const { name, server } of children) counts.set(name, (counts.get(name) ?? 0) + server.calls().length);
    }
    return counts;
  }

  #recorder(name: string): Recorder {
    const known = this.#recorders.get(name);
    if (known) return known;
    const recorder: Recorder = { servedBy: new Map(), sequence: [], statuses: [], cookies: [] };
    this.#recorders.set(name, recorder);
    return recorder;
  }

  #harness(): Harness {
    if (!this.#proxy) throw new Missing('the proxy does not run');
    return this.#proxy;
  }

  /** Brings the proxy to what the steps have built so far. */
  async #ready(root: string): Promise<void> {
    const services = Object.fromEntries(
      [...this.#balancers.keys()].flatMap((name) => Object.entries(this.#services(name))),
    );
    const top = services[nameOf(root)];
    if (!top) throw new Missing(`there is no balancer ${root}`);
    const options = { services: { ...services, [service]: top }, routers: [{ service }] };
    const text = JSON.stringify(options);
    if (this.#proxy === null) this.#proxy = await startProxy(options);
    else if (text !== this.#applied) this.#proxy.apply(options);
    this.#applied = text;
    const down: Record<string, string[]> = {};
    for (const [name, { children }] of this.#balancers) {
      for (const child of children) {
        if (child.isUp) continue;
        const holder = child.role === 'server' ? (name === root ? service : nameOf(name)) : childName(name, child);
        (down[holder] ??= []).push(`http://${child.server.address}`);
      }
    }
    this.#proxy.proxy.receive({ type: 'down', servers: down });
  }

  #services(name: string): Record<string, ServiceSnapshot> {
    const { told, children, inner } = this.#balancer(name);
    const common = { sticky: (told.sticky?.cookie ?? null) as never, healthCheck: null };
    const leaf = (child: Child): ServiceSnapshot =>
      ({
        kind: 'loadBalancer',
        servers: [{ url: `http://${child.server.address}`, weight: 1, preservePath: false }],
        passHostHeader: true,
        sticky: null,
        // Has one, so that its state counts for what stands above it.
        healthCheck: {},
        serversTransport: null,
        flushIntervalMs: -1,
      }) satisfies ServiceSnapshot;
    const leaves = Object.fromEntries(
      children.filter(({ role }) => role !== 'server').map((child) => [childName(name, child), leaf(child)]),
    );
    const nameIn = (role: Child['role']): string => {
      const child = children.find((each) => each.role === role);
      if (role === 'main' && inner !== null) return nameOf(inner);
      return child ? childName(name, child) : '';
    };
    switch (told.algorithm) {
      case 'wrr':
      case 'p2c':
      case 'hrw':
      case 'leasttime':
        return {
          [nameOf(name)]: {
            kind: 'loadBalancer',
            strategy: told.algorithm,
            servers: children.map((child) => ({
              url: `http://${child.server.address}`,
              weight: child.weight,
              preservePath: false,
              ...(child.isFenced ? { isFenced: true } : {}),
            })),
            passHostHeader: true,
            serversTransport: null,
            flushIntervalMs: -1,
            ...common,
          },
        };
      case 'failover': {
        const errors = told.config?.['errors'] as { status?: string[]; maxRequestBodyBytes?: number } | undefined;
        const failover: ServiceSnapshot = {
          kind: 'failover',
          service: nameIn('main'),
          fallback: nameIn('fallback'),
          errors: errors
            ? { status: errors.status ?? [], maxRequestBodyBytes: errors.maxRequestBodyBytes ?? -1 }
            : null,
          healthCheck: told.config?.['healthCheck'] !== undefined,
        };
        return { ...leaves, [nameOf(name)]: failover };
      }
      case 'mirror': {
        const mirroring: ServiceSnapshot = {
          kind: 'mirroring',
          service: nameIn('main'),
          mirrors: children
            .filter(({ role }) => role === 'mirror')
            .map((child) => ({ name: childName(name, child), percent: child.percent })),
          mirrorBody: told.mirrorBody ?? true,
          maxBodyBytes: told.maxBodySize ?? -1,
          healthCheck: false,
        };
        return { ...leaves, [nameOf(name)]: mirroring };
      }
      default:
        throw new Missing(`there is no balancer ${told.algorithm}`);
    }
  }

  #expect(step: Step & { do: 'expect' }): void {
    this.#hasJudged = true;
    const subject: Subject = { read: (target, expectation) => this.#read(target, expectation), wasCalled: () => true };
    if ('anyOf' in step) {
      const isMet = step.anyOf.some((expectation) => holds(expectation, subject));
      if (isMet) this.#judgement.held();
      else
        this.#judgement.differ(
          step,
          'one of them',
          step.anyOf.map((each) => this.#read(each.target, each)),
        );
      return;
    }
    if ('gt' in step) {
      const [a, b] = step.gt.map((each) => Number(this.#read(each.target, each)));
      if (Number(a) > Number(b)) this.#judgement.held();
      else this.#judgement.differ(step, 'the first greater', [a, b]);
      return;
    }
    const { do: _do, of, ...expectation } = step;
    if (!this.#isPortable && ['servedBy', 'serverSequence'].includes(expectation.target)) {
      // Which of them is chance; that one keeps all after the first is not.
      const counts = this.#recorder(expectation.recorder ?? '').servedBy;
      const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
      if (total > 0) this.#judgement.held();
      else this.#judgement.differ(step, 'some answers', Object.fromEntries(counts));
      return;
    }
    if (of) {
      const sum = of.reduce((total, each) => total + Number(this.#read(each.target, each)), 0);
      judgeExpectations(
        [{ ...expectation, target: 'sum' }],
        { read: () => sum, wasCalled: () => true },
        this.#judgement,
        step,
      );
      return;
    }
    judgeExpectations([expectation], subject, this.#judgement, step);
  }

  #read(
    target: string,
    { name = '', recorder = '' }: { readonly name?: string | undefined; readonly recorder?: string | undefined },
  ): unknown {
    const noted = this.#recorder(recorder);
    if (target === 'servedBy') return noted.servedBy.get(name) ?? 0;
    if (target === 'serverSequence') return noted.sequence;
    if (target === 'statuses') return noted.statuses;
    if (target.startsWith('cookie.')) {
      const first = noted.cookies[0];
      return first && readResponse(first.exchange.sink, target, name);
    }
    if (target === 'childUp') return this.#isUp(name);
    if (target === 'forwarded.body') return this.#lastBody();
    const totals = /^mirrors\.totalCalls$|^(.+)\.calls$/.exec(target);
    if (totals) {
      const counts = this.#calls();
      if (totals[1] !== undefined) return counts.get(totals[1]) ?? 0;
      return [...this.#balancers.values()]
        .flatMap(({ children }) => children.filter(({ role }) => role === 'mirror'))
        .reduce((sum, child) => sum + child.server.calls().length, 0);
    }
    throw new Missing(`the runner does not know the target ${target}`);
  }

  /** A service is up to those above it while it answers. */
  #isUp(name: string): boolean {
    const { children, inner } = this.#balancer(name);
    return children.some(({ isUp }) => isUp) || (inner !== null && this.#isUp(inner));
  }

  #lastBody(): string | undefined {
    const children = [...this.#balancers.values()].flatMap((balancer) => balancer.children);
    const fallback = children.find(({ role, server }) => role === 'fallback' && server.calls().length > 0);
    return (fallback ?? children.find(({ server }) => server.calls().length > 0))?.server
      .calls()
      .at(-1)
      ?.body.toString();
  }
}

function nameOf(balancer: string): string {
  return `${balancer}@test`;
}

function childName(balancer: string, child: Child): string {
  return `${balancer}-${child.role}-${child.name}@test`;
}

function randomClient(seed: number): string {
  const mixed = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return `10.${(mixed >>> 16) & 255}.${(mixed >>> 8) & 255}.${(mixed & 127) + 1}:1234`;
}

/** By the reader of files, then by the merge, which disables what cannot be served. */
export function isRefusedService(config: unknown): boolean {
  const leaf = { loadBalancer: { servers: [{ url: 'http://127.0.0.1:9' }] } };
  const { state } = buildState({ file: { http: { services: { a: leaf, b: leaf, test: config } } } });
  return state.services.get('test@file')?.status === 'disabled';
}
