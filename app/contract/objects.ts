import { z } from 'zod';
import { requestRecordSchema } from '../../proxy/model/request-record.ts';
import { certificateViewSchema, resolverViewSchema } from './certificates.ts';
import { problemSchema } from './problems.ts';

export { problemCodes, problemSchema } from './problems.ts';

/** What clients (window, browser, CLI) see. Secrets never appear here. All times are milliseconds since 1970. */

/** Where an object comes from, so that its owner finds the line to change. */
export const sourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('label'), containerId: z.string(), container: z.string(), label: z.string().nullable() }),
  z.object({ kind: z.literal('file'), path: z.string(), line: z.number(), column: z.number() }),
  z.object({ kind: z.literal('exposure'), exposureId: z.string() }),
  z.object({ kind: z.literal('internal') }),
]);

export const objectStatusSchema = z.enum(['enabled', 'warning', 'disabled']);

export const streamProtocolSchema = z.enum(['tcp', 'udp']);

/** What can be edited of a router or service. */
export const overrideFieldSchema = z.enum([
  'host',
  'middlewares',
  'protection',
  'servers',
  'healthCheckPath',
  'paused',
]);

/** One server of a service, otherwise than labels or files have it. */
export const serverEditSchema = z.object({
  /** Its address as labels or files say it. */
  server: z.string(),
  /** Where it is instead; null: there. */
  address: z.string().nullable(),
  /** Null: as labels or files say. Only HTTP knows weights of servers. */
  weight: z.number().nullable(),
  /** Gets no more requests. */
  paused: z.boolean(),
});

/** What the provider of an overridden object says, and which of it something else stands for. */
const overriddenSchema = z.object({
  /** Empty for a service. */
  rule: z.string(),
  middlewares: z.array(z.string()),
  fields: z.array(overrideFieldSchema),
  /** The servers of a service that are edited; left out: none are. */
  servers: z.array(serverEditSchema).optional(),
  /** Null: its provider has none made. Left out: it is not edited. */
  healthCheckPath: z.string().nullable().optional(),
  /** Labels or files say something else since it was edited; left out: they do not. */
  changed: z.boolean().optional(),
});

/** How a router's connections are encrypted. */
const tlsSettingsSchema = z.object({
  /** TLS ends at the server, and nothing below is used. */
  passthrough: z.boolean(),
  /** Those that it asks for, by entry point where these differ. */
  options: z.array(
    z.object({
      /** `default`, or qualified. */
      name: z.string(),
      minVersion: z.string(),
      /** Null: the newest there is. */
      maxVersion: z.string().nullable(),
      /** As OpenSSL names them; empty: its own choice. */
      ciphers: z.array(z.string()),
      curves: z.array(z.string()),
      alpn: z.array(z.string()),
      sniStrict: z.boolean(),
      /** What is asked of visitors' own certificates; null: nothing. */
      clientAuth: z.string().nullable(),
    }),
  ),
  /** Who issues its certificates; null: nobody is named. */
  resolver: z.string().nullable(),
  /** Names that it asks certificates for. */
  domains: z.array(z.string()),
});

export const routerViewSchema = z.object({
  /** Left out: HTTP. Names of each protocol are apart: see `viewKey`. */
  protocol: streamProtocolSchema.optional(),
  name: z.string(),
  provider: z.string(),
  status: objectStatusSchema,
  problems: z.array(problemSchema),
  rule: z.string(),
  priority: z.number(),
  entryPoints: z.array(z.string()),
  middlewares: z.array(z.string()),
  /** Empty where it leads to routers, or to nothing. */
  service: z.string(),
  /** Routers that hand it requests; left out where those come from entry points. */
  parents: z.array(z.string()).optional(),
  /** Routers that it hands requests to; left out where those go to a service. */
  children: z.array(z.string()).optional(),
  tls: z.boolean(),
  /** Left out: it has no TLS. */
  tlsSettings: tlsSettingsSchema.optional(),
  /** Hosts that the rule names, without wildcards and patterns. */
  hosts: z.array(z.string()),
  /** Addresses that open it, the public port included where it is not the scheme's own. */
  urls: z.array(z.string()),
  source: sourceSchema,
  /** Left out: it is as its provider has it. */
  overridden: overriddenSchema.optional(),
  /**
   * It is disabled and keeps its place: its requests are answered with 503, its connections closed, and no router below
   * it gets them. Left out: it is served, or not there.
   */
  closed: z.literal(true).optional(),
});

