import { statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type FSWatcher, watch } from 'chokidar';
import { middlewareTable } from '../../../proxy/middleware/table.ts';
import { type DynamicFile, parseDynamicFile } from '../../config/dynamic-file.ts';
import type { Problem, ProviderView } from '../../contract/objects.ts';
import type { Log } from '../../log.ts';
import { problem } from '../../problem.ts';
import { same } from '../../runtime/same.ts';
import type { Provider, ProviderHost, Publication } from '../provider.ts';
import { filePublication } from './publication.ts';
import { type FileSource, readSources } from './sources.ts';

export interface FileProviderSettings {
  readonly host: ProviderHost;
  /** A YAML or TOML file, or a folder that is read with all that is below it. */
  readonly path: string;
  /** False: it is read once. */
  readonly watch?: boolean;
  readonly log: Log;
  readonly now?: () => number;
}

/** How long after an event files are read: one save makes several events. */
const quietMs = 20;
/** How long a file must be away before it counts as removed: some editors delete and write anew. */
const goneMs = 200;
/** Network file systems send no events. */
const recheckEveryMs = 10_000;

/** Watches a file or folder of dynamic configuration. What cannot be read keeps its last good state. */
export function createFileProvider(settings: FileProviderSettings): Provider {
  const path = resolve(settings.path);
  const now = settings.now ?? Date.now;
  const stop = new AbortController();
  const known = new Map<string, { readonly text: string; readonly file: DynamicFile }>();
  let published: Publication | undefined;
  let watcher: FSWatcher | undefined;
  let recheck: NodeJS.Timeout | undefined;
  let loading: Promise<void> | undefined;
  let again = false;
  let view: ProviderView = {
    name: 'file',
    state: 'connecting',
    where: path,
    version: '',
    since: now(),
    problems: [],
  };

  function report(state: ProviderView['state'], problems: readonly Problem[]): void {
    const next = { ...view, state, problems: [...problems], since: state === view.state ? view.since : now() };
    if (same(view, next)) return;
    view = next;
    settings.host.report(view);
    for (const { message } of problems) settings.log.warn(message);
  }

  async function load(): Promise<void> {
    let sources: readonly FileSource[];
    try {
      sources = await readSources(path, stop.signal);
      if (lacksKnown(sources)) {
        await delay(goneMs, undefined, { signal: stop.signal });
        sources = await readSources(path, stop.signal);
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      // Gone or unreadable as a whole is "cannot tell": what was known stays.
      report(published ? 'lost' : 'failed', [
        unreadable(path, error as NodeJS.ErrnoException, published !== undefined),
      ]);
      return;
    }
    const problems: Problem[] = [];
    const present = new Set(sources.map((source) => source.path));
    for (const each of known.keys()) if (!present.has(each)) known.delete(each);
    for (const source of sources) {
      const before = known.get(source.path);
      if ('error' in source) {
        problems.push(unreadable(source.path, source.error, before !== undefined));
      } else if (before?.text !== source.text) {
        const file = parseDynamicFile(source.text, middlewareTable, source.path);
        if (file.faults.length === 0) known.set(source.path, { text: source.text, file });
        else problems.push(...file.faults.map((fault) => invalid(source.path, fault, before !== undefined)));
      }
    }
    const files = [...known].map(([each, { file }]) => ({ path: each, file }));
    const result = filePublication(files.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
    const broken = problems.length > 0 && known.size === 0;
    if (!broken && !(published && same(published, result.publication))) {
      published = result.publication;
      settings.host.publish(published);
    }
    report(broken ? 'failed' : 'connected', [...problems, ...result.problems]);
  }

  function lacksKnown(sources: readonly FileSource[]): boolean {
    const readable = new Set(sources.filter((source) => 'text' in source).map((source) => source.path));
    return [...known.keys()].some((each) => !readable.has(each));
  }

  /** One load at a time; what happens meanwhile is one more. */
  function wake(): Promise<void> {
    again = true;
    loading ??= (async () => {
      while (again && !stop.signal.aborted) {
        await delay(quietMs, undefined, { signal: stop.signal });
        again = false;
        await load();
      }
    })()
      .catch((error: unknown) => {
        if (!stop.signal.aborted) settings.log.error('Reading the file provider failed', { error: String(error) });
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  }

  return {
    start: async () => {
      if (watcher || loading) return;
      settings.host.report(view);
      if (settings.watch === false) {
        await wake();
        return;
      }
      watcher = watchPath(path, () => void wake());
      recheck = setInterval(() => void wake(), recheckEveryMs);
      recheck.unref();
      await wake();
    },
    stop: async () => {
      stop.abort();
      clearInterval(recheck);
      await watcher?.close();
      await loading;
    },
  };
}

/**
 * A file is watched through its folder: editors replace files, and Kubernetes swaps a link beside them.
 * Both are lost on a watch of the file itself.
 */
function watchPath(path: string, onEvent: () => void): FSWatcher {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const root = folder ? path : dirname(path);
  const watcher = watch(root, {
    ignoreInitial: true,
    ...(folder ? {} : { depth: 0 }),
    ignored: (each) => !folder && each !== root && each !== path && !basename(each).startsWith('..'),
  });
  watcher.on('all', onEvent);
  // An error of the watch (no more inotify watches) leaves the regular look, which is slower and enough.
  watcher.on('error', onEvent);
  return watcher;
}

function invalid(path: string, fault: { line: number; column: number; message: string }, kept: boolean): Problem {
  return problem(
    'FILE_INVALID',
    'error',
    `${path}:${fault.line}:${fault.column}: ${fault.message}.${kept ? ' What the file said before still counts.' : ''}`,
    'Correct the line; the file is read again by itself.',
    { path, line: fault.line, column: fault.column },
  );
}

function unreadable(path: string, error: NodeJS.ErrnoException, kept: boolean): Problem {
  const why =
    error.code === 'ENOENT'
      ? 'it does not exist'
      : error.code === 'EACCES'
        ? 'Gatehouse may not read it'
        : (error.code ?? error.message);
  return problem(
    'FILE_UNREADABLE',
    'error',
    `${path} cannot be read: ${why}.${kept ? ' What it said before still counts.' : ''}`,
    error.code === 'EACCES' ? `Let Gatehouse read it: chmod a+r ${path}` : null,
    { path, code: error.code ?? '' },
  );
}
