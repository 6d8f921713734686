import { isProxy } from './check-compose-static.ts';
import type { CheckFinding } from './check-findings.ts';
import type { StaticFacts } from './check-static.ts';
import { entriesOf, interpolated, labelsIn, memberOf, textOf } from './compose-values.ts';
import type { PlacedText } from './placed-text.ts';

export interface ComposeFile {
  readonly path: string;
  readonly yaml: PlacedText;
}

interface Service {
  readonly file: ComposeFile;
  readonly name: string;
  readonly definition: unknown;
}

type Severity = CheckFinding['severity'];

/** Whether visitors reach the proxy, and the proxy the services: ports, networks, and what is exposed. */
export function reachFindings(files: readonly ComposeFile[], statics: readonly StaticFacts[]): CheckFinding[] {
  const services = files.flatMap((file) =>
    entriesOf(memberOf(file.yaml.value, 'services')).map(([name, definition]) => ({ file, name, definition })),
  );
  const ofFiles = statics.filter(({ service }) => service === null);
  const proxies = services.flatMap((service) => {
    const own = statics.find((each) => each.file === service.file.path && each.service === service.name);
    if (own === undefined && !isProxy(service.definition)) return [];
    // A file of static configuration that is given with it is the one that is mounted.
    return [{ ...service, facts: own ?? (ofFiles.length === 1 ? ofFiles[0] : undefined) }];
  });
  const routed = services.filter((service) => isRouted(service) && !proxies.some((proxy) => isSame(proxy, service)));
  return [
    ...proxies.flatMap(({ facts, ...proxy }) =>
      facts === undefined ? [] : [...portFindings(proxy, facts), ...socketFindings(proxy, facts)],
    ),
    ...(proxies.length === 0 ? [] : routed.flatMap((service) => networkFindings(service, proxies))),
    ...routed.flatMap(serverPortFindings),
    ...routed.flatMap((service) => exposureFindings(service, statics)),
  ];
}

function isSame(a: Service, b: Service): boolean {
  return a.file === b.file && a.name === b.name;
}

function finding(
  { file, name }: Service,
  path: readonly (string | number)[],
  severity: Severity,
  message: string,
  fix: string,
): CheckFinding {
  const { line, column } = file.yaml.placeOf(['services', name, ...path]);
  return {
    ...{ file: file.path, line, column, severity, fix },
    message: `service ${name}: ${message}`,
    suggestion: null,
  };
}

function traefikLabels({ definition }: Service) {
  return labelsIn(memberOf(definition, 'labels'), ['labels']).filter(({ name }) => /^traefik\./i.test(name));
}

function labelOf(service: Service, wanted: RegExp): string | null {
  const label = traefikLabels(service).find(({ name }) => wanted.test(name));
  return label === undefined ? null : interpolated(label.value);
}

function isRouted(service: Service): boolean {
  const enable = labelOf(service, /^traefik\.enable$/i);
  const asks = traefikLabels(service).some(({ name }) => /^traefik\.(?:http|tcp|udp)\./i.test(name));
  return enable === null ? asks : /^(?:1|t|true)$/i.test(enable);
}

/** Docker's networks by what tells them apart: their names where they have one of their own, else the file. */
function networksOf({ file, definition }: Service): ReadonlyMap<string, string> {
  const listed = memberOf(definition, 'networks');
  const keys = Array.isArray(listed) ? listed.map(textOf) : entriesOf(listed).map(([key]) => key);
  const all = memberOf(file.yaml.value, 'networks');
  return new Map(
    (keys.length === 0 ? ['default'] : keys).map((key) => {
      const network = memberOf(all, key);
      const external = memberOf(network, 'external');
      const isExternal = external === true || typeof external === 'object';
      const name = textOf(memberOf(network, 'name')) || textOf(memberOf(external, 'name'));
      return [name !== '' ? `named ${name}` : isExternal ? `named ${key}` : `${file.path} ${key}`, key];
    }),
  );
}

function networkFindings(service: Service, proxies: readonly Service[]): CheckFinding[] {
  const modeOf = ({ definition }: Service): string => textOf(memberOf(definition, 'network_mode'));
  if (modeOf(service) !== '' || proxies.some((proxy) => modeOf(proxy) !== '')) return [];
  const own = networksOf(service);
  const reached = proxies.map((proxy) => ({ proxy, networks: networksOf(proxy) }));
  if (reached.some(({ networks }) => [...networks.keys()].some((network) => own.has(network)))) return [];
  const [first] = reached;
  if (first === undefined) return [];
  const { proxy, networks } = first;
  const [[, shared = 'default'] = []] = networks;
  const isNear = proxy.file === service.file;
  const message = `It shares no network with ${proxy.name}: it is on ${[...own.values()].join(', ')}, ${proxy.name} is on ${[...networks.values()].join(', ')}. Nothing reaches it.`;
  const added = [...own.values(), isNear ? shared : 'proxy'].join(', ');
  const fix = isNear
    ? `Add the network: services.${service.name}.networks: [${added}].`
    : `Put both on one network that has a name of its own: services.${service.name}.networks: [${added}], the same for ${proxy.name}, and networks: { proxy: { external: true } } in both files.`;
  const at = memberOf(service.definition, 'networks') === undefined ? 'labels' : 'networks';
  return [finding(service, [at], 'error', message, fix)];
}