/** Why servers are down. */
export const serverDownCodes = [
  'ANSWERED',
  'ANSWERED_INSTEAD',
  'ANSWERED_TEXT',
  'LATE',
  'REDIRECTED_OFTEN',
  'NOBODY_LISTENS',
  'UNREACHABLE',
  'NAME_UNKNOWN',
  'CERTIFICATE',
  'FAILING',
] as const;

/** `paused`: an override keeps it out. */
export const serverHealthSchema = z.enum(['up', 'down', 'unchecked', 'paused']);

export const serverViewSchema = z.object({
  url: z.string(),
  weight: z.number(),
  health: serverHealthSchema,
  /** Why it is down, in words. */
  reason: z.string().nullable(),
  /** What `reason` says, for other languages; left out where it has no code. */
  said: z
    .object({ code: z.enum(serverDownCodes), details: z.record(z.string(), z.union([z.string(), z.number()])) })
    .optional(),
});

export const serviceViewSchema = z.object({
  /** Left out: HTTP. Names of each protocol are apart: see {@link viewKey}. */
  protocol: streamProtocolSchema.optional(),
  name: z.string(),
  provider: z.string(),
  status: objectStatusSchema,
  problems: z.array(problemSchema),
  type: z.enum(['loadBalancer', 'weighted', 'highestRandomWeight', 'mirroring', 'failover', 'whoami', 'unknown']),
  /** How requests are shared out; null where there is nothing to choose from. */
  strategy: z.enum(['wrr', 'p2c', 'hrw', 'leasttime']).nullable().optional(),
  /** The services that it leads to. */
  children: z
    .array(
      z.object({
        name: z.string(),
        role: z.enum(['weighted', 'main', 'mirror', 'fallback']),
        /** Weight, or a mirror's percent of requests. */
        share: z.number().nullable(),
        health: serverHealthSchema,
      }),
    )
    .optional(),
  /** Middlewares that stand before it, whatever router leads here. */
  middlewares: z.array(z.string()).optional(),
  servers: z.array(serverViewSchema),
  passHostHeader: z.boolean(),
  sticky: z.boolean(),
  healthCheck: z.string().nullable(),
  serversTransport: z.string().nullable(),
  /** Routers that send to it. */
  usedBy: z.array(z.string()),
  source: sourceSchema,
  /** Left out: it is as its provider has it. */
  overridden: overriddenSchema.optional(),
});

export const middlewareViewSchema = z.object({
  /** Left out: HTTP. Names of each protocol are apart: see {@link viewKey}. */
  protocol: streamProtocolSchema.optional(),
  name: z.string(),
  provider: z.string(),
  type: z.string(),
  status: objectStatusSchema,
  problems: z.array(problemSchema),
  /** What this kind of middleware does, one sentence. */
  summary: z.string(),
  /** Its options with secrets masked. */
  options: z.record(z.string(), z.unknown()),
  usedBy: z.array(z.string()),
  source: sourceSchema,
});

export const containerStateSchema = z.enum([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
]);
export const containerHealthSchema = z.enum(['none', 'starting', 'healthy', 'unhealthy']);

export const containerPortSchema = z.object({
  port: z.number(),
  protocol: z.enum(['tcp', 'udp', 'sctp']),
  published: z.array(z.object({ host: z.string(), port: z.number() })),
});

export const containerViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  image: z.string(),
  state: containerStateSchema,
  health: containerHealthSchema,
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  composeProject: z.string().nullable(),
  composeService: z.string().nullable(),
  networkMode: z.string(),
  networks: z.array(z.object({ name: z.string(), address: z.string() })),
  ports: z.array(containerPortSchema),
  /**
   * `exposed`: at least one enabled router leads to it; `broken`: it should be reachable and is not;
   * `paused`: its exposure is paused; `none`: nobody asked for it to be exposed.
   */
  exposure: z.enum(['exposed', 'broken', 'paused', 'none']),
  /** Why it is not exposed, or what is wrong, or what was decided for it. */
  problems: z.array(problemSchema),
  routers: z.array(z.string()),
  urls: z.array(z.string()),
  exposureId: z.string().nullable(),
});

export const protectionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  /** On input `password` is required unless one is kept from before; it is never sent back. */
  z.object({ kind: z.literal('password'), username: z.string(), password: z.string().optional() }),
  z.object({ kind: z.literal('allowList'), sourceRange: z.array(z.string()) }),
]);

