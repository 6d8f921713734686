import { z } from 'zod';
import type { StreamSnapshot } from '../../proxy/model/snapshot.ts';
import { tcpMiddlewareSchema } from '../../proxy/model/stream.ts';
import { createAdmission } from '../../proxy/stream/admission.ts';
import { createTcpServices } from '../../proxy/stream/tcp-services.ts';
import { addressParts } from './go-url.ts';
import { kind } from './vector.ts';

/** A TCP middleware as files have it, made ready; an Error where the product refuses it. */
export function tcpMiddleware(raw: unknown): ReturnType<typeof createAdmission> | Error {
  const parsed = tcpMiddlewareSchema.safeParse(raw);
  if (!parsed.success) return new Error(parsed.error.message);
  try {
    return createAdmission(parsed.data);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The server's two bytes reach who is let in. */
export const tcpIpAllowlist = kind(
  {
    meaning: z.string(),
    input: z.strictObject({
      whiteList: z.record(z.string(), z.unknown()).optional(),
      allowList: z.record(z.string(), z.unknown()).optional(),
      remoteAddr: z.string(),
    }),
    expected: z.strictObject({ expected: z.string() }),
  },
  ({ input, expected }, judgement) => {
    const raw = input.whiteList ? { ipWhiteList: input.whiteList } : { ipAllowList: input.allowList };
    const admission = tcpMiddleware(raw);
    const isIn = !(admission instanceof Error) && admission.admit(addressParts(input.remoteAddr).ip) !== null;
    judgement.equal(input, expected.expected, isIn ? 'OK' : '');
  },
);

/** Balances children of one server each, by weight, over connections that are not made. */
export class TcpBalancer {
  readonly #weights = new Map<string, number>();
  readonly #down = new Set<string>();
  #choose: (() => { readonly address: string } | null) | null = null;

  add(name: string, weight: number): void {
    this.#weights.set(name, weight);
    this.#choose = null;
  }

  setStatus(name: string, up: boolean): void {
    if (up) this.#down.delete(name);
    else this.#down.add(name);
  }

  /** The child that a connection goes to; null where it is closed. */
  connect(): string | null {
    this.#choose ??= this.#build();
    return this.#choose()?.address.split(':')[0] ?? null;
  }

  #build(): () => { readonly address: string } | null {
    const names = [...this.#weights];
    const leaf = (name: string): StreamSnapshot['tcpServices'][string] =>
      ({
        kind: 'loadBalancer',
        servers: [{ address: `${name}:1`, tls: false }],
        serversTransport: null,
        proxyProtocol: null,
        terminationDelayMs: 0,
        healthCheck: null,
      }) as unknown as StreamSnapshot['tcpServices'][string];
    const snapshot: StreamSnapshot = {
      tcpRouters: [],
      tcpMiddlewares: {},
      tcpServersTransports: {},
      udpRouters: [],
      udpServices: {},
      tcpServices: {
        ...Object.fromEntries(names.map(([name]) => [name, leaf(name)])),
        lb: { kind: 'weighted', services: names.map(([name, weight]) => ({ name, weight })), healthCheck: false },
      },
    };
    const service = createTcpServices(snapshot, (name) => this.#down.has(name))('lb');
    return () => service.choose();
  }
}
