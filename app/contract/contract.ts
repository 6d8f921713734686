import { eventIterator } from '@orpc/contract';
import { z } from 'zod';
import { requestRecordSchema } from '../../proxy/model/request-record.ts';
import { certificateOperations } from './certificate-operations.ts';
import { explanationSchema } from './explanation.ts';
import * as o from './objects.ts';
import { idInput, nothing, operation } from './operation.ts';

/**
 * Every operation and event, one schema each. Served over the control socket and over HTTPS alike;
 * the window, the browser and the CLI have nothing else.
 */

const exposureInput = z.strictObject({
  /** Container id (or a unique beginning of it) or name. */
  container: z.string().min(1),
  /** Left out: proposed by the plan. */
  name: z.string().optional(),
  host: z.string().optional(),
  port: z.int().min(1).max(65535).optional(),
  scheme: z.enum(['http', 'https']).optional(),
  protection: o.protectionSchema.optional(),
});

const overrideTarget = z.strictObject({
  object: z.enum(['router', 'service']),
  /** Left out: HTTP. */
  protocol: o.streamProtocolSchema.optional(),
  name: z.string().min(1),
});

/** The result of a change that can be taken back. */
const changed = z.object({ exposure: o.exposureSchema, changeId: z.string() });

export const logFilterSchema = z.strictObject({
  /** Found in host, target, client address, router or service, without regard to case. */
  text: z.string().optional(),
  router: z.string().optional(),
  service: z.string().optional(),
  host: z.string().optional(),
  clientIp: z.string().optional(),
  /** `4xx`, `5xx`, or an exact status such as `404`. */
  status: z
    .string()
    .regex(/^([1-5]xx|[1-5]\d\d)$/)
    .optional(),
  entryPoint: z.string().optional(),
});