/** What somebody wants of a router or service otherwise than labels or files have it. Null: as they have it. */
export const overrideSchema = z.object({
  id: z.string(),
  object: z.enum(['router', 'service']),
  /** Left out: HTTP. */
  protocol: streamProtocolSchema.optional(),
  /** Qualified name of what it stands over. */
  name: z.string(),
  host: z.string().nullable(),
  middlewares: z.array(z.string()).nullable(),
  protection: protectionSchema.nullable(),
  servers: z.array(serverEditSchema).nullable(),
  /** Empty: no health check is made. */
  healthCheckPath: z.string().nullable(),
  paused: z.boolean(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** `waiting`: what it stands over is not there now. `changed`: labels or files say something else since. */
  state: z.enum(['applied', 'changed', 'waiting']),
});

export const overridePlanSchema = z.object({
  override: overrideSchema.nullable(),
  /** Hosts that it answers for now. */
  hosts: z.array(z.string()),
  /** As its provider wrote them. */
  rule: z.string(),
  middlewares: z.array(z.string()),
  servers: z.array(z.object({ server: z.string(), weight: z.number() })),
  /** Null: none is made. */
  healthCheckPath: z.string().nullable(),
  /** What can be edited of it. */
  editable: z.array(overrideFieldSchema),
});

/** An object with its override, as text to paste where it comes from. */
export const overrideExportSchema = z.object({
  labels: z.array(z.string()),
  compose: z.string(),
  file: z.string(),
});

export const exposureSchema = z.object({
  id: z.string(),
  /** Router and service name without provider. */
  name: z.string(),
  /** What it follows: the container's name, and compose project and service where it has them. */
  target: z.object({
    container: z.string(),
    composeProject: z.string().nullable(),
    composeService: z.string().nullable(),
  }),
  host: z.string(),
  port: z.number(),
  scheme: z.enum(['http', 'https']),
  protection: protectionSchema,
  paused: z.boolean(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** `waiting`: its container is not there or not running now. */
  state: z.enum(['live', 'waiting', 'broken', 'paused']),
  problems: z.array(problemSchema),
  url: z.string(),
  containerId: z.string().nullable(),
});

/** What the form starts with, and what would happen. */
export const exposurePlanSchema = z.object({
  containerId: z.string(),
  container: z.string(),
  name: z.string(),
  host: z.string(),
  /** Null where the container tells none; the person must choose then. */
  port: z.number().nullable(),
  ports: z.array(z.object({ port: z.number(), reason: z.string() })),
  scheme: z.enum(['http', 'https']),
  protection: protectionSchema,
  problems: z.array(problemSchema),
  preview: z.object({
    url: z.string(),
    rule: z.string(),
    entryPoint: z.string(),
    middlewares: z.array(z.string()),
    service: z.string(),
    /** Where requests would go, or null while no port or address is known. */
    serverUrl: z.string().nullable(),
  }),
});

export const entryPointViewSchema = z.object({
  name: z.string(),
  /** As asked for, such as `:443`. */
  address: z.string(),
  /** As bound, such as `0.0.0.0:8443`; null where it could not be. */
  listening: z.string().nullable(),
  /** What its listener speaks by itself; TCP routers may be on the first two as well. */
  protocol: z.enum(['http', 'https', 'udp']),
  redirectTo: z.string().nullable(),
  /** Routers above it are asked before the redirect; left out: none are. */
  redirectPriority: z.number().optional(),
  /** Escapes in paths, such as `%2F`, that end a request here, or are taken as they stand; left out: none are set. */
  encodedCharacters: z.object({ refused: z.array(z.string()), allowed: z.array(z.string()) }).optional(),
  /** False: dot segments and several slashes in paths stay as they came. */
  sanitizePath: z.literal(false).optional(),
  /** Requests are read as Traefik reads them, also where that is less safe. */
  asTraefik: z.literal(true).optional(),
  /** Who decided the address. */
  origin: z.enum(['default', 'flag', 'file', 'setting']),
  problems: z.array(problemSchema),
});

export const providerViewSchema = z.object({
  /** Docker endpoints beside the first bear names of their own. */
  name: z.union([
    z.enum(['docker', 'file', 'http', 'gatehouse', 'internal']),
    z.templateLiteral(['docker-', z.string()]),
  ]),
  /** `off`: not configured. `lost`: was there, is not now; its last routes stay. */
  state: z.enum(['off', 'connecting', 'connected', 'lost', 'failed']),
  /** Endpoint or path. */
  where: z.string(),
  /** Such as "Docker 28.2 (API 1.50)"; empty where there is nothing to say. */
  version: z.string(),
  since: z.number(),
  problems: z.array(problemSchema),
});

export const engineStatusSchema = z.object({
  version: z.string(),
  startedAt: z.number(),
  /** `well`, `attention` (something is wrong), `paused` (all exposure is paused), `starting`. */
  health: z.enum(['starting', 'well', 'attention', 'paused']),
  /** Problems of the engine itself and of its parts; problems of objects are with the objects. */
  problems: z.array(problemSchema),
  entryPoints: z.array(entryPointViewSchema),
  providers: z.array(providerViewSchema),
  counts: z.object({
    /** Apps that answer now: distinct hosts of enabled routers, without internal ones. */
    openApps: z.number(),
    containers: z.number(),
    routers: z.object({ total: z.number(), warnings: z.number(), errors: z.number() }),
    services: z.object({ total: z.number(), warnings: z.number(), errors: z.number() }),
    middlewares: z.object({ total: z.number(), warnings: z.number(), errors: z.number() }),
  }),
  dashboard: z.object({ url: z.string(), lanUrl: z.string().nullable() }),
  dataDir: z.string(),
  workers: z.number(),
  pausedAll: z.boolean(),
  certificateAuthority: z.object({ fingerprint: z.string(), notAfter: z.number(), path: z.string() }),
});

export const changeSchema = z.object({
  id: z.string(),
  at: z.number(),
  actor: z.enum(['dashboard', 'window', 'cli', 'api', 'system']),
  kind: z.enum([
    'exposure.created',
    'exposure.updated',
    'exposure.removed',
    'exposure.paused',
    'exposure.resumed',
    'exposure.pausedAll',
    'exposure.resumedAll',
    'override.set',
    'override.removed',
    'change.undone',
    'settings.updated',
    'certificate.added',
    'certificate.issued',
    'certificate.renewed',
    'certificate.failed',
    'certificate.replaced',
    'certificate.revoked',
    'certificate.removed',
    'certificates.imported',
    'resolver.set',
    'resolver.removed',
    'access.passwordSet',
    'access.tokenCreated',
    'access.tokenRevoked',
    'container.appeared',
    'container.gone',
    'provider.lost',
    'provider.connected',
    'router.broke',
    'router.recovered',
    'worker.restarted',
  ]),
  /** Name of what changed, such as `photos@gatehouse` or a container's name. */
  subject: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number()])),
  undoable: z.boolean(),
});

