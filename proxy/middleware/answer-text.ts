import { STATUS_CODES } from 'node:http';
import { answer, type Exchange } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';

/** Answers with a status and a short text: by default the status's own words. */
export function answerText(exchange: Exchange, status: number, fields: string[] = [], text?: string): void {
  const headers = new HeaderList([
    ...fields,
    'Content-Type',
    'text/plain; charset=utf-8',
    'X-Content-Type-Options',
    'nosniff',
  ]);
  answer(exchange, status, headers, text ?? STATUS_CODES[status] ?? String(status));
}
