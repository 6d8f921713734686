import { qualify } from '../../proxy/model/names.ts';
import type { TcpServersTransportConfig, TcpServiceConfig, UdpServiceConfig } from '../../proxy/model/stream.ts';
import { parseServerAddress } from '../../proxy/stream/address.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { noServers, servicePaused } from './judge-service.ts';
import { isPaused, type Published, statusOf } from './judgement.ts';
import type { RuntimeObject } from './state.ts';
import { suggester } from './suggest.ts';

/** An object of TCP or UDP with what was found wrong with it. */
export function judged(item: Published<unknown>, problems: readonly Problem[]): RuntimeObject {
  const { name, provider, source, overridden } = item;
  return {
    name,
    provider,
    source,
    problems,
    status: statusOf(problems),
    ...(overridden === undefined ? {} : { overridden }),
  };
}

type StreamServiceConfig = TcpServiceConfig | UdpServiceConfig;

/** Judges each service, and what is wrong with those that it leads to. */
export function judgeServices<Config extends StreamServiceConfig>(
  items: readonly Published<Config>[],
  problemsOf: (item: Published<Config>) => readonly Problem[],
) {
  type Service = RuntimeObject & { readonly config: Config; readonly usedBy: readonly string[] };
  const alone = new Map<string, Service>();
  for (const item of items) {
    const problems = [...item.problems, ...problemsOf(item)];
    alone.set(item.name, { ...judged(item, problems), config: item.config, usedBy: [] });
  }
  const suggest = suggester(() => alone.keys());
  const services = new Map<string, Service>();
  for (const [name, service] of alone) {
    const found = childProblems(service, alone, suggest);
    const problems = [...service.problems, ...found];
    services.set(name, found.length === 0 ? service : { ...service, problems, status: statusOf(problems) });
  }
  return services;
}

export function tcpServiceProblems(
  item: Published<TcpServiceConfig>,
  transports: ReadonlyMap<string, TcpServersTransportConfig>,
): readonly Problem[] {
  const problems = [...(kindProblems(item) ?? addressProblems(item))];
  const transport = tcpTransportOf(item.config, item.provider);
  if (transport === null || transports.has(transport)) return problems;
  const nearest = suggester(() => transports.keys())(transport);
  problems.push(
    problem(
      'TRANSPORT_UNKNOWN',
      'error',
      `The serversTransport ${transport} does not exist.`,
      nearest === null ? 'Define it, or take the option out.' : `Did you mean ${nearest}?`,
      nearest === null ? { transport } : { transport, nearest },
    ),
  );
  return problems;
}

/** Qualified name of the transport that a service asks for; null for the default one. */
export function tcpTransportOf({ loadBalancer }: TcpServiceConfig, provider: string): string | null {
  const name = loadBalancer?.serversTransport;
  return name === undefined || name === '' || name === 'default@internal' ? null : qualify(name, provider);
}

/** The services that a weighted one shares out between, by qualified name. */
export function weightedOf(
  { weighted }: StreamServiceConfig,
  provider: string,
): readonly { readonly name: string; readonly weight: number }[] {
  return (weighted?.services ?? []).map(({ name, weight = 1 }) => ({ name: qualify(name, provider), weight }));
}

export function kindProblems({ config }: Published<StreamServiceConfig>): readonly Problem[] | null {
  const { loadBalancer, weighted } = config;
  if (loadBalancer !== undefined && weighted === undefined) return null;
  if (weighted !== undefined && loadBalancer === undefined) {
    if ((weighted.services ?? []).length > 0) return [];
    return [
      problem('SERVICE_INVALID', 'error', 'It does not say its services.', 'Name a service as services.', {
        option: 'services',
      }),
    ];
  }
  return [
    problem(
      'SERVICE_INVALID',
      'error',
      loadBalancer === undefined
        ? 'The service has no load balancer, so it says nothing of where connections go.'
        : 'The service has 2 kinds (loadBalancer, weighted), but it can be only one.',
      'Give it a loadBalancer with at least one server, or weighted services.',
    ),
  ];
}

/** Servers without a usable address are left out. */
export function addressProblems(item: Published<StreamServiceConfig>): readonly Problem[] {
  const { name, config } = item;
  if (isPaused(item)) return [servicePaused(name)];
  const servers = config.loadBalancer?.servers ?? [];
  const usable = servers.filter(({ address = '' }) => parseServerAddress(address) !== null);
  const problems = servers
    .filter((server) => !usable.includes(server))
    .map(({ address = '' }) => {
      const reason = address === '' ? 'it has no address' : 'that is no address';
      return problem(
        'SERVICE_INVALID',
        'warning',
        `The server ${address} is left out: ${reason}.`,
        'Write its address as HOST:PORT.',
        { url: address, reason },
      );
    });
  return usable.length > 0 ? problems : [...problems, noServers(name)];
}

export interface Parent extends RuntimeObject {
  readonly config: StreamServiceConfig;
}

function childProblems(
  service: Parent,
  services: ReadonlyMap<string, Parent>,
  suggest: (name: string) => string | null,
): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const visit = (current: Parent, path: readonly string[]): void => {
    for (const { name } of weightedOf(current.config, current.provider)) {
      const child = services.get(name);
      if (path.includes(name)) {
        const road = [...path, name].join(' → ');
        const message = `The service leads back to itself: ${road}.`;
        problems.push(problem('SERVICE_LOOP', 'error', message, 'Take one of them out.', { road }));
      } else if (child === undefined) {
        const nearest = suggest(name);
        const fix = nearest === null ? 'Define it, or name another.' : `Did you mean ${nearest}?`;
        const details = nearest === null ? { service: name } : { service: name, nearest };
        problems.push(problem('SERVICE_UNKNOWN', 'error', `The service ${name} does not exist.`, fix, details));
      } else if (!seen.has(name)) {
        seen.add(name);
        const reason = child.problems.find(({ severity }) => severity === 'error')?.message;
        if (reason !== undefined) {
          const message = `Its service ${name} is disabled: ${reason}`;
          problems.push(problem('SERVICE_INVALID', 'error', message, `Mend ${name}.`, { service: name, reason }));
        }
        visit(child, [...path, name]);
      }
    }
  };
  visit(service, [service.name]);
  return problems;
}
