import http from 'node:http';
import https from 'node:https';

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; of several with one name, all with commas between them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

interface RawQuestion {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal;
  /** Rejects where the answer is longer. */
  readonly mostBytes: number;
}

/**
 * Sends one request over HTTP or HTTPS and reads its answer whole. Redirects are answers. Rejects with the system's
 * errors.
 */
export function send(url: string, { method, headers, body, signal, mostBytes }: RawQuestion): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const { request: open } = url.startsWith('https:') ? https : http;
  const request = open(url, { method, headers: { ...headers, ...length }, signal });
  // An answer that is aborted tells so by itself; the request's own error is then the older news.
  request.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error));
  request.on('response', (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= mostBytes) chunks.push(chunk);
      else response.destroy(new Error(`it answers with more than ${mostBytes} bytes`));
    });
    response.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error));
    response.on('end', () => {
      const fields = Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')]);
      resolve({
        status: response.statusCode ?? 0,
        headers: Object.fromEntries(fields) as Record<string, string>,
        text: Buffer.concat(chunks).toString(),
      });
    });
  });
  request.end(body);
  return promise;
}
