import { z } from 'zod';
import { durationSchema } from '../../proxy/model/duration.ts';
import { serversTransportSchema } from '../../proxy/model/dynamic.ts';
import { isStatusRange } from '../../proxy/model/status-ranges.ts';
import { tcpServersTransportSchema } from '../../proxy/model/stream.ts';

/**
 * Traefik's static configuration as one schema, for its file, flags and environment alike. Marked are the options that
 * are known and do nothing here: {@link unserved}, which is said to whoever sets one, and {@link without}, which need
 * not be said as nothing depends on it.
 */

interface StaticMark {
  /**
   * `unserved`: a warning names the option. `refused`: leaving it out would not be safe. `quiet`: makes no difference.
   */
  readonly static: 'unserved' | 'refused' | 'quiet';
  /** The end of a sentence that begins with the option's name. */
  readonly why: string;
}

export function staticMark(schema: z.core.$ZodType): StaticMark | null {
  const meta: unknown = z.globalRegistry.get(schema);
  return typeof meta === 'object' && meta !== null && 'static' in meta ? (meta as StaticMark) : null;
}

const notAtHome = 'is for surroundings that Gatehouse does not serve; it is left out';

function unserved(why = notAtHome): z.ZodOptional<z.ZodUnknown> {
  return z
    .unknown()
    .meta({ static: 'unserved', why } satisfies StaticMark)
    .optional();
}

function refused(why: string): z.ZodOptional<z.ZodUnknown> {
  return z
    .unknown()
    .meta({ static: 'refused', why } satisfies StaticMark)
    .optional();
}

/** Judged as what it is, and without effect here. */
function without<T extends z.ZodType>(schema: T, why: string): z.ZodOptional<T> {
  return z.optional(schema.meta({ static: 'quiet', why } satisfies StaticMark));
}

const boolean = z.boolean().optional();
const text = z.string().optional();
const texts = z.array(z.string()).optional();
const duration = durationSchema.optional();
const count = z.int().min(0).optional();
const logMode = z.enum(['keep', 'drop', 'redact']).optional();

const clientTlsSchema = z.strictObject({
  ca: text,
  cert: text,
  key: text,
  insecureSkipVerify: boolean,
});

export const encodedCharacterOptions = [
  'allowEncodedSlash',
  'allowEncodedBackSlash',
  'allowEncodedNullCharacter',
  'allowEncodedSemicolon',
  'allowEncodedPercent',
  'allowEncodedQuestionMark',
  'allowEncodedHash',
] as const;

const encodedCharactersSchema = z.strictObject(
  Object.fromEntries(encodedCharacterOptions.map((name) => [name, boolean])) as Record<
    (typeof encodedCharacterOptions)[number],
    typeof boolean
  >,
);

const domainSchema = z.strictObject({ main: z.string(), sans: texts });

const entryPointSchema = z.strictObject({
  address: z.string(),
  allowACMEByPass: without(
    z.boolean(),
    'is always so: only challenges of orders under way are answered here, all others go to routers',
  ),
  reusePort: boolean,
  asDefault: boolean,
  proxyProtocol: z.strictObject({ insecure: boolean, trustedIPs: texts }).optional(),
  forwardedHeaders: z
    .strictObject({
      insecure: boolean,
      trustedIPs: texts,
      connection: texts,
      notAppendXForwardedFor: boolean,
      addXForwardedSchemeHeaders: boolean,
    })
    .optional(),
  transport: z
    .strictObject({
      lifeCycle: z
        .strictObject({
          requestAcceptGraceTimeout: duration,
          graceTimeOut: duration,
        })
        .optional(),
      respondingTimeouts: z
        .strictObject({ readTimeout: duration, writeTimeout: duration, idleTimeout: duration })
        .optional(),
      keepAliveMaxTime: duration,
      keepAliveMaxRequests: count,
    })
    .optional(),
  http: z
    .strictObject({
      redirections: z
        .strictObject({
          entryPoint: z.strictObject({
            to: z.string(),
            scheme: z.enum(['http', 'https']).optional(),
            permanent: boolean,
            // Traefik's default does not fit into a double; whatever is near it is above all routers.
            priority: z.number().optional(),
          }),
        })
        .optional(),
      middlewares: texts,
      tls: z.strictObject({ options: text, certResolver: text, domains: z.array(domainSchema).optional() }).optional(),
      encodedCharacters: encodedCharactersSchema.optional(),
      encodeQuerySemicolons: boolean,
      sanitizePath: boolean,
      maxHeaderBytes: z.int().min(1024).max(16_777_216).optional(),
      underscoreHeadersStrategy: z.enum(['keep', 'delete', 'reject']).optional(),
    })
    .optional(),
  http2: z
    .strictObject({
      maxConcurrentStreams: z.int().min(1).max(2_147_483_647).optional(),
      maxDecoderHeaderTableSize: z.int().min(0).max(2_147_483_647).optional(),
      maxEncoderHeaderTableSize: z.int().min(0).max(2_147_483_647).optional(),
    })
    .optional(),
  http3: unserved('is not served, as Node has no QUIC: visitors come over HTTP/2 and HTTP/1.1'),
  udp: z.strictObject({ timeout: duration }).optional(),
  observability: z
    .strictObject({
      accessLogs: boolean,
      metrics: boolean,
      tracing: without(z.boolean(), 'is without effect: there is no tracing'),
      traceVerbosity: without(z.string(), 'is without effect: there is no tracing'),
    })
    .optional(),
});

