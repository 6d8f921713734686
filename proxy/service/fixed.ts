import { answer, type Handler } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';

/** A service that gives every request the same answer, such as Traefik's `ping@internal`. */
export function fixedHandler(status: number, body: string): Handler {
  return (exchange) => {
    exchange.request.body?.resume();
    const headers = new HeaderList(['Content-Type', 'text/plain; charset=utf-8', 'Cache-Control', 'no-store']);
    answer(exchange, status, headers, body);
  };
}