interface Port {
  /** Null: any free one. */
  readonly published: number | null;
  readonly target: number;
  readonly protocol: string;
  readonly index: number;
}

/** Ranges and what depends on variables are left out; `isWhole` is false then. */
function portsOf({ definition }: Service): { readonly ports: readonly Port[]; readonly isWhole: boolean } {
  const written = memberOf(definition, 'ports');
  if (!Array.isArray(written)) return { ports: [], isWhole: true };
  const ports = written.flatMap((each: unknown, index): Port[] => {
    const long = textOf(memberOf(each, 'target'));
    if (long !== '') {
      const published = textOf(memberOf(each, 'published'));
      const protocol = textOf(memberOf(each, 'protocol')) || 'tcp';
      return [{ target: Number(long), published: published === '' ? null : Number(published), protocol, index }];
    }
    const match = /^(?:(?:\d+(?:\.\d+){3}|\[[^\]]*\]):)?(?:(\d*):)?(\d+)(?:\/(tcp|udp))?$/i.exec(
      interpolated(textOf(each)),
    );
    if (match === null) return [];
    const [, published = '', target = '', protocol = 'tcp'] = match;
    return [
      {
        target: Number(target),
        published: published === '' ? null : Number(published),
        protocol: protocol.toLowerCase(),
        index,
      },
    ];
  });
  return { ports, isWhole: ports.length === written.length };
}

/** Visitors come by 80 and 443, or by what an entry point is named for; others may be meant for the inside. */
function portFindings(proxy: Service, { entryPoints }: StaticFacts): CheckFinding[] {
  if (textOf(memberOf(proxy.definition, 'network_mode')) !== '') return [];
  const { ports, isWhole } = portsOf(proxy);
  const listening = entryPoints.map(({ name, address, transport, origin }) => ({
    ...{ name, origin },
    port: Number(/:(\d+)$/.exec(address)?.[1] ?? 0),
    protocol: transport === 'udp' ? 'udp' : 'tcp',
  }));
  const isOpen = (port: number, protocol: string): boolean =>
    ports.some((each) => each.target === port && each.protocol === protocol);
  const closed = listening.filter(
    ({ name, origin, port, protocol }) =>
      origin !== 'default' &&
      (/^web|^http/i.test(name) || port === 80 || port === 443) &&
      port > 1 &&
      !isOpen(port, protocol),
  );
  const unused = ports.filter(
    // Datagrams beside connections are for HTTP/3.
    ({ target, protocol }) =>
      !listening.some((each) => each.port === target && (each.protocol === protocol || protocol === 'udp')),
  );
  return [
    ...(isWhole ? closed : []).map(({ name, port }) =>
      finding(
        proxy,
        ['ports'],
        'warning',
        `The entry point ${name} listens on ${port}, and that port is not published: nobody outside Docker reaches it.`,
        `Publish it: services.${proxy.name}.ports: ["${port}:${port}"].`,
      ),
    ),
    ...unused.map(({ target, index }) =>
      finding(
        proxy,
        ['ports', index],
        'warning',
        `It publishes its port ${target}, and no entry point listens there.`,
        `The entry points listen on ${listening.map(({ name, port }) => `${port} (${name})`).join(', ')}.`,
      ),
    ),
  ];
}

function socketFindings(proxy: Service, { docker }: StaticFacts): CheckFinding[] {
  if (!docker.enabled || docker.endpoint !== null) return [];
  const volumes = memberOf(proxy.definition, 'volumes');
  const isMounted = (Array.isArray(volumes) ? (volumes as readonly unknown[]) : []).some((volume) =>
    (textOf(memberOf(volume, 'target')) || textOf(volume)).includes('docker.sock'),
  );
  return isMounted || textOf(memberOf(memberOf(proxy.definition, 'environment'), 'DOCKER_HOST')) !== ''
    ? []
    : [
        finding(
          proxy,
          ['volumes'],
          'warning',
          'It is to watch Docker, and Docker’s socket is not mounted.',
          'Mount it: volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"].',
        ),
      ];
}

/** The port of the label is that of the container, not the one it is published under on the machine. */
function serverPortFindings(service: Service): CheckFinding[] {
  const { ports } = portsOf(service);
  return traefikLabels(service).flatMap(({ name, value, path }) => {
    if (!/^traefik\.(?:http|tcp|udp)\.services\.[^.]+\.loadbalancer\.server\.port$/i.test(name)) return [];
    const port = Number(interpolated(value));
    const published = ports.find((each) => each.published === port);
    if (published === undefined || ports.some(({ target }) => target === port)) return [];
    const message = `${port} is its port on the machine; in Docker's network it listens on ${published.target}.`;
    return [finding(service, path, 'warning', message, `Write ${name}=${published.target}.`)];
  });
}

function exposureFindings(service: Service, statics: readonly StaticFacts[]): CheckFinding[] {
  if (statics.length === 0 || labelOf(service, /^traefik\.enable$/i) !== null) return [];
  const watching = statics.filter(({ docker }) => docker.enabled);
  const [label] = traefikLabels(service);
  if (label === undefined || watching.length === 0 || watching.some(({ docker }) => docker.exposedByDefault)) return [];
  const message = 'It is not exposed: exposedByDefault is false, and no label says otherwise.';
  return [finding(service, label.path, 'warning', message, 'Add the label traefik.enable=true.')];
}
