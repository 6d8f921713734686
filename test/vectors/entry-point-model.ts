import { z } from 'zod';
import { localName } from '../../proxy/model/names.ts';
import { buildState, byProvider, type EntryPointDefaults } from './runtime.ts';
import { kind } from './vector.ts';

const router = z.looseObject({
  entryPoints: z.array(z.string()).optional(),
  middlewares: z.array(z.string()).optional(),
  parentRefs: z.array(z.string()).optional(),
  ruleSyntax: z.string().optional(),
  tls: z.looseObject({}).optional(),
  observability: z.looseObject({ accessLogs: z.boolean().optional() }).optional(),
});
type Router = z.infer<typeof router>;

const model = z.strictObject({
  middlewares: z.array(z.string()).optional(),
  tls: z.looseObject({}).optional(),
  observability: z.looseObject({ accessLogs: z.boolean().optional() }).optional(),
  _defaultRuleSyntax: z.string().optional(),
});

const section = z.strictObject({
  routers: z.record(z.string(), router).optional(),
  services: z.record(z.string(), z.unknown()).optional(),
  middlewares: z.record(z.string(), z.unknown()).optional(),
  models: z.record(z.string(), model).optional(),
  _models: z.record(z.string(), model).optional(),
});

const configuration = z.strictObject({ http: section.optional(), tcp: section.optional() });

/** Two words for the versions of the rule language, where Traefik's test has made up others. */
function syntaxes(words: readonly (string | undefined)[]): ReadonlyMap<string, 'v2' | 'v3'> {
  const [first, ...others] = [...new Set(words.filter((word) => word !== undefined))];
  return new Map([
    ...(first === undefined ? [] : [[first, 'v2'] as const]),
    ...others.map((word) => [word, 'v3'] as const),
  ]);
}

/** What routers have once entry points have added theirs. Traefik makes a router for each entry point that adds something. */
export const entryPointModel = kind(
  {
    meaning: z.string(),
    input: z.strictObject({ input: configuration }),
    expected: z.strictObject({ expected: configuration }),
  },
  ({ input: { input }, expected: { expected } }, judgement) => {
    const protocol = input.tcp ? 'tcp' : 'http';
    const given = input[protocol]?.routers ?? {};
    const wanted = expected[protocol]?.routers ?? {};
    const models = Object.entries(input[protocol]?.models ?? input[protocol]?.['_models'] ?? {}).map(
      ([name, each]) => [localName(name), each] as const,
    );
    const spelled = syntaxes([
      ...models.map(([, each]) => each['_defaultRuleSyntax']),
      ...Object.values(given).map(({ ruleSyntax }) => ruleSyntax),
    ]);
    const entryPoints = [
      ...new Set([...Object.values(given).flatMap((each) => each.entryPoints ?? []), ...models.map(([name]) => name)]),
    ];
    const defaults = Object.fromEntries(models.map(([name, each]) => [name, defaultsOf(each)]));
    const [defaultSyntax] = models.flatMap(([, each]) => spelled.get(each['_defaultRuleSyntax'] ?? '') ?? []);
    const { file } = byProvider(protocol, kindsOf(protocol, given, models, spelled));
    const options = [...JSON.stringify(input).matchAll(/"options":"(\w+)"/g)].map((match) => [match[1] ?? '', {}]);
    const built = buildState(
      { file: { ...file, tls: { options: Object.fromEntries(options) as object } } },
      {
        entryPoints: entryPoints.length > 0 ? entryPoints : ['ep'],
        defaults,
        ...(defaultSyntax === undefined ? {} : { defaultRuleSyntax: defaultSyntax }),
      },
    );
    const names = Object.keys(given);
    const isSplit = (name: string, ofName: string): boolean =>
      name === ofName || entryPoints.some((entryPoint) => name === `${entryPoint}-${ofName}`);
    // What is written once for each entry point is counted as one.
    judgement.equal(
      input,
      names.toSorted(),
      names.filter((name) => Object.keys(wanted).some((each) => isSplit(each, name))).toSorted(),
    );
    for (const [name, each] of Object.entries(wanted)) {
      const original = names.find((other) => isSplit(name, other)) ?? name;
      if (protocol === 'tcp') {
        const got = built.state.streams.tcp.routers.get(`${original}@file`);
        const want = { syntax: spelled.get(each.ruleSyntax ?? '') ?? 'v3', entryPoints: each.entryPoints };
        judgement.equal({ name }, want, { syntax: got?.syntax, entryPoints: got && [...got.entryPoints] });
        continue;
      }
      const state = built.state.routers.get(`${original}@file`);
      if (each.parentRefs !== undefined) {
        const parents = new Set(each.parentRefs.map((ref) => names.find((other) => isSplit(ref, other)) ?? ref));
        judgement.equal({ name }, [...parents].toSorted(), (state?.parents ?? []).map(localName).toSorted());
      }
      for (const entryPoint of each.entryPoints ?? (each.parentRefs ? [] : ['ep'])) {
        const [route] = built.snapshot.routers.filter(
          (other) => other.name === `${original}@file` && other.entryPoints.includes(entryPoint),
        );
        judgement.equal(
          { name, entryPoint, problems: state?.problems },
          wantedRoute(each),
          route && {
            middlewares: route.middlewares.map(localName),
            tls: route.tls,
            accessLogs: route.accessLogs ?? defaults[entryPoint]?.accessLogs ?? true,
          },
        );
      }
    }
  },
);

function wantedRoute({ middlewares = [], tls, observability }: Router): object {
  return { middlewares, tls: tls !== undefined, accessLogs: observability?.accessLogs ?? false };
}

function defaultsOf({ middlewares, tls, observability }: z.infer<typeof model>): EntryPointDefaults {
  return {
    ...(middlewares ? { middlewares } : {}),
    ...(tls ? { tls: true, routerTls: tls } : {}),
    ...(observability?.accessLogs === undefined ? {} : { accessLogs: observability.accessLogs }),
  };
}

/** Rules, services and middlewares that Traefik's test leaves out are there. */
function kindsOf(
  protocol: 'http' | 'tcp',
  given: Readonly<Record<string, Router>>,
  models: readonly (readonly [string, z.infer<typeof model>])[],
  spelled: ReadonlyMap<string, 'v2' | 'v3'>,
) {
  const rule = protocol === 'tcp' ? 'HostSNI(`*`)' : 'PathPrefix(`/`)';
  const parents = new Set(Object.values(given).flatMap(({ parentRefs = [] }) => parentRefs));
  const routers = Object.fromEntries(
    Object.entries(given).map(([name, each]) => [
      name,
      {
        ...each,
        rule,
        ...(each.ruleSyntax === undefined ? {} : { ruleSyntax: spelled.get(each.ruleSyntax) }),
        ...(parents.has(name) ? {} : { service: 'app' }),
      },
    ]),
  );
  const named = [...Object.values(given), ...models.map(([, each]) => each)].flatMap((each) => each.middlewares ?? []);
  const server = protocol === 'tcp' ? { address: 'a:1' } : { url: 'http://a' };
  return {
    routers,
    services: { app: { loadBalancer: { servers: [server] } } },
    ...(protocol === 'http'
      ? { middlewares: Object.fromEntries(named.map((name) => [name, { addPrefix: { prefix: '/a' } }])) }
      : {}),
  };
}
