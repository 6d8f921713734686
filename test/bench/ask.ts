import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** Status of one GET on a connection of its own; undefined where there is no answer. */
export function statusOf(options: {
  port: number;
  host: string;
  tls: boolean;
  path?: string;
}): Promise<number | undefined> {
  return new Promise((resolve) => {
    const send = options.tls ? httpsRequest : httpRequest;
    const request = send({
      host: '127.0.0.1',
      port: options.port,
      path: options.path ?? '/',
      servername: options.host,
      headers: { host: options.host },
      rejectUnauthorized: false,
      agent: false,
      timeout: 2000,
    });
    request.once('response', (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
    request.end();
  });
}