export const contract = {
  snapshot: operation.route({ method: 'GET', path: '/snapshot' }).input(nothing).output(o.snapshotSchema),
  events: operation
    .route({ method: 'GET', path: '/events' })
    .input(z.strictObject({ topics: z.array(z.enum(o.eventTopics)).optional() }).optional())
    .output(eventIterator(o.engineEventSchema)),
  status: operation.route({ method: 'GET', path: '/status' }).input(nothing).output(o.engineStatusSchema),

  containers: {
    list: operation.route({ method: 'GET', path: '/containers' }).input(nothing).output(z.array(o.containerViewSchema)),
  },
  routers: {
    list: operation.route({ method: 'GET', path: '/routers' }).input(nothing).output(z.array(o.routerViewSchema)),
  },
  services: {
    list: operation.route({ method: 'GET', path: '/services' }).input(nothing).output(z.array(o.serviceViewSchema)),
  },
  middlewares: {
    list: operation
      .route({ method: 'GET', path: '/middlewares' })
      .input(nothing)
      .output(z.array(o.middlewareViewSchema)),
  },

  exposures: {
    list: operation.route({ method: 'GET', path: '/exposures' }).input(nothing).output(z.array(o.exposureSchema)),
    /** What the form shows before anything is written. Fields given replace the proposals. */
    plan: operation
      .route({ method: 'POST', path: '/exposures/plan' })
      .input(exposureInput)
      .output(o.exposurePlanSchema),
    create: operation.route({ method: 'POST', path: '/exposures' }).input(exposureInput).output(changed),
    update: operation
      .route({ method: 'PATCH', path: '/exposures/{id}' })
      .input(
        z.strictObject({
          id: z.string().min(1),
          name: z.string().optional(),
          host: z.string().optional(),
          port: z.int().min(1).max(65535).optional(),
          scheme: z.enum(['http', 'https']).optional(),
          protection: o.protectionSchema.optional(),
        }),
      )
      .output(changed),
    pause: operation.route({ method: 'POST', path: '/exposures/{id}/pause' }).input(idInput).output(changed),
    resume: operation.route({ method: 'POST', path: '/exposures/{id}/resume' }).input(idInput).output(changed),
    /** By id, or by name. */
    remove: operation
      .route({ method: 'DELETE', path: '/exposures/{id}' })
      .input(idInput)
      .output(z.object({ changeId: z.string() })),
    /** Takes every app off the entry points (clicked, labelled and from files); their settings stay. */
    pauseAll: operation
      .route({ method: 'POST', path: '/exposures/pause-all' })
      .input(nothing)
      .output(z.object({ changeId: z.string() })),
    resumeAll: operation
      .route({ method: 'POST', path: '/exposures/resume-all' })
      .input(nothing)
      .output(z.object({ changeId: z.string() })),
  },

  /** A layer over routers and services that come from labels and files; those are not touched. */
  overrides: {
    list: operation.route({ method: 'GET', path: '/overrides' }).input(nothing).output(z.array(o.overrideSchema)),
    /** What a form begins with: what labels or files say, and what is edited of it already. */
    plan: operation
      .route({ method: 'POST', path: '/overrides/plan' })
      .input(overrideTarget)
      .output(o.overridePlanSchema),
    /** Fields that are left out stay; null takes a field back to what labels or files say. */
    set: operation
      .route({ method: 'POST', path: '/overrides' })
      .input(
        overrideTarget.extend({
          host: z.string().nullable().optional(),
          middlewares: z.array(z.string()).nullable().optional(),
          protection: o.protectionSchema.nullable().optional(),
          /** All edited servers; those that are not among them are as labels or files have them. */
          servers: z.array(z.strictObject(o.serverEditSchema.shape)).max(500).nullable().optional(),
          healthCheckPath: z.string().max(2048).nullable().optional(),
          paused: z.boolean().optional(),
          /** Takes a rule and priority that another router has already; else that is refused with CONFLICT. */
          allowConflict: z.boolean().optional(),
        }),
      )
      /** Null: nothing is left to override. */
      .output(z.object({ override: o.overrideSchema.nullable(), changeId: z.string() })),
    remove: operation
      .route({ method: 'POST', path: '/overrides/remove' })
      .input(overrideTarget)
      .output(z.object({ changeId: z.string() })),
    export: operation
      .route({ method: 'POST', path: '/overrides/export' })
      .input(overrideTarget)
      .output(o.overrideExportSchema),
  },

  changes: {
    list: operation
      .route({ method: 'GET', path: '/changes' })
      .input(z.strictObject({ limit: z.int().min(1).max(500).optional() }).optional())
      .output(z.array(o.changeSchema)),
    undo: operation.route({ method: 'POST', path: '/changes/{id}/undo' }).input(idInput).output(o.changeSchema),
  },

  requests: {
    /** Newest first. `before` is the id of the last one of the page before. */
    query: operation
      .route({ method: 'POST', path: '/requests/query' })
      .input(
        z.strictObject({
          filter: logFilterSchema.optional(),
          before: z.string().optional(),
          limit: z.int().min(1).max(1000).optional(),
        }),
      )
      .output(z.object({ records: z.array(requestRecordSchema), more: z.boolean() })),
    get: operation.route({ method: 'GET', path: '/requests/{id}' }).input(idInput).output(requestRecordSchema),
  },

  traffic: {
    /** `live`: the last five minutes by second; `hour` by ten seconds; `day` by five minutes. */
    series: operation
      .route({ method: 'GET', path: '/traffic' })
      .input(z.strictObject({ range: z.enum(['live', 'hour', 'day']) }))
      .output(o.trafficSeriesSchema),
  },

  explain: operation
    .route({ method: 'POST', path: '/explain' })
    .input(
      z.strictObject({
        /**
         * Absolute, such as `https://photos.example.org/album?id=3`; `tcp://db.example.org:5432`, `tls://…` and
         * `udp://:53` ask for a connection whose TLS hello names that host. Left out: see `ref`.
         */
        url: z.string().min(1).max(8192).optional(),
        /** Reference of a request that came, as a visitor's error page shows it: that request is explained. */
        ref: z.string().min(1).max(64).optional(),
        method: z.string().min(1).max(32).optional(),
        from: z.string().optional(),
        /** Protocols that a TLS hello offers (ALPN). */
        alpn: z.array(z.string().min(1).max(255)).max(20).optional(),
        headers: z
          .array(z.tuple([z.string(), z.string()]))
          .max(100)
          .optional(),
      }),
    )
    .output(explanationSchema),

  settings: {
    get: operation.route({ method: 'GET', path: '/settings' }).input(nothing).output(o.settingsSchema),
    update: operation
      .route({ method: 'PATCH', path: '/settings' })
      .input(o.settingsPatchSchema)
      .output(o.settingsSchema),
  },

  ...certificateOperations,

  certificateAuthority: {
    /** The certificate to trust, PEM. Its key never leaves the engine. */
    export: operation
      .route({ method: 'GET', path: '/certificate-authority' })
      .input(nothing)
      .output(z.object({ certificatePem: z.string(), fingerprint: z.string(), notAfter: z.number() })),
  },

  access: {
    setPassword: operation
      .route({ method: 'POST', path: '/access/password' })
      .input(z.strictObject({ current: z.string().optional(), password: z.string().min(10).max(1024) }))
      .output(z.object({ changeId: z.string() })),
    /** A link that signs one browser in, once, within ten minutes. Only over the control socket. */
    signInLink: operation
      .route({ method: 'POST', path: '/access/sign-in-link' })
      .input(nothing)
      .output(z.object({ url: z.string(), expiresAt: z.number() })),
    tokens: {
      list: operation.route({ method: 'GET', path: '/access/tokens' }).input(nothing).output(z.array(o.apiTokenSchema)),
      /** `token` is shown once; only its hash is kept. */
      create: operation
        .route({ method: 'POST', path: '/access/tokens' })
        .input(z.strictObject({ name: z.string().min(1).max(100) }))
        .output(z.object({ token: z.string(), info: o.apiTokenSchema })),
      revoke: operation
        .route({ method: 'DELETE', path: '/access/tokens/{id}' })
        .input(idInput)
        .output(z.object({ changeId: z.string() })),
    },
    /** Ends every browser session. */
    signOutAll: operation
      .route({ method: 'POST', path: '/access/sign-out-all' })
      .input(nothing)
      .output(z.object({ ended: z.number() })),
  },
};

export type Contract = typeof contract;
