import type { ServiceConfig } from '../../../proxy/model/dynamic.ts';
import type { TcpServiceConfig, UdpServiceConfig } from '../../../proxy/model/stream.ts';
import { parseServerAddress } from '../../../proxy/stream/address.ts';
import { isDockerProvider } from '../../contract/docker-name.ts';
import type { Options, Rename } from './override-export.ts';
import { type Overridable, serversBelow } from './override-target.ts';

/** The whole service as it is now, for a file. References are written as `rename` has them. */
export function serviceForFile({ item: { config } }: Overridable, rename: Rename): Options {
  if ('whoami' in config) return {};
  const { middlewares, ...kind } = config as ServiceConfig & TcpServiceConfig & UdpServiceConfig;
  return {
    ...(middlewares === undefined || middlewares.length === 0 ? {} : { middlewares: middlewares.map(rename) }),
    ...(renamed(kind, rename) as Options),
  };
}

/** The services and transports that a service names. */
function renamed(value: unknown, rename: Rename, key = ''): unknown {
  if (typeof value === 'string') return references.has(key) ? rename(value) : value;
  if (Array.isArray(value)) return value.map((each) => renamed(each, rename, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      // A cookie has a name, too.
      name === 'name' && key !== 'services' && key !== 'mirrors' ? each : renamed(each, rename, name),
    ]),
  );
}

const references: ReadonlySet<string> = new Set(['service', 'fallback', 'name', 'serversTransport']);

/**
 * What is edited of a service, for labels: those speak of one server, the container's, and find its address by
 * themselves. Several servers, and one that is paused, cannot be said by labels.
 */
export function serviceForLabels(target: Overridable, rename: Rename): Options {
  const { item } = target;
  const { config, overridden } = item;
  const middlewares = 'middlewares' in config ? (config.middlewares ?? []) : [];
  const server = serverOptions(target);
  const loadBalancer = {
    ...(Object.keys(server).length === 0 ? {} : { server }),
    ...healthOptions(target, overridden?.fields.includes('healthCheckPath') ?? false),
  };
  return {
    ...(middlewares.length === 0 ? {} : { middlewares: middlewares.map(rename) }),
    ...(Object.keys(loadBalancer).length === 0 ? {} : { loadBalancer }),
  };
}

function healthOptions({ kind, item: { config } }: Overridable, isEdited: boolean): Options {
  const { healthCheck } = 'loadBalancer' in config ? ((config as ServiceConfig).loadBalancer ?? {}) : {};
  return isEdited && kind === 'http service' && healthCheck !== undefined ? { healthCheck } : {};
}

function serverOptions(target: Overridable): Options {
  const { kind, item } = target;
  const { provider, overridden } = item;
  const [only, more] = serversBelow(target);
  const isDocker = isDockerProvider(provider);
  // All containers of a service have the labels of one.
  const edit = overridden?.edits?.find(({ paused }) => !paused);
  if (only === undefined || (more !== undefined && !isDocker)) return {};
  const weight = edit?.weight ?? null;
  const address = edit?.address ?? (isDocker ? null : only.server);
  return {
    ...(address === null
      ? {}
      : addressOptions(edit?.server ?? only.server, address, kind === 'http service', isDocker)),
    ...(weight === null ? {} : { weight }),
  };
}

function addressOptions(original: string, address: string, isHttp: boolean, isDocker: boolean): Options {
  if (!isHttp) {
    const [was, wanted] = [parseServerAddress(original), parseServerAddress(address)];
    return wanted !== null && (!isDocker || was?.host === wanted.host) ? { port: wanted.port } : {};
  }
  const [was, wanted] = [URL.parse(original), URL.parse(address)];
  if (!isDocker || !was || !wanted || was.hostname !== wanted.hostname || was.pathname !== wanted.pathname) {
    return { url: address };
  }
  return {
    ...(was.protocol === wanted.protocol ? {} : { scheme: wanted.protocol.slice(0, -1) }),
    ...(was.port === wanted.port || wanted.port === '' ? {} : { port: Number(wanted.port) }),
  };
}
