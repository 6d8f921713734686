import { readFile, stat } from 'node:fs/promises';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import type { Problem } from '../contract/objects.ts';
import { filePublication } from '../providers/file/publication.ts';
import { filesBelow } from '../providers/file/sources.ts';
import { checkCompose } from './check-compose.ts';
import { type CheckFinding, judged, said } from './check-findings.ts';
import { parseDynamicFile } from './dynamic-file.ts';
import type { Place } from './placed-text.ts';
import { readPlaced } from './read-placed.ts';
import { readStaticFile } from './static-read.ts';

export type { CheckFinding } from './check-findings.ts';

/**
 * Checks a file of dynamic or static configuration, or a Compose file with labels; which one it is, its keys tell.
 * Sorted by place. Never throws for what is in the file, or for its absence.
 */
export async function checkFile(path: string): Promise<CheckFinding[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message;
    return [
      { file: path, line: 1, column: 1, severity: 'error', message: `Cannot be read: ${why}.`, suggestion: null },
    ];
  }
  return checkText(text, path).toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** A file, or every file of configuration below a folder. */
export async function checkPath(path: string): Promise<CheckFinding[]> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  const files = isFolder ? await filesBelow(path) : [path];
  return (await Promise.all(files.map((file) => checkFile(file)))).flat();
}

/** The same for a text that was read already. */
export function checkText(text: string, file: string): CheckFinding[] {
  const yaml = readPlaced(text, file);
  if (yaml.faults.length > 0) {
    return yaml.faults.map((fault) => ({ ...fault, file, severity: 'error', suggestion: null }));
  }
  const kind = kindOf(yaml.value);
  if (kind === 'compose') return checkCompose(yaml, file);
  if (kind === 'dynamic') return checkDynamic(text, file);
  return readStaticFile(text, file).issues.map(({ line, column, severity, message, suggestion }) => {
    return { file, line, column, severity, message, suggestion };
  });
}

const dynamicKeys = ['http', 'tcp', 'udp', 'tls'];
const staticKeys = [
  'entrypoints',
  'providers',
  'api',
  'log',
  'accesslog',
  'certificatesresolvers',
  'metrics',
  'tracing',
];

function kindOf(root: unknown): 'compose' | 'dynamic' | 'static' {
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return 'dynamic';
  const keys = Object.keys(root).map((key) => key.toLowerCase());
  const has = (names: readonly string[]): boolean => names.some((name) => keys.includes(name));
  if (has(['services']) && !has(dynamicKeys) && !has(staticKeys)) return 'compose';
  // `tls` and the like stand in both; what only a static file has decides.
  return has(staticKeys) && !keys.includes('http') ? 'static' : 'dynamic';
}

function checkDynamic(text: string, path: string): CheckFinding[] {
  const file = parseDynamicFile(text, middlewareTable, path);
  if (file.faults.length > 0) {
    return file.faults.map((fault) => ({ ...fault, file: path, severity: 'error', suggestion: null }));
  }
  const findings: CheckFinding[] = file.issues.map((issue) => ({
    file: path,
    ...file.placeOf(issue.path),
    severity: issue.severity,
    message: `${issue.path.join('.')} ${issue.message}.`,
    suggestion: issue.suggestion,
  }));
  const { publication } = filePublication([{ path, file }]);
  for (const { protocol, kind, name, problem } of judged(publication)) {
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
  return findings;
}

/** The option that a problem of an object is about, as far as its code tells. */
const optionOf: Partial<Record<Problem['code'], string>> = {
  RULE_INVALID: 'rule',
  SERVICE_UNKNOWN: 'service',
  MIDDLEWARE_UNKNOWN: 'middlewares',
  RESOLVER_UNKNOWN: 'tls',
};

function placeOf(file: ReturnType<typeof parseDynamicFile>, at: readonly string[], problem: Problem): Place {
  return file.placeOf([...at, ...(optionOf[problem.code] ?? '').split('.').filter(Boolean)]);
}