const dockerEndpointSchema = z.strictObject({
  endpoint: text,
  exposedByDefault: boolean,
  constraints: text,
  allowEmptyServices: boolean,
  network: text,
  useBindPortIP: boolean,
  watch: boolean,
  defaultRule: text,
  username: text,
  password: text,
  tls: clientTlsSchema.optional(),
  httpClientTimeout: duration,
});

const dockerSchema = dockerEndpointSchema.extend({
  /** Gatehouse's own: further daemons, by names of their own. */
  endpoints: z.record(z.string(), dockerEndpointSchema).optional(),
});

const elsewhere = Object.fromEntries(
  (
    'swarm kubernetesIngress kubernetesIngressNGINX kubernetesCRD kubernetesGateway knative rest consulCatalog nomad ecs ' +
    'consul etcd zooKeeper redis plugin'
  )
    .split(' ')
    .map((name) => [name, unserved()]),
);

const keptElsewhere = 'is without effect: accounts and certificates are kept in the data folder';

const acmeSchema = z.strictObject({
  email: text,
  caServer: text,
  caCertificates: texts,
  caSystemCertPool: boolean,
  caServerName: text,
  storage: without(z.string(), keptElsewhere),
  keyType: text,
  preferredChain: text,
  profile: text,
  emailAddresses: texts,
  disableCommonName: boolean,
  eab: z.strictObject({ kid: text, hmacEncoded: text }).optional(),
  certificatesDuration: z.int().min(1).optional(),
  clientTimeout: duration,
  clientResponseHeaderTimeout: duration,
  certificateTimeout: duration,
  httpChallenge: z.strictObject({ entryPoint: text, delay: duration }).optional(),
  tlsChallenge: z.strictObject({ delay: duration }).optional(),
  dnsChallenge: z
    .strictObject({
      provider: text,
      resolvers: texts,
      propagation: z
        .strictObject({
          disableChecks: boolean,
          disableANSChecks: boolean,
          requireAllRNS: boolean,
          delayBeforeChecks: duration,
        })
        .optional(),
      /** Deprecated spellings of what stands below `propagation`. */
      delayBeforeCheck: duration,
      disablePropagationCheck: boolean,
    })
    .optional(),
});

const resolverSchema = z.strictObject({
  acme: acmeSchema.optional(),
  tailscale: unserved('is not served: the internal CA serves its hosts'),
});

/** {@link StaticConfiguration.compatibility} */
export const compatibilityModes = ['secure', 'traefik'] as const;

/** What clients may take; the reasons are in docs/limits.md. */
const limitsSchema = z.strictObject({
  connections: z.int().min(0).optional(),
  connectionsPerAddress: z.int().min(0).optional(),
  headTimeout: duration,
  handshakeTimeout: duration,
  answerTimeout: duration,
  stalledRequests: z.int().min(1).optional(),
  http2StreamsPerAddress: z.int().min(1).optional(),
  http2FailedStreams: z.int().min(1).optional(),
  http2FailedStreamsPerSecond: z.int().min(1).optional(),
  http2IdleBytes: z.int().min(1024).optional(),
  http2IdleBytesPerSecond: z.int().min(1024).optional(),
});