/** One point of a traffic series. Rates follow from `requests` and the series' step. */
export const trafficPointSchema = z.object({
  requests: z.number(),
  errors: z.number(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
  requestBytes: z.number(),
  responseBytes: z.number(),
});

export const trafficSeriesSchema = z.object({
  stepMs: z.number(),
  /** Start of each step, ascending; steps without data are absent (a gap, not a zero). */
  at: z.array(z.number()),
  total: z.array(trafficPointSchema),
  entryPoints: z.record(z.string(), z.array(trafficPointSchema)),
  services: z.record(z.string(), z.array(trafficPointSchema)),
});

export const trafficTickSchema = z.object({
  at: z.number(),
  stepMs: z.number(),
  total: trafficPointSchema,
  entryPoints: z.record(z.string(), trafficPointSchema),
  services: z.record(z.string(), trafficPointSchema),
  openConnections: z.number(),
});

export const settingsSchema = z.object({
  entryPoints: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      origin: z.enum(['default', 'flag', 'file', 'setting']),
      redirectTo: z.string().nullable(),
    }),
  ),
  docker: z.object({
    /** Null: found by itself. */
    endpoint: z.string().nullable(),
    exposedByDefault: z.boolean(),
    defaultRule: z.string(),
    network: z.string().nullable(),
    /** Names of the fields above that a flag or file decides; they cannot be changed here. */
    fixed: z.array(z.string()),
  }),
  file: z.object({ path: z.string().nullable(), fixed: z.boolean() }),
  /** New apps are proposed as NAME.domain. */
  domain: z.string(),
  dashboard: z.object({
    address: z.string(),
    addressFixed: z.boolean(),
    /** Address for the local network, such as `:8687`; null: loopback only. */
    lanAddress: z.string().nullable(),
    passwordSet: z.boolean(),
  }),
});

export const settingsPatchSchema = z.strictObject({
  entryPoints: z.record(z.string(), z.strictObject({ address: z.string() })).optional(),
  docker: z
    .strictObject({
      endpoint: z.string().nullable().optional(),
      exposedByDefault: z.boolean().optional(),
      defaultRule: z.string().optional(),
      network: z.string().nullable().optional(),
    })
    .optional(),
  file: z.strictObject({ path: z.string().nullable() }).optional(),
  domain: z.string().optional(),
  dashboard: z.strictObject({ lanAddress: z.string().nullable().optional() }).optional(),
});

