import { z } from 'zod';
import type { Problem } from '../../app/contract/objects.ts';
import { localName } from '../../proxy/model/names.ts';
import { startProxy } from '../support/proxy-harness.ts';
import { encodedCharactersAt, sendToProxy } from './entry-point.ts';
import { startRecordingServer } from './recording-server.ts';
import { buildState, byProvider } from './runtime.ts';
import { type Judgement, kind, Missing } from './vector.ts';

const raw = z.record(z.string(), z.unknown());
const router = z.looseObject({
  rule: z.string().optional(),
  service: z.string().optional(),
  parentRefs: z.array(z.string()).optional(),
});
type Routers = Readonly<Record<string, z.infer<typeof router>>>;

const byName = <Value extends z.ZodType>(value: Value) => z.record(z.string(), value).nullable().optional();

const shape = {
  meaning: z.string(),
  input: z.strictObject({
    routers: z.record(z.string(), router),
    services: z.record(z.string(), raw).optional(),
    middlewares: z.record(z.string(), raw).nullable().optional(),
    childRefs: z.array(z.string()).optional(),
    requestPath: z.string().optional(),
    entryPoints: z.array(z.string()).optional(),
  }),
  expected: z.strictObject({
    expectedStatuses: byName(z.string()),
    expectedChildRefs: byName(z.array(z.string()).nullable()),
    expectedErrors: byName(z.array(z.string())),
    expectedErrorCounts: byName(z.int()),
    expectedError: z.string().optional(),
    expectedRequests: z
      .array(z.strictObject({ path: z.string(), statusCode: z.int() }))
      .nullable()
      .optional(),
    expectedStatusCode: z.int().optional(),
  }),
};
type Input = z.infer<(typeof shape)['input']>;
type Expected = z.infer<(typeof shape)['expected']>;

/** Routers below routers: how they are judged, or what becomes of requests. */
export const multiLayerRouting = kind(shape, async ({ input, expected }, judgement) => {
  if (expected.expectedStatuses) judgeTree(input, expected, judgement);
  else await judgeRequests(input, expected, judgement);
});

/** Traefik's test looks at nothing but what stands above and below what: rules, and services that are named, are there. */
function judgeTree(input: Input, expected: Expected, judgement: Judgement): void {
  const named = Object.values(input.routers).flatMap(({ service = '' }) => (service === '' ? [] : [service]));
  const services = Object.fromEntries(
    named.map((name) => [name, { loadBalancer: { servers: [{ url: 'http://a' }] } }]),
  );
  const { state } = buildState(byProvider('http', { routers: withRules(input.routers), services }), {
    entryPoints: input.entryPoints ?? ['web'],
  });
  for (const name of Object.keys(input.routers)) {
    const judged = state.routers.get(`${name}@file`);
    const problems = judged?.problems.filter(({ severity }) => severity === 'error') ?? [];
    const status = judged?.status === 'disabled' ? 'disabled' : 'enabled';
    judgement.equal({ name, problems }, expected.expectedStatuses?.[name], status);
    judgement.equal({ name }, expected.expectedChildRefs?.[name] ?? [], (judged?.children ?? []).map(localName));
    const errors = expected.expectedErrors?.[name];
    if (errors) judgement.equal({ name }, errors.map(codeOf).toSorted(), problems.map(({ code }) => code).toSorted());
    const count = expected.expectedErrorCounts?.[name];
    if (count !== undefined) judgement.equal({ name, problems }, count, problems.length);
  }
}

const codes: readonly (readonly [RegExp, Problem['code']])[] = [
  [/^non-root router cannot have/, 'CHILD_OPTION'],
  [/^parent router .* does not exist/, 'PARENT_UNKNOWN'],
  [/^router is not reachable/, 'ROUTER_UNREACHABLE'],
  [/^router has no service and no child routers/, 'ROUTER_NO_SERVICE'],
  [/^router has both a service/, 'SERVICE_AND_CHILDREN'],
  [/^cyclic reference detected/, 'ROUTER_LOOP'],
];

function codeOf(message: string): Problem['code'] {
  const found = codes.find(([pattern]) => pattern.test(message));
  if (!found) throw new Missing(`the runner does not know what "${message}" is called here`);
  return found[1];
}

function withRules(routers: Routers): Routers {
  return Object.fromEntries(
    Object.entries(routers).map(([name, each]) => [name, { ...each, rule: each.rule ?? 'PathPrefix(`/`)' }]),
  );
}

/** Requests over a real connection; every service answers 200. */
async function judgeRequests(input: Input, expected: Expected, judgement: Judgement): Promise<void> {
  const server = await startRecordingServer();
  server.begin({});
  const services = Object.fromEntries(
    Object.keys(input.services ?? {}).map((name) => [
      name,
      { loadBalancer: { servers: [{ url: `http://${server.address}` }] } },
    ]),
  );
  const routers = input.childRefs === undefined ? input.routers : belowOne(input.routers, input.childRefs);
  const { snapshot } = buildState(byProvider('http', { routers, services, middlewares: input.middlewares }), {
    entryPoints: ['web'],
  });
  const options = encodedCharactersAt(Object.values(input.routers).map((each) => each['_deniedEncodedPathCharacters']));
  const proxy = await startProxy({ ...snapshot, entryPoints: [options] });
  const statusOf = async (path: string): Promise<number | null> => {
    const request = { method: 'GET', url: `http://foo.bar${path}` };
    return (await sendToProxy(proxy, { do: 'request', to: '', request })).exchange.sink.recorded.status;
  };
  try {
    if (expected.expectedError) {
      judgement.equal({ input, why: expected.expectedError }, 503, await statusOf('/'));
      return;
    }
    const requests = [...(expected.expectedRequests ?? [])];
    if (expected.expectedStatusCode !== undefined) {
      requests.push({ path: input.requestPath ?? '/', statusCode: expected.expectedStatusCode });
    }
    for (const { path, statusCode } of requests) judgement.equal({ path }, statusCode, await statusOf(path));
    if (requests.length === 0) {
      // The vector asks that all could be built.
      const faulty = proxy.messages.filter((message) => message.type === 'applied' && message.errors.length > 0);
      judgement.equal(input, [], faulty);
    }
  } finally {
    await proxy.close();
    await server.close();
  }
}

/** Where a vector tells the routers below one that it does not tell, that one takes everything. */
function belowOne(routers: Routers, children: readonly string[]): Routers {
  const above = 'parent';
  const under = Object.fromEntries(
    Object.entries(routers).map(([name, each]) => [
      name,
      children.includes(name) ? { ...each, parentRefs: [above] } : each,
    ]),
  );
  return { ...under, [above]: { rule: 'PathPrefix(`/`)', entryPoints: ['web'] } };
}
