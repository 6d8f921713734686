import { readFile, stat } from 'node:fs/promises';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { filesBelow } from '../providers/file/sources.ts';
import { judgedLabels, readComposeLabels } from './check-compose.ts';
import { composeMistakes } from './check-compose-mistakes.ts';
import { type ComposeFile, reachFindings } from './check-compose-reach.ts';
import { composeStatics } from './check-compose-static.ts';
import { type DynamicText, dynamicFindings, dynamicPublication, judgedFiles } from './check-dynamic.ts';
import type { CheckFinding } from './check-findings.ts';
import { resolverFindings, type StaticFacts, staticFacts, staticFindings } from './check-static.ts';
import { parseDynamicFile } from './dynamic-file.ts';
import { readPlaced } from './read-placed.ts';
import { readStaticFile } from './static-read.ts';

export type { CheckFinding } from './check-findings.ts';

/** A file's text, or why it cannot be read. */
type Read = { readonly path: string } & ({ readonly text: string } | { readonly fault: string });

/**
 * Checks files of dynamic and static configuration and Compose files, and what they say of each other; which kind one
 * is, its keys tell. Of a folder, every file of configuration below it. In the order of the paths, then by place. Never
 * throws for what is in a file, or for its absence.
 */
export async function checkPaths(paths: readonly string[]): Promise<CheckFinding[]> {
  const files = await Promise.all(
    paths.map(async (path) => {
      const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
      return isFolder ? filesBelow(path) : [path];
    }),
  );
  return checkReads(await Promise.all([...new Set(files.flat())].map(read)));
}

async function read(path: string): Promise<Read> {
  try {
    return { path, text: await readFile(path, 'utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message;
    return { path, fault: `Cannot be read: ${why}.` };
  }
}

/** The same for texts that were read already. */
export function checkTexts(files: readonly { readonly path: string; readonly text: string }[]): CheckFinding[] {
  return checkReads(files);
}

function checkReads(files: readonly Read[]): CheckFinding[] {
  const findings: CheckFinding[] = [];
  const compose: ComposeFile[] = [];
  const dynamic: DynamicText[] = [];
  const statics: StaticFacts[] = [];
  for (const file of files) {
    const { path } = file;
    if ('fault' in file) {
      findings.push({ file: path, line: 1, column: 1, severity: 'error', message: file.fault, suggestion: null });
      continue;
    }
    const placed = readPlaced(file.text, path);
    // What a template makes is read once it has run.
    const kind = placed.faults.length === 0 ? kindOf(placed.value) : file.text.includes('{{') ? 'dynamic' : 'broken';
    if (kind === 'broken') {
      findings.push(
        ...placed.faults.map((fault) => ({ ...fault, file: path, severity: 'error', suggestion: null }) as const),
      );
    } else if (kind === 'compose') {
      compose.push({ path, yaml: placed });
      const run = composeStatics(placed, path);
      statics.push(...run.facts);
      findings.push(...composeMistakes(placed, path), ...run.findings);
    } else if (kind === 'dynamic') {
      const asked: DynamicText = { path, file: parseDynamicFile(file.text, middlewareTable, path) };
      dynamic.push(asked);
      findings.push(...dynamicFindings(asked));
    } else {
      const reading = readStaticFile(file.text, path);
      const facts = staticFacts(reading, { file: path, service: null, placeOf: placed.placeOf });
      findings.push(...staticFindings(reading, path), ...(facts === null ? [] : resolverFindings(facts)));
      if (facts !== null) statics.push(facts);
    }
  }
  findings.push(...together(compose, dynamic, statics));
  const order = new Map(files.map(({ path }, index) => [path, index]));
  const placeOf = ({ file }: CheckFinding): number => order.get(file) ?? 0;
  return findings.toSorted((a, b) => placeOf(a) - placeOf(b) || a.line - b.line || a.column - b.column);
}

/** What can only be judged of all of them. */
function together(
  compose: readonly ComposeFile[],
  dynamic: readonly DynamicText[],
  statics: readonly StaticFacts[],
): CheckFinding[] {
  const labels = readComposeLabels(compose, statics);
  const files = dynamicPublication(dynamic);
  const publications = [...(labels ? [labels.publication] : []), ...(files ? [files] : [])];
  const surroundings = { publications, statics };
  return [
    ...(labels ? judgedLabels(labels, surroundings) : []),
    ...(files ? judgedFiles(dynamic, files, surroundings) : []),
    ...reachFindings(compose, statics),
  ];
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
  'gatehouse',
  'ping',
];

function kindOf(root: unknown): 'compose' | 'dynamic' | 'static' {
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return 'dynamic';
  const keys = Object.keys(root).map((key) => key.toLowerCase());
  const has = (names: readonly string[]): boolean => names.some((name) => keys.includes(name));
  if (has(['services']) && !has(dynamicKeys) && !has(staticKeys)) return 'compose';
  // `tls` and the like stand in both; what only a static file has decides.
  return has(staticKeys) && !keys.includes('http') ? 'static' : 'dynamic';
}