export const apiTokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.number().nullable(),
});

export const snapshotSchema = z.object({
  /** Of the event stream: the first event to follow is the next number. */
  revision: z.number(),
  status: engineStatusSchema,
  containers: z.array(containerViewSchema),
  routers: z.array(routerViewSchema),
  services: z.array(serviceViewSchema),
  middlewares: z.array(middlewareViewSchema),
  exposures: z.array(exposureSchema),
  certificates: z.array(certificateViewSchema),
  resolvers: z.array(resolverViewSchema),
  changes: z.array(changeSchema),
});

const delta = <T extends z.ZodType>(item: T) => z.object({ upserted: z.array(item), removed: z.array(z.string()) });

/** Facts in the past tense. Revisions rise by one; a gap means: fetch the snapshot again. */
export const engineEventSchema = z.discriminatedUnion('topic', [
  z.object({ topic: z.literal('status'), revision: z.number(), status: engineStatusSchema }),
  /** Containers are removed by id, the rest by name. */
  z.object({ topic: z.literal('containers'), revision: z.number(), containers: delta(containerViewSchema) }),
  z.object({
    topic: z.literal('routing'),
    revision: z.number(),
    routers: delta(routerViewSchema),
    services: delta(serviceViewSchema),
    middlewares: delta(middlewareViewSchema),
  }),
  z.object({ topic: z.literal('exposures'), revision: z.number(), exposures: z.array(exposureSchema) }),
  /** Certificates are removed by id; steps of an order come as its certificate anew. Resolvers come whole. */
  z.object({
    topic: z.literal('certificates'),
    revision: z.number(),
    certificates: delta(certificateViewSchema),
    resolvers: z.array(resolverViewSchema),
  }),
  z.object({ topic: z.literal('changes'), revision: z.number(), changes: z.array(changeSchema) }),
  z.object({ topic: z.literal('traffic'), revision: z.number(), tick: trafficTickSchema }),
  /** A sample of the newest requests; `skipped` counts the ones that were not sent. */
  z.object({
    topic: z.literal('requests'),
    revision: z.number(),
    records: z.array(requestRecordSchema),
    skipped: z.number(),
  }),
]);

export const eventTopics = [
  'status',
  'containers',
  'routing',
  'exposures',
  'certificates',
  'changes',
  'traffic',
  'requests',
] as const;

export type { Problem, ProblemCode } from './problems.ts';
export type Source = z.infer<typeof sourceSchema>;
export type ObjectStatus = z.infer<typeof objectStatusSchema>;
export type RouterView = z.infer<typeof routerViewSchema>;
export type ServerView = z.infer<typeof serverViewSchema>;
export type ServiceView = z.infer<typeof serviceViewSchema>;
export type MiddlewareView = z.infer<typeof middlewareViewSchema>;
export type ContainerView = z.infer<typeof containerViewSchema>;
export type Protection = z.infer<typeof protectionSchema>;
export type Exposure = z.infer<typeof exposureSchema>;
export type Override = z.infer<typeof overrideSchema>;
export type OverrideField = z.infer<typeof overrideFieldSchema>;
export type ServerEdit = z.infer<typeof serverEditSchema>;
export type OverridePlan = z.infer<typeof overridePlanSchema>;
export type OverrideExport = z.infer<typeof overrideExportSchema>;
export type ExposurePlan = z.infer<typeof exposurePlanSchema>;
export type EntryPointView = z.infer<typeof entryPointViewSchema>;
export type ProviderView = z.infer<typeof providerViewSchema>;
export type EngineStatus = z.infer<typeof engineStatusSchema>;
export type Change = z.infer<typeof changeSchema>;
export type TrafficPoint = z.infer<typeof trafficPointSchema>;
export type TrafficSeries = z.infer<typeof trafficSeriesSchema>;
export type TrafficTick = z.infer<typeof trafficTickSchema>;
export type Settings = z.infer<typeof settingsSchema>;
export type SettingsPatch = z.infer<typeof settingsPatchSchema>;
export type ApiToken = z.infer<typeof apiTokenSchema>;
export type Snapshot = z.infer<typeof snapshotSchema>;
export type EngineEvent = z.infer<typeof engineEventSchema>;
export type EventTopic = (typeof eventTopics)[number];
