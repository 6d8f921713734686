import { z } from 'zod';
import { requestRecordSchema } from '../../proxy/model/request-record.ts';
import { problemSchema, serverViewSchema, streamProtocolSchema } from './objects.ts';

/** Stable codes of what an explanation comes to. The engine says it in English; other languages go by code and details. */
export const explanationCodes = [
  'ENTRY_POINT_NONE',
  'ENTRY_POINT_REDIRECTS',
  'REDIRECT_ABOVE_ROUTERS',
  'ESCAPE_REFUSED',
  'PATH_REFUSED',
  'TWO_READINGS',
  'NO_ROUTER',
  'NO_ROUTER_ALL_PAUSED',
  'ROUTER_OFF',
  'ROUTER_PAUSED',
  'ROUTER_CLOSED',
  'ROUTER_CLOSED_TCP',
  'MIDDLEWARE_REFUSES',
  'MIDDLEWARE_ANSWERS',
  'CHILD_DEPENDS',
  'CHILDREN_UNUSABLE',
  'CHILDREN_NO_MATCH',
  'BUILT_IN',
  'NO_SERVER',
  'NO_SERVER_UP',
  'FORWARD_DEPENDS',
  'FORWARDED',
  'FORWARDED_ONE_OF',
  'REFUSED_EARLY',
  'TO_HTTP',
  'TO_HTTPS',
  'TCP_NO_ROUTER',
  'TCP_NO_ROUTER_NAME',
  'UDP_NO_ROUTER',
] as const;

const detailsSchema = z.record(z.string(), z.union([z.string(), z.number()]));

const rulePartSchema = z.object({
  kind: z.enum(['host', 'path', 'method', 'client', 'header', 'query', 'serverName', 'alpn']),
  /** Name of the header field or query parameter; empty for the others. */
  key: z.string(),
  /** The part as it was written. */
  text: z.string(),
  holds: z.boolean(),
  /** Null: nothing by that name. */
  actual: z.string().nullable(),
});

const explainStepSchema = z.object({
  router: z.string(),
  /** Empty for a router of UDP. */
  rule: z.string(),
  priority: z.number(),
  matched: z.boolean(),
  /** Why, in words: the first part of the rule that did not hold, or what held. */
  reason: z.string(),
  /** What `reason` says, for other languages. */
  parts: z.array(rulePartSchema),
  /** Each matcher of the rule with its verdict. */
  matchers: z.array(z.object({ text: z.string(), matched: z.boolean(), actual: z.string() })),
});

export const explanationSchema = z.object({
  /** Left out: HTTP. */
  protocol: streamProtocolSchema.optional(),
  entryPoint: z.string().nullable(),
  /** Of a connection only scheme, host (the name in its TLS hello) and client are said; the rest is empty. */
  request: z.object({
    method: z.string(),
    scheme: z.string(),
    host: z.string(),
    path: z.string(),
    query: z.string(),
    clientIp: z.string(),
  }),
  outcome: z.enum([
    'forwarded',
    'answered',
    'refused',
    'depends',
    'no-router',
    'no-entry-point',
    'no-server',
    'redirected',
  ]),
  /** One sentence. */
  sentence: z.string(),
  /** What the sentence says, for other languages. */
  said: z.object({ code: z.enum(explanationCodes), details: detailsSchema }),
  /** Routers tried, in order; the ones that could not match by host are counted, not listed. */
  routers: z.array(explainStepSchema),
  skippedByHost: z.number(),
  router: z.string().nullable(),
  /** Of a connection: where its TLS ends; left out for HTTP and UDP, and where no router takes it. */
  tls: z.enum(['none', 'terminate', 'passthrough']).optional(),
  middlewares: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      verdict: z.enum(['passes', 'answers', 'refuses', 'depends']),
      detail: z.string(),
      /** What `detail` says, for other languages; left out: what its type does. */
      said: z.object({ code: z.string(), details: detailsSchema }).optional(),
    }),
  ),
  service: z.string().nullable(),
  servers: z.array(serverViewSchema),
  /** Routers that would have been asked: disabled, or paused. */
  disabled: z.array(z.object({ router: z.string(), problems: z.array(problemSchema) })),
  /** Where a request is explained that came: what became of it then. Its header fields are not kept. */
  recorded: z
    .object({
      id: z.string(),
      at: z.number(),
      /** 0: a connection, which has none. */
      status: z.number(),
      router: z.string().nullable(),
      error: requestRecordSchema.shape.error,
    })
    .optional(),
});

export type Explanation = z.infer<typeof explanationSchema>;
export type ExplanationCode = (typeof explanationCodes)[number];
