import { z } from 'zod';
import { createRecorder } from '../../proxy/http/recorder.ts';
import { matchersOf } from '../../proxy/rule/rule-node.ts';
import {
  compileTcpRule,
  defaultTcpPriority,
  hostsOfTcpRule,
  isTcpCatchAll,
  parseTcpRule,
  type TcpConnection,
} from '../../proxy/rule/tcp.ts';
import { compileStreams } from '../../proxy/stream/stream-routing.ts';
import { addressParts } from './go-url.ts';
import { namesOnly, parsed, route, syntaxShape } from './rules.ts';
import { buildState, type RawConfiguration } from './runtime.ts';
import { kind } from './vector.ts';

const connectionShape = z.strictObject({
  sni: z.string().optional(),
  clientIP: z.string().optional(),
  remoteAddr: z.string().optional(),
  alpn: z.array(z.string()).optional(),
});

function connectionOf({ sni, clientIP, remoteAddr, alpn }: z.infer<typeof connectionShape>): TcpConnection {
  return { serverName: sni ?? '', clientIp: clientIP ?? addressParts(remoteAddr ?? '').ip, alpn: alpn ?? [] };
}

const checksShape = z
  .array(z.strictObject({ connection: connectionShape, match: z.boolean(), catchAll: z.boolean().optional() }))
  .optional();

export const tcpRule = kind(
  { rule: z.string(), syntax: syntaxShape, expectParseError: z.boolean(), checks: checksShape },
  ({ rule, syntax, expectParseError, checks = [] }, judgement) => {
    const node = parsed(() => parseTcpRule(rule, syntax));
    judgement.equal({ rule, syntax }, { refused: expectParseError }, { refused: node === null });
    if (node === null) return;
    const matches = compileTcpRule(node);
    for (const { connection, match, catchAll } of checks) {
      judgement.equal({ rule, syntax, connection }, { match }, { match: matches(connectionOf(connection)) });
      if (catchAll !== undefined) judgement.equal({ rule, syntax }, { catchAll }, { catchAll: isTcpCatchAll(node) });
    }
  },
);

/** One matcher function by itself, written as a rule that is nothing else. */
export const tcpMatcherV2 = kind(
  {
    matcher: z.string(),
    args: z.array(z.string()),
    syntax: syntaxShape,
    expectParseError: z.boolean(),
    checks: checksShape,
  },
  ({ matcher, args, ...rest }, judgement) => {
    const rule = `${matcher}(${args.map((value) => (value.includes('`') ? JSON.stringify(value) : `\`${value}\``)).join(', ')})`;
    return tcpRule.judge({ rule, ...rest }, judgement);
  },
);

export const tcpPriority = kind(
  {
    syntax: syntaxShape,
    providersPrecedence: z.array(z.string()),
    routes: z.array(route),
    connection: connectionShape,
    expectedRoute: z.strictObject({ rule: z.string(), provider: z.string().optional() }),
  },
  ({ syntax, providersPrecedence, routes, connection, expectedRoute }, judgement) => {
    const sections: Record<string, RawConfiguration> = {};
    const service = { loadBalancer: { servers: [{ address: '127.0.0.1:9' }] } };
    for (const { id, rule, priority, provider = 'file' } of routes) {
      const known =
        (sections[provider] as { tcp: { routers: Record<string, unknown> } } | undefined)?.tcp.routers ?? {};
      const router = { rule, service: 's', tls: {}, priority, ...(syntax === 'v3' ? {} : { ruleSyntax: syntax }) };
      sections[provider] = { tcp: { routers: { ...known, [id]: router }, services: { s: service } } };
    }
    const hasProviders = routes.some(({ provider }) => provider !== undefined);
    const { snapshot } = buildState(sections, {
      entryPoints: ['web'],
      ...(hasProviders ? { precedence: providersPrecedence } : {}),
    });
    const recorder = createRecorder(() => undefined);
    const routing = compileStreams(snapshot, null, { recorder, isDown: () => false });
    const { serverName, clientIp, alpn } = connectionOf(connection);
    const way = routing.tcpEntry('web', { tls: false, redirects: false })?.choose({ serverName, alpn }, clientIp);
    const found = way?.kind === 'tcp' ? way.route.name : (way?.kind ?? 'none');
    const wanted = routes.find(
      ({ rule, provider }) => rule === expectedRoute.rule && (expectedRoute.provider ?? provider) === provider,
    );
    judgement.equal({ routes, connection }, wanted && `${wanted.id}@${wanted.provider ?? 'file'}`, found);
  },
);

export const tcpDefaultPriority = kind(
  { rule: z.string(), expectedPriority: z.int() },
  ({ rule, expectedPriority }, judgement) =>
    judgement.equal(rule, expectedPriority, defaultTcpPriority(rule, parseTcpRule(rule))),
);

/** As for HTTP: where a value is wrong, names are gathered from the grammar alone. */
export const tcpDomains = kind(
  { rule: z.string(), expectError: z.boolean(), expectedDomains: z.array(z.string()) },
  ({ rule, expectError, expectedDomains }, judgement) => {
    const node = parsed(() => parseTcpRule(rule)) ?? parsed(() => parseTcpRule(rule, 'v2'));
    const tree = node === null ? parsed(() => namesOnly(rule, ['HostSNI', 'HostSNIRegexp', 'ClientIP', 'ALPN'])) : null;
    const domains =
      node !== null
        ? hostsOfTcpRule(node)
        : tree &&
          matchersOf(tree).flatMap(({ name, args }) =>
            name === 'HostSNI' ? args.map((host) => host.toLowerCase()) : [],
          );
    judgement.equal(rule, expectError ? 'refused' : expectedDomains, domains ?? 'refused');
  },
);
