import { z } from 'zod';
import { configurationOf } from '../../app/providers/docker/configuration.ts';
import { compileConstraints, constraintsFault } from '../../app/providers/docker/constraints.ts';
import type { InspectedContainer } from '../../app/providers/docker/container.ts';
import type { ObjectOrigin, Publication } from '../../app/providers/provider.ts';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { testContainer } from '../support/container.ts';
import { comparable, withoutEmptySections } from './configuration.ts';
import { kind, NotApplicable } from './vector.ts';

const containerShape = z.strictObject({
  name: z.string(),
  serviceName: z.string().optional(),
  id: z.string().optional(),
  state: z.string().optional(),
  health: z.string().optional(),
  networkMode: z.string().optional(),
  labels: z.record(z.string(), z.string()),
  ports: z
    .record(z.string(), z.array(z.strictObject({ hostIP: z.string().optional(), hostPort: z.string().optional() })))
    .optional(),
  networks: z.record(z.string(), z.strictObject({ ip: z.string().optional(), ipv6: z.string().optional() })).optional(),
  extraConf: z
    .strictObject({
      enable: z.boolean().optional(),
      network: z.string().optional(),
      allowNonRunning: z.boolean().optional(),
    })
    .optional(),
});

const providerShape = z.strictObject({
  exposedByDefault: z.boolean().optional(),
  defaultRule: z.string().optional(),
  constraints: z.string().optional(),
  useBindPortIP: z.boolean().optional(),
  allowEmptyServices: z.boolean().optional(),
  network: z.string().optional(),
  swarm: z.boolean().optional(),
});

type ToldContainer = z.infer<typeof containerShape>;
type ToldProvider = z.infer<typeof providerShape>;

/** The container as `docker inspect` would have told the product of it. */
function inspected(told: ToldContainer, index: number): InspectedContainer {
  const { extraConf } = told;
  const labels = { ...told.labels };
  // What the tests set by hand follows from labels everywhere else.
  if (extraConf?.network !== undefined) labels['traefik.docker.network'] = extraConf.network;
  if (extraConf?.allowNonRunning !== undefined)
    labels['traefik.docker.allownonrunning'] = String(extraConf.allowNonRunning);
  if (extraConf?.enable !== undefined) labels['traefik.enable'] ??= String(extraConf.enable);
  // The name of the service is Compose's where it is not the container's.
  const service = told.serviceName ?? told.name;
  if (service !== told.name) {
    const [name, ...project] = service.split('_').toReversed();
    labels['com.docker.compose.service'] ??= name ?? service;
    labels['com.docker.compose.project'] ??= project.join('_');
  }
  return testContainer({
    id: told.id ?? `id-${index}`,
    name: told.name,
    state: (told.state ?? 'running') as InspectedContainer['state'],
    health: (told.health ?? 'none') as InspectedContainer['health'],
    networkMode: told.networkMode ?? 'bridge',
    labels,
    networks: Object.entries(told.networks ?? {}).map(([name, { ip, ipv6 }]) => ({
      name,
      address: ip ?? '',
      address6: ipv6 ?? '',
    })),
    ports: Object.entries(told.ports ?? {}).map(([port, bindings]) => ({
      port: Number.parseInt(port, 10),
      protocol: (port.split('/')[1] ?? 'tcp') as InspectedContainer['ports'][number]['protocol'],
      published: bindings.map(({ hostIP, hostPort }) => ({ host: hostIP ?? '', port: Number(hostPort ?? 0) })),
    })),
  });
}

/** Options of the provider that the product has none for yet; a vector that sets one to what matters is judged as failed. */
function optionsOf(told: ToldProvider): Parameters<typeof configurationOf>[1] {
  return {
    exposedByDefault: told.exposedByDefault ?? true,
    defaultRule: told.defaultRule ?? 'Host(`{{ normalize .Name }}`)',
    network: told.network ?? null,
    constraints: told.constraints ?? '',
    useBindPortIP: told.useBindPortIP ?? false,
    allowEmptyServices: told.allowEmptyServices ?? false,
  };
}

function publicationOf(containers: readonly ToldContainer[], options: ToldProvider): Publication {
  return configurationOf(containers.map(inspected), optionsOf(options), {
    middlewareTable,
    addresses: { kind: 'direct' },
  }).publication;
}

/**
 * What of a publication is served. Gatehouse keeps an object that Traefik drops, so that it can be shown with what is
 * wrong with it; an error among its problems keeps it from serving.
 */
export function servedPart(publication: Publication): Readonly<Record<string, unknown>> {
  const origins = { ...publication.origins, ...publication.streamOrigins } as unknown as Readonly<
    Record<string, unknown>
  >;
  return Object.fromEntries(
    Object.entries(publication.configuration).map(([section, kinds]) => [
      section,
      Object.fromEntries(
        Object.entries(kinds ?? {}).map(([kindName, members]) => [
          kindName,
          Array.isArray(members)
            ? members
            : Object.fromEntries(
                Object.entries((members ?? {}) as Readonly<Record<string, unknown>>).filter(
                  ([name, config]) =>
                    !isBroken(originOf(origins, section, kindName, name)) &&
                    !(kindName === 'routers' && leadsNowhere(section, config as RouterLike, origins)),
                ),
              ),
        ]),
      ),
    ]),
  );
}

interface RouterLike {
  readonly rule?: string;
  readonly service?: string;
}

