import { createHash } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { ProxyErrorCode } from '../model/request-record.ts';
import { answer, type Exchange } from './exchange.ts';
import { HeaderList } from './header-list.ts';

interface Words {
  readonly title: string;
  readonly sentence: string;
}

const badRequest: Words = {
  title: 'This request was not understood',
  sentence: 'Something in it can be read in more than one way, so it went no further.',
};

/** What a visitor may know. Addresses, names of routers and causes are in the owner's log under the reference. */
const wordsByStatus: Readonly<Record<number, Words>> = {
  400: badRequest,
  404: { title: 'Nothing lives here', sentence: 'There is no site at this address.' },
  405: { title: 'This method is not served here', sentence: 'The address may answer to another kind of request.' },
  408: { title: 'The request took too long', sentence: 'It did not arrive in time. Please try again.' },
  413: { title: 'The request is too large', sentence: 'It holds more than is accepted here.' },
  414: { title: 'The address is too long', sentence: 'It holds more than is accepted here.' },
  417: { title: 'An expectation cannot be met', sentence: 'The request asks for something that is not offered here.' },
  421: { title: 'This is the wrong door', sentence: 'The connection was opened for another site. Please try again.' },
  431: { title: 'The request is too large', sentence: 'Its header holds more than is accepted here.' },
  500: { title: 'Something went wrong', sentence: 'The fault is on this side. Please try again in a moment.' },
  501: { title: 'This is not supported', sentence: 'The request uses a way of sending that is not served here.' },
  502: { title: 'The site is not answering', sentence: 'It may be starting or stopped. Please try again in a moment.' },
  503: { title: 'The site is down', sentence: 'It is not ready to answer. Please try again in a moment.' },
  505: { title: 'This version of HTTP is not served', sentence: 'HTTP/1.0, HTTP/1.1 and HTTP/2 are.' },
  504: { title: 'The site took too long', sentence: 'It did not answer in time. Please try again in a moment.' },
};

const style = `:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:16px/1.5 system-ui,sans-serif;background:#f6f7f8;color:#1d2329}
main{max-width:28rem;padding:2rem}
h1{font-size:1.375rem;font-weight:600;margin:0 0 .5rem}
p{margin:0 0 1.5rem}
small{color:#5a6570;font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){body{background:#14181c;color:#e4e8ec}small{color:#9aa5b1}}`;

const styleHash = createHash('sha256').update(style).digest('base64');
const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Answers in the proxy's own name and notes the cause for the owner. Only for exchanges without an answer so far. */
export function answerError(exchange: Exchange, status: number, code: ProxyErrorCode, detail: string): void {
  exchange.notes.error = { code, detail };
  const { request } = exchange;
  const { type, body } = errorBody(status, request.id, request.headers.get('accept') ?? '');
  const headers = new HeaderList([
    'Content-Type',
    type,
    'Cache-Control',
    'no-store',
    'X-Content-Type-Options',
    'nosniff',
    'Content-Security-Policy',
    contentSecurityPolicy,
  ]);
  if (status === 405) headers.append('Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
  if (status === 502 || status === 503) headers.append('Retry-After', '5');
  answer(exchange, status, headers, body);
}

/** The page in the form that the client's `Accept` prefers: HTML, JSON, else plain text. */
export function errorBody(status: number, reference: string, accept: string): { type: string; body: string } {
  const words = wordsByStatus[status] ?? {
    title: STATUS_CODES[status] ?? 'Error',
    sentence: 'The request was not answered.',
  };
  const wanted = accept.toLowerCase();
  const html = wanted.indexOf('text/html');
  const json = wanted.indexOf('json');
  if (json >= 0 && (html < 0 || json < html)) {
    const body = { status, title: words.title, detail: words.sentence, reference };
    return { type: 'application/json; charset=utf-8', body: `${JSON.stringify(body)}\n` };
  }
  if (html < 0) {
    return {
      type: 'text/plain; charset=utf-8',
      body: `${status} ${words.title}. ${words.sentence}\nReference: ${reference}\n`,
    };
  }
  return { type: 'text/html; charset=utf-8', body: htmlPage(status, words, reference) };
}

// All parts are ours: the status is a number, the words are above, the reference is digits and letters.
function htmlPage(status: number, words: Words, reference: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>${words.title}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${words.title}</h1>
<p>${words.sentence}</p>
<small>${status} · reference ${reference}</small>
</main>
</body>
</html>
`;
}
