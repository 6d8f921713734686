import type { Problem } from '../contract/objects.ts';
import { filePublication } from '../providers/file/publication.ts';
import type { Publication } from '../providers/provider.ts';
import {
  type CheckFinding,
  type CheckSurroundings,
  judged,
  originsOf,
  resolversNamed,
  said,
} from './check-findings.ts';
import { resolverFinding } from './check-static.ts';
import type { DynamicFile } from './dynamic-file.ts';
import type { Place } from './placed-text.ts';

export interface DynamicText {
  readonly path: string;
  readonly file: DynamicFile;
}

/** Files that could be read as one configuration, as the file provider takes them; null where there is none. */
export function dynamicPublication(files: readonly DynamicText[]): Publication | null {
  const read = files.filter(({ file }) => file.faults.length === 0);
  return read.length === 0 ? null : filePublication(read).publication;
}

/** What is wrong with a file by itself. */
export function dynamicFindings({ path, file }: DynamicText): CheckFinding[] {
  if (file.faults.length > 0) {
    return file.faults.map((fault) => ({ ...fault, file: path, severity: 'error', suggestion: null }));
  }
  return file.issues.map((issue) => ({
    file: path,
    ...file.placeOf(issue.path),
    severity: issue.severity,
    message: `${issue.path.join('.')} ${issue.message}.`,
    suggestion: issue.suggestion,
  }));
}

/** What is wrong with the objects of all of them, among everything else that is here. */
export function judgedFiles(
  files: readonly DynamicText[],
  publication: Publication,
  surroundings: CheckSurroundings,
): CheckFinding[] {
  const fileOf = (protocol: 'http' | 'tcp' | 'udp', kind: 'routers' | 'services' | 'middlewares', name: string) => {
    const source = originsOf(publication, protocol)?.[kind][name]?.source;
    return files.find(({ path }) => source?.kind === 'file' && source.path === path);
  };
  const findings = definedTwice(publication);
  for (const { protocol, kind, name, problem } of judged(publication, surroundings)) {
    const found = fileOf(protocol, kind, name);
    if (found === undefined) continue;
    const { file, path } = found;
    const at = [protocol, kind, name];
    const rule = problem.code === 'RULE_INVALID' ? file.valuePlaceOf([...at, 'rule']) : null;
    findings.push({
      file: path,
      ...(rule
        ? { ...rule, column: rule.column + Number(problem.details['position'] ?? 0) }
        : placeOf(file, at, problem)),
      ...said(problem, `${kind.slice(0, -1)} ${name}`),
    });
  }
  if (surroundings.statics.length === 0) return findings;
  const resolvers = surroundings.statics.flatMap((each) => each.resolvers);
  for (const { protocol, name, resolver } of resolversNamed(publication)) {
    const found = fileOf(protocol, 'routers', name);
    if (found === undefined || resolvers.includes(resolver)) continue;
    const place = found.file.placeOf([protocol, 'routers', name, 'tls', 'certResolver']);
    findings.push(resolverFinding(found.path, place, `router ${name}`, resolver, resolvers));
  }
  return findings;
}

/** What two files define. Everything else that the provider found stands in one of them. */
function definedTwice(publication: Publication): CheckFinding[] {
  return (['http', 'tcp', 'udp'] as const).flatMap((protocol) =>
    (['routers', 'services', 'middlewares'] as const).flatMap((kind) =>
      Object.entries(originsOf(publication, protocol)?.[kind] ?? {}).flatMap(([name, { source, problems }]) =>
        problems.flatMap((problem) => {
          if (problem.code !== 'DEFINED_TWICE' || source.kind !== 'file') return [];
          const { path, line, column } = source;
          return [{ file: path, line, column, ...said(problem, `${kind.slice(0, -1)} ${name}`) }];
        }),
      ),
    ),
  );
}

/** The option that a problem of an object is about, as far as its code tells. */
const optionOf: Partial<Record<Problem['code'], string>> = {
  RULE_INVALID: 'rule',
  SERVICE_UNKNOWN: 'service',
  MIDDLEWARE_UNKNOWN: 'middlewares',
  ENTRY_POINT_UNKNOWN: 'entryPoints',
};

function placeOf(file: DynamicFile, at: readonly string[], problem: Problem): Place {
  return file.placeOf([...at, ...(optionOf[problem.code] ?? '').split('.').filter(Boolean)]);
}
