import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface PlainRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  readonly ca?: string;
}

/** One request exactly as told: Host, Origin and the rest may be anything, redirects are not followed. */
export function send(url: string, path: string, options: PlainRequest = {}): Promise<PlainAnswer> {
  const { protocol, hostname, port, host } = new URL(url);
  const make = protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = make({
      hostname: hostname.replaceAll(/[[\]]/g, ''),
      port,
      path,
      method: options.method ?? 'GET',
      headers: { Host: host, ...options.headers },
      agent: false,
      // Else Node would take the name to check from the Host header.
      ...(options.ca === undefined ? {} : { ca: options.ca, servername: '' }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.end(options.body);
  });
}
