/**
 * Traefik's static options, as far as they are told apart. `read`: Gatehouse does what it says. `quiet`: makes no
 * difference here. `later`: recognised and left out, with a warning. `refused`: leaving it out would open what it was
 * meant to close. A section that is not looked into counts as one option.
 */
export type StaticOption = 'read' | 'quiet' | 'later' | 'refused' | StaticSection;

export interface StaticSection {
  readonly options: Readonly<Record<string, StaticOption>>;
  /** For sections whose keys people choose. */
  readonly each?: StaticOption;
}

function all<T extends StaticOption>(names: string, option: T): Record<string, T> {
  return Object.fromEntries(names.split(' ').map((name) => [name, option]));
}

const encodedCharacters = all(
  'allowEncodedSlash allowEncodedBackSlash allowEncodedNullCharacter allowEncodedSemicolon allowEncodedPercent ' +
    'allowEncodedQuestionMark allowEncodedHash',
  'later',
);

const entryPoint: StaticSection = {
  options: {
    ...all('address', 'read'),
    ...all('reusePort observability', 'quiet'),
    ...all('allowACMEByPass asDefault proxyProtocol http2 http3 udp', 'later'),
    forwardedHeaders: {
      options: { ...all('insecure trustedIPs', 'read'), ...all('connection notAppendXForwardedFor', 'later') },
    },
    transport: {
      options: {
        respondingTimeouts: { options: all('readTimeout writeTimeout idleTimeout', 'read') },
        ...all('lifeCycle keepAliveMaxTime keepAliveMaxRequests', 'later'),
      },
    },
    http: {
      options: {
        redirections: {
          options: { entryPoint: { options: { ...all('to scheme permanent', 'read'), priority: 'later' } } },
        },
        tls: { options: all('options certResolver domains', 'later') },
        maxHeaderBytes: 'read',
        middlewares: 'refused',
        encodedCharacters: { options: encodedCharacters },
        ...all('encodeQuerySemicolons sanitizePath underscoreHeadersStrategy', 'later'),
      },
    },
  },
};

export const staticOptions: StaticSection = {
  options: {
    entryPoints: { options: {}, each: entryPoint },
    providers: {
      options: {
        docker: {
          options: {
            ...all('endpoint exposedByDefault network defaultRule', 'read'),
            ...all('watch httpClientTimeout', 'quiet'),
            ...all('allowEmptyServices useBindPortIP username password tls', 'later'),
            constraints: 'refused',
          },
        },
        file: { options: { ...all('filename directory', 'read'), ...all('watch debugLogGeneratedTemplate', 'quiet') } },
        providersThrottleDuration: 'quiet',
        ...all('precedence swarm kubernetesIngress kubernetesIngressNGINX kubernetesCRD kubernetesGateway', 'later'),
        ...all('knative rest consulCatalog nomad ecs consul etcd zooKeeper redis http plugin', 'later'),
      },
    },
    api: { options: all('basePath insecure dashboard debug disableDashboardAd dashboardName', 'quiet') },
    ping: { options: all('entryPoint manualRouting terminatingStatusCode', 'quiet') },
    log: {
      options: {
        ...all('level format noColor filePath maxSize maxAge maxBackups compress', 'quiet'),
        otlp: 'later',
      },
    },
    accessLog: {
      options: {
        ...all('filePath format filters fields bufferingSize addInternals dualOutput', 'quiet'),
        otlp: 'later',
      },
    },
    global: { options: all('checkNewVersion sendAnonymousUsage notAppendXForwardedFor', 'quiet') },
    certificatesResolvers: { options: {}, each: 'later' },
    ...all('serversTransport tcpServersTransport metrics tracing hostResolver', 'later'),
    ...all('experimental core spiffe ocsp', 'later'),
  },
};
