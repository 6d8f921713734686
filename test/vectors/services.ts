import { z } from 'zod';
import { createBalancer, type LoadBalancerSnapshot } from '../../proxy/service/load-balancer.ts';
import { createStickyCookie } from '../../proxy/service/sticky-cookie.ts';
import { loadBalancer, startProxy } from '../support/proxy-harness.ts';
import { sendToProxy } from './entry-point.ts';
import { isRefusedService } from './load-balancers.ts';
import { startRecordingServer } from './recording-server.ts';
import { buildState } from './runtime.ts';
import { arrivedRequest } from './traffic.ts';
import { kind } from './vector.ts';

const meaning = z.string();
const config = z.record(z.string(), z.unknown());

export const stickyCookie = kind(
  {
    cookieName: z.string(),
    servers: z.array(z.string()),
    cookies: z.array(z.tuple([z.string(), z.string()])),
    expectedServer: z.string(),
    expectedRewriteCookie: z.boolean(),
  },
  ({ cookieName, servers, cookies, expectedServer, expectedRewriteCookie }, judgement) => {
    const cookie = createStickyCookie('test', { name: cookieName }, servers);
    const header = cookies.map(([name, value]) => `${name}=${value}`).join('; ');
    const found = cookie.read(arrivedRequest({ method: 'GET', url: 'http://a/', headers: [['Cookie', header]] }));
    judgement.equal(
      { servers, cookies },
      { server: expectedServer, rewritten: expectedRewriteCookie },
      { server: found?.url ?? '', rewritten: found?.outdated ?? false },
    );
  },
);

export const serviceConstruct = kind(
  {
    meaning,
    input: z.strictObject({ serviceName: z.string(), service: config, fwd: z.strictObject({}).optional() }),
    expected: z.strictObject({ expectError: z.boolean() }),
  },
  ({ input, expected }, judgement) => {
    judgement.equal(input, expected.expectError, isRefusedService({ loadBalancer: input.service }));
  },
);

const answerShape = z.strictObject({
  StatusCode: z.int(),
  XFrom: z.string().optional(),
  LoadBalanced: z.boolean().optional(),
  SecureCookie: z.boolean().optional(),
  HTTPOnlyCookie: z.boolean().optional(),
});

/** A service from configuration to wire: decoded, merged, and served by a proxy in this process. */
export const serviceBehaviour = kind(
  {
    meaning,
    given: z.strictObject({ servers: z.string() }),
    input: z.strictObject({ serviceName: z.string(), service: config, userAgent: z.string().optional() }),
    expected: z.strictObject({ expected: z.array(answerShape) }),
  },
  async ({ input, expected: { expected } }, judgement) => {
    const count = new Set(JSON.stringify(input.service).match(/\{server\d+\}/g) ?? []).size;
    const servers = await Promise.all(Array.from({ length: count }, startRecordingServer));
    try {
      const names = count === 1 ? [expected[0]?.XFrom ?? ''] : ['first', 'second'];
      let text = JSON.stringify(input.service);
      for (const [index, server] of servers.entries()) {
        server.begin({ status: 200, headers: [['set', 'X-From', names[index] ?? '']] });
        text = text.replaceAll(`{server${index + 1}}`, server.address);
      }
      const raw = { loadBalancer: JSON.parse(text) as unknown };
      const routers = { test: { rule: 'PathPrefix(`/`)', service: input.serviceName } };
      const { snapshot } = buildState({ file: { http: { routers, services: { [input.serviceName]: raw } } } });
      const proxy = await startProxy({
        routers: [{ service: `${input.serviceName}@file` }],
        services: snapshot.services,
      });
      try {
        let cookies = '';
        let before = '';
        for (const answer of expected) {
          const headers: [string, string][] = [];
          if (input.userAgent !== undefined) headers.push(['User-Agent', input.userAgent]);
          if (cookies !== '') headers.push(['Cookie', cookies]);
          const request = { method: 'GET', url: 'http://callme', headers };
          const { recorded } = (await sendToProxy(proxy, { do: 'request', to: '', request })).exchange.sink;
          const from = recorded.headers.get('x-from') ?? '';
          const [setCookie = ''] = recorded.headers.getAll('set-cookie');
          judgement.equal({ input, answer }, answer, {
            StatusCode: recorded.status,
            ...(answer.XFrom === undefined ? {} : { XFrom: from }),
            ...(answer.LoadBalanced === undefined ? {} : { LoadBalanced: before !== '' && before !== from }),
            ...(answer.SecureCookie === undefined ? {} : { SecureCookie: /;\s*secure/i.test(setCookie) }),
            ...(answer.HTTPOnlyCookie === undefined ? {} : { HTTPOnlyCookie: /;\s*httponly/i.test(setCookie) }),
          });
          cookies = setCookie === '' ? cookies : (setCookie.split(';')[0] ?? '');
          before = from;
        }
        judgeWhatServersGot(servers[0]?.calls() ?? [], expected[0]?.XFrom, input.userAgent, judgement);
      } finally {
        await proxy.close();
      }
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
  },
);

/** What Traefik's servers insist on, by their names in `given`. */
function judgeWhatServersGot(
  calls: readonly { readonly headers: { get(name: string): string | undefined }; readonly authority: string }[],
  from: string | undefined,
  userAgent: string | undefined,
  judgement: Parameters<Parameters<typeof kind>[1]>[1],
): void {
  for (const call of calls) {
    if (from === 'passhost') judgement.equal('Host at the server', 'callme', call.authority);
    else if (from === 'passhostfalse')
      judgement.equal('Host at the server is the server’s', false, call.authority === 'callme');
    else judgement.equal('User-Agent at the server', userAgent ?? null, call.headers.get('user-agent') ?? null);
  }
}

export const p2cChoice = kind(
  {
    algorithm: z.literal('p2c'),
    inflight: z.array(z.int()),
    randomDraws: z.array(z.int()),
    expectedServerIndex: z.int(),
  },
  ({ inflight, randomDraws, expectedServerIndex }, judgement) => {
    const draws = [...randomDraws];
    const urls = inflight.map((_, index) => `http://server-${index}`);
    const servers = urls.map((url) => ({ url, weight: 1, preservePath: false }));
    const balancer = createBalancer(
      'test',
      { ...loadBalancer([]), kind: 'loadBalancer', strategy: 'p2c', servers } as LoadBalancerSnapshot,
      undefined,
      {
        random: () => draws.shift() ?? 0,
      },
    );
    for (const [index, url] of urls.entries()) {
      const place = balancer.kept.places.get(url) as { inFlight: number } | undefined;
      if (place) place.inFlight = inflight[index] ?? 0;
    }
    const picked = balancer.pick(arrivedRequest({ method: 'GET', url: 'http://a/' }));
    judgement.equal({ inflight, randomDraws }, expectedServerIndex, urls.indexOf(picked?.server.url ?? ''));
  },
);
