import type { DynamicConfiguration } from '../../../proxy/model/dynamic.ts';
import type { TlsConfiguration, TlsOptionsConfig } from '../../../proxy/model/tls.ts';
import type { DynamicFile } from '../../config/dynamic-file.ts';
import { type ElementKind, issueProblem, withoutEmpty } from '../../config/http-elements.ts';
import type { Problem } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import type { ObjectOrigin, Publication } from '../provider.ts';

export interface NamedFile {
  readonly path: string;
  readonly file: DynamicFile;
}

/** Several files as one configuration; what two of them define is disabled. Pure. */
export function filePublication(files: readonly NamedFile[]): {
  publication: Publication;
  /** Of the files themselves, not of one object. */
  problems: readonly Problem[];
} {
  const kindsOf = <Elements extends KindElements>(protocol: Protocol, elementsOf: (file: DynamicFile) => Elements) => {
    const of = <Kind extends ElementKind>(kind: Kind, word: string) =>
      collect<Elements[Kind][string]>(
        files.map(({ path, file }) => ({ path, file, elements: elementsOf(file)[kind] })),
        [protocol, kind],
        word,
      );
    const routers = of('routers', 'router');
    const services = of('services', 'service');
    const middlewares = of('middlewares', 'middleware');
    const transports = of('serversTransports', 'servers transport');
    return {
      configs: {
        routers: routers.configs,
        services: services.configs,
        middlewares: middlewares.configs,
        serversTransports: transports.configs,
      },
      origins: {
        routers: routers.origins,
        services: withTransportProblems(services, transports.origins),
        middlewares: middlewares.origins,
      },
    };
  };
  const http = kindsOf('http', (file) => file.elements);
  const tcp = kindsOf('tcp', (file) => file.tcp);
  const udp = kindsOf('udp', (file) => ({ ...file.udp, middlewares: {}, serversTransports: {} }));
  const configuration: DynamicConfiguration = Object.fromEntries(
    Object.entries({ http, tcp, udp })
      .map(([protocol, { configs }]) => [protocol, withoutEmpty(configs)] as const)
      .filter(([, configs]) => Object.keys(configs).length > 0),
  );
  const { tls, broken } = tlsOf(files);
  return {
    publication: {
      provider: 'file',
      configuration: Object.keys(tls).length === 0 ? configuration : { ...configuration, tls },
      ...(Object.keys(broken).length === 0 ? {} : { brokenTlsOptions: broken }),
      origins: http.origins,
      ...(configuration.tcp === undefined && configuration.udp === undefined
        ? {}
        : { streamOrigins: { tcp: tcp.origins, udp: udp.origins } }),
    },
    problems: files.flatMap(({ path, file }) =>
      file.issues
        .filter(({ element }) => element === null)
        .map((issue) => issueProblem(issue, placeOf(path, file, issue))),
    ),
  };
}

/** The TLS sections of all files as one; options that two of them define are broken. */
function tlsOf(files: readonly NamedFile[]): { tls: TlsConfiguration; broken: Record<string, string> } {
  const certificates = files.flatMap(({ file }) => file.tls.certificates ?? []);
  const options: Record<string, TlsOptionsConfig> = {};
  const stores: NonNullable<TlsConfiguration['stores']> = {};
  const broken: Record<string, string> = {};
  for (const { path, file } of files) {
    for (const [name, config] of Object.entries(file.tls.options ?? {})) {
      if (Object.hasOwn(options, name)) broken[name] = `they are defined twice, again in ${path}`;
      else options[name] = config;
    }
    Object.assign(broken, file.brokenTlsOptions);
    for (const [name, store] of Object.entries(file.tls.stores ?? {})) {
      if (!Object.hasOwn(stores, name)) stores[name] = store;
    }
  }
  const filled = {
    ...(certificates.length > 0 ? { certificates } : {}),
    ...(Object.keys(options).length > 0 ? { options } : {}),
    ...(Object.keys(stores).length > 0 ? { stores } : {}),
  };
  return { tls: filled, broken };
}

function placeOf(path: string, file: DynamicFile, issue: { readonly path: readonly (string | number)[] }): string {
  const { line, column } = file.placeOf(issue.path);
  return `${path}:${line}:${column}: ${issue.path.join('.')}`;
}

interface Collected<Config> {
  readonly configs: Record<string, Config>;
  readonly origins: Record<string, ObjectOrigin>;
}

type Protocol = 'http' | 'tcp' | 'udp';
type KindElements = Readonly<Record<ElementKind, Readonly<Record<string, object>>>>;

function collect<Config>(
  files: readonly { path: string; file: DynamicFile; elements: Readonly<Record<string, object>> }[],
  [protocol, kind]: readonly [Protocol, ElementKind],
  word: string,
): Collected<Config> {
  const configs: Record<string, Config> = {};
  const origins: Record<string, ObjectOrigin> = {};
  for (const { path, file, elements } of files) {
    for (const [name, config] of Object.entries(elements) as [string, Config][]) {
      const place = file.placeOf([protocol, kind, name]);
      const first = Object.hasOwn(origins, name) ? origins[name] : undefined;
      if (first) {
        origins[name] = { ...first, problems: [...first.problems, definedTwice(word, name, first, path, place)] };
        continue;
      }
      configs[name] = config;
      origins[name] = {
        source: { kind: 'file', path, line: place.line, column: place.column },
        problems: file.issues
          .filter((each) => each.path[0] === protocol && each.element?.kind === kind && each.element.name === name)
          .map((issue) => issueProblem(issue, placeOf(path, file, issue))),
      };
    }
  }
  return { configs, origins };
}

function definedTwice(
  word: string,
  name: string,
  first: ObjectOrigin,
  path: string,
  { line, column }: { line: number; column: number },
): Problem {
  const before = first.source.kind === 'file' ? `${first.source.path}:${first.source.line}` : '';
  return problem(
    'DEFINED_TWICE',
    'error',
    `The ${word} ${name} is defined twice: ${before} and ${path}:${line}:${column}.`,
    'Remove one of them, or give it another name.',
    { name, first: before, second: `${path}:${line}` },
  );
}

/** A transport is no object of its own on the page: what is wrong with it stands with the services that use it. */
function withTransportProblems(
  services: Collected<{ readonly loadBalancer?: { readonly serversTransport?: string | undefined } | undefined }>,
  transports: Readonly<Record<string, ObjectOrigin>>,
): Record<string, ObjectOrigin> {
  return Object.fromEntries(
    Object.entries(services.origins).map(([name, origin]) => {
      const used = services.configs[name]?.loadBalancer?.serversTransport?.replace(/@file$/, '');
      const isKnown = used !== undefined && Object.hasOwn(transports, used);
      const problems = isKnown ? (transports[used]?.problems ?? []) : [];
      return [name, problems.length === 0 ? origin : { ...origin, problems: [...origin.problems, ...problems] }];
    }),
  );
}
