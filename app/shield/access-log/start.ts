import type { AccessLogOptions } from '../../../proxy/model/access-log.ts';
import type { StaticConfiguration } from '../../config/static.ts';
import type { Problem } from '../../contract/objects.ts';
import type { Log } from '../../log.ts';
import { problem } from '../../problem.ts';
import { type AccessLog, openAccessLog } from './access-log.ts';
import { accessLogSettings } from './settings.ts';

export interface StartedAccessLog {
  readonly add: AccessLog['add'];
  /** What workers write for it; null: nothing. */
  readonly lines: AccessLogOptions | null;
  readonly problems: readonly Problem[];
  readonly close: () => void;
}

/** A log that cannot be written is a problem to be shown, and no reason to leave visitors outside. */
export function startAccessLog(options: {
  readonly asked: StaticConfiguration['accessLog'];
  readonly dataDir: string;
  readonly asTraefik?: boolean;
  readonly log: Log;
}): StartedAccessLog {
  const none: StartedAccessLog = { add: () => undefined, lines: null, problems: [], close: () => undefined };
  const settings = accessLogSettings(options.asked, options.dataDir, options.asTraefik);
  if (settings === null) return none;
  let accessLog: AccessLog;
  try {
    accessLog = openAccessLog({ settings, log: options.log });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    options.log.error('the access log cannot be written', { error });
    return { ...none, problems: [unwritable(settings.filePath ?? 'standard output', reason)] };
  }
  const forget = onReopenSignal(accessLog.reopen);
  return {
    add: accessLog.add,
    lines: settings.lines,
    problems: [],
    close: () => {
      forget();
      accessLog.close();
    },
  };
}

/** As in Traefik, SIGUSR1 is for whoever has moved the file away. Without a listener Node would open its debugger. */
function onReopenSignal(reopen: () => void): () => void {
  if (process.platform === 'win32') return () => undefined;
  process.on('SIGUSR1', reopen);
  return () => process.off('SIGUSR1', reopen);
}

function unwritable(path: string, reason: string): Problem {
  return problem(
    'ACCESS_LOG_UNWRITABLE',
    'warning',
    `Requests are not written to the access log ${path}: ${reason}.`,
    'Give Gatehouse the right to write there, or set accessLog.filePath to another file; then start it again.',
    { path, reason },
  );
}