export const staticSchema = z.strictObject({
  /** What is Gatehouse's own. */
  gatehouse: z
    .strictObject({ compatibility: z.enum(compatibilityModes).optional(), limits: limitsSchema.optional() })
    .optional(),
  entryPoints: z.record(z.string(), entryPointSchema).optional(),
  providers: z
    .strictObject({
      docker: dockerSchema.optional(),
      file: z
        .strictObject({
          filename: text,
          directory: text,
          watch: boolean,
          debugLogGeneratedTemplate: without(z.boolean(), 'is without effect'),
        })
        .optional(),
      http: z
        .strictObject({
          endpoint: text,
          pollInterval: duration,
          pollTimeout: duration,
          headers: z.record(z.string(), z.string()).optional(),
          tls: clientTlsSchema.optional(),
          maxResponseBodySize: z.int().min(-1).optional(),
        })
        .optional(),
      providersThrottleDuration: without(durationSchema, 'is without effect: changes are taken at once'),
      precedence: texts,
      ...elsewhere,
    })
    .optional(),
  api: z
    .strictObject({
      basePath: text,
      insecure: boolean,
      dashboard: boolean,
      debug: without(z.boolean(), 'is without effect'),
      disableDashboardAd: without(z.boolean(), 'is without effect: there is none'),
      dashboardName: without(z.string(), 'is without effect'),
    })
    .optional(),
  ping: z
    .strictObject({
      entryPoint: text,
      manualRouting: boolean,
      terminatingStatusCode: z.int().min(200).max(599).optional(),
    })
    .optional(),
  log: z
    .strictObject({
      level: z
        .string()
        .refine((level) => /^(?:trace|debug|info|warn|error|fatal|panic)$/i.test(level), {
          message: 'is one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, PANIC',
        })
        .optional(),
      format: z.enum(['common', 'json']).optional(),
      filePath: text,
      noColor: without(z.boolean(), 'is without effect: the log has no colours'),
      maxSize: count,
      maxAge: without(z.int(), 'is without effect: files are kept by their number, not by their age'),
      maxBackups: count,
      compress: without(z.boolean(), 'is without effect: files that were turned over are left as they are'),
      otlp: unserved(),
    })
    .optional(),
  accessLog: z
    .strictObject({
      filePath: text,
      format: z.enum(['common', 'json', 'genericCLF']).optional(),
      filters: z
        .strictObject({
          statusCodes: z
            .array(z.string().refine(isStatusRange, { message: 'is not a status or a range such as "400-499"' }))
            .optional(),
          retryAttempts: boolean,
          minDuration: duration,
        })
        .optional(),
      fields: z
        .strictObject({
          defaultMode: logMode,
          names: z.record(z.string(), logMode.unwrap()).optional(),
          headers: z
            .strictObject({ defaultMode: logMode, names: z.record(z.string(), logMode.unwrap()).optional() })
            .optional(),
          queryParameters: z.strictObject({ defaultMode: logMode }).optional(),
        })
        .optional(),
      bufferingSize: count,
      addInternals: boolean,
      dualOutput: boolean,
      otlp: unserved(),
    })
    .optional(),
  global: z
    .strictObject({
      checkNewVersion: without(z.boolean(), 'is without effect: Gatehouse never asks'),
      sendAnonymousUsage: without(z.boolean(), 'is without effect: Gatehouse never sends any'),
      notAppendXForwardedFor: boolean,
    })
    .optional(),
  serversTransport: serversTransportSchema
    .pick({ insecureSkipVerify: true, rootCAs: true, maxIdleConnsPerHost: true, forwardingTimeouts: true })
    .extend({ spiffe: refused('asks servers for identities that Gatehouse cannot check') })
    .optional(),
  tcpServersTransport: tcpServersTransportSchema
    .pick({ dialKeepAlive: true, dialTimeout: true, terminationDelay: true })
    .extend({
      tls: z
        .strictObject({
          insecureSkipVerify: boolean,
          rootCAs: texts,
          spiffe: refused('asks servers for identities that Gatehouse cannot check'),
        })
        .optional(),
    })
    .optional(),
  certificatesResolvers: z.record(z.string(), resolverSchema).optional(),
  core: z.strictObject({ defaultRuleSyntax: z.enum(['v2', 'v3']).optional() }).optional(),
  metrics: z
    .strictObject({
      addInternals: boolean,
      prometheus: z
        .strictObject({
          buckets: z.array(z.number().positive({ message: 'is a number of seconds above 0' })).optional(),
          addEntryPointsLabels: boolean,
          addRoutersLabels: boolean,
          addServicesLabels: boolean,
          entryPoint: text,
          manualRouting: boolean,
          headerLabels: z.record(z.string(), z.string()).optional(),
        })
        .optional(),
      datadog: unserved(),
      statsD: unserved(),
      influxDB2: unserved(),
      otlp: unserved(),
    })
    .optional(),
  tracing: unserved(),
  hostResolver: unserved('is without effect: names are not followed to their CNAMEs'),
  experimental: unserved(),
  spiffe: unserved(),
  ocsp: unserved(),
});

export type StaticInput = z.infer<typeof staticSchema>;
export type EntryPointInput = z.infer<typeof entryPointSchema>;
export type AcmeInput = z.infer<typeof acmeSchema>;
