import type { Readable } from 'node:stream';

/** What an event of Docker's stream means here. */
export type DockerEvent =
  /** A container changed, came or went: look at it again. */
  | { readonly kind: 'container'; readonly id: string }
  /** A network came or went. */
  | { readonly kind: 'network' };

/** Happen often and change nothing that is looked at; health checks alone make three of them a run. */
const idleActions = /^(exec_|top$|attach$|detach$|resize$|export$|commit$|copy$|archive-path$|extract-to-dir$)/;

/** Reads one line of `GET /events`; null where it changes nothing here. */
export function readEvent(line: string): DockerEvent | null {
  let event: { Type?: unknown; Action?: unknown; Actor?: { ID?: unknown; Attributes?: Record<string, unknown> } };
  try {
    event = JSON.parse(line);
  } catch {
    // A line that is cut off ends the stream anyway, and then everything is read anew.
    return null;
  }
  const action = typeof event.Action === 'string' ? event.Action : '';
  if (event.Type === 'container') {
    const id = event.Actor?.ID;
    return typeof id === 'string' && !idleActions.test(action) ? { kind: 'container', id } : null;
  }
  if (event.Type !== 'network') return null;
  const id = event.Actor?.Attributes?.['container'];
  return typeof id === 'string' && id !== '' ? { kind: 'container', id } : { kind: 'network' };
}

/** Hands on each event as it comes. Resolves when the stream ends, rejects when it breaks. */
export async function followEvents(stream: Readable, onEvent: (event: DockerEvent) => void): Promise<void> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = line.trim() === '' ? null : readEvent(line);
      if (event) onEvent(event);
    }
  }
}
