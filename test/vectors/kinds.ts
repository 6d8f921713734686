import * as addresses from './addresses.ts';
import * as config from './config.ts';
import * as docker from './docker.ts';
import { entryPointModel } from './entry-point-model.ts';
import { healthCheckRequest } from './health-checks.ts';
import { labelDecode, labelVsYaml } from './labels.ts';
import { multiLayerRouting } from './layers.ts';
import { loadBalancerSteps } from './load-balancers.ts';
import * as others from './middleware-kinds.ts';
import { middlewareSteps } from './middlewares.ts';
import * as rules from './rules.ts';
import * as services from './services.ts';
import { tcpIpAllowlist } from './streams.ts';
import { tcpEntryPointRouting } from './tcp-routing.ts';
import * as tcpRules from './tcp-rules.ts';
import { type Kind, NotApplicable } from './vector.ts';

function apart(reason: string): Kind {
  return {
    judge: () => Promise.reject(new NotApplicable(reason)),
  };
}

/** How each kind of vector is judged. */
export const kinds: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    'http-rule': rules.httpRule,
    'http-rule-raw': rules.httpRuleRaw,
    'http-priority': rules.httpPriority,
    'http-default-priority': rules.httpDefaultPriority,
    'http-domains': rules.httpDomains,
    'http-routing-path': rules.httpRoutingPath,
    'grammar-tree': rules.grammarTree,
    'tcp-rule': tcpRules.tcpRule,
    'tcp-matcher-v2': tcpRules.tcpMatcherV2,
    'tcp-priority': tcpRules.tcpPriority,
    'tcp-default-priority': tcpRules.tcpDefaultPriority,
    'tcp-domains': tcpRules.tcpDomains,
    'docker-config': docker.dockerConfig,
    'docker-ip-port': docker.dockerIpPort,
    'docker-ip-address': docker.dockerIpAddress,
    'docker-port': docker.dockerPort,
    'swarm-ip-address': apart('Swarm'),
    'swarm-list': apart('Swarm'),
    'swarm-port': apart('Swarm'),
    'swarm-tasks': apart('Swarm'),
    'label-decode': labelDecode,
    'label-vs-yaml': labelVsYaml,
    'constraint-labels': docker.constraintLabels,
    loadbalancer: loadBalancerSteps,
    'p2c-choice': services.p2cChoice,
    'sticky-cookie': services.stickyCookie,
    'service-construct': services.serviceConstruct,
    'service-behaviour': services.serviceBehaviour,
    'constraint-tags': docker.constraintTags,
    'merge-providers': config.mergeProviders,
    'merge-resources': config.mergeResources,
    'qualified-name': config.qualifiedName,
    'providers-precedence': config.providersPrecedence,
    'entrypoint-address': config.entryPointAddress,
    'entrypoint-model': entryPointModel,
    'routers-by-entrypoint': config.routersByEntryPoint,
    'runtime-errors': config.runtimeErrors,
    'router-manager': config.routerManager,
    'proxy-rewrite': config.proxyRewrite,
    'proxy-xff': config.proxyXff,
    'health-check-request': healthCheckRequest,
    'health-check-timing': config.healthCheckTiming,
    'tcp-service': config.tcpService,
    'udp-service': config.udpService,
    'internal-provider': config.internalProvider,
    'static-defaults': config.staticDefaults,
    'multi-layer-routing': multiLayerRouting,
    'tls-options-conflict': config.tlsOptionsConflict,
    'tcp-entrypoint-routing': tcpEntryPointRouting,

    middleware: middlewareSteps,
    function: middlewareSteps,
    'middleware-construct': others.middlewareConstruct,
    chain: others.chain,
    'entrypoint-path': others.entryPointPath,
    'entrypoint-underscore-headers': others.entryPointUnderscoreHeaders,
    'ratelimit-construct': others.rateLimitConstruct,
    'ratelimit-load': others.rateLimitLoad,
    'retry-websocket': others.retryWebsocket,
    'ip-allowlist': addresses.ipAllowlist,
    'ip-strategy': addresses.ipStrategy,
    'tcp-ip-allowlist': tcpIpAllowlist,
  }),
);
