import type { DynamicFile } from '../../config/dynamic-file.ts';
import { type ElementKind, httpConfigurationOf, issueProblem } from '../../config/http-elements.ts';
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
  const routers = collect(files, 'routers', 'router');
  const services = collect(files, 'services', 'service');
  const middlewares = collect(files, 'middlewares', 'middleware');
  const transports = collect(files, 'serversTransports', 'servers transport');
  const http = httpConfigurationOf({
    routers: routers.configs,
    services: services.configs,
    middlewares: middlewares.configs,
    serversTransports: transports.configs,
  });
  return {
    publication: {
      provider: 'file',
      configuration: Object.keys(http).length > 0 ? { http } : {},
      origins: {
        routers: routers.origins,
        services: withTransportProblems(services, transports.origins),
        middlewares: middlewares.origins,
      },
    },
    problems: files.flatMap(({ path, file }) =>
      file.issues
        .filter(({ element }) => element === null)
        .map((issue) => issueProblem(issue, placeOf(path, file, issue))),
    ),
  };
}

function placeOf(path: string, file: DynamicFile, issue: { readonly path: readonly (string | number)[] }): string {
  const { line, column } = file.placeOf(issue.path);
  return `${path}:${line}:${column}: ${issue.path.join('.')}`;
}

interface Collected<Config> {
  readonly configs: Record<string, Config>;
  readonly origins: Record<string, ObjectOrigin>;
}

function collect<Kind extends ElementKind>(
  files: readonly NamedFile[],
  kind: Kind,
  word: string,
): Collected<DynamicFile['elements'][Kind][string]> {
  type Config = DynamicFile['elements'][Kind][string];
  const configs: Record<string, Config> = {};
  const origins: Record<string, ObjectOrigin> = {};
  for (const { path, file } of files) {
    for (const [name, config] of Object.entries(file.elements[kind]) as [string, Config][]) {
      const place = file.placeOf(['http', kind, name]);
      const first = origins[name];
      if (first) {
        origins[name] = { ...first, problems: [...first.problems, definedTwice(word, name, first, path, place)] };
        continue;
      }
      configs[name] = config;
      origins[name] = {
        source: { kind: 'file', path, line: place.line, column: place.column },
        problems: file.issues
          .filter(({ element }) => element?.kind === kind && element.name === name)
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
  services: Collected<DynamicFile['elements']['services'][string]>,
  transports: Readonly<Record<string, ObjectOrigin>>,
): Record<string, ObjectOrigin> {
  return Object.fromEntries(
    Object.entries(services.origins).map(([name, origin]) => {
      const used = services.configs[name]?.loadBalancer?.serversTransport?.replace(/@file$/, '');
      const problems = used === undefined ? [] : (transports[used]?.problems ?? []);
      return [name, problems.length === 0 ? origin : { ...origin, problems: [...origin.problems, ...problems] }];
    }),
  );
}
