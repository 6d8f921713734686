import type { Exchange } from '../http/exchange.ts';
import { answerText } from './answer-text.ts';

/**
 * Refuses a request whose rewritten path is no longer canonical: the server behind would resolve it to a path that
 * no rule has seen (CVE-2026-67309, CVE-2026-40912).
 */
export function refusePath(exchange: Exchange, middleware: string, path: string): void {
  exchange.notes.error = { code: 'REQUEST_AMBIGUOUS', detail: `${middleware} would make the path ${path}` };
  answerText(exchange, 400);
}
