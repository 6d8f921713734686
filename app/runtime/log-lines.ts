import { unicodeEscape } from '../../proxy/access-log/escape.ts';

/** One line of the engine's log, before it is written in a format. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const shortLevels: Readonly<Record<LogEntry['level'], string>> = { info: 'INF', warn: 'WRN', error: 'ERR' };

/**
 * A line of the log as Traefik writes it, with its end. `common`: time, level, message, then the details by name.
 * `json`: an object with `level`, the details, `time` and `message`. What details hold stays on its line.
 */
export function logLine({ level, message, details }: LogEntry, format: 'common' | 'json', at: Date): string {
  const time = `${at.toISOString().slice(0, 19)}Z`;
  const plain = Object.entries(details).map(([name, value]) => [name, plainValue(value)] as const);
  if (format === 'json') {
    return `${seen(JSON.stringify({ ...Object.fromEntries([['level', level], ...plain]), level, time, message }))}\n`;
  }
  const fields = plain.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ` ${name}=${fieldText(value)}`);
  return `${time} ${shortLevels[level]} ${onOneLine(message)}${fields.join('')}\n`;
}

/** Errors as their messages: the engine's own log has their stacks. */
function plainValue(value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}

function fieldText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'null');
  return /^[\w.:/@+-]+$/.test(text) ? text : seen(JSON.stringify(text));
}

function onOneLine(text: string): string {
  return text.search(unseen) < 0 ? text : seen(JSON.stringify(text)).slice(1, -1);
}

/** Logs are read in terminals: control characters of any kind, and those that turn the writing round. */
const unseen = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** JSON leaves some of these as they are. */
function seen(json: string): string {
  return json.replaceAll(unseen, unicodeEscape);
}
