import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestOptions, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MiddlewareConfig } from '../../proxy/model/dynamic.ts';
import type { ServiceSnapshot } from '../../proxy/model/snapshot.ts';
import { type Harness, loadBalancer, startProxy } from './proxy-harness.ts';

/** Answers a request, now or later. */
export type Answerer = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Middlewares between a real client and real servers. What was opened is closed by `close`. */
export interface MiddlewareWire {
  /** Starts a server; its address. */
  upstream(listener: Answerer): Promise<string>;
  /** One router with these middlewares, in their order, before a server. */
  proxyBefore(
    listener: Answerer,
    middlewares: Record<string, MiddlewareConfig>,
    services?: Record<string, ServiceSnapshot>,
  ): Promise<Harness>;
  ask(harness: Harness, path: string, headers?: Record<string, string>, more?: Asked): Promise<IncomingMessage>;
  onClose(close: () => unknown): void;
  close(): Promise<void>;
}

interface Asked extends Pick<RequestOptions, 'method'> {
  readonly body?: string | Buffer;
}

export function createMiddlewareWire(): MiddlewareWire {
  const closers: (() => unknown)[] = [];

  async function upstream(listener: Answerer): Promise<string> {
    const server = createServer((message, response) => void listener(message, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  return {
    upstream,
    async proxyBefore(listener, middlewares, services = {}) {
      const url = await upstream(listener);
      const harness = await startProxy({
        routers: [{ middlewares: Object.keys(middlewares) }],
        middlewares,
        services: { 'app@test': loadBalancer([url], { sticky: { name: 'lb' } }), ...services },
      });
      closers.push(() => harness.close());
      return harness;
    },
    async ask(harness, path, headers = {}, { method = 'GET', body } = {}) {
      const asked = request({
        host: '127.0.0.1',
        port: harness.port(),
        path,
        method,
        headers: { Host: 'app.example.com', ...headers },
        agent: false,
      });
      // A refused upload may be cut off while it is sent; the answer tells.
      asked.on('error', () => undefined);
      asked.end(body);
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      closers.push(() => response.destroy());
      return response;
    },
    onClose: (close) => void closers.push(close),
    async close() {
      for (const close of closers.splice(0).toReversed()) await close();
    },
  };
}

export async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