/** What the merge disables for want of a rule, or of a service that serves. */
function leadsNowhere(section: string, router: RouterLike, origins: Readonly<Record<string, unknown>>): boolean {
  if (section !== 'udp' && (router.rule ?? '') === '') return true;
  return isBroken(originOf(origins, section, 'services', router.service ?? ''));
}

function originOf(
  origins: Readonly<Record<string, unknown>>,
  section: string,
  kindName: string,
  name: string,
): ObjectOrigin | undefined {
  const ofSection = section === 'http' ? origins : (origins[section] as Readonly<Record<string, unknown>> | undefined);
  const ofKind = ofSection?.[kindName] as Readonly<Record<string, ObjectOrigin>> | undefined;
  return ofKind?.[name];
}

function isBroken(origin: ObjectOrigin | undefined): boolean {
  return origin?.problems.some(({ severity }) => severity === 'error') ?? false;
}

export const dockerConfig = kind(
  { provider: providerShape, containers: z.array(containerShape), expected: z.record(z.string(), z.unknown()) },
  (vector, judgement) => {
    if (vector.provider.swarm === true) throw new NotApplicable('Swarm');
    const publication = publicationOf(vector.containers, vector.provider);
    const hasNoPort = vector.containers.every(({ ports }) => Object.keys(ports ?? {}).length === 0);
    const isNothing = Object.keys(withoutEmptySections(comparable(vector.expected)) as object).length === 0;
    const { http, ...others } = withoutEmptySections(comparable(servedPart(publication))) as { http?: object };
    if (
      hasNoPort &&
      isNothing &&
      http &&
      Object.keys(others).length === 0 &&
      Object.keys(http).join() === 'middlewares'
    ) {
      throw new NotApplicable('middlewares of a container without a port are kept by design');
    }
    const { tls, ...expected } = vector.expected;
    const hasStores = JSON.stringify(tls ?? {}).includes('defaultGeneratedCert');
    judgement.equal(
      { provider: vector.provider, containers: vector.containers },
      withoutEmptySections(comparable(hasStores ? expected : vector.expected)),
      withoutEmptySections(comparable(servedPart(publication))),
    );
    if (hasStores) throw new NotApplicable('certificates of TLS stores by ACME');
  },
);

/** Judged by the server that the container's service gets. */
export const dockerIpPort = kind(
  {
    provider: providerShape,
    container: containerShape,
    serverPort: z.string(),
    expected: z.strictObject({ ip: z.string(), port: z.string(), error: z.boolean() }),
  },
  (vector, judgement) => {
    const got = serverOf(vector.container, vector.provider, vector.serverPort);
    const { ip, port, error } = vector.expected;
    judgement.equal(
      { provider: vector.provider, container: vector.container, serverPort: vector.serverPort },
      error ? null : { ip, port },
      got,
    );
  },
);

function serverOf(told: ToldContainer, options: ToldProvider, port: string): { ip: string; port: string } | null {
  const labels =
    port === '' ? told.labels : { ...told.labels, 'traefik.http.services.x.loadbalancer.server.port': port };
  const publication = publicationOf([{ ...told, labels }], { ...options, exposedByDefault: true });
  const services = (servedPart(publication) as Publication['configuration']).http?.services ?? {};
  const url = Object.values(services)[0]?.loadBalancer?.servers?.[0]?.url;
  const match = /^http:\/\/(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(url ?? '');
  return match ? { ip: match[1] ?? match[2] ?? '', port: match[3] ?? '' } : null;
}

export const dockerIpAddress = kind(
  {
    provider: providerShape,
    container: containerShape,
    expectedIP: z.string(),
    networkLabel: z.string().optional(),
    nodeIP: z.string().optional(),
  },
  ({ provider, container, expectedIP, networkLabel, nodeIP }, judgement) => {
    if (nodeIP !== undefined) throw new NotApplicable('Swarm');
    const labels = {
      ...container.labels,
      ...(networkLabel === undefined ? {} : { 'traefik.docker.network': networkLabel }),
    };
    const got = serverOf({ ...container, labels }, provider, '80');
    judgement.equal({ provider, container, networkLabel }, expectedIP, got?.ip ?? '');
  },
);

/** Judged with a network, which these containers do not have and the port does not depend on. */
export const dockerPort = kind(
  { container: containerShape, serverPort: z.string(), expectedPort: z.string() },
  ({ container, serverPort, expectedPort }, judgement) => {
    const networks = { bridge: { ip: '172.17.0.2' } };
    const got = serverOf({ ...container, networks }, {}, serverPort);
    judgement.equal({ container, serverPort }, expectedPort, got?.port ?? '');
  },
);

const constraintFields = { expression: z.string(), expected: z.boolean(), expectError: z.boolean() };

export const constraintLabels = kind(
  { ...constraintFields, labels: z.record(z.string(), z.string()) },
  (vector, judgement) => {
    const { expression, expected, expectError } = vector;
    const refused = expression !== '' && constraintsFault(expression) !== null;
    // Traefik refuses some regular expressions only when it comes to them, and then nothing matches.
    const isLate = refused && !expectError && !expected;
    if (!isLate) judgement.equal(vector, { refused: expectError }, { refused });
    else judgement.held();
    if (refused) return;
    judgement.equal(vector, expected, compileConstraints(expression)(vector.labels));
  },
);

export const constraintTags = kind({ ...constraintFields, tags: z.array(z.string()) }, () => {
  throw new NotApplicable('tags of Consul and Nomad');
});
